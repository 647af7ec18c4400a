#!/usr/bin/env python3
# Tests tools/arpent/manual
"""The manual pages: neither man nor mandoc warns, and each command's page has all that its help lists, no more."""

import os
import re
import subprocess

from harness.checks import check, equal, finish

arpent = os.environ["ARPENT_BIN"]
pages = os.path.join(os.environ["BUILD_DIR"], "share", "man", "man1")
environment = dict(os.environ, MANWIDTH="100", MANPAGER="cat", LC_ALL="C.UTF-8")


def output(*words):
    done = subprocess.run(words, text=True, capture_output=True, env=environment)
    equal(done.returncode, 0, f"{words}: exit status, with {done.stderr!r}")
    return done.stdout


def rendered(page):
    path = os.path.join(pages, page)
    shown = subprocess.run(["man", "--warnings", "-l", path], text=True, capture_output=True, env=environment)
    equal((shown.returncode, shown.stderr), (0, ""), f"{page}: man")
    lint = subprocess.run(["mandoc", "-Tlint", "-Wall", path], text=True, capture_output=True)
    equal((lint.returncode, lint.stdout + lint.stderr), (0, ""), f"{page}: mandoc")
    # As people see it, without the terminal's bold and underlined.
    return re.sub(r"\x1b\[[0-9;]*m|.\x08", "", shown.stdout)


def options_of(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def part(help_text, heading):
    found = re.search(rf"^{heading}:\n((?:  .*\n?)*)", help_text, re.MULTILINE)
    return found.group(1) if found else ""


verbs = re.findall(r"^  (\w+) ", part(output(arpent, "help"), "Commands"), re.MULTILINE)
check(len(verbs) >= 13, f"arpent help lists only {verbs}")
equal(sorted(os.listdir(pages)), sorted(["arpent.1"] + [f"arpent-{verb}.1" for verb in verbs]), "the pages")

for verb in verbs:
    help_text = output(arpent, verb, "--help")
    page = rendered(f"arpent-{verb}.1")
    sections = re.findall(r"^[A-Z][A-Z ]*$", page, re.MULTILINE)
    for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SEE ALSO"):
        check(section in sections, f"arpent-{verb}(1) has no section {section}")
    equal("EXIT STATUS" in sections, "Exit status:" in help_text, f"arpent-{verb}(1): an exit status, as in help")
    equal(
        "EXAMPLES" in sections,
        bool(re.search(r"^Examples?:", help_text, re.M)),
        f"arpent-{verb}(1): examples, as in help",
    )
    entries = re.search(r"^OPTIONS\n((?:       .*\n|\n)*)", page, re.MULTILINE).group(1)
    tags = "\n".join(line for line in entries.splitlines() if re.match(r" {7}-", line))
    listed = "\n".join(re.findall(r"^  (?:-\w,)?(--.*)$", part(help_text, "Options"), re.MULTILINE))
    expected = {line.split()[0].split(",")[-1] for line in listed.splitlines()} | {"--help"}
    equal(options_of(tags), expected, f"arpent-{verb}(1): options, as in help")
    for argument in re.findall(r"^  ([A-Z]+) ", part(help_text, "Positionals"), re.MULTILINE):
        check(re.search(rf"^ARGUMENTS(?:\n.*)*?\n {{7}}{argument}", page, re.M), f"arpent-{verb}(1) lacks {argument}")
    for command in re.findall(r"^  (\w+) ", part(help_text, "Subcommands"), re.MULTILINE):
        check(re.search(rf"^ {{7}}{command}\b", page, re.M), f"arpent-{verb}(1) lacks the command {command}")
        for option in options_of(part(output(arpent, verb, command, "--help"), "Options")) - {"--help"}:
            check(option in page, f"arpent-{verb}(1) lacks {option} of {command}")

# What cannot be seen in help: choices, ranges and defaults.
page = " ".join(rendered("arpent-run.1").split())
for words in (
    "One of off, sites, stacks. The default is stacks.",
    "From 1 to 512. The default is 128.",
    "arpent run [options] -- PROGRAM ARGS...",
    "126 when PROGRAM cannot be executed; 127",
    "arpent run --leak-exit 9 --report leaks.txt -- ./tests --all",
):
    check(words in page, f"arpent-run(1) lacks {words!r}")

page = rendered("arpent.1")
for verb in verbs:
    check(f"arpent-{verb}(1)" in page, f"arpent(1) lacks {verb}")
for variable in re.findall(r"^  (\w+) \(", output(arpent, "help", "environment").split("Set by")[0], re.MULTILINE):
    check(re.search(rf"^ {{7}}{variable} ", page, re.MULTILINE), f"arpent(1) lacks {variable}")

finish(f"{len(verbs) + 1} pages have what help lists")
