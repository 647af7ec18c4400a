# Tests src/abi/preload src/abi/start.cpp
# ctest: COST=30
"""What the constructor of a library of the program's does, before any of ours could have run in the usual order: the
program behaves as without Arpent, and what it becomes is tracked, and what ends there is scanned."""

import os
import subprocess

from harness.checks import check, equal, finish
from harness.survey import TESTS, survey

SOURCES = TESTS / "abi" / "before_start"
CC = os.environ["CC"].split()
EXECS = ("execve", "execv", "execvp", "execvpe", "fexecve", "execveat", "execl", "execlp", "execle")
ENDS = ("exit", "_exit", "_Exit", "quick_exit")
OTHERS = ("posix_spawn", "posix_spawnp", "system", "dlopen", "dlmopen", "signal", "environment", "nothing")

subprocess.run(
    [*CC, "-g", "-O0", "-fno-builtin", "-shared", "-fPIC", "-o", "libearly.so", SOURCES / "library.c"], check=True
)
subprocess.run(
    [
        *CC,
        "-g",
        "-O0",
        "-fno-builtin",
        "-o",
        "program",
        SOURCES / "program.c",
        "-L.",
        "-Wl,--no-as-needed,-rpath,$ORIGIN",
        "-learly",
    ],
    check=True,
)


def lost(process):
    return process["lost_bytes"]


def compare(how, where, before, mode="stacks"):
    what = f"{how} in {where} after {before} in {mode}"
    arguments = ["./program", how, where, before]
    plain = subprocess.run(arguments, capture_output=True, text=True)
    done, report = survey(*arguments, options=["--mode", mode])
    equal((done.returncode, done.stdout, done.stderr), (plain.returncode, plain.stdout, plain.stderr), what)
    followed, all_report = survey(*arguments, options=["--mode", mode, "--follow-children"])
    equal((followed.returncode, followed.stderr), (plain.returncode, plain.stderr), f"{what}, followed")
    if mode == "off":
        return
    equal(report["unscanned_processes"], 0, f"{what}: processes that were not scanned")
    others = {process["pid"] for process in report["others"]} - {report["process"]["pid"]}
    equal(others, set(), f"{what}: other processes without --follow-children")
    equal(all_report["unscanned_processes"], 0, f"{what}: followed processes that were not scanned")
    own = 77 if before == "blocks" else 0
    becomes = how in EXECS and where == "self"
    ends = how in ENDS and where == "self"
    equal(lost(report["process"]), 4321 if becomes else own if ends else own + 4321, f"{what}: lost")
    equal(report["process"].get("image"), 1 if becomes else 0, f"{what}: image")
    starts = (how in EXECS and where != "self") or how.startswith("posix_spawn")
    finals = [process for process in (all_report["process"], *all_report["others"]) if lost(process) == 4321]
    if starts:
        check(finals, f"{what}: the program that was started, {[lost(each) for each in all_report['others']]}")


for before in ("blocks", "none"):
    for how in (*EXECS, *ENDS, *OTHERS):
        compare(how, "self", before)
        compare(how, "child", before)
    for how in EXECS:
        compare(how, "vfork", before)
for how in ("execle", "exit", "_exit", "environment"):
    for where in ("self", "child"):
        compare(how, where, "none", "off")
        compare(how, where, "none", "sites")

# Auditors of the loader's.
subprocess.run(
    [*CC, "-g", "-O0", "-fno-builtin", "-shared", "-fPIC", "-o", "audit.so", SOURCES / "audit.c"], check=True
)
for how in ("nothing", "exec"):
    for final in (["final"], ["exit", "self", "blocks"], ["fexecve", "self", "none"], ["fexecve", "child", "none"]):
        arguments = ["env", "LD_AUDIT=./audit.so", f"AUDIT={how}", "./program", *final]
        plain = subprocess.run(arguments, capture_output=True, text=True)
        for mode in ("off", "sites", "stacks"):
            done, report = survey(*arguments, options=["--mode", mode])
            what = f"audited, {how}, {final} in {mode}"
            equal((done.returncode, done.stdout, done.stderr), (plain.returncode, plain.stdout, plain.stderr), what)
            if mode != "off":
                equal(report["unscanned_processes"], 0, f"{what}: not scanned")
                expected = 77 if how == "nothing" and final[0] == "exit" else 4321
                equal(lost(report["process"]), expected, f"{what}: lost")
finish("constructors that run before ours")
