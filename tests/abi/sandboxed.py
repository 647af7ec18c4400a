# Tests src/platform/sandbox.hpp src/abi/sandbox_calls.cpp
"""A sandbox that lets malloc of the C library work lets ours work, on the way and at the end; what was not looked up
then is reported as not known."""

import os
import subprocess

from harness.checks import equal, finish
from harness.survey import PROGRAMS, run, sites_at, survey

PROGRAM = PROGRAMS / "sandboxed"
CASES = [
    (how, action, end)
    for how in ("prctl", "syscall", "threads")
    for action in ("kill", "refuse")
    for end in ("return", "_exit", "quick_exit")
]
for case in CASES:
    # With more than one arena, glibc's would count the processors first.
    plain = subprocess.run(
        [PROGRAM, *case], capture_output=True, text=True, env={**os.environ, "MALLOC_ARENA_MAX": "1"}
    )
    equal((plain.returncode, plain.stdout), (0, "worked\n"), f"{case} without Arpent")
    done = run(PROGRAM, *case, options=["--mode", "off", "--report", "report.txt"])
    equal((done.returncode, done.stdout), (0, "worked\n"), f"{case} in off")
    for mode in ("sites", "stacks"):
        done, report = survey(PROGRAM, *case, options=["--mode", mode])
        equal((done.returncode, done.stdout, done.stderr), (0, "worked\n", ""), f"{case} in {mode}")
        process = report["process"]
        equal((process["leak_scan"], process["lost_blocks"]), ("sandboxed", 0), f"leaks of {case} in {mode}")
        equal(
            [site["live_bytes"] for site in sites_at(report, "sandboxed.c", "kept")],
            [12345],
            f"the kept block of {case} in {mode}",
        )
        equal(
            (process["live_bytes"], process["sites_dropped"]),
            (process["allocated_bytes"] - process["freed_bytes"], False),
            f"figures of {case} in {mode}",
        )
text = run(PROGRAM, "prctl", "kill", "return").stderr
equal("put itself into a sandbox" in text, True, f"the report says so: {text}")
finish()
