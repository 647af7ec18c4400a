"""./dev bench-instructions: how many instructions two builds execute for the same work."""

import argparse
import concurrent.futures
import pathlib
import shutil
import statistics
import sys
import tempfile
import threading
from dataclasses import dataclass, field

from . import counted
from .allocators import PRELOAD
from .callgrind import Callgrind
from .errors import RunFailed, UsageError
from .options import pattern
from .tables import ABSENT, Section, as_text, count_text

LIMIT_PERCENT = 3.0

# A row that is worse than the limit is counted again; only if its best counts are worse as well, it is worse.
# The order in which threads run is not the same each time.
REPEATS = 4

BEFORE, AFTER = "before", "after"

EPILOG = """example:
  ./dev bench-instructions ../before/build/bench --filter '^pairs/'

exit status:
  0  nothing is worse by more than the limit
  1  something is, or a run failed; the rows are marked
  2  wrong usage, or the benchmarks are not built
"""


@dataclass
class Row:
    workload: counted.Counted
    totals: dict = field(default_factory=lambda: {BEFORE: [], AFTER: []})
    library: dict = field(default_factory=lambda: {BEFORE: [], AFTER: []})
    failure: str = ""

    def ratio(self, counts):
        """The smallest counts compared; None if there are none."""
        before, after = (min(counts[side], default=0) for side in (BEFORE, AFTER))
        return after / before if before > 0 else None

    def is_worse(self, limit_percent):
        ratio = self.ratio(self.totals)
        return ratio is not None and ratio > 1 + limit_percent / 100


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench-instructions",
        description="Counts the instructions of micro benchmarks, whole programs and commands in two builds and "
        "compares them. Counts do not depend on what else the machine does.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("before", metavar="BEFORE", type=pathlib.Path, help="the build folder that is compared to")
    parser.add_argument("after", metavar="AFTER", type=pathlib.Path, help="the build folder in question")
    parser.add_argument("--filter", default=".", metavar="REGEX", help="only rows whose name matches")
    parser.add_argument(
        "--limit",
        type=float,
        default=LIMIT_PERCENT,
        metavar="PERCENT",
        help=f"how much worse a row may be (default: {LIMIT_PERCENT:g})",
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at the same time (default: 1)")
    options = parser.parse_args(arguments)
    options.filter = pattern(options.filter)
    if options.jobs < 1:
        raise UsageError(f"--jobs {options.jobs}: must be 1 or more")
    for name in (BEFORE, AFTER):
        build = getattr(options, name).resolve()
        setattr(options, name, build)
        for file in (f"lib/{PRELOAD}", "bin/arpent", "bench/arpent-bench-micro"):
            if not (build / file).exists():
                raise UsageError(f"{build / file} is not there; build with -DARPENT_BENCH=ON")
    if not shutil.which("valgrind"):
        raise UsageError("valgrind was not found; apt-get install valgrind")
    return options


def workloads_of(options, folder):
    """Returns (what is counted, lines that say what is missing)."""
    programs, missing = counted.programs(options.after, folder)
    found = [*counted.micro(options.after), *programs, *counted.inside(options.before, options.after)]
    chosen = [workload for workload in found if options.filter.search(workload.name)]
    commands = [name for name in counted.COMMANDS if options.filter.search(name)]
    if commands:
        profile = counted.record(options.before, folder)
        chosen += [workload for workload in counted.commands(profile) if workload.name in commands]
    if not chosen:
        raise UsageError(f"--filter '{options.filter.pattern}': nothing matches")
    return chosen, missing


class Counter:
    """Counts rows, as many at a time as there are jobs."""

    def __init__(self, callgrind, options):
        self.callgrind = callgrind
        self.options = options
        self.lock = threading.Lock()
        self.startups = {}
        self.slots = list(range(options.jobs))

    def count(self, command, variables, stdin, left_out=""):
        with self.lock:
            slot = self.slots.pop()
        try:
            return self.callgrind.count(slot, command, variables, stdin, left_out)
        finally:
            with self.lock:
                self.slots.append(slot)

    def startup_total(self, workload):
        """Counted once for all rows that start in the same way."""
        key = (workload.startup, tuple(sorted(workload.variables.items())))
        if key not in self.startups:
            self.startups[key] = self.count(workload.startup, workload.variables, "").total
        return self.startups[key]

    def count_once(self, row, side):
        workload = row.workload.filled(getattr(self.options, side))
        counts = self.count(workload.command, workload.variables, workload.stdin, workload.left_out)
        total = counts.total
        if workload.startup:
            total -= self.startup_total(workload)
        row.totals[side].append(total)
        library = sum(own for path, own in counts.by_object.items() if path.endswith("/" + PRELOAD))
        if workload.preloaded:
            if library == 0:
                raise RunFailed(f"{PRELOAD} executed nothing: it was not loaded")
            row.library[side].append(library)

    def fill(self, row):
        try:
            for side in (BEFORE, AFTER):
                self.count_once(row, side)
            for _ in range(REPEATS):
                if row.is_worse(self.options.limit):
                    for side in (BEFORE, AFTER):
                        self.count_once(row, side)
        except RunFailed as error:
            row.failure = str(error)

    def fill_all(self, rows):
        progress = sys.stderr.isatty()
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            running = {pool.submit(self.fill, row): row for row in rows}
            for done, future in enumerate(concurrent.futures.as_completed(running), 1):
                future.result()
                if progress:
                    print(f"\r\033[K{done}/{len(rows)} {running[future].workload.name}", end="", file=sys.stderr)
        if progress:
            print("\r\033[K", end="", file=sys.stderr)


def ratio_text(ratio):
    return ABSENT if ratio is None else f"{ratio:.4f}"


def table(rows, options):
    """Worst first."""
    lines = []
    for row in sorted(rows, key=lambda row: -(row.ratio(row.totals) or float("inf"))):
        counts = [count_text(min(row.totals[side])) if row.totals[side] else ABSENT for side in (BEFORE, AFTER)]
        remark = row.failure or ("worse" if row.is_worse(options.limit) else "")
        lines.append(
            [row.workload.name, *counts, ratio_text(row.ratio(row.totals)), ratio_text(row.ratio(row.library)), remark]
        )
    notes = [
        "Instructions by callgrind, without those of starting up for the benchmark binaries' rows. The last ratio is "
        f"that of {PRELOAD}'s own code, starting up included."
    ]
    return Section("Instructions", notes, ["", BEFORE, AFTER, "ratio", "library", ""], lines, words=(0, 5))


def summary(rows, options):
    ratios = [ratio for row in rows if (ratio := row.ratio(row.totals)) is not None]
    failed = sum(1 for row in rows if row.failure)
    worse = sum(1 for row in rows if not row.failure and row.is_worse(options.limit))
    mean = f"{statistics.geometric_mean(ratios):.4f}" if ratios else ABSENT
    return (
        f"{len(rows)} rows; geometric mean {mean}; {worse} worse by more than {options.limit:g} %; {failed} failed",
        failed + worse == 0,
    )


def main(arguments):
    try:
        options = parse(arguments)
        with tempfile.TemporaryDirectory(prefix="arpent-bench-") as name:
            folder = pathlib.Path(name)
            inputs, runs = folder / "inputs", folder / "runs"
            inputs.mkdir()
            chosen, missing = workloads_of(options, inputs)
            rows = [Row(workload) for workload in chosen]
            Counter(Callgrind(runs), options).fill_all(rows)
        print(as_text([table(rows, options)]))
        for line in missing:
            print(f"missing: {line}")
        line, good = summary(rows, options)
        print(line)
        return 0 if good else 1
    except UsageError as error:
        print(f"bench-instructions: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"bench-instructions: {error}", file=sys.stderr)
        return 1
