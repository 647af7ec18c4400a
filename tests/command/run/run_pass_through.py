# Tests tools/arpent/run/
"""Real programs give the same output and exit status under `arpent run` as without, in every mode."""

import pathlib
import shutil
import subprocess
import sys

from harness.checks import check, equal, finish
from harness.survey import ARPENT, survey

pathlib.Path("regex.cpp").write_text(
    "#include <regex>\n#include <string>\n"
    'int main(int, char** a) { return std::regex_match(std::string(a[0]), std::regex("a+b*")) ? 1 : 0; }\n'
)
pathlib.Path("input").write_text("".join(f"line {i * 7919 % 1000}\n" for i in range(20000)))

SQL = (
    "create table t(a integer primary key, b text);"
    "with recursive c(x) as (select 1 union all select x+1 from c where x<20000)"
    " insert into t select x, hex(x*x) from c;"
    "select count(*), max(b) from t where b like '%3%';"
)
PYTHON = (
    "import json, re; d = [{'n': i, 's': str(i)} for i in range(5000)]; print(len(json.dumps(d))); raise SystemExit(3)"
)
COMMANDS = {
    "true": ["true"],
    "false": ["false"],
    "ls": ["ls", "-l", "/usr"],
    "sort": ["sort", "input"],
    "shell": ["sh", "-c", "echo out; echo err >&2; exit 42"],
    "pipeline": ["bash", "-c", "sort input | uniq -c | sort -rn | head -5; exit ${PIPESTATUS[1]}"],
    "killed": ["bash", "-c", "kill -TERM $$"],
    "sqlite3": ["sqlite3", ":memory:", SQL],
    "python3": ["python3", "-c", PYTHON],
    "python3 with malloc": ["env", "PYTHONMALLOC=malloc", "python3", "-c", PYTHON],
    "perl": ["perl", "-e", "my %h; $h{$_ % 97} .= $_ for 1..50000; print length($h{5}), qq(\\n); exit 9"],
    "git": ["git", "--no-pager", "diff", "--no-index", "--stat", "input", "regex.cpp"],
    "node": ["node", "-e", "console.log(JSON.stringify([...Array(1000).keys()]).length); process.exitCode = 4"],
    "g++": ["g++", "-std=c++17", "-O1", "-S", "regex.cpp", "-o", "-"],
}
needed = {command[0] for command in COMMANDS.values()}
missing = sorted(name for name in needed if shutil.which(name) is None)
if missing:
    sys.exit(f"cannot be tested without {missing}; install them")

for name, command in COMMANDS.items():
    plain = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL)
    for options in (["--mode", "sites"], ["--mode", "off"], ["--mode", "sites", "--follow-children"]):
        under = subprocess.run(
            [ARPENT, "run", *options, "--report", "report.txt", "--", *command],
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
        for what in ("returncode", "stdout", "stderr"):
            equal(
                getattr(under, what)[:500] if what != "returncode" else under.returncode,
                getattr(plain, what)[:500] if what != "returncode" else plain.returncode,
                f"{what} of {name} with {options}",
            )
        equal(under.stdout == plain.stdout, True, f"whole output of {name} with {options}")
    text = pathlib.Path("report.txt").read_text()
    check(text.startswith("== arpent: "), f"report of {name}: {text[:100]!r}")

# The sites are plausible: where these programs are known to allocate.
_, report = survey(*COMMANDS["sqlite3"])
by_bytes = sorted(report["process"]["sites"], key=lambda site: -site["allocated_bytes"])
check("libsqlite3.so" in by_bytes[0]["label"], f"sqlite3 allocates most in {by_bytes[0]['label']}")
_, report = survey("g++", "-std=c++17", "-S", "regex.cpp", "-o", "-", options=["--follow-children"])
check(any("cc1plus" in other["program"] for other in report["others"]), "the compiler proper was followed")
finish()
