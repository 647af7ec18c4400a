"""Loading weights by copying and by mapping, by one process and by a second one beside it."""

import json
import pathlib
import statistics
import subprocess
import tempfile

from .errors import RunFailed
from .tables import Section, mebibytes_text, seconds_text

# (heading, what the program calls it)
WAYS = (
    ("copy", "copy"),
    ("map", "map"),
    ("map, prefault", "prefault"),
)


def start(command):
    """The process, which keeps its weights until stop(), and what it measured."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    if not line:
        raise RunFailed(f"{' '.join(command)}: {process.communicate()[1].strip()[-300:]}")
    return process, json.loads(line)


def stop(process, command):
    _, complaint = process.communicate()
    if process.returncode != 0 or complaint:
        raise RunFailed(f"{' '.join(command)} ended with {process.returncode}: {complaint.strip()[-300:]}")


def section(binary, mebibytes, rounds):
    firsts, seconds = {}, {}
    sums = set()
    with tempfile.TemporaryDirectory(prefix="arpent-bench-") as folder:
        file = pathlib.Path(folder) / "weights.safetensors"
        made = subprocess.run([str(binary), "write", str(file), str(mebibytes)], capture_output=True, text=True)
        if made.returncode != 0:
            raise RunFailed(made.stderr.strip())
        for turn in range(rounds):
            for at in range(len(WAYS)):
                _, way = WAYS[(at + turn) % len(WAYS)]
                command = [str(binary), way, str(file)]
                one, of_one = start(command)
                other, of_other = start(command)
                stop(one, command)
                stop(other, command)
                firsts.setdefault(way, []).append(of_one)
                seconds.setdefault(way, []).append(of_other)
                sums |= {of_one["sum"], of_other["sum"]}
    if len(sums) != 1:
        raise RunFailed(f"the weights differ by the way they are loaded: {sorted(sums)}")
    return Section(
        "Loading of weights, by copying and by mapping",
        [
            f"A file of {mebibytes} MiB that the system has in memory already, loaded by one process and, while that keeps it, "
            f"by a second; medians of {rounds} rounds, ways in turn. Ready: until the store can be used; first pass: reading all "
            "weights once, then; own and shared: memory of the second process while both are there, by the kernel's account."
        ],
        ["", "ready", "first pass", "second: ready", "first pass", "own", "shared"],
        [row(heading, firsts[way], seconds[way]) for heading, way in WAYS],
    )


def row(heading, first, second):
    def middle(samples, what):
        return statistics.median(sample[what] for sample in samples)

    times = [seconds_text(middle(samples, what)) for samples in (first, second) for what in ("loading", "reading")]
    return [heading, *times, *(mebibytes_text(middle(second, what)) for what in ("own_kib", "shared_kib"))]
