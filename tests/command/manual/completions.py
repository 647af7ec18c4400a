#!/usr/bin/env python3
# Tests tools/arpent/manual
"""Completion in bash, zsh and fish: each reads its file, a line is typed on a terminal with a Tab at its end, and what
arrives as the command's arguments is compared. So every command, every option, and each kind of value is completed.
"""

import os
import pty
import re
import select
import shlex
import subprocess
import sys
import termios
import time

from harness.checks import check, equal, fail, finish

arpent = os.environ["ARPENT_BIN"]
share = os.path.join(os.environ["BUILD_DIR"], "share")

SHELLS = {
    "bash": {
        "words": ["bash", "--noprofile", "--norc", "-i"],
        "setup": [
            "PS1=; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'",
            "arpent() { printf '@@<'; printf '%s|' \"$@\"; echo '>@@'; }",
            "[ ! -e /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion",
            ". {share}/bash-completion/completions/arpent",
            "complete -W --special zz-tracked",
        ],
    },
    "zsh": {
        "words": ["zsh", "-f", "-i"],
        "setup": [
            "PS1= PROMPT_EOL_MARK= ; unsetopt BEEP ZLE_BRACKETED_PASTE; unset zle_bracketed_paste",
            "arpent() {{ printf '@@<'; printf '%s|' \"$@\"; echo '>@@' }}".replace("{{", "{").replace("}}", "}"),
            "fpath=({share}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D",
            "_zz() { _arguments --special }; compdef _zz zz-tracked",
        ],
    },
    "fish": {
        "words": ["fish", "--no-config", "-i"],
        "setup": [
            "function fish_prompt; end; set -g fish_greeting; set -g fish_autosuggestion_enabled 0",
            "function arpent; printf '@@<'; printf '%s|' $argv; echo '>@@'; end",
            "source {share}/fish/vendor_completions.d/arpent.fish",
            "complete -c zz-tracked -l special",
        ],
    },
}


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, name):
        self.name = name
        environment = dict(os.environ, TERM="xterm", HISTFILE="", HOME=os.getcwd(), COLUMNS="500")
        environment["PATH"] = os.path.join(os.getcwd(), "programs") + ":" + environment["PATH"]
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(SHELLS[name]["words"][0], SHELLS[name]["words"], environment)
        termios.tcsetwinsize(self.terminal, (50, 500))
        self.number = 0
        for line in SHELLS[name]["setup"]:
            self.send(line.replace("{share}", shlex.quote(share)) + "\r")
        self.arguments("arpent ready")

    def send(self, text):
        os.write(self.terminal, text.encode())

    def arguments(self, line):
        """What the command gets if this line is typed. A number at its end shows that this line's output has arrived."""
        self.number += 1
        end = f"line{self.number}"
        self.send(f"{line} {end}\r")
        seen = ""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self.terminal], [], [], 1)
            if ready:
                seen += os.read(self.terminal, 65536).decode(errors="replace")
            found = re.findall(r"@@<((?:(?!@@<).)*?)\|>@@", seen, re.DOTALL)
            if found and found[-1].split("|")[-1].strip().endswith(end):
                words = found[-1].split("|")
                words[-1] = words[-1][: -len(end)]
                return [word.removesuffix("/") for word in words if word]
        sys.exit(f"{self.name}: no answer to {line!r}, only {seen[-500:]!r}")

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


def part(help_text, heading):
    found = re.search(rf"^{heading}:\n((?:  .*\n?)*)", help_text, re.MULTILINE)
    return found.group(1) if found else ""


def help_of(*words):
    return subprocess.run([arpent, *words, "--help"], text=True, capture_output=True, check=True).stdout


def names(text, pattern):
    return re.findall(pattern, text, re.MULTILINE)


def shortest_beginning(word, others):
    """The shortest beginning of a word that none of the others has; None if one of them begins with the word."""
    for length in range(3 if word.startswith("--") else 1, len(word)):
        if not any(other.startswith(word[:length]) for other in others if other != word):
            return word[:length]
    return None


# All commands and all options, as help lists them: [what stands before, the words]
lists = [
    ["", names(part(subprocess.run([arpent, "help"], text=True, capture_output=True).stdout, "Commands"), r"^  (\w+) ")]
]
commands = [[verb] for verb in lists[0][1]]
for command in commands:
    text = help_of(*command)
    verbs = names(part(text, "Subcommands"), r"^  (\w+) ")
    commands += [[*command, verb] for verb in verbs]
    if verbs:
        lists.append([" ".join(command), verbs])
    lists.append([" ".join(command), names(part(text, "Options"), r"^  (?:-\w,)?(--[a-z-]+)")])
    check("--help" in lists[-1][1], f"{command}: no options in {text!r}")

os.makedirs("programs")
os.makedirs("a folder")
for name in ("odd name.profile", "even.profile"):
    open(name, "w").close()
with open("programs/zz-tracked", "w") as file:
    file.write("#!/bin/sh\n")
os.chmod("programs/zz-tracked", 0o755)


def tracked_processes():
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and "libarpent" in open(f"/proc/{entry}/maps").read():
                found.append(entry)
        except OSError:
            pass
    return found


def begin_tracked():
    """A tracked process, and a beginning of its number that no other tracked process has."""
    while True:
        started = subprocess.Popen([arpent, "run", "--", "sleep", "600"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            children = open(f"/proc/{started.pid}/task/{started.pid}/children").read().split()
            tracked = tracked_processes()
            for child in children:
                if child in tracked:
                    return started, child, shortest_beginning(child, tracked)
            time.sleep(0.05)
        sys.exit("arpent run tracks no sleep")


cases = [
    # typed, the command's arguments
    ["run --mode sta", ["run", "--mode", "stacks"]],
    ["run --mode=sta", ["run", "--mode=stacks"]],
    ["run --top 3 --mode=o", ["run", "--top", "3", "--mode=off"]],
    ["report --format spe", ["report", "--format", "speedscope"]],
    ["report --sort=temp", ["report", "--sort=temporary"]],
    ["report --sort peak --by desc", ["report", "--sort", "peak", "--by", "description"]],
    ["top --sort gr", ["top", "--sort", "grown"]],
    ["plan --format js", ["plan", "--format", "json"]],
    ["learn start --track zi", ["learn", "start", "--track", "zig"]],
    ["help envi", ["help", "environment"]],
    ["help symb", ["help", "symbolize"]],
    # Files, in all places that take one; none where there is no place for one.
    ["report od", ["report", "odd name.profile"]],
    ["report --format json ev", ["report", "--format", "json", "even.profile"]],
    ["report -o ev", ["report", "-o", "even.profile"]],
    ["run --report ev", ["run", "--report", "even.profile"]],
    ["diff od", ["diff", "odd name.profile"]],
    ["diff x ev", ["diff", "x", "even.profile"]],
    ["merge x y ev", ["merge", "x", "y", "even.profile"]],
    ["check --strict x ev", ["check", "--strict", "x", "even.profile"]],
    ["odd", ["odd"]],
    ["run --mode ev", ["run", "--mode", "ev"]],
    ["report --format ev", ["report", "--format", "ev"]],
    ["serve ev", ["serve", "ev"]],
    ["report x ev", ["report", "x", "ev"]],
    ["learn start a", ["learn", "start", "a folder"]],
    ["learn start ev", ["learn", "start", "ev"]],
    # Programs, and what belongs to them.
    ["run zz-tr", ["run", "zz-tracked"]],
    ["run -- zz-tr", ["run", "--", "zz-tracked"]],
    ["run --mode sites --follow-children zz-tr", ["run", "--mode", "sites", "--follow-children", "zz-tracked"]],
    ["run -- zz-tracked --spe", ["run", "--", "zz-tracked", "--special"]],
    ["run zz-tracked --spe", ["run", "zz-tracked", "--special"]],
    ["run zz-tracked --follow-ch", ["run", "zz-tracked", "--follow-ch"]],
]

for shell_name in SHELLS:
    shell = Shell(shell_name)
    tried = 0
    for before, words in lists:
        for word in words:
            beginning = shortest_beginning(word, words)
            if beginning is None:
                continue
            tried += 1
            line = " ".join(filter(None, ["arpent", before, beginning]))
            equal(shell.arguments(line + "\t"), [*before.split(), word], f"{shell_name}: {line!r}")
    for typed, expected in cases:
        tried += 1
        equal(shell.arguments(f"arpent {typed}\t"), expected, f"{shell_name}: {typed!r}")
    # Tests beside this one begin and end tracked processes, whose numbers can begin alike.
    for _ in range(20):
        process, number, beginning = begin_tracked()
        arguments = beginning and shell.arguments(f"arpent top {beginning}\t")
        subprocess.run(["kill", number])
        process.wait()
        if arguments == ["top", number]:
            tried += 1
            break
    else:
        fail(f"{shell_name}: 'arpent top {beginning}' becomes {arguments}, not the process {number}")
    shell.close()
    print(f"{shell_name}: {tried} lines completed")
    check(tried > 110, f"{shell_name}: only {tried} lines")

finish("every command, option and value is completed in each shell")
