# Tests tools/arpent/run src/profile
# ctest: COST=10
"""A process that was not scanned for leaks is never counted as clean: by --leak-exit, in the text, in JSON, in JUnit or
SARIF; whether it was killed, still runs, ended by a system call of its own, or could not be tracked."""

import json
import os
import pathlib
import signal
import subprocess

from harness.checks import check, equal, finish
from harness.profiles import arpent
from harness.survey import PROGRAMS, run, survey

CC = os.environ["CC"]
ENDINGS = PROGRAMS / "run_endings"
pathlib.Path("zero.c").write_text("int main(void) { return 0; }\n")
subprocess.run([CC, "-static", "-o", "static", "zero.c"], check=True)
pathlib.Path("leak.c").write_text(
    "#include <stdlib.h>\nint main(void) { *(volatile char*)malloc(77) = 1; return 0; }\n"
)
subprocess.run([CC, "-O0", "-fno-builtin", "-o", "leak", "leak.c"], check=True)

FOLLOW = ["--follow-children"]
CHILDREN = {
    "killed": f"{ENDINGS} signal 9; :",
    "ended by a system call": f"{ENDINGS} exit_group 0",
    "static": "./static",
    "still running": "sleep 5 > /dev/null 2>&1 & sleep 0.2",
    "replaced by a static one": "(exec ./static)",
}
for what, script in CHILDREN.items():
    script = f"{script}\nexit 0"
    done, report = survey("sh", "-c", script, options=FOLLOW)
    equal(done.returncode, 0, f"{what}: {done.stderr}")
    check(
        report["unscanned_processes"] >= 1, f"{what}: {report['unscanned_processes']} of {report['processes']} in JSON"
    )
    check(report["processes"] > report["unscanned_processes"], f"{what}: the shell was scanned")
    done = run("sh", "-c", script, options=[*FOLLOW, "--leak-exit", "9"])
    equal(done.returncode, 125, f"--leak-exit with a child that was {what}")
    unscanned, processes = report["unscanned_processes"], report["processes"]
    sentence = f"{unscanned} of {processes} processes {'was' if unscanned == 1 else 'were'} not scanned for leaks"
    check(sentence in done.stderr, f"{what}: not '{sentence}':\n{done.stderr}")
    done = run("sh", "-c", f"./leak\n{script}", options=[*FOLLOW, "--leak-exit", "9"])
    equal(done.returncode, 9, f"--leak-exit with a leak beside a child that was {what}")

done, report = survey("sh", "-c", "true; /bin/true\nexit 0", options=FOLLOW)
equal((report["processes"], report["unscanned_processes"]), (2, 0), "processes that were all scanned")
equal(run("sh", "-c", "/bin/true\nexit 0", options=[*FOLLOW, "--leak-exit", "9"]).returncode, 0, "all of them clean")
done, report = survey("sh", "-c", "exec /bin/true", options=FOLLOW)
equal((report["processes"], report["unscanned_processes"]), (1, 0), "a process is scanned once, at its end")
done, report = survey(ENDINGS, "signal", int(signal.SIGKILL))
equal((report["processes"], report["unscanned_processes"]), (1, 1), "the program itself, killed")
equal(report["process"]["leak_scan"], "not_done", "leak scan of the killed")

# Profiles of several processes as one
run("sh", "-c", f"/bin/true; {ENDINGS} signal 9\nexit 0", options=[*FOLLOW, "--profile", "all"])
arpent("merge", "merged", *sorted(pathlib.Path(".").glob("all*")))
equal(
    json.loads(arpent("report", "--format", "json", "merged"))["unscanned_processes"], 1, "of a merged profile, in JSON"
)
junit = arpent("report", "--format", "junit", "merged")
check('errors="1"' in junit and "1 of 3 processes was not scanned for leaks" in junit, f"JUnit:\n{junit}")
sarif = json.loads(arpent("report", "--format", "sarif", "merged"))["runs"][0]["invocations"][0]
equal(sarif["executionSuccessful"], False, "SARIF of a merged profile")
run(ENDINGS, "signal", 9, options=["--profile", "one"])
equal(json.loads(arpent("report", "--format", "json", "one"))["unscanned_processes"], 1, "of one profile, in JSON")
finish()
