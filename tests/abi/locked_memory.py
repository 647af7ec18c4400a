# Tests src/abi/memory_locks.cpp src/heap/spans.cpp src/platform/pages.cpp
"""A program that locks its memory has the same of it in memory and locked as without Arpent, not what Arpent reserves;
and under a limit on locked memory, the system refuses it no more than without Arpent."""

import os
import resource
import subprocess

from harness.checks import check, equal, finish
from harness.survey import ARPENT, PROGRAMS

PROGRAM = PROGRAMS / "locked_memory"
MODES = ("off", "sites", "stacks")
LARGE = 65536 // 1024
MARGIN = 3000  # KiB: what Arpent's own library and the pages of its heap take


def run(*words, mode=None, limit=None):
    """What the program says: the results of its calls, and the figures of each moment, in KiB."""
    command = [PROGRAM, *words]
    if mode is not None:
        command = [ARPENT, "run", "--mode", mode, "--report", "report.txt", "--", *command]
    if limit is not None and os.geteuid() == 0:  # who may lock without limit has none
        command = ["setpriv", "--bounding-set", "-ipc_lock", "--inh-caps", "-ipc_lock", *command]

    def set_limit():
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (limit, resource.getrlimit(resource.RLIMIT_MEMLOCK)[1]))

    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=set_limit)
    calls, blocks, figures = [], None, {}
    for line in done.stdout.splitlines():
        name, *rest = line.split()
        if name in ("start", "small", "large"):
            figures[name] = {"locked": int(rest[1]), "resident": int(rest[3])}
        elif name == "blocks":
            blocks = int(rest[0])
        else:
            calls.append(line)
    equal(done.returncode, 0, f"status of {command}: {done.stdout}{done.stderr}")
    return calls, blocks, figures


for how in ("n", "c", "f", "cf", "cfo", "fo", "cfu", "cd", "cfd", "cfod", "fl", "fol"):
    plain_calls, plain_blocks, plain = run(how)
    for mode in MODES:
        calls, blocks, figures = run(how, mode=mode)
        name = f"{how} in {mode}"
        equal((calls, blocks), (plain_calls, plain_blocks), f"results of {name}")
        for moment, expected in plain.items():
            for figure, most in expected.items():
                check(
                    figures[moment][figure] <= most + MARGIN,
                    f"{figure} of {name}, {moment}: {figures[moment]}, without Arpent {expected}",
                )
        added = figures["large"]["locked"] - figures["start"]["locked"]
        check("f" not in how or "u" in how or added >= blocks * LARGE, f"{name}: of its blocks, {added} KiB are locked")

# Not refused, and as many blocks as the limit has room for.
LIMIT = 8 << 20
plain_calls, plain_blocks, _ = run("cf", limit=LIMIT)
equal(plain_calls, ["mlockall 0 "], "under a limit, without Arpent")
check(50 < plain_blocks < 128, f"{plain_blocks} blocks under a limit, without Arpent")
for mode in MODES:
    calls, blocks, _ = run("cf", mode=mode, limit=LIMIT)
    equal(calls, plain_calls, f"under a limit, in {mode}")
    check(plain_blocks - 50 < blocks < 128, f"{blocks} blocks under a limit in {mode}, {plain_blocks} without Arpent")

# Refused if it is too little for the program itself, and then nothing is locked.
for words in ("c", "cf"):
    plain_calls, _, plain = run(words, limit=1 << 20)
    for mode in MODES:
        calls, blocks, figures = run(words, mode=mode, limit=1 << 20)
        equal(
            (calls, figures["start"]["locked"]), (plain_calls, plain["start"]["locked"]), f"{words} refused in {mode}"
        )
        equal(blocks, 1024, f"blocks afterwards, {words} in {mode}")
finish()
