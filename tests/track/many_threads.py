# Tests src/track/threads/recorders.cpp src/leaks/leak_roots.cpp
# ctest: RUN_SERIAL COST=10
"""Ten thousand threads at once: a thread that begins or ends does not walk all others, nor does the leak scan for each
of them. The processor time stays a small multiple of the program's own."""

import os
import subprocess

from harness.checks import check, equal, finish
from harness.survey import ARPENT, PROGRAMS

THREADS = "10000"
ATTEMPTS = 3


def processor_time(*command):
    """The least of several attempts, in seconds; of all processes that the command starts."""
    times = []
    for _ in range(ATTEMPTS):
        before = os.times()
        done = subprocess.run(command, capture_output=True, text=True)
        after = os.times()
        equal((done.returncode, done.stdout), (0, "all\n"), f"status and output of {command}")
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(times)


plain = processor_time(PROGRAMS / "many_threads", THREADS)
for mode in ("off", "sites", "stacks"):
    tracked = processor_time(
        ARPENT, "run", "--mode", mode, "--report", "report.txt", "--", PROGRAMS / "many_threads", THREADS
    )
    check(tracked < 8 * plain + 0.5, f"{tracked:.1f} s of processor time in {mode}, {plain:.1f} s without Arpent")
finish()
