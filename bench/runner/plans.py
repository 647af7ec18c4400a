"""What `arpent plan` makes of files, each plan replayed."""

import json
import pathlib
import subprocess
import time
from dataclasses import dataclass
from typing import Optional

from .errors import RunFailed, UsageError
from .tables import ABSENT, Section, count_text, seconds_text

# Milliseconds, of the files A.1048576.csv to K.1048576.csv, on their authors' machine.
PUBLISHED = dict(zip("ABCDEFGHIJK", (4910, 3661, 637, 2674, 3717, 5358, 1181, 1808, 3908, 883, 628)))
PUBLISHED_CAPACITY = 1048576


@dataclass
class Planned:
    name: str
    capacity: Optional[int]
    plan: dict  # as `arpent plan --format json` prints it
    seconds: float

    @property
    def published(self):
        """Seconds."""
        return PUBLISHED[self.name] / 1000 if self.capacity == PUBLISHED_CAPACITY and self.name in PUBLISHED else None


def instances_in(folder):
    """(file, name, capacity) of every NAME.CAPACITY.csv."""
    found = []
    for file in sorted(pathlib.Path(folder).glob("*.csv")):
        parts = file.name.split(".")
        if len(parts) == 3 and parts[1].isdigit():
            found.append((file, parts[0], int(parts[1])))
    if not found:
        raise UsageError(f"no NAME.CAPACITY.csv in '{folder}'")
    return found


def plan(arpent, file, name, capacity, limit):
    """Raises RunFailed when the file cannot be planned, or two tensors of the plan overlap."""
    chosen = ["--capacity", str(capacity)] if capacity is not None else []
    begin = time.monotonic()
    done = subprocess.run(
        [str(arpent), "plan", *chosen, "--time-limit", str(limit), "--format", "json", str(file)],
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - begin
    if done.returncode not in (0, 1):
        raise RunFailed(done.stderr.strip())
    made = json.loads(done.stdout)
    if overlaps(made["tensors"]):
        raise RunFailed(f"two tensors of the plan of {file} overlap")
    return Planned(name, capacity, made, seconds)


def overlaps(tensors):
    return any(
        one["lower"] < other["upper"]
        and other["lower"] < one["upper"]
        and one["offset"] < other["offset"] + other["size"]
        and other["offset"] < one["offset"] + one["size"]
        for index, one in enumerate(tensors)
        for other in tensors[:index]
    )


def instances_section(planned):
    rows = [
        [
            one.name,
            count_text(len(one.plan["tensors"])),
            count_text(one.capacity),
            count_text(one.plan["lower_bound_bytes"]),
            count_text(one.plan["total_bytes"]),
            "yes" if one.plan["fits"] else "no",
            seconds_text(one.seconds),
            seconds_text(one.published) if one.published else ABSENT,
        ]
        for one in planned
    ]
    notes = [
        "Whole runs of the command. The published times are those of MiniMalloc's authors on their machine: a mark."
    ]
    headings = ["file", "tensors", "capacity", "bound", "total", "fits", "time", "published"]
    return Section("Plans that must fit a capacity", notes, headings, rows)


def models_section(planned):
    rows = [
        [
            one.name,
            count_text(len(one.plan["tensors"])),
            count_text(one.plan["sum_bytes"]),
            count_text(one.plan["total_bytes"]),
            count_text(one.plan["lower_bound_bytes"]),
            f"{one.plan['sum_bytes'] / max(one.plan['total_bytes'], 1):.1f}",
            seconds_text(one.seconds),
        ]
        for one in planned
    ]
    headings = ["model", "tensors", "each in its place", "plan", "bound", "÷ plan", "time"]
    return Section("Plans of real models", ["Bytes of activations; weights are not among them."], headings, rows)
