# Tests src/abi/malloc.cpp src/abi/foreign.cpp
"""malloc and its siblings by the C library's other names, __libc_malloc and so on, are served by the same heap."""

import subprocess

from harness.checks import equal, finish
from harness.survey import PROGRAMS, run, sites_at, survey

SOURCE = "linked/c_library_names.c"
for program in ("c_library_names-static", "c_library_names-shared"):
    done = subprocess.run([PROGRAMS / program], capture_output=True, text=True)
    equal((done.returncode, done.stdout), (0, "ok\n"), program)
# The same source without Arpent linked in, under arpent run.
for mode in ("off", "sites", "stacks"):
    done = run(PROGRAMS / "c_library_names_plain", options=["--mode", mode, "--report", "report.txt"])
    equal((done.returncode, done.stdout), (0, "ok\n"), f"under arpent run in {mode}")
_, report = survey(PROGRAMS / "c_library_names_plain")
for mark, size in (("memalign by name", 10), ("malloc by name", 1234)):
    equal([site["lost_bytes"] for site in sites_at(report, SOURCE, mark)], [size], mark)
finish()
