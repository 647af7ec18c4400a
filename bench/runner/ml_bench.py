"""./dev bench-ml: inference by where its scratch memory comes from, loading of weights, and plans of tensors."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

from . import allocators, loading, machine, output, plans
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
    ("ar::ml::Session", "session", "glibc"),
    ("ar::ArenaAllocator", "arena", "glibc"),
    ("ar::FixedBufferAllocator", "fixed", "glibc"),
    ("std::pmr monotonic", "pmr", "glibc"),
    ("malloc: glibc", "malloc", "glibc"),
    ("malloc: mimalloc", "malloc", "mimalloc"),
    ("malloc: Arpent, off", "malloc", "off"),
)
THREADS = (1, 2)
# Images of an inference.
BATCHES = (1, 64)
WEIGHTS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits.safetensors"


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench-ml",
        description="Measures inference by where its scratch memory comes from and the loading of weights, and plans "
        "tensors: every NAME.CAPACITY.csv of FOLDER, and models.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("build", metavar="BUILD_DIR", type=pathlib.Path, help="where the benchmarks were built")
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help="files to plan; without it, none")
    parser.add_argument("--models", metavar="FOLDER", help="plan every .tflite of it, too")
    parser.add_argument("--only", choices=("inference", "loading", "plans"), help="only these")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="medians are of so many (default: 9)")
    parser.add_argument(
        "--images", type=int, default=200_000, metavar="N", help="of each thread, each round (default: 200,000)"
    )
    parser.add_argument("--mebibytes", type=int, default=256, metavar="N", help="of weights to load (default: 256)")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="for each plan at most (default: 60)")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables between the markers of this page")
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.images < max(BATCHES) or options.mebibytes < 4:
        raise UsageError(f"--rounds must be 1 or more, --images {max(BATCHES)} and --mebibytes 4")
    if options.only == "plans" and not options.folder and not options.models:
        raise UsageError("--only plans needs a folder of files")
    if options.markdown:
        output.require_page(options.markdown, BEGIN, END)
    return options


def built(options, name):
    binary = (options.build / "bench" / name).resolve()
    if not binary.exists():
        raise UsageError(f"{binary} is not there; build with -DARPENT_BENCH=ON")
    return binary


def infer(binary, source, images, threads, options, variables):
    command = [str(binary), source, str(WEIGHTS), str(images), str(threads), str(options.images // images)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **variables})
    if done.returncode != 0 or done.stderr:
        raise RunFailed(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


def inference_sections(options, say):
    binary = built(options, "arpent-bench-inference")
    found, missing = allocators.find(options.build, [name for name in ("glibc", "mimalloc", "off")], {})
    for line in missing:
        say(f"bench-ml: {line}")
    loaded = {one.name: one for one in found}
    sources = [source for source in SOURCES if source[2] in loaded]
    samples = {}
    answers = {}
    for turn in range(options.rounds):
        for at in range(len(sources)):
            heading, source, name = sources[(at + turn) % len(sources)]
            for images in BATCHES:
                for threads in THREADS:
                    result = infer(binary, source, images, threads, options, loaded[name].variables)
                    samples.setdefault((heading, images, threads), []).append(result)
                    answers.setdefault(images, set()).add(result["answers"])
    for images, different in answers.items():
        if len(different) != 1:
            raise RunFailed(f"the answers differ by where the scratch memory comes from: {sorted(different)}")
    return [inference_section(sources, samples, images, options) for images in BATCHES]


def inference_section(sources, samples, images, options):
    def middle(heading, threads, what):
        return statistics.median(sample[what] for sample in samples[heading, images, threads])

    rows = []
    for heading, _, _ in sources:
        row = [heading]
        for threads in THREADS:
            median, blocks = middle(heading, threads, "median_ns"), middle(heading, threads, "blocks_ns")
            row += [seconds_text(median * 1e-9), seconds_text(middle(heading, threads, "p99_ns") * 1e-9)]
            row += [seconds_text(blocks * 1e-9), f"{100 * blocks / median:.3f} %"]
        rows.append(row)
    headings = ["scratch from"]
    for threads in THREADS:
        words = f"{threads} thread{'s' if threads > 1 else ''}"
        headings += [f"{words}: median", "99th percentile", "blocks", "share"]
    what = "one image" if images == 1 else f"{images} images"
    notes = [
        f"The classifier of `examples/digits`, warm, {what} an inference; medians of {options.rounds} rounds of "
        f"{options.images // images:,} inferences a thread, sources in turn, a process each. An inference takes two blocks of "
        "scratch and one for its result. Blocks: the same three taken and given back without the model, in a loop of their "
        "own; share: that over the median."
    ]
    return Section(f"Inference of {what}, by where its scratch memory comes from", notes, headings, rows)


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
        machine.warn_of_noise(say)
        if options.only in (None, "inference"):
            sections += inference_sections(options, say)
        if options.only in (None, "loading"):
            sections.append(loading.section(built(options, "arpent-bench-loading"), options.mebibytes, options.rounds))
        if options.only in (None, "plans"):
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
