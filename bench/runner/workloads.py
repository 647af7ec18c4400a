"""What is run: the micro benchmarks of the benchmark binary, and whole programs."""

import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

from .errors import RunFailed, UsageError
from .results import Sample

MICRO, PROGRAMS, CURVE, STARTUP = "micro", "programs", "curve", "startup"
KINDS = (MICRO, PROGRAMS, CURVE)

# The benchmark binary's name for the curve's group, and the name of the pairs' group.
CURVE_GROUP = "live"
PAIRS_GROUP = "pairs"

PROGRAM_FILES = pathlib.Path(__file__).resolve().parent.parent / "programs"

# What Google Benchmark appends to a name.
NAME_SUFFIX = re.compile(r"/(iterations:\d+|manual_time|real_time)")
SECONDS_IN = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True)
class Workload:
    """Subclasses say how to run it. `name` is GROUP/REST."""

    name: str
    kind: str

    @property
    def group(self):
        return self.name.split("/", 1)[0]


@dataclass(frozen=True)
class MicroBenchmark(Workload):
    command: tuple = ()

    def run(self, launcher, variables):
        """Returns (Sample, what was computed, to compare between allocators)."""
        measured = launcher.run(self.command, variables)
        try:
            reports = json.loads(measured.output)["benchmarks"]
        except (ValueError, KeyError):
            raise RunFailed("the benchmark binary printed no JSON") from None
        if len(reports) != 1:
            raise RunFailed(f"{len(reports)} benchmarks ran instead of one")
        report = reports[0]
        if report.get("error_occurred"):
            raise RunFailed(report.get("error_message", "the benchmark reported an error"))
        operations = report["operations"]
        touch = report.get("touch_nanoseconds", 0) / operations * 1e-9
        sample = Sample(
            seconds=report["real_time"] * SECONDS_IN[report["time_unit"]] / operations,
            cpu_seconds=measured.cpu_seconds,
            peak_kib=measured.peak_kib,
            touch_seconds=touch or None,
        )
        return sample, str(report.get("checksum", ""))


@dataclass(frozen=True)
class Program(Workload):
    command: tuple = ()
    environment: dict = field(default_factory=dict)
    stdin: str = ""
    output_file: str = ""  # below the launcher's folder; empty: standard output is the output
    repeats: int = 1
    version_command: tuple = ()

    def run(self, launcher, variables):
        measured = launcher.run(
            self.command, {**self.environment, **variables}, stdin=self.stdin or None, repeats=self.repeats
        )
        output = measured.output
        if self.output_file:
            output = (launcher.folder / self.output_file).read_bytes()
            if not output:
                raise RunFailed(f"left {self.output_file} empty")
        sample = Sample(
            seconds=measured.wall_seconds / self.repeats,
            cpu_seconds=measured.cpu_seconds / self.repeats,
            peak_kib=measured.peak_kib,
        )
        return sample, hashlib.sha256(output).hexdigest()


def micro_benchmarks(binary, scale):
    """All that the binary knows, in its order."""
    scaling = () if scale == 1 else (f"--scale={scale}",)
    try:
        listing = subprocess.run(
            [binary, *scaling, "--benchmark_list_tests=true"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise UsageError(f"{binary}: the benchmark binary cannot be run ({error}); build it first") from None
    found = []
    for full_name in listing.split():
        name = NAME_SUFFIX.sub("", full_name)
        kind = CURVE if name.startswith(CURVE_GROUP + "/") else MICRO
        command = (
            str(binary),
            *scaling,
            # Nothing in a name is special in a regular expression.
            f"--benchmark_filter=^{full_name}$",
            "--benchmark_format=json",
        )
        found.append(MicroBenchmark(name, kind, command))
    return found


def compiler_command():
    """The compiler proper with all options that g++ would give it, or None without g++.

    cc1plus is started directly: g++ itself, the assembler and the linker are other programs.
    """
    if not shutil.which("g++"):
        return None
    source = PROGRAM_FILES / "compiled.cpp"
    plan = subprocess.run(
        ["g++", "-###", "-S", "-O1", "-std=c++17", str(source), "-o", "compiled.s"], capture_output=True, text=True
    ).stderr
    for line in plan.splitlines():
        words = shlex.split(line) if line.startswith(" ") else []
        if words and words[0].endswith("/cc1plus"):
            return tuple(words)
    return None


def system_python():
    """Debian's python3 rather than a shim in front of some other."""
    return "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else os.path.realpath(sys.executable)


def programs():
    """Returns (programs that can be run, lines that say what is missing)."""
    found, missing = [], []

    def add(name, program, package, *arguments, **details):
        path = shutil.which(program)
        if path:
            found.append(Program(f"programs/{name}", PROGRAMS, (path, *arguments), **details))
        else:
            missing.append(f"programs/{name}: {program} was not found; apt-get install {package}")

    add(
        "sqlite3",
        "sqlite3",
        "sqlite3",
        "-batch",
        ":memory:",
        stdin=str(PROGRAM_FILES / "sqlite.sql"),
        version_command=("sqlite3", "--version"),
    )
    add(
        "python3",
        system_python(),
        "python3",
        "-S",
        "-B",
        str(PROGRAM_FILES / "objects.py"),
        environment={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"},
        version_command=(system_python(), "--version"),
    )
    add(
        "perl",
        "perl",
        "perl",
        str(PROGRAM_FILES / "strings.pl"),
        environment={"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"},
        version_command=("perl", "-e", "print $^V"),
    )
    command = compiler_command()
    if command:
        found.append(
            Program(
                "programs/cc1plus",
                PROGRAMS,
                command,
                output_file="compiled.s",
                version_command=("g++", "-dumpfullversion"),
            )
        )
    else:
        missing.append("programs/cc1plus: g++ or its cc1plus was not found; apt-get install g++")
    return found, missing


def startup():
    """What an allocator costs a program that does nothing."""
    return Program("startup/true", STARTUP, (shutil.which("true") or "/bin/true",), repeats=50)


def choose(workloads, only, pattern):
    """only: kinds, empty for all; pattern: a compiled regular expression or None."""
    kinds = only or (*KINDS, STARTUP)
    return [
        workload
        for workload in workloads
        if workload.kind in kinds and (pattern is None or pattern.search(workload.name))
    ]
