# Tests src/abi/start.cpp src/platform/fork_locks.hpp
# ctest: COST=30
"""A handler that forks while its thread is allocating: the parent goes on, and each child is usable, in every mode.
With threads, the C library's own allocator would wait for itself for ever."""

import glob
import os

from harness.checks import equal, finish
from harness.survey import PROGRAMS, run

FORKS = 60
for mode in ("off", "sites", "stacks"):
    for options in ([], ["--follow-children"]):
        for how in ("exit", "exec", "returns", "nests", "threads"):
            done = run(
                PROGRAMS / "fork_in_handler",
                how,
                FORKS,
                options=["--mode", mode, "--report", "report.txt", *options],
                timeout=300,
            )
            forked = int(done.stdout.split()[0]) if done.stdout else 0
            equal(
                (done.returncode, forked >= FORKS, done.stdout.endswith(" 0 bad\n"), done.stderr[:500]),
                (0, True, True, ""),
                f"{how} in {mode} with {options}",
            )
for path in glob.glob("report.txt"):
    os.unlink(path)
finish("handlers fork")
