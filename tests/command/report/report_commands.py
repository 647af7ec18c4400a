# Tests tools/arpent/report/ tools/arpent/diff/ tools/arpent/merge/
"""`arpent report`, `diff` and `merge` on real profiles: what they say, and what they say of bad input."""

import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import threading

import jsonschema

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
from harness.checks import check, equal, finish
from harness.profiles import arpent, profile_of, report_json
from harness.survey import PROGRAMS, run, survey

profile_of("garden.profile", PROGRAMS / "run_sites")
whole = report_json("garden.profile")["process"]

# The summary, tables and trees.
text = arpent("report", "garden.profile")
check(re.search(r"^  allocated   [\d,]+ blocks, .* in all; [\d,]+ freed$", text, re.M), f"totals in {text}")
check(re.search(r"^  leaks       definitely lost: \d+ blocks", text, re.M), f"leaks in {text}")
for title in "Definitely lost", "Live at the peak", "Allocations", "Temporary allocations":
    check(f"\n{title}" in text, f"a table '{title}'")
table = arpent("report", "--sort", "leaked", "--by", "function", "--top", "2", "garden.profile")
check("By function, most definitely lost bytes first (the first 2 of " in table, f"a table by function: {table}")
check("garden::fill_barn" in arpent("report", "--tree", "top-down", "garden.profile"), "a tree")
check(arpent("report", "--by", "module", "garden.profile").rstrip().endswith("libstdc++.so.6"), "rows of modules")

# Choosing a part.
focused = report_json("garden.profile", "--focus", "lose_(seeds|trees)")
equal(focused["process"]["lost_bytes"], 7300, "lost with --focus")
ignored = report_json("garden.profile", "--ignore", "lose_(seeds|trees)")
equal(ignored["process"]["lost_bytes"], whole["lost_bytes"] - 7300, "lost with --ignore")

# Suppressions, in the report and for arpent run, which counts them in --leak-exit.
pathlib.Path("some.supp").write_text("leak:^garden::lose_seeds\n")
some = report_json("garden.profile", "--suppressions", "some.supp")["process"]
equal((some["suppressed_blocks"], some["suppressed_bytes"]), (7, 7000), "suppressed")
equal(some["lost_bytes"], whole["lost_bytes"] - 7000, "lost beside what is suppressed")
pathlib.Path("all.supp").write_text("leak:run_sites\n")
for file, status in ("some.supp", 9), ("all.supp", 0):
    done, found = survey(PROGRAMS / "run_sites", options=["--leak-exit", "9", "--suppressions", file])
    equal(done.returncode, status, f"--leak-exit with {file}")
    equal(
        found["process"]["lost_bytes"] + found["process"]["suppressed_bytes"], whole["lost_bytes"], f"sum with {file}"
    )
check(
    "suppressed: 12 blocks" in run(PROGRAMS / "run_sites", options=["--suppressions", "all.supp"]).stderr,
    "how many were suppressed is said",
)

# Merging: twice the same is the double, and can be merged again.
arpent("merge", "two.pb.gz", "garden.profile", "garden.profile")
two = report_json("two.pb.gz")
equal(two["processes"], 2, "processes")
busy = [site for site in whole["sites"] if site["allocations"]]
equal(len(two["process"]["sites"]), len(busy), "sites of two runs")
for field in "allocations", "allocated_bytes", "frees", "temporary", "live_bytes", "lost_bytes", "peak_bytes":
    equal(two["process"][field], 2 * whole[field], f"{field} of two runs")
arpent("merge", "three.pb.gz", "two.pb.gz", "garden.profile")
equal(report_json("three.pb.gz")["process"]["allocated_bytes"], 3 * whole["allocated_bytes"], "bytes of three")
arpent("merge", "one.pb.gz", "garden.profile")
one = report_json("one.pb.gz")["process"]
apart = ("index", "stack")
check(
    [{k: v for k, v in site.items() if k not in apart} for site in one["sites"]]
    == [{k: v for k, v in site.items() if k not in apart} for site in busy],
    "sites of the merged profile of one",
)
apart = ("sites", "frames")
equal(
    {k: v for k, v in one.items() if k not in apart},
    {k: v for k, v in whole.items() if k not in apart},
    "facts of the merged profile of one",
)

# Comparing two builds: another address and another line for everything, one site new, one gone, one grown.
PLOT = """
#include <stdlib.h>
%s
static void* plough(size_t n) { return malloc(n); }
static void* fence(void) { return malloc(100); }
#ifdef NEW
static void* mill(void) { return malloc(5000); }
#else
static void* well(void) { return malloc(300); }
#endif
int main(void) {
  void* kept[] = {plough(SIZE), fence(),
#ifdef NEW
    mill()
#else
    well()
#endif
  };
  for (int i = 0; i < 3; ++i) ((volatile char*)kept[i])[0] = 1;
  return 0;
}
"""


def build(name, lines, *options):
    folder = pathlib.Path(name)
    folder.mkdir()
    (folder / "plot.c").write_text(PLOT % ("\nint unused(int a) { return a * 7; }" * lines))
    subprocess.run(
        [
            os.environ["CC"],
            "-g",
            "-O0",
            "-fno-builtin",
            "-Wl,--build-id",
            "-o",
            folder / "plot",
            folder / "plot.c",
            *options,
        ],
        check=True,
    )
    profile_of(f"{name}.profile", folder / "plot")
    return folder / "plot"


build("old", 0, "-DSIZE=1000")
new_program = build("new", 1, "-DSIZE=2000", "-DNEW")
difference = json.loads(arpent("diff", "--format", "json", "--focus", "plot", "old.profile", "new.profile"))
jsonschema.validate(difference, json.loads((SOURCE / "docs" / "schemas" / "diff.schema.json").read_text()))
changes = {site["label"].split()[0]: (site["change"], site["growth"]) for site in difference["sites"]}
equal(
    changes,
    {"mill": ("new", 5000), "plough": ("grown", 1000), "fence": ("unchanged", 0), "well": ("gone", -300)},
    "what changed between two builds",
)
equal(difference["measure"], "peak", "what is compared of two processes")
text = arpent("diff", "--focus", "plot", "old.profile", "new.profile")
check("1 new, 1 grown, 1 unchanged, 0 shrunk, 1 gone" in text, f"counts in {text}")
arpent("diff", "--focus", "plot", "--fail-on-growth", "old.profile", "new.profile", status=1)
arpent("diff", "--focus", "plot", "--fail-on-growth", "5700", "old.profile", "new.profile")
arpent("diff", "--focus", "plot", "--fail-on-growth", "5699", "old.profile", "new.profile", status=1)
arpent("diff", "--focus", "plot", "--fail-on-growth=1000%", "old.profile", "new.profile")
arpent("diff", "--fail-on-growth", "new.profile", "old.profile", "--focus", "plot")

# Another machine: the program is gone, or another build is in its place; then its debug information is asked for.
build_id = next(
    module["build_id"]
    for module in report_json("new.profile")["process"]["modules"]
    if module["path"].endswith("new/plot")
)
served = pathlib.Path("served") / "buildid" / build_id
served.mkdir(parents=True)
subprocess.run(["objcopy", "--only-keep-debug", new_program, served / "debuginfo"], check=True)
new_program.unlink()
text = arpent("report", "new.profile")
check("new/plot is not on this machine" in text and "mill" not in text, f"the program that is not there: {text}")
check(re.search(r"plot\+0x[0-9a-f]+", text), f"an address in its place: {text}")
shutil.copy("old/plot", new_program)
text = arpent("report", "new.profile")
check("is another build than the one that was recorded" in text, f"another build: {text}")
check("plough" not in text and "mill" not in text, f"no wrong names: {text}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory="served"))
threading.Thread(target=server.serve_forever, daemon=True).start()
text = arpent(
    "report",
    "new.profile",
    environment={
        "DEBUGINFOD_URLS": f"http://127.0.0.1:{server.server_address[1]}",
        "HOME": os.getcwd(),
        "DEBUGINFOD_CACHE_PATH": os.path.abspath("debuginfod-cache"),
    },
)
server.shutdown()
check(re.search(r"mill  \S*plot\.c:\d+", text), f"names from debuginfod: {text}")
check("another build" not in text, f"and no complaint: {text}")

# Bad input: one line, and a status of its own.
garden = pathlib.Path("garden.profile").read_bytes()
packed = pathlib.Path("two.pb.gz").read_bytes()
pathlib.Path("empty").write_bytes(b"")
pathlib.Path("cut").write_bytes(garden[:20000])
pathlib.Path("text").write_text("hello, this is no profile\n" * 10)
pathlib.Path("cut.pb.gz").write_bytes(packed[: len(packed) // 2])
pathlib.Path("damaged.pb.gz").write_bytes(packed[:200] + bytes(50) + packed[250:])
pathlib.Path("version").write_bytes(garden[:8] + struct.pack("<I", 99) + garden[12:])
pathlib.Path("bad.supp").write_text("leak:x\nthread:y\n")
for file, words in {
    "missing": "cannot be opened: No such file",
    "empty": "is empty",
    "cut": "cut short",
    "text": "is not a profile of Arpent",
    "version": "has format 99",
    "cut.pb.gz": "ends too early",
    "damaged.pb.gz": "damaged",
    ".": "is not a regular file",
}.items():
    for command in ("report",), ("diff", "garden.profile"), ("merge", "never.pb.gz", "garden.profile"):
        said = arpent(*command, file, status=3)
        check(words in said and f"'{file}'" in said, f"{command} {file}: {said}")
check(not pathlib.Path("never.pb.gz").exists(), "nothing is written when a profile cannot be read")
for arguments, words in {
    ("--focus", "(", "garden.profile"): "no regular expression",
    ("--tree", "sideways", "garden.profile"): "--tree",
    ("--by", "function", "--tree", "top-down", "garden.profile"): "exclude each other",
    ("--by", "function", "--format", "pprof", "garden.profile"): "--format text only",
    ("--sort", "peak", "--format", "sarif", "garden.profile"): "does not apply",
    (): "PROFILE",
}.items():
    check(words in arpent("report", *arguments, status=2), f"{arguments} names {words}")
check("neither bytes" in arpent("diff", "--fail-on-growth=x", "garden.profile", "garden.profile", status=2), "a limit")
check(
    "line 2 is 'thread:y'" in arpent("report", "--suppressions", "bad.supp", "garden.profile", status=3),
    "the wrong line of the suppressions",
)
check("cannot be read" in arpent("report", "--suppressions", "missing", "garden.profile", status=3), "no suppressions")
check("/nowhere" in arpent("report", "--output", "/nowhere/x", "garden.profile", status=3), "no place for the report")

# --output and -o name the file of what is printed, in all of them; "-" is standard output.
for command in ("report", "garden.profile"), ("diff", "garden.profile", "garden.profile"):
    printed = arpent(*command)
    for option in "--output", "-o":
        equal(arpent(*command, option, "-"), printed, f"{command[0]} {option} -")
        equal(arpent(*command, option, "printed"), "", f"{command[0]} {option} FILE prints")
        equal(pathlib.Path("printed").read_text(), printed, f"{command[0]} {option} FILE")
check(not pathlib.Path("-").exists(), "no file is called '-'")
check("line 2" in run("true", options=["--suppressions", "bad.supp"]).stderr, "the same for arpent run")

finish()
