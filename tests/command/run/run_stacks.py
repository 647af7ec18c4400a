# Tests tools/arpent/run/
"""Stacks, threads and the timeline in a profile are the program's."""

import json
import pathlib
import subprocess

from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, run

FILE = pathlib.Path("run_stacks.profile")


def profile_of(*arguments, options=()):
    """The finished process, and its profile as the reader sees it."""
    FILE.unlink(missing_ok=True)
    done = run(*arguments, options=["--profile", FILE, "--report", "/dev/null", *options])
    dump = subprocess.run([PROGRAMS / "profile_dump", FILE], stdout=subprocess.PIPE, check=True, text=True)
    FILE.unlink()
    return done, json.loads(dump.stdout)


# The stacks beside those that the C++ runtime's unwinder sees, which knows nothing of ours.
done, profile = profile_of(PROGRAMS / "run_stacks_O2")
equal(done.returncode, 0, "status")
seen = [line.split() for line in done.stdout.splitlines()]
equal(sorted({int(line[0]) for line in seen}), list(range(1001, 1013)), "places that allocate")
for size, *expected in seen:
    sites = [
        site
        for site in profile["sites"]
        if site["allocations"] and site["allocated_bytes"] == int(size) * site["allocations"]
    ]
    equal(len(sites), 1, f"sites of {size} bytes")
    if not sites:
        continue
    frames = [f"{frame['address']:x}" for frame in sites[0]["stack"]]
    # The innermost is the function itself, which calls malloc elsewhere than it asks for its own stack.
    equal(frames[1:], expected, f"stack of {size} bytes")
    check(sites[0]["stack"][0]["module"].endswith("/run_stacks_O2"), f"module of {size} bytes")

# Threads of one name are one.
threads = {thread["name"]: thread["allocations"] for thread in profile["threads"]}
equal(sorted(threads), ["carter", "gardener", "run_stacks_O2"], "threads")
for size, name, count in ((1011, "gardener", 3), (1012, "carter", 1)):
    site = next(site for site in profile["sites"] if site["allocated_bytes"] == size * count)
    equal(site["threads"], [{"thread": name, "allocations": count}], f"thread of {size} bytes")
equal(
    sum(thread["allocations"] for thread in profile["threads"]),
    sum(site["allocations"] for site in profile["sites"]),
    "sum over threads",
)

# --stack-depth
_, profile = profile_of(PROGRAMS / "run_stacks_O2", options=["--stack-depth", "5"])
depths = {site["allocated_bytes"]: len(site["stack"]) for site in profile["sites"] if site["allocations"]}
equal(max(depths.values()), 5, "deepest stack with --stack-depth 5")
equal(depths[1009], 5, "stack of the recursion with --stack-depth 5")
_, profile = profile_of(PROGRAMS / "run_stacks_O2", options=["--mode", "sites"])
equal(profile["nodes"], 0, "nodes in mode sites")

# The timeline ends with what is live at the end, and its largest point is the peak, or nearly.
_, profile = profile_of(PROGRAMS / "run_sites")
points = profile["timeline"]
check(points, "points in the timeline")
equal([point[0] for point in points], sorted({point[0] for point in points}), "times")
check(all(live <= profile["peak_bytes"] for _, live, _ in points), f"live above the peak: {points}")
check(all(resident >= 1 << 20 for _, _, resident in points), f"resident memory: {points}")
finish()
