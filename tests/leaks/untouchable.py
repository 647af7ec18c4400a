# Tests src/leaks/leak_roots.cpp
"""The leak scan touches nothing that could fault, and takes mappings for what they are, whatever their names."""

import os
import pathlib
import tempfile

from harness.checks import equal, finish
from harness.survey import PROGRAMS, sites_at, survey


def check_held(name, *arguments, attempts=1, scan="done"):
    for _ in range(attempts):
        done, report = survey(PROGRAMS / "untouchable", *arguments)
        equal((done.returncode, done.stderr), (7, ""), f"status of {name}")
        equal(report["process"]["leak_scan"], scan, f"scan of {name}")
        if scan == "done":
            held = sites_at(report, "untouchable.c", "held")
            seen = [sum(site[f"{kind}_bytes"] for site in held) for kind in ("lost", "reachable")]
            equal(seen, [0, 777], f"lost and reachable of {name}")


for how in ("protected", "guarded", "covered", "unmapped", "stack", "truncated"):
    check_held(how, how)
check_held("toggled", "toggled", attempts=10, scan="partial")

NAMES = ("[heap]", "[stack]", "[vdso]", "libarpent.so", "libc.so.6", "a\nname", "dev")
for file in NAMES:
    check_held(f"a file called {file!r}", "named", file)
# Files of /dev that are no devices.
for folder in ("/dev", "/dev/shm"):
    if os.access(folder, os.W_OK):
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            check_held(f"a file in {folder}", "named", pathlib.Path(scratch) / "file")
finish()
