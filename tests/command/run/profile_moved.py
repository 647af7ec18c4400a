# Tests src/track/region/region.cpp
"""The profile stays whole, whatever happens to its name while the program runs: it is removed, moved, another file
takes its place, the program loses the right to open it, or its root changes."""

import os
import pathlib
import subprocess

from harness.checks import check, equal, finish
from harness.profiles import report_json
from harness.survey import ARPENT, PROGRAMS

STACKS = 10_000
MANY = PROGRAMS / "many_stacks"
FILE = pathlib.Path("moved/kept.profile")
OTHER = b"of somebody else" * 1000


def sites_of(report):
    return len(report["process"]["sites"]), report["process"]["allocations"], report["process"]["sites_dropped"]


def run_while(change):
    """Runs the program under `arpent run` and calls change() once its profile is there, before it grows."""
    FILE.parent.mkdir(exist_ok=True)
    for path in FILE.parent.iterdir():
        path.unlink()
    command = subprocess.Popen(
        [ARPENT, "run", "--profile", FILE, "--report", "/dev/null", "--", MANY, str(STACKS), "after"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    equal(command.stdout.readline(), "started\n", "the program's word")
    change()
    output, errors = command.communicate("go on\n", timeout=300)
    equal(output, "done\n", f"the program goes on to its end; {errors}")
    return command.returncode, errors


def replace():
    FILE.rename("moved/elsewhere")
    FILE.write_bytes(OTHER)


status, _ = run_while(lambda: None)
expected = sites_of(report_json(FILE))
equal((status, expected[2]), (0, False), "undisturbed")
check(expected[0] >= STACKS, f"{expected[0]} sites")

# `arpent run` cannot keep it then, and says so.
for what, change in (
    ("removed", FILE.unlink),
    ("moved", lambda: FILE.rename("moved/elsewhere")),
    ("replaced", replace),
):
    status, errors = run_while(change)
    equal((status, "kept.profile" in errors), (125, True), f"{what}: {errors}")
    if what != "removed":
        equal(sites_of(report_json("moved/elsewhere")), expected, f"the one that was {what}")
equal(FILE.read_bytes() == OTHER, True, "the file that took its place is as it was")

as_root = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
done = subprocess.run(
    [*as_root, ARPENT, "run", "--profile", "jailed.profile", "--report", "/dev/null", "--", MANY, str(STACKS), "jail"],
    capture_output=True,
    text=True,
)
equal((done.returncode, done.stderr), (0, ""), "status with another root")
equal(sites_of(report_json("jailed.profile")), expected, "with another root")
finish()
