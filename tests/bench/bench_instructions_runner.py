# Tests bench/runner/
"""./dev bench-instructions reads callgrind's counts, compares them and says which rows are worse.

"""

import contextlib
import io
import os
import pathlib
import sys
import types
import unittest

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])

from runner import counted, instruction_bench
from runner.callgrind import Callgrind, parse
from runner.errors import RunFailed
from runner.instruction_bench import AFTER, BEFORE, Row
from runner.tables import as_text

HERE = pathlib.Path.cwd()

# A call's cost stands in the line after "calls="; it is the callee's own cost once more.
FILE = """\
version: 1
positions: line
events: Ir
ob=(1) /usr/bin/program
fl=(1) program.c
fn=(1) main
16 10
cob=(2) /usr/lib/libsome.so
cfn=(2) work
calls=2 30
+1 500
* 5

ob=(2)
fl=(2) some.c
fn=(2)
30 400
-2 100
totals: 515
"""


def row(name, before, after):
    return Row(counted.Counted(name, ()), {BEFORE: before, AFTER: after}, {BEFORE: [], AFTER: []})


def options(limit=3.0):
    return types.SimpleNamespace(limit=limit)


class Reading(unittest.TestCase):
    def test_a_call_is_counted_once(self):
        counts = parse(line for line in FILE.splitlines() if line)
        self.assertEqual(counts.total, 515)
        self.assertEqual(counts.by_object, {"/usr/bin/program": 15, "/usr/lib/libsome.so": 500})

    def test_parts_that_do_not_make_the_total_are_refused(self):
        with self.assertRaises(RunFailed):
            parse(line for line in FILE.replace("totals: 515", "totals: 516").splitlines() if line)

    def test_the_same_program_has_the_same_count(self):
        callgrind = Callgrind(HERE / "runs")
        first, second = (callgrind.count(0, ("/bin/true",), {}) for _ in range(2))
        self.assertGreater(first.total, 1000)
        self.assertAlmostEqual(second.total / first.total, 1, delta=0.001)

    def test_a_program_that_fails_has_no_count(self):
        with self.assertRaises(RunFailed):
            Callgrind(HERE / "runs").count(0, ("/bin/false",), {})


class Judging(unittest.TestCase):
    def test_worst_first_and_marked(self):
        rows = [row("same", [1000], [1000]), row("slow", [1000], [1031]), row("fast", [1000], [900])]
        lines = as_text([instruction_bench.table(rows, options())]).splitlines()
        order = [line.split()[0] for line in lines if line.startswith(("same", "slow", "fast"))]
        self.assertEqual(order, ["slow", "same", "fast"])
        self.assertEqual([line.split()[0] for line in lines if line.endswith("worse")], ["slow"])

    def test_the_limit(self):
        self.assertTrue(row("", [1000], [1031]).is_worse(3.0))
        self.assertFalse(row("", [1000], [1030]).is_worse(3.0))
        self.assertTrue(row("", [1000], [1011]).is_worse(1.0))

    def test_the_best_counts_are_compared(self):
        self.assertFalse(row("", [1000, 1100], [1200, 1010]).is_worse(3.0))

    def test_one_worse_row_is_no_success(self):
        self.assertTrue(instruction_bench.summary([row("a", [1], [1])], options())[1])
        self.assertFalse(instruction_bench.summary([row("a", [1], [1]), row("b", [10], [20])], options())[1])

    def test_a_failed_row_is_no_success(self):
        failed = row("a", [], [])
        failed.failure = "crashed"
        self.assertFalse(instruction_bench.summary([failed], options())[1])

    def test_a_worse_row_is_counted_again(self):
        counts = iter([100, 110, 100, 101, 100, 102, 100, 103, 100, 104])
        counter = instruction_bench.Counter(None, types.SimpleNamespace(before="b", after="a", limit=3.0, jobs=1))
        counter.count = lambda *_: types.SimpleNamespace(total=next(counts), by_object={})
        noisy = row("noisy", [], [])
        counter.fill(noisy)
        self.assertEqual(noisy.totals, {BEFORE: [100, 100], AFTER: [110, 101]})


class Usage(unittest.TestCase):
    def status(self, *arguments):
        complaint = io.StringIO()
        with contextlib.redirect_stderr(complaint):
            status = instruction_bench.main(arguments)
        self.assertEqual(len(complaint.getvalue().splitlines()), 1, complaint.getvalue())
        return status

    def test_a_folder_without_benchmarks(self):
        self.assertEqual(self.status(str(HERE), str(HERE)), 2)

    def test_no_jobs(self):
        self.assertEqual(self.status(str(HERE), str(HERE), "--jobs", "0"), 2)


if __name__ == "__main__":
    unittest.main()
