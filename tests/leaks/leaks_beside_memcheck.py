# Tests src/leaks/
"""In real programs no more bytes are called lost than valgrind's memcheck calls definitely or indirectly lost."""

import os
import re
import subprocess

from harness.checks import check, equal, finish
from harness.survey import survey

PROGRAMS = [
    ["sqlite3", ":memory:", "create table t(a); insert into t values(zeroblob(100000)); select sum(length(a)) from t;"],
    ["git", "--version"],
    ["perl", "-e", "my %h = map { $_ => [1 .. $_] } 1 .. 100; print scalar(keys %h), qq{\\n};"],
    ["/usr/bin/python3", "-S", "-c", "import json; print(len(json.dumps(list(range(1000)))))"],
    ["node", "-e", "console.log([...Array(1000).keys()].join().length)"],
]
ENVIRONMENT = {"PYTHONMALLOC": "malloc"}


def memcheck_lost_bytes(program):
    log = "memcheck.log"
    # --smc-check: node makes code as it runs.
    subprocess.run(
        [
            "valgrind",
            "--tool=memcheck",
            "--leak-check=summary",
            "--smc-check=all",
            "-q",
            "-v",
            f"--log-file={log}",
            *program,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | ENVIRONMENT,
        check=True,
    )
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if "All heap blocks were freed" in text:
        return 0
    kinds = dict(re.findall(r"(definitely|indirectly) lost: ([\d,]+) bytes", text))
    assert len(kinds) == 2, text
    return sum(int(bytes_lost.replace(",", "")) for bytes_lost in kinds.values())


for program in PROGRAMS:
    done, report = survey(*program, environment=ENVIRONMENT)
    equal(done.returncode, 0, f"status of {program[0]}")
    equal(report["process"]["leak_scan"], "done", f"the leak scan of {program[0]}")
    ours = report["process"]["lost_bytes"]
    theirs = memcheck_lost_bytes(program)
    print(f"{program[0]}: {ours} bytes lost; memcheck: {theirs}")
    check(ours <= theirs, f"{program[0]}: {ours} bytes lost, {theirs} after memcheck")
finish()
