# Tests src/track/region/region.cpp tools/arpent/run/kept_profile.cpp
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
elsewhere = FILE.with_name("elsewhere")
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
    FILE.rename(elsewhere)
    FILE.write_bytes(OTHER)


def remove_and_replace():
    FILE.unlink()
    FILE.write_bytes(OTHER)


status, _ = run_while(lambda: None)
expected = sites_of(report_json(FILE))
equal((status, expected[2]), (0, False), "undisturbed")
check(expected[0] >= STACKS, f"{expected[0]} sites")

# If its name is free at the end, the profile takes it again.
for what, change in ("removed", FILE.unlink), ("moved", lambda: FILE.rename(elsewhere)):
    equal(run_while(change), (0, ""), f"status and messages if it was {what}")
    equal(sites_of(report_json(FILE)), expected, f"the profile at its name if it was {what}")
    equal((FILE.stat().st_mode & 0o7777, FILE.stat().st_nlink), (0o600, 1), f"its mode and links if it was {what}")
equal(sites_of(report_json(elsewhere)), expected, "the one that was moved")

# If another file has that name, `arpent run` leaves it alone, says where the profile is, and fails.
for what, change in ("moved", replace), ("removed", remove_and_replace):
    status, errors = run_while(change)
    equal((status, "kept.profile' is not the file that the program wrote" in errors), (125, True), f"{what}: {errors}")
    equal(FILE.read_bytes() == OTHER, True, f"the file that took the place of the one that was {what} is as it was")
    (whole,) = (path for path in FILE.parent.iterdir() if path != FILE)
    equal(sites_of(report_json(whole)), expected, f"the one that was {what} and replaced: {whole}")
    if what == "removed":
        check(f"; the profile is '{whole.absolute()}'" in errors, f"where it is: {errors}")

as_root = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
done = subprocess.run(
    [*as_root, ARPENT, "run", "--profile", "jailed.profile", "--report", "/dev/null", "--", MANY, str(STACKS), "jail"],
    capture_output=True,
    text=True,
)
equal((done.returncode, done.stderr), (0, ""), "status with another root")
equal(sites_of(report_json("jailed.profile")), expected, "with another root")
finish()
