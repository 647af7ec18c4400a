# Tests src/track/record.hpp
"""Counts, bytes and the peak agree with heaptrack's to the byte, but for what heaptrack itself brings along."""

import collections
import os
import pathlib
import shutil
import subprocess
import sys

from harness.checks import check, equal, finish
from harness.profiles import profile_of, report_json
from harness.survey import PROGRAMS

HEAPTRACK = pathlib.Path("/usr/lib/heaptrack")
if not (HEAPTRACK / "libheaptrack_preload.so").exists():
    sys.exit("cannot be tested without heaptrack; install it")

# heaptrack's library is of C++: it brings libstdc++ into programs of C, which allocates a pool for exceptions at its
# start, and a module with thread-local storage, for which each thread's table of modules has another entry.
POOL = 72704
TABLE_ENTRY = 16
# The live total is told in batches; the last of them before the peak may be missing from it.
SMALLEST_BATCH = 64


def recorded_by_heaptrack(command, stdin):
    """Blocks by size, the peak, and what was left at the end."""
    raw = pathlib.Path("raw").absolute()
    raw.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "LD_PRELOAD": str(HEAPTRACK / "libheaptrack_preload.so"),
        "DUMP_HEAPTRACK_OUTPUT": str(raw),
    }
    with open(stdin, "rb") as given:
        subprocess.run(command, stdin=given, stdout=subprocess.DEVNULL, env=environment, check=True)
    with open(raw, "rb") as given:
        text = subprocess.run(
            [HEAPTRACK / "libexec" / "heaptrack_interpret"], stdin=given, capture_output=True
        ).stdout.decode(errors="replace")
    # "a SIZE TRACE" declares a kind of block, "+ KIND" and "- KIND" are its beginning and its end; hexadecimal.
    sizes, blocks, live, peak = [], collections.Counter(), 0, 0
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "a":
            sizes.append(int(rest.split()[0], 16))
        elif kind == "+":
            size = sizes[int(rest, 16)]
            blocks[size] += 1
            live += size
            peak = max(peak, live)
        elif kind == "-":
            live -= sizes[int(rest, 16)]
    return blocks, peak, live


def recorded_by_us(command, stdin):
    with open(stdin, "rb") as given:
        profile_of("run.profile", *command, mode="stacks", stdin=given)
    return report_json("run.profile")["process"]


def compare(name, command, *, stdin=os.devnull, brings_pool=True, table_entries=0, left_differs=False):
    """table_entries: in one table of modules. left_differs: the pool that heaptrack frees at the end is the program's."""
    theirs, their_peak, their_left = recorded_by_heaptrack(command, stdin)
    ours = recorded_by_us(command, stdin)
    pool = POOL if brings_pool else 0
    brought = pool + table_entries * TABLE_ENTRY
    equal(ours["allocations"], theirs.total() - (1 if brings_pool else 0), f"{name}: blocks")
    equal(ours["allocated_bytes"], sum(size * n for size, n in theirs.items()) - brought, f"{name}: bytes")
    missed = their_peak - brought - ours["peak_bytes"]
    check(0 <= missed < SMALLEST_BATCH, f"{name}: {missed} bytes of the peak were missed")
    if not left_differs:
        equal(ours["live_bytes"], their_left, f"{name}: left at the end")
    check(theirs.total() > 20, f"{name}: heaptrack recorded {theirs.total()} blocks")


compare("figures", [PROGRAMS / "figures"])
compare("run_stacks", [PROGRAMS / "run_stacks_O2"], brings_pool=False, table_entries=1, left_differs=True)
sqlite = shutil.which("sqlite3") or sys.exit("cannot be tested without sqlite3; install it")
compare(
    "sqlite3",
    [sqlite, "-batch", ":memory:"],
    stdin=pathlib.Path(os.environ["SOURCE_DIR"]) / "bench" / "programs" / "sqlite.sql",
)
finish()
