"""What ./dev bench-instructions runs: the micro benchmarks with little work, whole programs with short inputs, the
allocators of <arpent/…>, the unwinder, and the command."""

import os
import pathlib
import re
import subprocess
from dataclasses import dataclass, field, replace

from . import workloads
from .allocators import PRELOAD, PROFILES
from .errors import UsageError

BUILD = "{build}"
PROFILE = "{profile}"

MODES = ("off", "sites", "stacks")

# Work of each micro benchmark beside ./dev bench: enough that starting up no longer shows.
SCALE = 0.005

# How often each loop of the other benchmark binaries runs. Google Benchmark's own choice depends on the clock.
ITERATIONS = 200
ITERATIONS_VARIABLE = "BENCH_ITERATIONS"

# Those that measure our code; their opponents need no counting.
OURS = "/ours"


@dataclass(frozen=True)
class Counted:
    """`command`, `startup` and `variables` may contain {build}, the build folder that is counted."""

    name: str
    command: tuple
    variables: dict = field(default_factory=dict)
    startup: tuple = ()  # a command whose instructions are subtracted
    stdin: str = ""
    preloaded: bool = False
    left_out: str = ""  # a function, as callgrind's patterns have it, that is not counted

    def filled(self, build):
        """The same for one build folder."""

        def fill(text):
            return text.replace(BUILD, str(build))

        return replace(
            self,
            command=tuple(fill(part) for part in self.command),
            startup=tuple(fill(part) for part in self.startup),
            variables={name: fill(value) for name, value in self.variables.items()},
        )


def tracked(name, command, **details):
    """The same in each mode of the preload library."""
    for mode in MODES:
        variables = {**details.get("variables", {}), "LD_PRELOAD": f"{BUILD}/lib/{PRELOAD}", "ARPENT_MODE": mode}
        yield Counted(f"{name} {mode}", command, **{**details, "variables": variables, "preloaded": True})


def micro(build):
    """One binary for both libraries: it knows nothing of Arpent."""
    benchmarks = workloads.micro_benchmarks(build / "bench" / "arpent-bench-micro", SCALE)
    startup = (*benchmarks[0].command, "--benchmark_list_tests=true")
    for benchmark in benchmarks:
        yield from tracked(benchmark.name, benchmark.command, startup=startup)


def shortened(file, folder, pattern, replacement):
    """A copy of the program's input with less to do. Raises UsageError if the pattern does not match."""
    text, count = re.subn(pattern, replacement, (workloads.PROGRAM_FILES / file).read_text())
    if count == 0:
        raise UsageError(f"bench/programs/{file}: '{pattern}' does not match")
    copy = folder / file
    copy.write_text(text)
    return str(copy)


def programs(build, folder):
    """Returns (whole programs, lines that say what is missing)."""
    found, missing = workloads.programs()
    inputs = {
        "sqlite.sql": shortened("sqlite.sql", folder, r"n < (\d+)0\b", r"n < \1"),
        "objects.py": shortened("objects.py", folder, r"15000", "1000"),
        "strings.pl": shortened("strings.pl", folder, r"45000", "3000"),
        # Without what includes most.
        "compiled.cpp": shortened("compiled.cpp", folder, r"(?s)^.*$", "#include <string>\n"),
    }
    counted = []

    def own(part):
        return inputs.get(pathlib.Path(part).name, part)

    for program in found:
        variables = {**program.environment, **PROFILES}
        stdin = own(program.stdin) if program.stdin else ""
        counted += tracked(program.name, tuple(own(part) for part in program.command), variables=variables, stdin=stdin)
    allocating = str(build / "bench" / "arpent-bench-allocating")
    for what, amount in (("trees", "4"), ("records", "5")):
        counted += tracked(f"programs/{what}", (allocating, what, amount), variables=PROFILES)
    # Callgrind's own memory is part of the process, so that the leak scan reads far more of it than of the program's.
    counted += tracked("startup/true", workloads.startup().command, variables=PROFILES, left_out="*LeakRoots::read<*")
    return counted, missing


def listed(binary, pattern):
    """Names of the binary's benchmarks. Raises UsageError if it does not let us fix how often its loops run."""
    environment = {**os.environ, ITERATIONS_VARIABLE: str(ITERATIONS)}
    listing = [binary, f"--benchmark_filter={pattern}", "--benchmark_list_tests=true"]
    try:
        names = subprocess.run(listing, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{binary}: the benchmark binary cannot be run ({error}); build it first") from None
    if not all(name.endswith(f"/iterations:{ITERATIONS}") for name in names):
        raise UsageError(f"{binary}: does not know {ITERATIONS_VARIABLE}; it was built before there was such a thing")
    return names


def inside(before, after):
    """The benchmarks whose binaries contain Arpent's code, where both builds have them."""
    for binary in ("arpent-bench-allocators", "arpent-bench-unwind"):
        known = set(listed(before / "bench" / binary, OURS))
        names = [name for name in listed(after / "bench" / binary, OURS) if name in known]
        # Nothing in a name is special in a regular expression.
        commands = [(f"{BUILD}/bench/{binary}", f"--benchmark_filter=^{name}$") for name in names]
        for name, command in zip(names, commands):
            yield Counted(
                workloads.NAME_SUFFIX.sub("", name),
                command,
                {ITERATIONS_VARIABLE: str(ITERATIONS)},
                startup=(*commands[0], "--benchmark_list_tests=true"),
            )
    yield Counted("checked program/ours", (f"{BUILD}/bench/arpent-bench-checked-ours",))


def record(build, folder):
    """A profile for the command to read, recorded by the build that is compared to."""
    script = shortened("objects.py", folder, r"15000", "1000")
    environment = {
        "PYTHONMALLOC": "malloc",
        "LD_PRELOAD": str(build / "lib" / PRELOAD),
        "ARPENT_MODE": "stacks",
        "ARPENT_PROFILE_DIRECTORY": str(folder),
    }
    command = [workloads.system_python(), "-S", "-B", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    profiles = list(folder.glob("*.profile"))
    if done.returncode != 0 or len(profiles) != 1:
        raise UsageError(f"{build}: {command[0]} left {len(profiles)} profiles: {done.stderr.strip()[-300:]}")
    return str(profiles[0])


COMMANDS = {
    "command/help": ("help",),
    "command/run true": ("run", "--", "/bin/true"),
    "command/report": ("report", PROFILE),
    "command/report json": ("report", "--format", "json", PROFILE),
    "command/diff": ("diff", PROFILE, PROFILE),
}


def commands(profile):
    for name, arguments in COMMANDS.items():
        yield Counted(name, (f"{BUILD}/bin/arpent", *(profile if part == PROFILE else part for part in arguments)))
