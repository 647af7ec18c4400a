# Tests src/abi/start.cpp tools/arpent/run/run_program.cpp
"""ARPENT_DISABLE=1 turns everything off: under arpent run, in programs that link Arpent, preload it or are followed."""

import os
import pathlib
import subprocess

from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, run, survey

OFF = {"ARPENT_DISABLE": "1"}
SHELL = "tr '\\0' '\\n' < /proc/self/maps | grep -c arpent; env | grep -e ARPENT -e LD_PRELOAD; exit 3"


def files():
    return sorted(path.name for path in pathlib.Path().iterdir())


# arpent run: the program is as without it.
plain = subprocess.run(["sh", "-c", SHELL], capture_output=True, text=True, env={**os.environ, **OFF})
done, report = survey("sh", "-c", SHELL, options=["--follow-children"], environment=OFF)
equal((done.returncode, done.stdout), (3, plain.stdout), "as without arpent run")
check(done.stderr.count("\n") == 1 and "ARPENT_DISABLE is 1" in done.stderr, f"one line says so: {done.stderr}")
equal((report["tracked"], "ARPENT_DISABLE" in report["why_not_tracked"]), (False, True), "the report says so")
done, report = survey("sh", "-c", "exit 4", environment={"ARPENT_DISABLE": "0"})
equal((done.returncode, done.stderr, report["tracked"]), (4, "", True), "0 changes nothing")

# A program that is followed, but for this variable.
done, report = survey(
    "sh", "-c", f"ARPENT_DISABLE=1 '{PROGRAMS}/exec_variants' final; true", options=["--follow-children"]
)
followed = [process["program"] for process in [report["process"], *report["others"]]]
equal(
    (done.returncode, [program for program in followed if "exec_variants" in program]),
    (0, []),
    "the one that is disabled",
)
check("preload none" in done.stdout, f"its environment is its own: {done.stdout}")

# Preloaded by hand, and linked in: no profile, no report, no message.
before = files()
environment = {**os.environ, **OFF, "ARPENT_MODE": "stacks", "ARPENT_MODES": "a typing error"}
done = subprocess.run(
    [PROGRAMS / "exec_variants", "final"],
    capture_output=True,
    text=True,
    env={**environment, "LD_PRELOAD": os.environ["ARPENT_PRELOAD"]},
)
equal((done.returncode, done.stderr), (7, ""), "preloaded")
for kind in ("static", "shared"):
    program = PROGRAMS / f"run_linked-{kind}"
    subprocess.run([program], capture_output=True)
    check(pathlib.Path("heap_memory_report.log").exists(), f"{program} reports its leak without the variable")
    pathlib.Path("heap_memory_report.log").unlink()
    done = subprocess.run([program], capture_output=True, text=True, env=environment)
    equal((done.returncode, done.stdout, done.stderr), (0, "linked\n", ""), f"{program}")
equal(files(), before, "files left behind")
finish()
