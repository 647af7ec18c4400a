# Tests src/abi/preload
# ctest: COST=40
"""Whatever function a program uses to become or to start another one, from whatever stack and with however large an
environment: that one gets what it would get without Arpent, and is tracked when it should be."""

import os
import subprocess

from harness.checks import equal, finish
from harness.survey import PROGRAMS, survey

PROGRAM = PROGRAMS / "exec_variants"
EXECS = ("execve", "execv", "execvp", "execvpe", "fexecve", "execveat", "execl", "execlp", "execle", "null")
STARTS = ("posix_spawn", "posix_spawnp", "vfork")
LIBRARY = "libm.so.6"  # the loader finds it; any will do


def compare(how, where, variables, *preload, environment=None):
    what = f"{how} from {where} with {variables} variables {preload} {environment}"
    arguments = [PROGRAM, how, where, str(variables), *preload]
    started_with = {**os.environ, **(environment or {})}
    plain = subprocess.run(arguments, capture_output=True, text=True, env=started_with)
    equal((plain.returncode, plain.stderr), (7, ""), what)
    done, report = survey(*arguments, environment=environment)
    equal((done.returncode, done.stdout, done.stderr), (7, plain.stdout, ""), what)
    if how in EXECS:
        equal(
            (report["process"]["image"], report["process"]["lost_bytes"]),
            (1, 4321),
            f"{what}: the program that it became",
        )
    followed, report = survey(*arguments, options=["--follow-children"], environment=environment)
    equal(
        (followed.returncode, followed.stdout.splitlines()[0], followed.stderr),
        (7, plain.stdout.splitlines()[0], ""),
        f"{what}, followed",
    )
    processes = [report["process"], *report["others"]]
    equal(sum(process["lost_bytes"] == 4321 for process in processes), 1, f"{what}: the program that was followed")


for each in (*EXECS, *STARTS):
    compare(each, "stack", 3)
    compare(each, "thread", 12000)
for each in ("execve", "execl", "execveat", "posix_spawn", "vfork"):
    compare(each, "handler", 5000)
    compare(each, "stack", 0, LIBRARY)
    compare(each, "stack", 0, "")
    compare(each, "stack", 2, environment={"LD_PRELOAD": LIBRARY})
    compare(each, "stack", 2, "libdl.so.2", environment={"LD_PRELOAD": LIBRARY})
compare("execve", "stack", 0, ":".join([LIBRARY] * 2000))
compare("execve", "stack", 0, environment={"LD_PRELOAD": " ".join([LIBRARY] * 2000)})
finish("programs become and start others")
