# Tests src/track/owners.cpp
"""Arenas and buffers are shown as owners of what lies in them, by site, in no total twice; and a block of theirs that is
given to the heap is told as what it is."""

import json
import os
import pathlib
import re
import subprocess

from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, UNNAMED, line_of, run, survey

PROGRAM = PROGRAMS / "owned_blocks"
SOURCE = "owned_blocks.cpp"


def contents(owner):
    """By description, with the stacks of one site together: [allocations, bytes, live blocks, live bytes]."""
    seen = {}
    for site in owner["contents"]:
        figures = [site["allocations"], site["allocated_bytes"], site["live_blocks"], site["live_bytes"]]
        known = seen.setdefault(site["description"], [0, 0, 0, 0])
        seen[site["description"]] = [a + b for a, b in zip(known, figures)]
    return seen


def owners_of(process):
    return {owner["description"]: owner for owner in process["owners"]}


for mode in ("sites", "stacks"):
    options = ["--mode", mode]

    _, report = survey(PROGRAM, "fill", options=options)
    process = report["process"]
    equal(len(process["owners"]), 1, f"owners ({mode})")
    arena = process["owners"][0]
    equal(
        (pathlib.Path(arena["file"]).name, arena["line"]),
        (SOURCE, line_of(SOURCE, "leaked arena")),
        f"where the arena was made ({mode})",
    )
    equal((arena["description"], arena["made"], arena["ended"]), ("arena", 1, 0), f"the arena ({mode})")
    equal(
        contents(arena),
        {"token": [13, 1150, 3, 150], "edge": [5, 320, 0, 0], "large": [1, 10000, 1, 10000]},
        f"what lies in it ({mode})",
    )
    for mark in ("token", "edge", "large"):
        lines = {site["line"] for site in arena["contents"] if site["description"] == mark}
        equal(lines, {line_of(SOURCE, mark)}, f"line of {mark} ({mode})")
    check(all(site["family"] != "owned" for site in process["sites"]), f"owned sites among the others ({mode})")
    for field in ("allocations", "allocated_bytes", "live_bytes", "lost_bytes"):
        equal(process[field], sum(site[field] for site in process["sites"]), f"sum of {field} ({mode})")
    check(process["peak_bytes"] >= process["live_bytes"] > 10000, f"the chunks are counted ({mode})")
    # Never released: a leak of the arena's site, or its chunks'.
    check(any(site["lost_bytes"] >= 10000 for site in process["sites"]), f"the arena's chunks are lost ({mode})")

    _, report = survey(PROGRAM, "marks", options=options)
    owner = owners_of(report["process"])["marked"]
    equal(
        contents(owner),
        {"token": [1001, 100010, 1, 10], "grown": [2, 220, 1, 200], "freed": [1, 30, 0, 0]},
        f"after a rewind, a change of size and a release ({mode})",
    )

    _, report = survey(PROGRAM, "pool", options=options)
    equal(report["process"]["owners"], [], f"a pool's places are no blocks that stay ({mode})")

    _, report = survey(PROGRAM, "names", options=options)
    process = report["process"]
    equal(
        (process["descriptions_capped"], sum(owner["made"] for owner in process["owners"])),
        (True, 5000),
        f"arenas of ever new names ({mode})",
    )
    check(len(process["owners"]) <= 4097, f"the names that are kept ({mode}): {len(process['owners'])}")

    for _ in range(3):
        _, report = survey(PROGRAM, "threads", options=options)
        seen = contents(owners_of(report["process"])["shared buffer"])
        equal(seen["token"], [1, 40, 1, 40], f"the shared buffer at its end ({mode})")
        equal(seen["passing"][2:], [0, 0], f"what threads had in the shared buffer ({mode})")
        check(0 < seen["passing"][0] <= 8000, f"how often threads used it ({mode}): {seen}")

    _, report = survey(PROGRAM, "forks", options=[*options, "--follow-children"])
    equal(contents(owners_of(report["process"])["inherited"]), {"token": [1, 1000, 1, 1000]}, f"the parent ({mode})")
    children = [image for image in report["others"] if image["owners"]]
    equal(len(children), 1, f"children with arenas ({mode})")
    equal(contents(children[0]["owners"][0]), {"token": [1, 24, 1, 24]}, f"the child's own ({mode})")
    equal(children[0]["owners"][0]["description"], "inherited", f"the child's arena ({mode})")

# What people read.
text = pathlib.Path("owned.txt")
run(PROGRAM, "fill", options=["--mode", "sites", "--report", text])
table = text.read_text().split("Arenas and buffers")[1].splitlines()
check(
    re.search(r'^ +\S+ \S+ +9\.9 KiB +11\.2 KiB +19  .*owned_blocks\.cpp:\d+  "arena"  1 made, 0 ended$', table[2]),
    f"the arena's row: {table}",
)
equal([re.search(r'"(\w+)"', row).group(1) for row in table[3:6]], ["large", "token", "edge"], "rows of its sites")

# Profiles that are kept, packed and merged keep owners.
profile, merged = pathlib.Path("owned.profile"), pathlib.Path("owned.pb.gz")
profile.unlink(missing_ok=True)
merged.unlink(missing_ok=True)
run(PROGRAM, "fill", options=["--profile", profile, "--report", "/dev/null"])
subprocess.run([os.environ["ARPENT_BIN"], "merge", merged, profile, profile], check=True)
done = subprocess.run(
    [os.environ["ARPENT_BIN"], "report", "--format", "json", merged], check=True, text=True, stdout=subprocess.PIPE
)
owner = json.loads(done.stdout)["process"]["owners"][0]
equal((owner["made"], contents(owner)["token"]), (2, [26, 2300, 6, 300]), "the sum of two")
profile.unlink()

# Wrong releases.
ENDS = {"free": "freed elsewhere", "delete": "deleted elsewhere", "realloc": "resized elsewhere"}
PLACE = rf"in {UNNAMED}wrong at \S*owned_blocks\.cpp:(\d+)"
for kind, name, made in (("arena", "an arena", "arena"), ("buffer", "a buffer", "fixed buffer")):
    for way, mark in ENDS.items():
        for policy in ("report", "ignore"):
            environment = {**os.environ, "LD_PRELOAD": os.environ["ARPENT_PRELOAD"], "ARPENT_MISMATCH": policy}
            done = subprocess.run([PROGRAM, kind, way], env=environment, capture_output=True, text=True)
            equal(done.returncode, 0, f"end of {kind} {way}")
            if policy == "ignore":
                equal(done.stderr, "", f"{kind} {way}, ignored")
                continue
            told = re.fullmatch(
                rf'arpent: mismatch: block 0x[0-9a-f]+ from {name} made at \S*owned_blocks\.cpp:(\d+) \("{made}"\), '
                rf'allocated at \S*owned_blocks\.cpp:(\d+) \("token"\), was given to free, delete or realloc {PLACE}; '
                r"ignored\n",
                done.stderr,
            )
            check(told is not None, f"{kind} {way} is told so: {done.stderr!r}")
            if told is not None:
                equal(
                    [int(line) for line in told.groups()],
                    [line_of(SOURCE, kind), line_of(SOURCE, "token"), line_of(SOURCE, mark)],
                    f"lines of {kind} {way}",
                )
    _, report = survey(PROGRAM, kind, "free")
    equal(report["process"]["mismatches"], 1, f"wrong releases of {kind}")

environment = {**os.environ, "LD_PRELOAD": os.environ["ARPENT_PRELOAD"]}
done = subprocess.run([PROGRAM, "others"], env=environment, capture_output=True, text=True)
told = re.sub(r"0x[0-9a-f]+", "0x…", re.sub(r"\S*/(?=owned_blocks\.cpp)", "", done.stderr)).splitlines()
here = f'owned_blocks.cpp:{line_of(SOURCE, "another arena")} ("arena") at owned_blocks.cpp:'
token = f'allocated at owned_blocks.cpp:{line_of(SOURCE, "token")} ("token")'
equal((done.returncode, len(told)), (0, 4), f"what the other arena tells: {done.stderr}")
equal(
    told[0],
    f'arpent: mismatch: block 0x… from an arena made at owned_blocks.cpp:{line_of(SOURCE, "arena of the block")} '
    f'("arena"), {token}, was given to an arena made at {here}{line_of(SOURCE, "freed in another arena")}; ignored',
    "another arena's block",
)
equal(
    told[1],
    f"arpent: mismatch: block 0x… from malloc, allocated in main at owned_blocks.cpp:"
    f'{line_of(SOURCE, "block of the heap")}, was given to an arena made at {here}{line_of(SOURCE, "block of the heap")}; ignored',
    "a block of the heap",
)
check(
    re.fullmatch(
        r'arpent: mismatch: block 0x… from a buffer made at .* \("fixed buffer"\), '
        + re.escape(token)
        + ", was given to an arena made at "
        + re.escape(here)
        + r"\d+; ignored",
        told[2],
    ),
    f"a buffer's block: {told[2]}",
)
check(
    re.fullmatch(
        "arpent: invalid free: 0x…, whose block is not known, was given to an arena made at "
        + re.escape(here)
        + r"\d+; ignored",
        told[3],
    ),
    f"no block: {told[3]}",
)

# The general purpose allocator knows its blocks itself; also where nothing is tracked.
pathlib.Path("general.cpp").write_text(
    """#include <arpent/general_purpose_allocator.hpp>
#include <cstdio>
#include <cstdlib>
int main() {
  ar::GeneralPurposeAllocator<> gpa;
  auto small = gpa.allocator().alloc<char>(24, "small");
  auto large = gpa.allocator().alloc<char>(100000, "large");
  void (*volatile release)(void*) = std::free;
  release(small->data());
  release(large->data());
  gpa.allocator().free(*small);
  gpa.allocator().free(*large);
  std::puts(gpa.deinit() == ar::Deinit::ok ? "clean" : "leak");
}
"""
)
libraries = os.environ["ARPENT_LIB"]
subprocess.run(
    [
        os.environ["CXX"],
        "-std=c++23",
        "-g",
        "-O0",
        f"-I{os.environ['SOURCE_DIR']}/include",
        "general.cpp",
        f"{libraries}/libarpent-allocators.a",
        "-o",
        "general",
    ],
    check=True,
)
for mode in ("sites", "off"):
    done = subprocess.run(
        ["./general"],
        env={**os.environ, "LD_PRELOAD": os.environ["ARPENT_PRELOAD"], "ARPENT_MODE": mode},
        capture_output=True,
        text=True,
    )
    equal((done.returncode, done.stdout), (0, "clean\n"), f"general purpose in mode {mode}")
    lines = re.findall(
        r'arpent: mismatch: block 0x[0-9a-f]+ from a general purpose allocator \("(\w+)"\), '
        r"was given to free, delete or realloc .*; ignored",
        done.stderr,
    )
    equal((lines, len(done.stderr.splitlines())), (["small", "large"], 2), f"messages in mode {mode}: {done.stderr}")

# The report of ar_heap lists what lies in arenas that were never released.
pathlib.Path("report.cpp").write_text(
    """#include <arpent/arena_allocator.hpp>
#include <arpent/heap_allocator.hpp>
int main() {
  auto* arena = new ar::ArenaAllocator{ar::heap_allocator, {}, "session"};
  (void)arena->allocator().alloc<char>(100, "step");
}
"""
)
subprocess.run(
    [
        os.environ["CXX"],
        "-std=c++23",
        "-g",
        f"-I{os.environ['SOURCE_DIR']}/include",
        "report.cpp",
        f"{libraries}/libarpent.a",
        "-o",
        "report",
    ],
    check=True,
)
subprocess.run(["./report"], check=True, env={**os.environ, "ARPENT_REPORT": "owned.log"}, stderr=subprocess.DEVNULL)
log = pathlib.Path("owned.log").read_text()
check("Actual memory leaks: 1 (4096 bytes)" in log and "  Description: session\n" in log, f"the arena's leak:\n{log}")
check(re.search(r"^In arenas and buffers .*: 1 blocks, 100 bytes$", log, re.MULTILINE), f"the section:\n{log}")
check(
    re.search(r'^ +100 +1  \S*report\.cpp:5, in "session" of \S*report\.cpp:4$', log, re.MULTILINE), f"its row:\n{log}"
)
finish()
