"""Runs one program once, under one allocator, through the small launcher that measures it."""

import json
import os
import pathlib
import shutil
import subprocess
from dataclasses import dataclass

from .allocators import FOLDER
from .errors import RunFailed

TIMEOUT_SECONDS = 120

# What the dynamic loader says when it could not load a library and goes on without.
LOADER_COMPLAINTS = ("cannot be preloaded", "ERROR: ld.so")


@dataclass(frozen=True)
class Measured:
    wall_seconds: float
    cpu_seconds: float
    peak_kib: int
    minor_faults: int
    output: bytes


def child_environment(folder, *parts):
    """A fixed environment: nothing of the caller's can tune one of the allocators."""
    environment = {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    for part in parts:
        environment.update({name: value.replace(FOLDER, str(folder)) for name, value in part.items()})
    return environment


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""


class Launcher:
    """Runs programs in a folder of its own, which each finds empty and may leave files in."""

    def __init__(self, program, folder):
        self.program = str(program)
        self.results = pathlib.Path(folder) / "results"
        self.folder = pathlib.Path(folder) / "work"
        self.results.mkdir()
        self.timeout_seconds = TIMEOUT_SECONDS

    def run(self, command, variables, *, stdin=None, repeats=1):
        """Raises RunFailed unless every repeat exited with 0 and the allocator was loaded."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        result_file = self.results / "result.json"
        result_file.unlink(missing_ok=True)
        with open(stdin or os.devnull, "rb") as given, open(self.results / "stdout", "w+b") as printed, open(
            self.results / "stderr", "w+b"
        ) as complained:
            status = subprocess.run(
                [self.program, str(result_file), str(self.timeout_seconds), str(repeats), *command],
                env=child_environment(self.folder, variables),
                cwd=self.folder,
                stdin=given,
                stdout=printed,
                stderr=complained,
            ).returncode
            printed.seek(0)
            complained.seek(0)
            output = printed.read()
            complaints = complained.read().decode(errors="replace")
        if status != 0:
            raise RunFailed(f"the launcher failed with status {status}: {last_line(complaints)}")
        result = json.loads(result_file.read_text())
        self.require_success(result, complaints)
        return Measured(
            wall_seconds=result["wall_ns"] / 1e9,
            cpu_seconds=(result["user_ns"] + result["system_ns"]) / 1e9,
            peak_kib=result["peak_kib"],
            minor_faults=result["minor_faults"],
            output=output,
        )

    def require_success(self, result, complaints):
        for complaint in LOADER_COMPLAINTS:
            if complaint in complaints:
                raise RunFailed(f"the allocator was not loaded: {last_line(complaints)}")
        if result["timed_out"]:
            raise RunFailed(f"did not end within {self.timeout_seconds} seconds")
        if result["signal"]:
            raise RunFailed(f"was killed by signal {result['signal']}: {last_line(complaints)}")
        if result["exit_status"] != 0:
            raise RunFailed(f"exited with status {result['exit_status']}: {last_line(complaints)}")
