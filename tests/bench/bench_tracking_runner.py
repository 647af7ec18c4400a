# Tests bench/runner/tracking_bench.py
"""The runner behind ./dev bench-tracking: its figures from samples that are made up, and what is said of wrong usage. No time
is measured."""

import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
from harness.checks import check, equal, finish
from runner import tracking_bench as bench

# Medians of three rounds. heaptrack adds 1 s and 3 s, stacks 0.1 s and 0.9 s.
figures = bench.Figures()
for program, way, seconds in (
    ("allocation-bound/one", bench.PLAIN, (1, 1, 9)),
    ("allocation-bound/one", bench.STACKS, (1.9, 1.9, 0.1)),
    ("allocation-bound/one", bench.HEAPTRACK, (4, 4, 4)),
    ("programs/two", bench.PLAIN, (1, 1, 1)),
    ("programs/two", bench.STACKS, (1.1, 1.1, 1.1)),
    ("programs/two", bench.HEAPTRACK, (2, 2, 2)),
):
    for each in seconds:
        figures.add(program, way, bench.Taken(each, 1024, 2**20))
names = ["allocation-bound/one", "programs/two"]
equal(round(figures.ratio(names[0], bench.STACKS, bench.PLAIN), 6), 1.9, "ratio of medians")
equal(round(figures.mean_ratio(names[1:], bench.STACKS, bench.PLAIN), 6), 1.1, "mean ratio")
equal(round(figures.added_share(names), 6), 0.25, "share of heaptrack's added time")
equal(figures.ratio(names[0], bench.MEMCHECK, bench.PLAIN), None, "what was not measured has no ratio")
equal(figures.mean_ratio(names, bench.MEMCHECK, bench.PLAIN), None, "nor a mean")


class Options:
    rounds = 3


ways = [bench.Way(bench.PLAIN), bench.Way(bench.STACKS), bench.Way(bench.HEAPTRACK)]
text = bench.as_text(bench.sections_of(figures, names, ways, [("a", "b")], Options))
lines = [" ".join(line.split()) for line in text.splitlines()]
for line in (
    "stacks ÷ plain, time, 1 real programs 1.10 1.15 reached",
    "stacks ÷ plain, time, the worst of 1 allocation-bound 1.90 2.00 reached",
    "stacks' added time ÷ heaptrack's, all programs 0.25 0.20 not reached",
    "largest file of arpent run – 5.0 MiB –",
    "programs/two 1.00 s 1.10 2.00",
):
    check(line in lines, f"'{line}' is in the report:\n{text}")


def run(*arguments):
    return subprocess.run(
        [sys.executable, SOURCE / "bench" / "run-tracking", *arguments], capture_output=True, text=True
    )


pathlib.Path("bench").mkdir()
for arguments, said in (
    (["."], "is not there"),
    ([".", "--rounds", "0"], "must be 1 or more"),
    ([".", "--filter", "["], "--filter"),
    ([".", "--markdown", "no/page.md"], "no folder"),
):
    done = run(*arguments)
    equal(done.returncode, 2, f"status of {arguments}")
    check(said in done.stderr and len(done.stderr.splitlines()) == 1, f"one line about {arguments}: {done.stderr}")
pathlib.Path("bench/arpent-bench-allocating").touch()
done = run(".", "--ways", "plain,none")
check(done.returncode == 2 and "there is no way 'none'" in done.stderr, f"an unknown way: {done.stderr}")
finish()
