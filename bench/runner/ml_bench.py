"""./dev bench-ml: inference by where its scratch memory comes from, and plans of tensors."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

from . import allocators, machine, output, plans
from .errors import RunFailed, UsageError
from .tables import Section, as_markdown, as_text, seconds_text

BEGIN = "<!-- bench-ml:begin (this part is written by ./dev bench-ml --markdown) -->"
END = "<!-- bench-ml:end -->"

EPILOG = """example:
  ./dev bench-ml folder-of-csv-files --markdown docs/performance.md

exit status:
  0  everything was run, and every plan fits
  1  a benchmark failed, or a plan does not fit its capacity
  2  wrong usage, nothing to plan, or the benchmarks are not built
"""

# (heading, what the program calls it, the allocator that is loaded)
SOURCES = (
    ("none: blocks that are there", "nothing", "glibc"),
    ("ar::ArenaAllocator", "arena", "glibc"),
    ("std::pmr monotonic", "pmr", "glibc"),
    ("malloc: glibc", "malloc", "glibc"),
    ("malloc: mimalloc", "malloc", "mimalloc"),
    ("malloc: Arpent, off", "malloc", "off"),
)
THREADS = (1, 2)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench-ml",
        description="Measures inference by where its scratch memory comes from, and plans tensors: every "
        "NAME.CAPACITY.csv of FOLDER, and models.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("build", metavar="BUILD_DIR", type=pathlib.Path, help="where the benchmarks were built")
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help="files to plan; without it, none")
    parser.add_argument("--models", metavar="FOLDER", help="plan every .tflite of it, too")
    parser.add_argument("--only", choices=("inference", "plans"), help="only these")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="medians are of so many (default: 9)")
    parser.add_argument("--inferences", type=int, default=50_000, metavar="N", help="of each thread, each round")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="for each plan at most (default: 60)")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables between the markers of this page")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.inferences < 1:
        raise UsageError("--rounds and --inferences must be 1 or more")
    if options.only == "plans" and not options.folder and not options.models:
        raise UsageError("--only plans needs a folder of files")
    if options.markdown:
        output.require_page(options.markdown, BEGIN, END)
    return options


def infer(binary, source, threads, inferences, variables):
    command = [str(binary), source, str(threads), str(inferences)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})
    if done.returncode != 0 or done.stderr:
        raise RunFailed(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


def inference_sections(options, say):
    binary = (options.build / "bench" / "arpent-bench-inference").resolve()
    if not binary.exists():
        raise UsageError(f"{binary} is not there; build with -DARPENT_BENCH=ON")
    found, missing = allocators.find(options.build, [name for name in ("glibc", "mimalloc", "off")], {})
    for line in missing:
        say(f"bench-ml: {line}")
    loaded = {one.name: one for one in found}
    sources = [source for source in SOURCES if source[2] in loaded]
    machine.warn_of_noise(say)
    samples = {}
    sums = set()
    for turn in range(options.rounds):
        for at in range(len(sources)):
            heading, source, name = sources[(at + turn) % len(sources)]
            for threads in THREADS:
                result = infer(binary, source, threads, options.inferences, loaded[name].variables)
                samples.setdefault((heading, threads), []).append(result)
                sums.add(result["sum"])
    if len(sums) != 1:
        raise RunFailed(f"the scores differ by where the scratch memory comes from: {sorted(sums)}")
    return [inference_section(sources, samples, options)]


def inference_section(sources, samples, options):
    def middle(heading, threads, what):
        return statistics.median(sample[what] for sample in samples[heading, threads])

    rows = []
    for heading, _, _ in sources:
        row = [heading]
        for threads in THREADS:
            median, blocks = middle(heading, threads, "median_ns"), middle(heading, threads, "blocks_ns")
            row += [seconds_text(median * 1e-9), seconds_text(middle(heading, threads, "p99_ns") * 1e-9)]
            row.append(f"{100 * blocks / median:.2f} %")
        rows.append(row)
    headings = [""]
    for threads in THREADS:
        words = f"{threads} thread{'s' if threads > 1 else ''}"
        headings += [f"{words}: median", "99th percentile", "blocks' share"]
    notes = [
        f"A dense network (64, 128, 128, 64, 10) that is warm; medians of {options.rounds} rounds of {options.inferences:,} "
        "inferences a thread, sources in turn, a process each. An inference takes four blocks, one a layer, and gives them "
        "back at its end. The blocks' share is the same calls in a loop of their own, over the median."
    ]
    return Section("Inference, by where its scratch memory comes from", notes, headings, rows)


def plan_sections(options, say):
    arpent = options.build / "bin" / "arpent"
    if not arpent.exists():
        raise UsageError(f"{arpent} is not there; build it first")
    sections, bad = [], 0
    if options.folder:
        planned = []
        for file, name, capacity in plans.instances_in(options.folder):
            planned.append(plans.plan(arpent, file, name, capacity, options.seconds))
            if not planned[-1].plan["fits"]:
                bad += 1
                say(f"bench-ml: the plan of {file} does not fit")
        sections.append(plans.instances_section(planned))
    if options.models:
        files = sorted(pathlib.Path(options.models).glob("*.tflite"))
        if not files:
            raise UsageError(f"no .tflite in '{options.models}'")
        planned = [plans.plan(arpent, file, file.stem, None, options.seconds) for file in files]
        sections.append(plans.models_section(planned))
    return sections, bad


def main(arguments):
    def say(line):
        print(line, file=sys.stderr)

    try:
        options = parse(arguments)
        sections, bad = [], 0
        if options.only != "plans":
            sections += inference_sections(options, say)
        if options.only != "inference":
            planned, bad = plan_sections(options, say)
            sections += planned
        facts = [("processor", machine.processor()), ("date", machine.today()), ("Arpent", machine.revision())]
        sections.append(machine.section(facts, []))
        print(as_text(sections), end="")
        if options.markdown:
            output.write_page(options.markdown, as_markdown(sections), BEGIN, END)
        return 1 if bad else 0
    except UsageError as error:
        say(f"bench-ml: {error}")
        return 2
    except (RunFailed, OSError) as error:
        say(f"bench-ml: {error}")
        return 1
