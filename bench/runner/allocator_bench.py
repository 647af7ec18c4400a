"""./dev bench-allocators: arena, fixed buffer, pool and general purpose allocator beside their opponents, in one run."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

from . import machine, output
from .errors import RunFailed, UsageError
from .options import pattern, require_rounds
from .tables import ABSENT, Section, as_markdown, as_text, ratio_text, seconds_text

BEGIN = "<!-- bench-allocators:begin (this part is written by ./dev bench-allocators --markdown) -->"
END = "<!-- bench-allocators:end -->"

SIZES = {"16": "16 B", "64": "64 B", "48": "48 B", "0": "16 B to 256 B"}

# (one, other, at most, sizes): what is to be reached, as a ratio of times; and what the other way round.
GOALS = [
    ("fixed/ours", "region/bare", 1.3, ("16", "64")),
    ("arena/ours", "region/bare", 1.3, ("16", "64")),
    ("fixed/ours through Allocator", "region/bare", 2.5, ("16", "64")),
    ("arena/ours through Allocator", "region/bare", 2.5, ("16", "64")),
    ("fixed/ours", "fixed/pmr", 1.0, ("16", "64", "0")),
    ("fixed/ours through Allocator", "fixed/pmr through memory_resource", 1.0, ("16", "64", "0")),
    ("fresh arena/ours", "fresh arena/pmr", 1.0, ("16", "64", "0")),
    ("general purpose/ours, without safety", "general purpose/glibc", 1.0, ("64", "0")),
]
GOALS_AT_LEAST = [("general purpose/Zig, safe", "general purpose/ours, safe", 20, ("64", "0"))]

EPILOG = """example:
  ./dev bench-allocators --markdown docs/performance.md

exit status:
  0  everything was run
  1  a benchmark failed
  2  wrong usage, or the benchmarks are not built
"""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench-allocators",
        description="Compares the allocators of <arpent/…> with the standard library's, Boost's and Zig's.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("build", metavar="BUILD_DIR", type=pathlib.Path, help="where the benchmarks were built")
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="medians are of so many (default: 15)")
    parser.add_argument("--filter", default=".", metavar="REGEX", help="only benchmarks whose name matches")
    parser.add_argument("--seconds", type=float, default=0.1, metavar="S", help="of each round of each benchmark")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables between the markers of this page")
    options = parser.parse_args(arguments)
    pattern(options.filter)  # the benchmark binary applies it
    require_rounds(options.rounds)
    if not options.seconds > 0:
        raise UsageError(f"--seconds {options.seconds}: must be above 0")
    if options.markdown:
        output.require_page(options.markdown, BEGIN, END)
    return options


SIX_FRAMES = "malloc_context_size=6:detect_leaks=0"


def run(command, **variables):
    """What it prints. Raises RunFailed."""
    environment = {**os.environ, **variables}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise RunFailed(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return done.stdout


def medians_of(binary, options):
    """(name, size) -> seconds a block, and what the binary says of itself. Rounds of all benchmarks are interleaved at
    random. Raises UsageError when the filter matches nothing."""
    chosen = f"--benchmark_filter={options.filter}"
    order = run([binary, chosen, "--benchmark_list_tests"]).splitlines()
    if not any("/" in name for name in order):
        raise UsageError(f"--filter '{options.filter}': no benchmark matches")
    machine.warn_of_noise(lambda line: print(line, file=sys.stderr))
    document = json.loads(
        run(
            [
                binary,
                chosen,
                f"--benchmark_repetitions={options.rounds}",
                f"--benchmark_min_time={options.seconds}",
                "--benchmark_enable_random_interleaving=true",
                "--benchmark_format=json",
            ]
        )
    )
    samples = {}
    for entry in document["benchmarks"]:
        if entry["run_type"] == "iteration":
            samples.setdefault(entry["run_name"], []).append(1 / entry["items_per_second"])
    medians = {}
    for run_name in order:
        name, _, size = run_name.rpartition("/")
        medians[name, size] = statistics.median(samples[run_name])
    return medians, document["context"]


def programs_of(folder, options):
    """How long one round of the checked program takes, by the way it is checked."""
    ways = {"malloc": "plain", "ours, safe": "ours", "AddressSanitizer": "asan"}
    samples = {way: [] for way in ways}
    for _ in range(options.rounds):
        for way, name in ways.items():
            samples[way].append(int(run([folder / f"arpent-bench-checked-{name}"], ASAN_OPTIONS=SIX_FRAMES)) * 1e-9)
    return {way: statistics.median(values) for way, values in samples.items()}


def goal_rows(medians):
    goals = [(*goal, "at most", 1) for goal in GOALS] + [(*goal, "at least", -1) for goal in GOALS_AT_LEAST]
    for ours, opponent, bound, sizes, words, sign in goals:
        for size in sizes:
            if (ours, size) in medians and (opponent, size) in medians:
                ratio = medians[ours, size] / medians[opponent, size]
                reached = "reached" if sign * ratio <= sign * bound else "not reached"
                yield [f"{ours} ÷ {opponent}", SIZES[size], ratio_text(ratio), f"{words} {ratio_text(bound)}", reached]


def table(medians):
    names = list(dict.fromkeys(name for name, _ in medians))
    sizes = [size for size in SIZES if any(key[1] == size for key in medians)]
    rows = [
        [name, *(seconds_text(medians[name, size]) if (name, size) in medians else ABSENT for size in sizes)]
        for name in names
    ]
    return Section("Time of one block", [], ["", *(SIZES[size] for size in sizes)], rows)


def sections_of(medians, context, programs, options):
    sections = []
    rows = list(goal_rows(medians))
    if rows:
        sections.append(
            Section("What is to be reached", [], ["", "blocks of", "ratio", "to be", ""], rows, words=(0, 3, 4))
        )
    sections.append(table(medians))
    if programs:
        base = programs["malloc"]
        sections.append(
            Section(
                "A program of strings in a map, checked",
                [],
                ["", "a round", "÷ malloc unchecked"],
                [[way, seconds_text(spent), ratio_text(spent / base)] for way, spent in programs.items()],
            )
        )
    facts = [fact for fact in machine.describe([], [], context)]
    method = [
        f"Medians of {options.rounds} rounds in one process, all benchmarks interleaved at random; the checked program is a "
        "process of its own each time. A batch is 1,024 blocks, each written once.",
        "The bare bump adds the size to a pointer in memory: no alignment, no end. Each loop is in its allocator's own "
        "language. Zig's safe allocator reads memory through the system to unwind.",
    ]
    sections.append(machine.section(facts, method))
    return sections


def main(arguments):
    try:
        options = parse(arguments)
        folder = (options.build / "bench").resolve()
        binary = folder / "arpent-bench-allocators"
        if not binary.exists():
            raise UsageError(f"{binary} is not there; build with -DARPENT_BENCH=ON")
        medians, context = medians_of(binary, options)
        programs = programs_of(folder, options) if options.filter == "." else {}
        sections = sections_of(medians, context, programs, options)
        print(as_text(sections))
        if options.markdown:
            output.write_page(options.markdown, as_markdown(sections), BEGIN, END)
        return 0
    except UsageError as error:
        print(f"bench-allocators: {error}", file=sys.stderr)
        return 2
    except (RunFailed, OSError) as error:
        print(f"bench-allocators: {error}", file=sys.stderr)
        return 1
