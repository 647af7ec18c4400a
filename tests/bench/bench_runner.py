# Tests bench/runner/
"""The runner of the benchmarks: what it computes, what it refuses to print, and what it says when something
is missing. No time is measured here: a fake benchmark binary answers with planted figures.

"""

import os
import pathlib
import re
import stat
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])

from runner import allocators, output
from runner.errors import MissingOpponent, RunFailed, UsageError
from runner.launching import Launcher
from runner.report import Report
from runner.results import MEMORY, Results, Sample
from runner.schedule import Progress, Schedule
from runner.tables import as_markdown, as_text

HERE = pathlib.Path.cwd()
BUILD = HERE / "build"
LAUNCHER = BUILD / "bench" / "arpent-bench-launch"
FAKE = BUILD / "bench" / "arpent-bench-micro"
# Any library that can be preloaded without effect.
SOME_LIBRARY = next(
    line.split()[2]
    for line in subprocess.run(["ldd", "/bin/sh"], capture_output=True, text=True, check=True).stdout.splitlines()
    if "=>" in line
)


def planted(figures):
    """figures: workload -> allocator -> ([seconds...], peak in KiB)."""
    results = Results()
    for workload, by_allocator in figures.items():
        for name, (times, peak) in by_allocator.items():
            for seconds in times:
                results.add(workload, name, Sample(seconds, seconds, peak))
    return results


def report_text(results, names, part=""):
    return as_text(Report(results, names, part).sections())


def line_with(text, *words):
    return next(line for line in text.splitlines() if all(word in line for word in words))


class Figures(unittest.TestCase):
    def test_a_ratio_is_of_medians(self):
        results = planted({"pairs/8": {"mimalloc": ([2, 100, 1], 10), "off": ([6, 5, 0], 20)}})
        self.assertEqual(results.ratio("pairs/8", "off", "mimalloc"), 2.5)
        self.assertEqual(results.ratio("pairs/8", "off", "mimalloc", MEMORY), 2)

    def test_a_mean_is_geometric(self):
        results = planted({f"pairs/{n}": {"mimalloc": ([1], 1), "off": ([time], 1)} for n, time in ((8, 2), (16, 8))})
        self.assertAlmostEqual(results.mean_ratio(["pairs/8", "pairs/16"], "off", "mimalloc"), 4)

    def test_no_ratio_without_the_opponent(self):
        results = planted({"pairs/8": {"off": ([1], 1)}, "pairs/16": {"off": ([1], 1), "mimalloc": ([1], 1)}})
        with self.assertRaises(MissingOpponent):
            results.ratio("pairs/8", "off", "mimalloc")
        with self.assertRaises(MissingOpponent):
            results.mean_ratio(["pairs/8", "pairs/16"], "off", "mimalloc")
        with self.assertRaises(MissingOpponent):
            results.mean_ratio([], "off", "mimalloc")

    def test_what_failed_loses_its_figures(self):
        results = planted({"pairs/8": {"off": ([1], 1), "mimalloc": ([1], 1)}})
        results.fail("pairs/8", "mimalloc", "crashed")
        with self.assertRaises(MissingOpponent):
            results.ratio("pairs/8", "off", "mimalloc")

    def test_all_survives_json(self):
        results = planted({"pairs/8": {"off": ([1.5, 2], 1), "mimalloc": ([1], 1)}})
        results.fail("pairs/8", "sites", "crashed")
        self.assertEqual(Results.from_json(results.as_json()).as_json(), results.as_json())


class WhatIsPrinted(unittest.TestCase):
    def full(self, off=1.0, sites=1.0, off_peak=1.0):
        names = ("mimalloc", "off", "sites")
        workloads = ("programs/perl", "pairs/8", "threads/larson", "live/1000", "live/1000000")
        times = {"mimalloc": 1.0, "off": off, "sites": off * sites}
        peaks = {"mimalloc": 1000, "off": 1000 * off_peak, "sites": 1000 * off_peak}
        return planted({w: {n: ([times[n]] * 3, peaks[n]) for n in names} for w in workloads}), list(names)

    def test_aims_are_first_and_judged(self):
        text = report_text(*self.full())
        self.assertTrue(text.startswith("What is to be reached"))
        self.assertIn("reached", line_with(text, "off ÷ mimalloc, time, all 3"))
        text = report_text(*self.full(off=1.2, sites=1.5, off_peak=1.2))
        for aim in ("off ÷ mimalloc, time", "off ÷ mimalloc, peak", "sites ÷ off, time, 1 whole"):
            self.assertRegex(line_with(text, aim), r" missed$")
        self.assertRegex(line_with(text, "sites ÷ off, time, 1 malloc/free pair"), r"1\.50 +1\.60 +reached$")

    def test_a_part_of_the_benchmarks_reaches_nothing(self):
        results, names = self.full()
        text = report_text(results, names, "--filter 'x'")
        self.assertRegex(line_with(text, "off ÷ mimalloc, time"), r"a part only$")

    def test_without_mimalloc_no_ratio_to_it(self):
        results = planted({"pairs/8": {"glibc": ([1e-9], 1), "off": ([2e-9], 1), "sites": ([3e-9], 1)}})
        text = report_text(results, ["glibc", "off", "sites"])
        self.assertIn("mimalloc was not in this run", text)
        self.assertNotIn("÷ m.", text)
        self.assertRegex(line_with(text, "off ÷ mimalloc, time"), r"– +1\.10 +not in this run")
        self.assertRegex(line_with(text, "pairs/8"), r"1\.00 ns +2\.00 ns +3\.00 ns +1\.50")

    def test_a_failure_takes_the_means_with_it(self):
        results, names = self.full()
        results.fail("threads/larson", "off", "was killed by signal 11")
        text = report_text(results, names)
        self.assertIn("was killed by signal 11", text)
        self.assertIn("not in this run", line_with(text, "off ÷ mimalloc, time"))
        self.assertRegex(line_with(text, "sites ÷ off, time, 1 whole"), r"1\.00 +1\.10 +reached")

    def test_every_row_of_a_table_is_as_wide_as_its_heading(self):
        results, names = self.full()
        for markdown in (as_markdown(Report(results, names).sections()),):
            for table in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
                self.assertEqual(len({line.count("|") for line in table.splitlines()}), 1, table)


class FakeWorkload:
    def __init__(self, name, log, kind="micro", outcomes=None):
        self.name, self.kind, self.log, self.outcomes = name, kind, log, outcomes or {}

    def run(self, _launcher, variables):
        who = variables["WHO"]
        self.log.append((self.name, who))
        outcome = self.outcomes.get(who, "same")
        if outcome == "crash":
            raise RunFailed("crashed")
        return Sample(1, 1, 1), outcome


class Interleaving(unittest.TestCase):
    def schedule(self, workloads, clock=lambda: 0, kinds=()):
        members = [
            allocators.Allocator(name, name, environment={"WHO": name}, kinds=kinds if name == "c" else ())
            for name in "abc"
        ]
        said = []
        return Schedule(None, members, workloads, progress=Progress(), say=said.append, clock=clock), said

    def test_each_round_runs_all_in_turn(self):
        log = []
        schedule, _ = self.schedule([FakeWorkload("g/1", log), FakeWorkload("g/2", log)])
        results, done = schedule.run(2, 100)
        self.assertEqual(done, 2)
        order = ["".join(who for _, who in log[at : at + 3]) for at in range(0, len(log), 3)]
        self.assertEqual(order, ["abc", "bca", "bca", "cab"])
        self.assertEqual([workload for workload, _ in log], ["g/1"] * 3 + ["g/2"] * 3 + ["g/1"] * 3 + ["g/2"] * 3)
        self.assertEqual(results.rounds(), 2)

    def test_a_crash_is_told_and_not_repeated(self):
        log = []
        schedule, said = self.schedule([FakeWorkload("g/1", log, outcomes={"b": "crash"})])
        results, _ = schedule.run(3, 100)
        self.assertEqual(log.count(("g/1", "b")), 1)
        self.assertEqual(said, ["bench: g/1 with b: crashed"])
        self.assertEqual(results.failures, {("g/1", "b"): "crashed"})

    def test_another_answer_is_a_failure(self):
        schedule, said = self.schedule([FakeWorkload("g/1", [], outcomes={"c": "other"})])
        results, _ = schedule.run(1, 100)
        self.assertEqual(list(results.failures), [("g/1", "c")])
        self.assertIn("computed something else than with a", said[0])

    def test_no_round_begins_that_would_end_too_late(self):
        now = [0]

        def clock():
            now[0] += 10
            return now[0]

        _, done = self.schedule([FakeWorkload("g/1", [])], clock)[0].run(7, 60)
        self.assertIn(done, (2, 3))
        _, done = self.schedule([FakeWorkload("g/1", [])], clock)[0].run(7, 1)
        self.assertEqual(done, 1)

    def test_stopped_by_the_user_it_keeps_what_it_has(self):
        class Stopping(FakeWorkload):
            def run(self, launcher, variables):
                if len(self.log) == self.stop_at:
                    raise KeyboardInterrupt
                return super().run(launcher, variables)

        for stop_at in (2, 4):
            workload = Stopping("g/1", [])
            workload.stop_at = stop_at
            schedule, _ = self.schedule([workload])
            if stop_at == 2:
                self.assertRaises(KeyboardInterrupt, schedule.run, 7, 100)
            else:
                results, done = schedule.run(7, 100)
                self.assertEqual((done, schedule.stopped, results.rounds()), (1, True, 1))

    def test_an_allocator_may_be_for_one_kind_only(self):
        log = []
        schedule, _ = self.schedule(
            [FakeWorkload("g/1", log), FakeWorkload("p/1", log, "programs")], kinds=("programs",)
        )
        schedule.run(1, 100)
        self.assertEqual(sorted(log), [("g/1", "a"), ("g/1", "b"), ("p/1", "a"), ("p/1", "b"), ("p/1", "c")])


class Finding(unittest.TestCase):
    def test_what_is_missing_is_named_with_its_package(self):
        found, missing = allocators.find(BUILD, ["glibc", "mimalloc", "off"], {}, {"libmimalloc.so.2": SOME_LIBRARY})
        self.assertEqual([allocator.name for allocator in found], ["glibc", "mimalloc"])
        self.assertEqual(found[1].variables["LD_PRELOAD"], SOME_LIBRARY)
        self.assertRegex(missing[0], "^off: libarpent-preload.so was not found; build it")
        folders, allocators.LIBRARY_FOLDERS = allocators.LIBRARY_FOLDERS, ()
        try:
            found, missing = allocators.find(BUILD, ["mimalloc"], {}, {})
        finally:
            allocators.LIBRARY_FOLDERS = folders
        self.assertEqual((found, len(missing)), ([], 1))
        self.assertIn("apt-get install libmimalloc2.0", missing[0])

    def test_unknown_names_and_files(self):
        for wanted, libraries in ((["hoard"], {}), (["glibc"], {"hoard": "/x"}), (["mimalloc"], {"mimalloc": "/no"})):
            with self.assertRaises(UsageError):
                allocators.find(BUILD, wanted, libraries, {})


class Pages(unittest.TestCase):
    def page(self, text):
        path = HERE / "page.md"
        path.write_text(text, encoding="utf-8")
        return path

    def test_only_what_is_between_the_markers_is_replaced(self):
        path = self.page(f"before\n{output.BEGIN}\nold\n{output.END}\nafter\n")
        path.chmod(0o640)
        for new in ("new", "newer"):
            output.write_page(path, new)
            self.assertEqual(path.read_text(), f"before\n{output.BEGIN}\n\n{new}\n{output.END}\nafter\n")
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o640)

    def test_a_page_without_markers_is_refused(self):
        for text in ("", output.BEGIN, f"{output.END}{output.BEGIN}", f"{output.BEGIN}{output.BEGIN}{output.END}"):
            with self.assertRaises(UsageError):
                output.require_page(self.page(text))

    def test_the_page_of_the_documentation_has_them(self):
        output.require_page(SOURCE / "docs" / "performance.md")

    def test_what_json_did_not_write_is_refused(self):
        for text in ("", "[]", '{"schema": 99}'):
            with self.assertRaises(UsageError):
                output.read_json(self.page(text))


class Launching(unittest.TestCase):
    def launcher(self):
        folder = HERE / "launches"
        subprocess.run(["rm", "-rf", folder], check=True)
        folder.mkdir()
        return Launcher(LAUNCHER, folder)

    def test_memory_is_the_program_s_not_the_runner_s(self):
        ballast = bytearray(256 << 20)
        ballast[::4096] = b"x" * len(ballast[::4096])
        measured = self.launcher().run(("/bin/true",), {})
        self.assertLess(measured.peak_kib, 16 * 1024)
        self.assertGreater(measured.peak_kib, 100)

    def test_memory_is_the_peak(self):
        script = "block = bytearray(64 << 20); del block"
        self.assertGreater(self.launcher().run((sys.executable, "-S", "-c", script), {}).peak_kib, 64 * 1024)

    def test_output_is_kept_and_the_environment_is_ours(self):
        os.environ["MALLOC_ARENA_MAX"] = "1"
        printed = self.launcher().run(("/usr/bin/env",), {"ARPENT_MODE": "off", "WHERE": "{folder}/x"}).output.decode()
        self.assertIn("ARPENT_MODE=off", printed)
        self.assertIn(f"WHERE={HERE / 'launches' / 'work' / 'x'}", printed)
        self.assertNotIn("MALLOC_ARENA_MAX", printed)

    def test_failures_are_told(self):
        for script, message in (("echo why >&2; exit 3", "status 3: why"), ("kill -SEGV $$", "signal 11")):
            with self.assertRaisesRegex(RunFailed, message):
                self.launcher().run(("/bin/sh", "-c", script), {})
        with self.assertRaisesRegex(RunFailed, "not loaded"):
            self.launcher().run(("/bin/true",), {"LD_PRELOAD": "/nowhere/lib.so"})
        with self.assertRaisesRegex(RunFailed, "status 127"):
            self.launcher().run(("/nowhere/program",), {})

    def test_what_does_not_end_is_ended(self):
        result = HERE / "timeout.json"
        subprocess.run([LAUNCHER, result, "1", "1", "sleep", "100000"], check=True)
        self.assertIn('"timed_out": true', result.read_text())

    def test_wrong_usage(self):
        for arguments in ([], ["x", "0", "1", "true"], ["x", "1", "0", "true"]):
            self.assertEqual(subprocess.run([LAUNCHER, *arguments], stderr=subprocess.DEVNULL).returncode, 2)


FAKE_BINARY = """#!{python} -S
import json, os, sys
served = os.environ.get("LD_PRELOAD") or "{libc}"
if "--probe" in sys.argv:
    print(json.dumps({{"malloc": {served}, "free": {served}, "compiler": "g++", "glibc": "2"}}))
elif "--benchmark_list_tests=true" in sys.argv:
    print("pairs/8/iterations:5\\nthreads/x/iterations:1/manual_time")
else:
    one = {{"real_time": 7.0, "time_unit": "ns", "operations": 1, "checksum": {checksum}}}
    print(json.dumps({{"benchmarks": [one]}}))
"""


class CommandLine(unittest.TestCase):
    def fake(self, served="served", checksum="1"):
        text = FAKE_BINARY.format(python=sys.executable, libc=SOME_LIBRARY, served=served, checksum=checksum)
        FAKE.write_text(text)
        FAKE.chmod(0o755)

    def bench(self, *arguments):
        return subprocess.run(
            [sys.executable, SOURCE / "bench" / "run", BUILD, *arguments], capture_output=True, text=True
        )

    def test_a_whole_run(self):
        self.fake()
        page = HERE / "performance.md"
        page.write_text(f"# Page\n{output.BEGIN}\n{output.END}\n")
        arguments = ("--only", "micro", "--rounds", "3", "--allocators", "glibc,mimalloc")
        files = ("--json", HERE / "all.json", "--markdown", page)
        result = self.bench(*arguments, "--library", f"mimalloc={SOME_LIBRARY}", *files)
        self.assertEqual((result.returncode, "bench: mimalloc" in result.stderr), (0, False), result.stderr)
        self.assertRegex(line_with(result.stdout, "pairs/8"), r"7\.00 ns +1\.00")
        self.assertIn("| pairs/8 | 7.00 ns | 1.00 |", page.read_text())
        again = self.bench("--from", HERE / "all.json")
        self.assertEqual((again.returncode, again.stdout), (0, result.stdout))

    def test_a_missing_allocator_is_told_in_the_report_and_the_status(self):
        self.fake()
        result = self.bench("--only", "micro", "--rounds", "1", "--allocators", "glibc,off")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("off: libarpent-preload.so was not found", result.stderr)
        self.assertIn("off: libarpent-preload.so was not found", result.stdout)

    def test_an_allocator_that_is_not_in_effect_is_not_measured(self):
        self.fake(served='"/bin/sh"')
        library = f"mimalloc={SOME_LIBRARY}"
        result = self.bench("--only", "micro", "--rounds", "1", "--allocators", "mimalloc", "--library", library)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("malloc is served by /bin/sh", result.stderr)

    def test_a_mode_that_is_not_in_effect_is_not_measured(self):
        self.fake()
        library = f"sites={SOME_LIBRARY}"
        result = self.bench("--only", "micro", "--rounds", "1", "--allocators", "sites", "--library", library)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("sites: no profile was left", result.stderr)

    def test_a_wrong_answer_fails_the_run_but_not_the_report(self):
        self.fake(checksum="len(served)")
        copy = HERE / "a-library-of-a-longer-name.so"
        copy.write_bytes(pathlib.Path(SOME_LIBRARY).read_bytes())
        library = f"mimalloc={copy}"
        result = self.bench("--only", "micro", "--rounds", "2", "--allocators", "glibc,mimalloc", "--library", library)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("computed something else", result.stdout)

    def test_bad_usage_is_one_line_and_status_2(self):
        self.fake()
        for arguments in (
            ("--filter", "("),
            ("--filter", "^nothing$"),
            ("--rounds", "0"),
            ("--minutes", "0"),
            ("--scale", "2"),
            ("--allocators", "hoard"),
            ("--library", "mimalloc"),
            ("--json", "/nowhere/all.json"),
            ("--markdown", str(SOURCE / "README.md")),
            ("--from", "/nowhere/all.json"),
        ):
            result = self.bench(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        (HERE / "damaged.json").write_text('{"schema": 1, "samples": {"a/b": {"off": [{}]}}}')
        result = self.bench("--from", HERE / "damaged.json")
        self.assertEqual((result.returncode, len(result.stderr.splitlines())), (2, 1), result.stderr)

    def test_without_a_build_it_says_what_to_do(self):
        result = subprocess.run(
            [sys.executable, SOURCE / "bench" / "run", HERE / "nothing", "--allocators", "glibc"],
            capture_output=True,
            text=True,
        )
        self.assertEqual(result.returncode, 2)
        self.assertIn("build with -DARPENT_BENCH=ON", result.stderr)


def build_launcher():
    LAUNCHER.parent.mkdir(parents=True, exist_ok=True)
    compiler = os.environ.get("CXX", "c++")
    subprocess.run(
        [compiler, "-std=c++23", "-O1", "-static", SOURCE / "bench" / "launch.cpp", "-o", LAUNCHER], check=True
    )


if __name__ == "__main__":
    build_launcher()
    unittest.main(verbosity=1)
