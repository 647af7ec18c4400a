# Tests tools/arpent/run/
"""python3 and node under `arpent run`: their own functions are named, and those of extension modules and what these call."""
# ctest: COST=12

import os
import pathlib
import shutil
import sys

from harness.checks import check, equal, finish
from harness.profiles import arpent
from harness.survey import run

pathlib.Path("script.py").write_text(
    """
import bz2, sqlite3
database = sqlite3.connect(":memory:")
database.execute("create table parcels (owner text, size integer)")
database.executemany("insert into parcels values (?, ?)", ((f"owner {i}", i) for i in range(2000)))
rows = database.execute("select owner, sum(size) from parcels group by owner order by 2 desc").fetchall()
packed = bz2.compress(repr(rows).encode())
print(len(rows), len(bz2.decompress(packed)))
"""
)
pathlib.Path("script.js").write_text(
    """
const zlib = require('zlib');
const text = JSON.stringify(Array.from({ length: 5000 }, (_, index) => ({ owner: `owner ${index}`, size: index })));
const packed = zlib.deflateSync(text);
console.log(text.length, zlib.inflateSync(packed).toString() === text);
"""
)


def stacks_of(name, *command):
    """Stacks as lists of names, outermost first, with what was allocated there."""
    profile = f"{name}.profile"
    done = run(*command, options=["--profile", profile, "--report", "report.txt"])
    equal(done.returncode, 0, f"status of {name}: {done.stderr}")
    check(done.stdout.strip() != "", f"{name} prints")
    lines = arpent("report", "--format", "collapsed", "--sort", "total", profile).splitlines()
    return [line.rpartition(" ")[0].split(";") for line in lines]


def named(stacks, *wanted):
    """Whether in one stack these come one after another, others between them or not; each as a start of a name."""
    for stack in stacks:
        rest = iter(stack)
        if all(any(frame.startswith(start) for frame in rest) for start in wanted):
            return True
    return False


python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable
stacks = stacks_of("python3", "env", "PYTHONMALLOC=malloc", python, "-B", "script.py")
check(named(stacks, "_start", "Py_BytesMain", "_PyEval_EvalFrameDefault"), "python3's interpreter")
check(named(stacks, "_PyEval_EvalFrameDefault", "_sqlite3.", "sqlite3_step"), "its module of sqlite3, and the library")
check(named(stacks, "_PyEval_EvalFrameDefault", "_bz2.", "BZ2_bzCompressInit"), "its module of bzip2, and the library")
check(sum("_PyEval_EvalFrameDefault" in stack for stack in stacks) > 50, "stacks through the interpreter")

node = shutil.which("node") or sys.exit("cannot be tested without node; install it")
stacks = stacks_of("node", node, "script.js")
check(named(stacks, "node::Start"), "node's start")
check(named(stacks, "node::", "v8::"), "node and its engine")
# What calls zlib is the engine, for sure: where node is stripped, its own functions between have no names.
check(named(stacks, "v8::", "deflateInit"), "zlib, called by node")
finish()
