"""The command line: what to run, how often, and where the figures go."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from . import allocators, machine, output, workloads
from .errors import RunFailed, UsageError
from .launching import Launcher
from .options import pattern, require_rounds
from .report import Report
from .results import Results
from .schedule import Progress, Schedule
from .tables import as_markdown, as_text

FULL_ROUNDS, QUICK_ROUNDS = 7, 2
BUDGET_MINUTES, QUICK_BUDGET_MINUTES = 25, 4

DONE, FAILED, USAGE, INCOMPLETE, STOPPED = 0, 1, 2, 3, 130

EXIT_STATUSES = """exit status:
  0  everything was run
  1  a workload failed under some allocator; the report says which, the rest stands
  2  wrong usage, or the benchmarks are not built
  3  everything that is installed was run, but something is missing; the report says what
  130  stopped by the user; after the first round, what was done is reported
"""

EXAMPLES = """examples:
  ./dev bench                                          everything, about 15 minutes
  ./dev bench --quick                                  fewer rounds, at most 4 minutes
  ./dev bench --filter '^pairs/' --allocators mimalloc,off,sites
  ./dev bench --json all.json --markdown docs/performance.md
"""


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench",
        description="Compares Arpent's heap with glibc, mimalloc, jemalloc and tcmalloc, in one run on this machine.",
        epilog=EXAMPLES + "\n" + EXIT_STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("build", metavar="BUILD_DIR", type=pathlib.Path, help="where the benchmarks were built")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds instead of {FULL_ROUNDS}")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often everything is run; figures are medians")
    parser.add_argument("--minutes", type=float, metavar="M", help="begin no round that would end after M minutes")
    parser.add_argument("--only", action="append", choices=workloads.KINDS, default=[], help="only this kind")
    parser.add_argument("--filter", metavar="REGEX", help="only workloads whose name matches, see --list")
    parser.add_argument("--list", action="store_true", help="print the names of the workloads and end")
    parser.add_argument(
        "--allocators", metavar="LIST", default=",".join(allocators.NAMES), help="which ones (default: %(default)s)"
    )
    parser.add_argument(
        "--library", action="append", default=[], metavar="NAME=PATH", help="take this allocator from another file"
    )
    parser.add_argument("--json", metavar="FILE", help="write all samples")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables between the markers of this page")
    parser.add_argument("--from", metavar="FILE", dest="source", help="run nothing: report what --json wrote earlier")
    parser.add_argument(
        "--scale", type=float, default=1, metavar="X", help="do X times the work; only to try the machinery"
    )
    options = parser.parse_args(arguments)
    check(options)
    return options


def check(options):
    """Everything that can be wrong is said before the work."""
    if options.rounds is None:
        options.rounds = QUICK_ROUNDS if options.quick else FULL_ROUNDS
    if options.minutes is None:
        options.minutes = QUICK_BUDGET_MINUTES if options.quick else BUDGET_MINUTES
    require_rounds(options.rounds)
    if not options.minutes > 0:
        raise UsageError(f"--minutes {options.minutes}: must be above 0")
    if not 0 < options.scale <= 1:
        raise UsageError(f"--scale {options.scale}: must be above 0 and at most 1")
    if options.scale != 1 and options.markdown:
        raise UsageError("--scale and --markdown exclude each other: figures of scaled work are no results")
    options.pattern = pattern(options.filter) if options.filter else None
    options.libraries = {}
    for entry in options.library:
        name, equals, path = entry.partition("=")
        if not equals or not path:
            raise UsageError(f"--library {entry}: must be NAME=PATH")
        options.libraries[name] = path
    options.allocators = [name for name in options.allocators.split(",") if name]
    if options.json:
        output.require_writable(options.json)
    if options.markdown:
        output.require_page(options.markdown)


def probe(launcher, binary, allocator):
    """What the binary says of itself; raises RunFailed unless this allocator serves it, in its mode."""
    variables = allocator.variables
    tracks = allocator.environment.get("ARPENT_MODE", "off") != "off"
    if allocator.soname == allocators.PRELOAD:
        variables = {**variables, **allocators.PROFILES}
    served_by = json.loads(launcher.run((str(binary), "--probe"), variables).output)
    profiles = list(launcher.folder.glob("*.profile"))
    if tracks != bool(profiles):
        raise RunFailed(f"{allocator.name}: {'no' if tracks else 'a'} profile was left: the mode is not in effect")
    for function in ("malloc", "free"):
        if allocator.path and not os.path.samefile(served_by[function], allocator.path):
            raise RunFailed(f"{allocator.name}: {function} is served by {served_by[function]}, not {allocator.path}")
    return served_by


def method(options, done, stopped, part):
    lines = [
        f"Median of {done} round{'s' if done > 1 else ''}. A round runs every workload once under every allocator, each in a process of its "
        "own, one allocator after the other in an order that changes from round to round.",
        "The amount of work is fixed. Memory is the peak resident set of the whole process, as the kernel reports it.",
    ]
    if stopped:
        lines.append(f"Stopped by the user in round {done + 1} of {options.rounds}, which is part of the medians.")
    elif done < options.rounds:
        lines.append(f"{options.rounds} rounds were asked for; more would have taken over {options.minutes:g} minutes.")
    if part:
        lines.append(f"A part only: {part}.")
    if options.scale != 1:
        lines.append(f"WORK SCALED BY {options.scale:g}: these figures are no results.")
    return lines


def restriction(options):
    parts = [f"--only {kind}" for kind in options.only]
    if options.filter:
        parts.append(f"--filter '{options.filter}'")
    return " ".join(parts)


def collect(options, say):
    """Runs everything; returns the document that --json writes."""
    found, missing = allocators.find(options.build, options.allocators, options.libraries)
    if not found:
        raise UsageError("none of the allocators is there: " + "; ".join(missing))
    binary = (options.build / "bench" / "arpent-bench-micro").resolve()
    launcher_program = (options.build / "bench" / "arpent-bench-launch").resolve()
    for program in (binary, launcher_program):
        if not program.exists():
            raise UsageError(f"{program} is not there; build with -DARPENT_BENCH=ON")
    programs, missing_programs = workloads.programs()
    everything = [*programs, *workloads.micro_benchmarks(binary, options.scale), workloads.startup()]
    chosen = workloads.choose(everything, options.only, options.pattern)
    if not options.only or workloads.PROGRAMS in options.only:
        missing += missing_programs
    if options.list:
        print("\n".join(workload.name for workload in chosen))
        return None
    if not chosen:
        raise UsageError("no workload matches; --list shows their names")
    for line in missing:
        say(f"bench: {line}")
    machine.warn_of_noise(say)
    with tempfile.TemporaryDirectory(prefix="arpent-bench-") as folder:
        launcher = Launcher(launcher_program, folder)
        for allocator in found:
            identity = probe(launcher, binary, allocator)
        used = [workload for workload in chosen if workload.kind == workloads.PROGRAMS]
        facts = machine.describe(found, used, identity)
        schedule = Schedule(launcher, found, chosen, progress=Progress(), say=say)
        results, done = schedule.run(options.rounds, options.minutes * 60)
    return {
        "facts": facts,
        "method": method(options, done, schedule.stopped, restriction(options)),
        "stopped": schedule.stopped,
        "allocators": [allocator.name for allocator in found],
        "missing": missing,
        "part": restriction(options),
        **results.as_json(),
    }


def reread(path):
    """What --json wrote. Raises UsageError for anything that it did not."""
    document = output.read_json(path)
    try:
        Report(Results.from_json(document), document["allocators"], document["part"]).sections()
        machine.section([tuple(fact) for fact in document["facts"]], document["method"] + document["missing"])
        bool(document["stopped"])
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
        raise UsageError(f"{path}: is damaged: {type(error).__name__} {error}") from None
    return document


def publish(options, document, say):
    """Prints the report; then writes the files, so that nothing is lost when that fails."""
    results = Results.from_json(document)
    sections = Report(results, document["allocators"], document["part"]).sections()
    facts = machine.section([tuple(fact) for fact in document["facts"]], document["method"])
    facts.rows += [["missing", line] for line in document["missing"]]
    print(as_text([*sections, facts]), flush=True)
    status = FAILED if results.failures else INCOMPLETE if document["missing"] else DONE
    if document["stopped"]:
        status = STOPPED
        page = f"; {options.markdown} is left as it was" if options.markdown else ""
        say(f"bench: stopped; the report is of what was done until then{page}")
        options.markdown = None
    for path, write in (
        (options.json, lambda path: output.write_json(path, document)),
        (options.markdown, lambda path: output.write_page(path, as_markdown([*sections, facts]))),
    ):
        if path:
            try:
                write(path)
            except OSError as error:
                say(f"bench: {path}: {error.strerror}; the report above is complete")
                status = FAILED
    return status


def main(arguments):
    def say(line):
        print(line, file=sys.stderr, flush=True)

    try:
        options = parse(arguments)
        document = reread(options.source) if options.source else collect(options, say)
        return DONE if document is None else publish(options, document, say)
    except UsageError as error:
        say(f"bench: {error}")
        return USAGE
    except RunFailed as error:
        say(f"bench: {error}")
        return FAILED
    except KeyboardInterrupt:
        say("bench: stopped")
        return STOPPED
