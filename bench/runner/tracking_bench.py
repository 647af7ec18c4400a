"""./dev bench-tracking: what tracking costs programs, beside heaptrack and valgrind's memcheck, in one run."""

import argparse
import dataclasses
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from . import allocators, machine, output, workloads
from .errors import RunFailed, UsageError
from .launching import Launcher, child_environment
from .options import pattern, require_rounds
from .results import geometric_mean
from .schedule import Progress
from .tables import ABSENT, Section, as_markdown, as_text, mebibytes_text, ratio_text, seconds_text

BEGIN = "<!-- bench-tracking:begin (this part is written by ./dev bench-tracking --markdown) -->"
END = "<!-- bench-tracking:end -->"

PLAIN, OFF, SITES, STACKS, HEAPTRACK, MEMCHECK = "plain", "off", "sites", "stacks", "heaptrack", "memcheck"
RUN, HEAPTRACK_COMMAND = "arpent run", "heaptrack"
BOUND = "allocation-bound"
MOST_MEAN, MOST_BOUND, MOST_SHARE, MOST_FILE_MIB = 1.15, 2.0, 0.2, 5

HEAPTRACK_LIBRARIES = ("/usr/lib/heaptrack/libheaptrack_preload.so", "/usr/local/lib/heaptrack/libheaptrack_preload.so")
CHECK_SECONDS = 300  # memcheck takes up to a hundred times as long

EPILOG = """examples:
  ./dev bench-tracking --markdown docs/performance.md
  ./dev bench-tracking --rounds 1 --filter 'sqlite3|trees' --ways plain,stacks,heaptrack

exit status:
  0  everything was run
  1  a program failed under some tracker; the report says which, the rest stands
  2  wrong usage, or something that is needed is not there
"""


@dataclasses.dataclass(frozen=True)
class Way:
    """How a program is run. `{folder}` in its parts is the folder that the run may leave files in."""

    name: str
    prefix: tuple = ()
    environment: dict = dataclasses.field(default_factory=dict)
    once: bool = False
    whole_command: bool = False  # with all that it does after the program has ended


@dataclasses.dataclass(frozen=True)
class Taken:
    seconds: float
    peak_kib: int
    written_bytes: int


def ways_of(build, heaptrack_library):
    library = str(build / "lib" / allocators.PRELOAD)
    command = str(build / "bin" / "arpent")

    def ours(mode, *parts):
        environment = {"LD_PRELOAD": library, "ARPENT_MODE": mode}
        for part in parts:
            environment.update(part)
        return environment

    folder = allocators.FOLDER
    return [
        Way(PLAIN),
        Way(OFF, environment=ours("off")),
        Way(SITES, environment=ours("sites", allocators.PROFILES)),
        Way(STACKS, environment=ours("stacks", allocators.PROFILES)),
        Way(HEAPTRACK, environment={"LD_PRELOAD": heaptrack_library, "DUMP_HEAPTRACK_OUTPUT": f"{folder}/raw.$$"}),
        Way(
            MEMCHECK,
            prefix=(
                shutil.which("valgrind"),
                "-q",
                "--leak-check=full",
                "--fair-sched=yes",
                f"--log-file={folder}/memcheck.log",
            ),
            once=True,
        ),
        Way(
            RUN,
            prefix=(command, "run", "--report", f"{folder}/report.txt", "--profile", f"{folder}/run.profile", "--"),
            once=True,
            whole_command=True,
        ),
        Way(
            HEAPTRACK_COMMAND,
            prefix=(shutil.which("heaptrack"), "-o", f"{folder}/recorded"),
            once=True,
            whole_command=True,
        ),
    ]


class Server:
    """redis-server with two threads of input and output, loaded by redis-benchmark."""

    name = "programs/redis-server"
    output_file = ""
    requests = 400_000

    def __init__(self, server):
        self.server = server

    def take(self, launcher, way):
        folder = launcher.folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        prefix = [part.replace(allocators.FOLDER, str(folder)) for part in way.prefix]
        link = folder.parent / "redis-server"  # the program looks at what it is called
        if not link.is_symlink():
            link.symlink_to(self.server)
        # A socket's name must be short.
        socket = "../socket"
        started = [*prefix, str(link), "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"]
        started += ["--daemonize", "no", "--io-threads", "2", "--io-threads-do-reads", "yes"]
        environment = child_environment(folder, way.environment)
        with open(os.devnull, "rb") as given, open(folder.parent / "server.log", "wb") as printed:
            server = subprocess.Popen(started, cwd=folder, env=environment, stdin=given, stdout=printed, stderr=printed)
        try:
            self.wait_for(folder, socket, server)
            load = ["redis-benchmark", "-s", socket, "-n", str(self.requests), "-c", "20", "-P", "16", "-d", "64"]
            load += ["-r", "50000", "-t", "set,get,lpush,hset", "-q"]
            began = time.monotonic()
            loaded = subprocess.run(load, cwd=folder, capture_output=True, text=True, timeout=CHECK_SECONDS)
            seconds = time.monotonic() - began
            if loaded.returncode != 0:
                raise RunFailed(f"redis-benchmark ended with {loaded.returncode}: {loaded.stderr[-200:]}")
            peak = self.peak_kib(server.pid, way)
            subprocess.run(["redis-cli", "-s", socket, "shutdown", "nosave"], cwd=folder, capture_output=True)
            status = server.wait(timeout=CHECK_SECONDS)
            if way.whole_command:
                seconds = time.monotonic() - began
        finally:
            server.kill()
            server.wait()
        if status != 0:
            raise RunFailed(f"the server ended with {status}")
        return Taken(seconds, peak, written_in(folder, ""))

    @staticmethod
    def wait_for(folder, socket, server):
        ends = time.monotonic() + 60
        while time.monotonic() < ends and server.poll() is None:
            answer = subprocess.run(["redis-cli", "-s", socket, "ping"], cwd=folder, capture_output=True, text=True)
            if answer.stdout.strip() == "PONG":
                return
            time.sleep(0.02)
        raise RunFailed("the server did not answer within a minute")

    @staticmethod
    def peak_kib(pid, way):
        """Of the server; where another program has started it, of its child."""
        if way.whole_command:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            pid = children[0] if children else pid
        for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        raise RunFailed("the kernel does not tell the server's peak")


class Program:
    """A program that runs to its end."""

    def __init__(self, program):
        self.program = program
        self.name = program.name
        self.output_file = program.output_file

    def take(self, launcher, way):
        prefix = tuple(part.replace(allocators.FOLDER, str(launcher.folder)) for part in way.prefix)
        program = dataclasses.replace(self.program, command=(*prefix, *self.program.command))
        sample, _ = program.run(launcher, way.environment)
        return Taken(sample.seconds, sample.peak_kib, written_in(launcher.folder, self.output_file))


def written_in(folder, output_file):
    """What lies there in files beside the program's own."""
    return sum(
        path.stat().st_blocks * 512
        for path in folder.iterdir()
        if path.is_file() and path.name not in (output_file, "report.txt")
    )


def programs_of(build):
    allocating = build / "bench" / "arpent-bench-allocating"
    bound = [
        workloads.Program(f"{BOUND}/{name}", BOUND, (str(allocating), name, scale))
        for name, scale in (("trees", "100"), ("records", "100"))
    ]
    real, missing = workloads.programs()
    node = shutil.which("node") or shutil.which("nodejs")
    if node:
        script = str(workloads.PROGRAM_FILES / "objects.js")
        real.append(
            workloads.Program("programs/node", workloads.PROGRAMS, (node, script), version_command=(node, "--version"))
        )
    else:
        missing.append("programs/node: node was not found; apt-get install nodejs")
    server = shutil.which("redis-server") or shutil.which("redis-check-rdb")
    servers = []
    if server and shutil.which("redis-benchmark") and shutil.which("redis-cli"):
        servers.append(Server(server))
    else:
        missing.append("programs/redis-server: redis was not found; apt-get install redis-tools")
    return [*map(Program, bound), *map(Program, real), *servers], real, missing


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench-tracking",
        description="What tracking costs: time, memory and files, beside heaptrack and valgrind's memcheck.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("build", metavar="BUILD_DIR", type=pathlib.Path, help="where the benchmarks were built")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="medians are of so many (default: 5)")
    parser.add_argument("--filter", default=".", metavar="REGEX", help="only programs whose name matches")
    parser.add_argument(
        "--ways", metavar="LIST", help="only these ways of running them, such as plain,stacks,heaptrack"
    )
    parser.add_argument("--markdown", metavar="FILE", help="write the tables between the markers of this page")
    options = parser.parse_args(arguments)
    options.pattern = pattern(options.filter)
    require_rounds(options.rounds)
    if options.markdown:
        output.require_page(options.markdown, BEGIN, END)
    return options


def choose_ways(options, build):
    library = next((path for path in HEAPTRACK_LIBRARIES if os.path.exists(path)), "")
    ways = ways_of(build, library)
    lacking = [name for name, there in (("heaptrack", library), ("valgrind", shutil.which("valgrind"))) if not there]
    if options.ways is None:
        if lacking:
            raise UsageError(f"not installed: {', '.join(lacking)}; apt-get install {' '.join(lacking)}")
        return ways
    wanted = options.ways.split(",")
    known = [way.name for way in ways]
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no way '{name}'; they are: {', '.join(dict.fromkeys(known))}")
    return [way for way in ways if way.name in wanted and not way.whole_command]


class Figures:
    """What was measured, by program and way."""

    def __init__(self):
        self.taken = {}
        self.failures = {}

    def add(self, program, way, taken):
        self.taken.setdefault(program, {}).setdefault(way, []).append(taken)

    def median(self, program, way, what="seconds"):
        """None where it was not measured."""
        samples = self.taken.get(program, {}).get(way)
        return statistics.median(getattr(sample, what) for sample in samples) if samples else None

    def ratio(self, program, way, opponent, what="seconds"):
        one, other = self.median(program, way, what), self.median(program, opponent, what)
        return one / other if one is not None and other else None

    def mean_ratio(self, programs, way, opponent, what="seconds"):
        ratios = [self.ratio(program, way, opponent, what) for program in programs]
        return geometric_mean(ratios) if ratios and None not in ratios else None

    def added_share(self, programs):
        """Of the time that heaptrack adds, the part that stacks mode adds, over all programs together."""
        added = {}
        for way in (STACKS, HEAPTRACK):
            both = [(self.median(program, way), self.median(program, PLAIN)) for program in programs]
            if not both or any(None in pair for pair in both):
                return None
            added[way] = sum(with_it - without for with_it, without in both)
        return added[STACKS] / added[HEAPTRACK] if added[HEAPTRACK] > 0 else None


def measure(programs, ways, options, launcher, progress):
    figures = Figures()
    for number in range(options.rounds):
        for position, program in enumerate(programs):
            first = (number + position) % len(ways)  # another one goes first each time
            for way in ways[first:] + ways[:first]:
                key = (program.name, label_of(way))
                if key in figures.failures or (way.once and number > 0):
                    continue
                progress.show(f"round {number + 1} of {options.rounds}: {program.name}, {label_of(way)}")
                launcher.timeout_seconds = CHECK_SECONDS
                try:
                    figures.add(program.name, label_of(way), program.take(launcher, way))
                except (RunFailed, OSError, subprocess.TimeoutExpired) as failure:
                    figures.failures[key] = str(failure)
                    figures.taken.get(program.name, {}).pop(label_of(way), None)
                    progress.clear()
                    print(f"bench-tracking: {key[0]} with {key[1]}: {failure}", file=sys.stderr)
    progress.clear()
    return figures


def label_of(way):
    """Two ways share heaptrack's name."""
    return f"{way.name}, whole" if way.whole_command else way.name


def shown(value, text):
    return ABSENT if value is None else text(value)


def goal(label, value, bound, text=ratio_text):
    verdict = ABSENT if value is None else "reached" if round(value, 2) <= bound else "not reached"
    return [label, shown(value, text), text(bound), verdict]


def mib_text(size):
    return f"{size / 2**20:.1f} MiB"


def sections_of(figures, names, ways, facts, options):
    real = [name for name in names if not name.startswith(BOUND)]
    bound = [name for name in names if name.startswith(BOUND)]
    worst = [figures.ratio(name, STACKS, PLAIN) for name in bound]
    files = [figures.median(name, f"{RUN}, whole", "written_bytes") for name in names]
    rows = [
        goal(f"stacks ÷ plain, time, {len(real)} real programs", figures.mean_ratio(real, STACKS, PLAIN), MOST_MEAN),
        goal(
            f"stacks ÷ plain, time, the worst of {len(bound)} allocation-bound",
            max(worst) if worst and None not in worst else None,
            MOST_BOUND,
        ),
        goal("stacks' added time ÷ heaptrack's, all programs", figures.added_share(names), MOST_SHARE),
        goal(
            "largest file of arpent run",
            max(files) / 2**20 if files and None not in files else None,
            MOST_FILE_MIB,
            lambda mebibytes: f"{mebibytes:.1f} MiB",
        ),
    ]
    sections = [
        Section("What is to be reached", ["Means are geometric."], ["", "measured", "at most", ""], rows, words=(0, 3))
    ]
    inside = [way.name for way in ways if not way.whole_command and way.name != PLAIN]
    for title, what, text in (("Time", "seconds", seconds_text), ("Peak resident memory", "peak_kib", mebibytes_text)):
        rows = [
            [
                name,
                shown(figures.median(name, PLAIN, what), text),
                *(shown(figures.ratio(name, way, PLAIN, what), ratio_text) for way in inside),
            ]
            for name in names
        ]
        rows.append(
            [
                "real programs, mean",
                "",
                *(shown(figures.mean_ratio(real, way, PLAIN, what), ratio_text) for way in inside),
            ]
        )
        headings = ["program", PLAIN, *(f"{way} ÷ plain" for way in inside)]
        sections.append(Section(title, ["The program alone, with the tracker in it."], headings, rows))
    writers = [way for way in inside if way in (SITES, STACKS, HEAPTRACK, MEMCHECK)]
    rows = [[name, *(shown(figures.median(name, way, "written_bytes"), mib_text) for way in writers)] for name in names]
    sections.append(Section("Written while the program runs", [], ["program", *writers], rows))
    commands = [label_of(way) for way in ways if way.whole_command]
    if commands:
        rows = [
            [
                name,
                *(shown(figures.ratio(name, command, PLAIN), ratio_text) for command in commands),
                *(shown(figures.median(name, command, "written_bytes"), mib_text) for command in commands),
            ]
            for name in names
        ]
        headings = ["program", *(f"{c} ÷ plain" for c in commands), *(f"file of {c}" for c in commands)]
        note = "As a user starts it, from the start to the prompt: with the report, and heaptrack's interpreter beside."
        sections.append(Section("The whole command", [note], headings, rows))
    if figures.failures:
        rows = [[program, way, reason] for (program, way), reason in figures.failures.items()]
        sections.append(Section("Failed", [], ["program", "tracker", "what happened"], rows, words=(0, 1, 2)))
    method = [
        f"Medians of {options.rounds} rounds, memcheck and the whole commands once; a process each, one way after the other.",
        "heaptrack and Arpent are loaded into the program and write what they record into files: neither symbolizes "
        "meanwhile. redis-server: the time in which redis-benchmark gets its answers.",
    ]
    sections.append(machine.section(facts, method))
    return sections


def facts_of(build, programs):
    probe = {"glibc": os.confstr("CS_GNU_LIBC_VERSION").split()[-1], "compiler": machine.output_of("g++", "--version")}
    facts = machine.describe([], [program for program in programs if hasattr(program, "version_command")], probe)
    for name, command in (("heaptrack", ("heaptrack", "--version")), ("valgrind", ("valgrind", "--version"))):
        facts.append((name, machine.output_of(*command) or "unknown"))
    facts.append(("arpent", machine.revision()))
    return facts


def main(arguments):
    try:
        options = parse(arguments)
        build = options.build.resolve()
        if not (build / "bench" / "arpent-bench-allocating").exists():
            raise UsageError(f"{build}/bench/arpent-bench-allocating is not there; build with -DARPENT_BENCH=ON")
        ways = choose_ways(options, build)
        programs, real, missing = programs_of(build)
        programs = [program for program in programs if options.pattern.search(program.name)]
        if not programs:
            raise UsageError(f"--filter '{options.filter}': no program matches")
        for line in missing:
            print(f"bench-tracking: {line}", file=sys.stderr)
        machine.warn_of_noise(lambda line: print(line, file=sys.stderr))
        facts = facts_of(build, real)
        with tempfile.TemporaryDirectory(prefix="arpent-bench-") as folder:
            launcher = Launcher(build / "bench" / "arpent-bench-launch", folder)
            figures = measure(programs, ways, options, launcher, Progress())
        sections = sections_of(figures, [program.name for program in programs], ways, facts, options)
        print(as_text(sections))
        if options.markdown:
            output.write_page(options.markdown, as_markdown(sections), BEGIN, END)
        return 1 if figures.failures else 0
    except UsageError as error:
        print(f"bench-tracking: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"bench-tracking: {error}", file=sys.stderr)
        return 1
