# Tests src/track/threads/recorders.cpp src/leaks/leak_roots.cpp
# ctest: RUN_SERIAL COST=10
"""Ten thousand threads at once begin, allocate and end in every mode as without Arpent, and nothing is
lost. What they cost is measured by the benchmarks."""

import subprocess

from harness.checks import equal, finish
from harness.survey import PROGRAMS, survey

THREADS = "10000"

plain = subprocess.run([PROGRAMS / "many_threads", THREADS], capture_output=True, text=True)
equal((plain.returncode, plain.stdout), (0, "all\n"), "without Arpent")
for mode in ("off", "sites", "stacks"):
    done, report = survey(PROGRAMS / "many_threads", THREADS, options=["--mode", mode])
    equal((done.returncode, done.stdout, done.stderr), (0, "all\n", ""), f"in {mode}")
    if mode != "off":
        equal(report["process"]["lost_bytes"], 0, f"lost in {mode}")
finish()
