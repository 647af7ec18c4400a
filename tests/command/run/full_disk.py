# Tests tools/arpent/run/
"""A disk that is full: the program goes on as if nothing were, and the report of what happened is right."""

import json
import os
import pathlib
import signal
import subprocess

from harness.checks import check, equal, finish
from harness.profiles import report_json
from harness.survey import ARPENT, PROGRAMS

STACKS = 40_000
FREE_KIB = 1200  # the first 256 KiB of a profile are there, and some stacks, but not all


def on_a_small_disk(script):
    """Runs the shell script in a folder `disk` that holds FREE_KIB, seen by nobody else and gone afterwards."""
    pathlib.Path("disk").mkdir(exist_ok=True)
    # Given back by name: where the mount is not private (a root folder that is no mount of its own), it would stay.
    whole = f"mount -t tmpfs -o size={FREE_KIB}k none disk || exit\ntrap 'umount -l disk' EXIT\n{script}"
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    return subprocess.run(
        ["unshare", "--mount", "--propagation", "unchanged", *as_root, "sh", "-c", whole],
        capture_output=True,
        text=True,
    )


def totals(process):
    return {key: process[key] for key in ("allocations", "allocated_bytes", "frees", "freed_bytes", "live_bytes")}


plain = subprocess.run(
    [ARPENT, "run", "--profile", "whole.profile", "--report", "/dev/null", "--", PROGRAMS / "many_stacks", str(STACKS)],
    capture_output=True,
    text=True,
)
expected = report_json("whole.profile")["process"]
check(not expected["sites_dropped"], "there is room for all of them elsewhere")

done = on_a_small_disk(
    f"'{ARPENT}' run --profile disk/full.profile --format json --report report.json -- "
    f"'{PROGRAMS}/many_stacks' {STACKS}; echo status $?; df disk | tail -n 1; cp disk/full.profile kept.profile"
)
check("status 0" in done.stdout, f"the program ended as without: {done.stdout} {done.stderr}")
equal(
    done.stdout.splitlines()[0],
    plain.stdout.splitlines()[0] if plain.stdout else "status 0",
    "what the program printed",
)
report = json.loads(pathlib.Path("report.json").read_text())["process"]
equal(totals(report), totals(expected), "totals in the report")
check(report["sites_dropped"], "that the bound was met is said")
equal(
    (report["lost_blocks"], report["reachable_blocks"]),
    (expected["lost_blocks"], expected["reachable_blocks"]),
    "leaks",
)
equal(totals(report_json("kept.profile")["process"]), totals(expected), "totals in the profile that was kept")

# Killed in the middle, on the full disk.
program = pathlib.Path(PROGRAMS / "many_stacks")
done = on_a_small_disk(
    f"""
'{ARPENT}' run --profile disk/full.profile --report report.txt -- '{program}' {STACKS} wait > said.txt & run=$!
while ! grep -q ready said.txt; do sleep 0.05; done
pkill -KILL -P $run; wait $run; echo status $?
cp disk/full.profile killed.profile"""
)
check(f"status {128 + signal.SIGKILL}" in done.stdout, f"ends as the program did: {done.stdout} {done.stderr}")
killed = report_json("killed.profile")["process"]
check(killed["sites_dropped"], "the bound was met before it was killed")
for key in ("allocations", "frees"):
    check(0 <= killed[key] - STACKS // (1 if key == "allocations" else 2) < 50, f"{key} until then: {killed[key]}")
check("killed by SIGKILL" in pathlib.Path("report.txt").read_text(), "the report tells how it ended")
finish()
