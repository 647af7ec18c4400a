# Tests src/abi/misuse.cpp src/track/sites/symbol_table.cpp
"""What is told of a release that is wrong in any build: the functions and lines of both sites, from a program that links
Arpent and from one under `arpent run`. Where the command that finds them is missing, fails, hangs or answers with
something else, and in threads that come meanwhile, module and offset; and the program goes on, whatever it holds."""

import os
import pathlib
import re
import stat
import subprocess

from harness.checks import check, finish
from harness.patience import has_no_offset, run_for_names
from harness.survey import UNNAMED, source_of

ARPENT = os.environ["ARPENT_BIN"]
PROGRAMS = os.environ["TEST_PROGRAMS"]
SOURCE = source_of("wrong_releases.cpp")
CXX = os.environ["CXX"]


def place(function, mark):
    lines = SOURCE.read_text().splitlines()
    found = [number for number, line in enumerate(lines, 1) if line.endswith(f"// site: {mark}")]
    return rf"in {UNNAMED}\S*{function}\S*\(?\)? at \S*wrong_releases\.cpp:{found[0]}"


def run(program, what, status=0, named=has_no_offset, **variables):
    words = [os.path.join(PROGRAMS, f"wrong_releases-{program}"), what]
    if program == "preload":
        words = [ARPENT, "run", "--report", "/dev/null", "--", "./alone", what]
    environment = {name: value for name, value in os.environ.items() if name != "ARPENT_SYMBOLIZER"}
    environment.update({"ARPENT_SYMBOLIZER": ARPENT} if program == "static" else {}, **variables)
    if "ARPENT_SYMBOLIZER" in variables:
        done = subprocess.run(words, env=environment, capture_output=True, text=True)
    else:
        done = run_for_names(words, named, env=environment)
    check(done.returncode in (status, 128 - status), f"{program} {what} ended with {done.returncode}: {done.stderr}")
    check(done.stdout == "", f"{program} {what} prints {done.stdout}")
    return done.stderr.splitlines()


MISMATCH = (
    r"arpent: mismatch: block 0x[0-9a-f]+ from operator new\[\], allocated "
    + place("make_items", "new[]")
    + ", was released by free "
    + place("drop_items", "free")
)
DOUBLE = (
    r"arpent: double free: 0x[0-9a-f]+, released "
    + place("drop_again", "second free")
    + ", was released before "
    + place("drop_text", "first free")
    + "; ignored"
)
INSIDE = (
    r"arpent: invalid free: 0x[0-9a-f]+, released "
    + place("drop_inside", "inside")
    + ", lies 8 bytes inside a block of 100 bytes, allocated "
    + place("make_text", "malloc")
    + "; ignored"
)
OFFSETS = (
    r"arpent: mismatch: block 0x[0-9a-f]+ from operator new\[\], allocated at /\S+/wrong_releases-\w+\+0x[0-9a-f]+, "
    r"was released by free at /\S+/wrong_releases-\w+\+0x[0-9a-f]+"
)


def told(lines, patterns, what):
    check(
        len(lines) == len(patterns) and all(map(re.fullmatch, patterns, lines)),
        what + ":\n  " + "\n  ".join(lines) + "\ninstead of\n  " + "\n  ".join(patterns),
    )


def script(name, text):
    path = pathlib.Path(name)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(stat.S_IRWXU)
    return str(path.absolute())


subprocess.run([CXX, "-g", "-O0", "-fno-builtin", "-o", "alone", SOURCE], check=True)
for program in ("static", "shared", "preload"):
    told(run(program, "mismatch"), [MISMATCH], f"{program}: a mismatch, once a pair of sites")
    told(run(program, "double"), [DOUBLE], f"{program}: a double free")
    told(run(program, "inside"), [INSIDE], f"{program}: an address inside a block")
    told(run(program, "unloaded"), [MISMATCH], f"{program}: with modules that the C library has unloaded itself")
    told(run(program, "callback"), [MISMATCH], f"{program}: with the loader's lock held")
    told(run(program, "mismatch", -6, ARPENT_MISMATCH="abort"), [MISMATCH], f"{program}: told before the abort")
    told(run(program, "mismatch", ARPENT_MISMATCH="ignore"), [], f"{program}: ignored")
for program in ("static", "shared"):
    told(run(program, "child"), [MISMATCH], f"{program}: in a forked child")


# Several threads at once: each pair is reported once and whole, and a thread that comes meanwhile does not wait.
def has_place(printed):
    return any(" in " in line and ".cpp:" in line for line in printed.splitlines())


for _ in range(10):
    lines = run("shared", "threads", named=has_place)
    check(len(lines) == 4 and all(line.startswith("arpent: mismatch: ") for line in lines), f"threads: {lines}")
    check(any(map(has_place, lines)), f"threads: none has its place: {lines}")

# Without the command
for name, text in (
    ("missing", None),
    ("failing", "cat; exit 1"),
    ("silent", "exit 0"),
    ("other", "echo this is something else; yes | head -n 10000"),
    ("cut_short", "head -c 100"),
    ("killed", "kill -9 $$"),
):
    command = "/nonexistent" if text is None else script(name, f"echo >>asked.{name}\n{text}")
    told(run("static", "mismatch", ARPENT_SYMBOLIZER=command), [OFFSETS], f"a command that is {name}")
    lines = run("static", "several", ARPENT_SYMBOLIZER=command)
    check(len(lines) == 3 and not any(".cpp" in line for line in lines), f"several: {lines}")
    if text is not None:
        check(len(pathlib.Path(f"asked.{name}").read_text()) == 2, f"a command that is {name} is asked again")
told(run("static", "mismatch", ARPENT_SYMBOLIZER=""), [OFFSETS], "turned off")

# One that hangs is ended, and no other is started.
lines = run("static", "several", ARPENT_SYMBOLIZER=script("endless", "echo $$ >>endless.pids; exec sleep 100000"))
check(len(lines) == 3 and re.fullmatch(OFFSETS, lines[0]), f"a command that hangs: {lines}")
pids = pathlib.Path("endless.pids").read_text().split()
check(len(pids) == 1, f"a command that hangs is started {len(pids)} times")
check(not os.path.exists(f"/proc/{pids[0]}"), "the command outlives the program")

finish("wrong releases are reported with their places")
