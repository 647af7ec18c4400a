"""Counts the instructions of one run of a program with valgrind's callgrind, in total and per shared object."""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass

from .errors import RunFailed, UsageError
from .launching import LOADER_COMPLAINTS, child_environment, last_line

TIMEOUT_SECONDS = 600

ADDR_NO_RANDOMIZE = 0x0040000  # <sys/personality.h>

NAMED = re.compile(r"\((\d+)\)(?: (.*))?")


@dataclass(frozen=True)
class Counts:
    total: int
    by_object: dict  # path of an executable or shared object -> instructions of its own code


def fix_addresses():
    """In the child: the same addresses in each run."""
    ctypes.CDLL(None).personality(ADDR_NO_RANDOMIZE)


def parse(lines):
    """The counts in a file of callgrind's. Raises RunFailed unless the parts add up to the total that it states."""
    names, by_object, here = {}, {}, ""
    total = None
    called = False  # the next line is what a call cost, which stands with the callee too
    for line in lines:
        if line[0].isdigit() or line[0] in "+-*":
            if not called:
                by_object[here] = by_object.get(here, 0) + int(line.split()[1])
            called = False
        elif line.startswith(("ob=", "cob=")):
            # The first mention of a name gives it a number.
            number, name = NAMED.match(line.partition("=")[2].strip()).groups()
            names.setdefault(number, name)
            if line.startswith("ob="):
                here = names[number]
        elif line.startswith("calls="):
            called = True
        elif line.startswith("totals:"):
            total = int(line.split()[1])
    if total is None or total != sum(by_object.values()):
        raise RunFailed(f"callgrind's parts make {sum(by_object.values())} of {total} instructions")
    return Counts(total, by_object)


class Callgrind:
    """Each run gets a folder of its own, empty at its start; folders of the same run have names of the same length."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        launcher = shutil.which("valgrind")
        tools = sorted(pathlib.Path(launcher).resolve().parents[1].glob("lib*/valgrind/callgrind-*64-linux"))
        if not tools:
            raise UsageError(f"{launcher} has no callgrind beside it")
        # Without the launcher, which would be preloaded as well and pass on only what a tracked program does.
        self.program = tools[0]
        self.variables = {"VALGRIND_LAUNCHER": launcher, "VALGRIND_LIB": str(self.program.parent)}

    def count(self, slot, command, variables, stdin=None, left_out=""):
        """slot: a number that no other run uses at the same time. left_out: functions that are not counted, as
        callgrind's patterns have it. Raises RunFailed unless the program exits with 0."""
        place = self.folder / f"{slot:03}"
        work = place / "work"
        shutil.rmtree(place, ignore_errors=True)
        work.mkdir(parents=True)
        full = [self.program, "-q", "--tool=callgrind", f"--callgrind-out-file={place}/counts.%p"]
        if left_out:
            full += [f"--toggle-collect={left_out}", "--collect-atstart=yes"]
        with open(stdin or os.devnull, "rb") as given, open(place / "printed", "wb") as printed, open(
            place / "complained", "w+b"
        ) as complained:
            process = subprocess.Popen(
                [*full, "--", *(str(part) for part in command)],
                env=child_environment(work, {**variables, **self.variables}),
                cwd=work,
                stdin=given,
                stdout=printed,
                stderr=complained,
                preexec_fn=fix_addresses,
            )
            try:
                status = process.wait(TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise RunFailed(f"did not end within {TIMEOUT_SECONDS} seconds") from None
            complained.seek(0)
            complaints = complained.read().decode(errors="replace")
        for complaint in LOADER_COMPLAINTS:
            if complaint in complaints:
                raise RunFailed(f"a library was not loaded: {last_line(complaints)}")
        if status != 0:
            raise RunFailed(f"ended with {status}: {last_line(complaints)}")
        with open(place / f"counts.{process.pid}", encoding="utf-8", errors="replace") as lines:
            counts = parse(line for line in lines if line.strip())
        shutil.rmtree(place)
        return counts
