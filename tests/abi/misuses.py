# Tests src/abi/misuse.cpp
"""Wrong releases are told on standard error, once a pair of places, with both; ARPENT_MISMATCH says what follows; and
neither they nor the end of the process wait for ever when they interrupt an allocation."""

import os
import re
import signal

from harness.checks import check, equal, finish
from harness.patience import run_for_names
from harness.survey import PROGRAMS, UNNAMED, line_of, survey

PROGRAM = PROGRAMS / "misuses"
PLACE = rf"in {UNNAMED}\w+ at \S*misuses\.cpp:(\d+)"
FREED = r"arpent: %s: 0x[0-9a-f]+, released " + PLACE
MISMATCH = r"arpent: mismatch: block 0x[0-9a-f]+ from %s, allocated " + PLACE + r", was released by %s " + PLACE

# What is told, and the marks of the lines in it, in their order.
TOLD = {
    "double_free": (
        FREED % "double free" + ", was released before " + PLACE + "; ignored",
        ["second release", "first release"],
    ),
    "interior_free": (
        FREED % "invalid free" + r", lies 17 bytes inside a block of 100 bytes, allocated " + PLACE + "; ignored",
        ["release of its inside", "block with an inside"],
    ),
    "invalid_free": (FREED % "invalid free" + ", is not memory of the heap; ignored", ["release of no block"]),
    "free_of_new": (MISMATCH % ("operator new", "free"), ["made by new", "released by free"]),
    "delete_of_malloc": (MISMATCH % ("malloc", "operator delete"), ["made by malloc", "released by delete"]),
    "delete_of_array": (
        MISMATCH % (r"operator new\[\]", "operator delete"),
        ["made by new[]", "array released by delete"],
    ),
    "realloc_of_freed": (
        FREED % "double free" + ", was released before " + PLACE + "; ignored",
        ["resized after release", "release before resizing"],
    ),
}


def run(what, policy=None, mode="sites"):
    environment = {**os.environ, "LD_PRELOAD": os.environ["ARPENT_PRELOAD"], "ARPENT_MODE": mode}
    if policy is not None:
        environment["ARPENT_MISMATCH"] = policy
    return run_for_names([PROGRAM, what], env=environment)


for what, (pattern, marks) in TOLD.items():
    for policy in (None, "report"):
        done = run(what, policy)
        equal((done.returncode, done.stdout), (0, ""), f"end of {what}")
        told = re.fullmatch(pattern + "\n", done.stderr)
        check(told is not None, f"{what} (policy {policy}) is told so: {done.stderr!r}")
        if told is not None and policy is None:
            equal(
                [int(line) for line in told.groups()],
                [line_of("misuses.cpp", mark) for mark in marks],
                f"lines of {what}",
            )
    done = run(what, "ignore")
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""), f"{what}, ignored")
    done = run(what, "abort")
    equal(done.returncode, -signal.SIGABRT, f"{what}, aborted")
    check(re.fullmatch(pattern + "\n", done.stderr), f"{what}, aborted, is told so: {done.stderr!r}")
    # They are counted all the same, each time.
    for policy in ("report", "ignore"):
        _, report = survey(PROGRAM, what, environment={"ARPENT_MISMATCH": policy})
        equal(report["process"]["mismatches"], 3, f"wrong releases that {what} counts ({policy})")

for mode in ("sites", "off"):
    done = run("handler_misuses", mode=mode)
    equal(done.returncode, 0, f"misuse in signal handlers in mode {mode}")
    equal(len(done.stderr.splitlines()), 1, f"reports of misuse in signal handlers in mode {mode}: {done.stderr!r}")
    for _ in range(5):
        equal(run("handler_exits", mode=mode).returncode, 0, f"end in a signal handler in mode {mode}")
for _ in range(20):
    done, report = survey(PROGRAM, "handler_exits")
    equal((done.returncode, report["process"]["ended_by"]), (0, "quick_exit"), "surveyed end in a signal handler")
finish()
