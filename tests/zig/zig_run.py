# Tests tools/arpent/run/
"""`arpent run` on Zig programs. What leaks through std.heap.c_allocator is reported by function, file and line, past the
standard library, however optimised, linked and mixed with C. What cannot be seen is told, in words of Zig."""
# ctest: TIMEOUT=1200 COST=103

import os
import pathlib
import re
import subprocess

from harness.checks import check, equal, finish
from harness.survey import line_of, run, survey

ROOT = pathlib.Path(os.environ["SOURCE_DIR"])
PROGRAMS = ROOT / "tests" / "zig"
CC = os.environ["CC"]
ZIG = subprocess.run(
    ["sh", ROOT / "scripts" / "install-zig"], stdout=subprocess.PIPE, text=True, check=True
).stdout.strip()
os.environ["ZIG_GLOBAL_CACHE_DIR"] = os.path.join(os.environ["BUILD_DIR"], "zig-cache")


def build(program, source, *options, what="build-exe"):
    subprocess.run([ZIG, what, *options, f"-femit-bin={program}", str(PROGRAMS / source)], check=True)
    return f"./{program}"


def places(report, kind="lost"):
    """Mark -> (blocks, bytes) of the sites of that kind, by the mark that their line in the source ends with. Sites
    elsewhere stand under their label."""
    found = {}
    for site in report["process"]["sites"]:
        if site[f"{kind}_blocks"] == 0:
            continue
        name = f"{site['function']} {site['file']}:{site['line']}"
        if site["file"] and pathlib.Path(site["file"]).parent == PROGRAMS and site["line"]:
            source = pathlib.Path(site["file"]).read_text().splitlines()[site["line"] - 1]
            mark = re.search(r"// site: (.*)$", source)
            name = mark[1] if mark else name
        blocks, size = found.get(name, (0, 0))
        found[name] = (blocks + site[f"{kind}_blocks"], size + site[f"{kind}_bytes"])
    return found


def function_at(report, mark):
    line = line_of(PROGRAMS / "leaks_through_libc.zig", mark)
    return [s["function"] for s in report["process"]["sites"] if s["line"] == line]


LOST = {
    "record": (1, 48),
    "slice": (1, 301),
    "copy": (1, 43),
    "text": (1, 41),
    "aligned": (1, 640),
}


BLOCKS_LOST = 7


def check_leaks(program, module="leaks_through_libc"):
    done, report = survey(program)
    equal((done.stdout, done.returncode), ("done\n", 0), f"{program} as without us")
    lost = places(report)
    for mark, expected in LOST.items():
        equal(lost.get(mark), expected, f"{program}: the leak '{mark}' among {lost}")
    equal(sorted(lost), sorted([*LOST, "grown list", "table"]), f"{program}: the places of leaks")
    for mark, function in (("record", "loseRecord"), ("slice", "loseSlice"), ("table", "loseTable")):
        equal(function_at(report, mark), [f"{module}.{function}"], f"{program}: the function of '{mark}'")
    equal(
        len(
            [
                s
                for s in report["process"]["sites"]
                if s["line"] == line_of(PROGRAMS / "leaks_through_libc.zig", "released")
            ]
        ),
        1,
        f"{program}: what was released has its site",
    )
    text = run(program).stderr
    line = line_of(PROGRAMS / "leaks_through_libc.zig", "slice")
    check(
        re.search(rf"^ +301 B +1  {module}\.loseSlice  .*leaks_through_libc\.zig:{line}$", text, re.MULTILINE)
        is not None,
        f"{program}: the text report names the leak:\n{text}",
    )


for optimised in ("Debug", "ReleaseSafe", "ReleaseFast"):
    check_leaks(build(f"leaks-{optimised}", "leaks_through_libc.zig", "-lc", f"-O{optimised}"))
check_leaks(build("leaks-pie", "leaks_through_libc.zig", "-lc", "-fPIE"))

# Without symbols nothing says which function is the library's: module and offset.
for name, options in (("small", ["-OReleaseSmall"]), ("stripped", ["-fstrip"])):
    program = build(f"leaks-{name}", "leaks_through_libc.zig", "-lc", *options)
    report = survey(program)[1]
    lost = [s for s in report["process"]["sites"] if s["lost_blocks"] != 0]
    equal(
        (sum(s["lost_blocks"] for s in lost), sum(s["lost_bytes"] for s in lost if s["lost_bytes"] > 5000) > 0),
        (BLOCKS_LOST, True),
        f"{program}: blocks lost: {lost}",
    )
    check(all(s["file"] is None and s["line"] is None for s in lost), f"{program}: places out of nothing: {lost}")
    check(
        re.search(rf"^ +[\d.]+ (Ki)?B +\d  leaks-{name}\+0x[0-9a-f]+$", run(program).stderr, re.MULTILINE) is not None,
        f"{program}: module and offset",
    )

# What the standard library allocates for its user is its user's.
for optimised in ("Debug", "ReleaseSafe", "ReleaseFast"):
    program = build(f"calls-{optimised}", "library_calls.zig", "-lc", f"-O{optimised}")
    done, report = survey(program)
    equal((done.stdout, done.returncode), ("done\n", 0), f"{program} as without us")
    marks = set(re.findall(r"// site: (.*)$", (PROGRAMS / "library_calls.zig").read_text(), re.MULTILINE))
    lost = places(report)
    equal(sorted(set(lost) - marks), [], f"{program}: places that are not the user's")
    equal(sorted(marks - set(lost)), [], f"{program}: places that are missing")

# Among C: GCC's objects have .debug_aranges and Zig's have none, and Zig's lies in the gap between theirs.
pathlib.Path("first.c").write_text(
    "void zig_work(void); void second(void);\nint main(void) { zig_work(); second(); return 0; }\n"
)
pathlib.Path("second.c").write_text('#include <unistd.h>\nvoid second(void) { (void)!write(1, "done\\n", 5); }\n')
inner = pathlib.Path("in_c.zig")
inner.write_text(
    """const leaks = @import("leaks");
export fn zig_work() void {
    leaks.loseAll(@import("std").heap.c_allocator);
}
"""
)
for name in ("first", "second"):
    subprocess.run([CC, "-g", "-c", f"{name}.c"], check=True)
subprocess.run(
    [
        ZIG,
        "build-obj",
        "-fPIC",
        "-fcompiler-rt",
        "-lc",
        "-femit-bin=in_c.o",
        "--dep",
        "leaks",
        "-Mroot=in_c.zig",
        f"-Mleaks={PROGRAMS}/leaks_through_libc.zig",
    ],
    check=True,
)
subprocess.run([CC, "-g", "first.o", "in_c.o", "second.o", "-o", "in_c"], check=True)
check_leaks("./in_c")


# What cannot be seen
def cannot_be_seen(program, *expected, arguments=(), before=True):
    done = run(program, *arguments)
    equal((done.stdout, done.returncode), ("worked\n", 0), f"{program} as without us")
    told = " ".join(done.stderr.split())
    start = (
        f"arpent run: cannot track this program; running it untracked: '{program}' is statically linked"
        if before
        else "tracked nothing: "
    )
    for words in (start, "cannot be seen", "std.heap.c_allocator or ar_allocator", *expected):
        check(words in told, f"{program}: '{words}' is not told:\n{done.stderr}")
    equal(len(done.stderr.splitlines()), 1 if before else 3, f"{program}: no more is told than that:\n{done.stderr}")
    report = survey(program, *arguments)[1]
    equal((report["tracked"], report["process"]), (False, None), f"{program} is not tracked")


for source in ("maps_pages.zig", "general_purpose.zig"):
    name = source.removesuffix(".zig")
    for optimised in ("Debug", "ReleaseFast"):
        cannot_be_seen(
            build(f"{name}-{optimised}-static", source, f"-O{optimised}"), "without libc: there is no malloc"
        )
    cannot_be_seen(build(f"{name}-small-static", source, "-OReleaseSmall"), "there is no loader")
    for optimised in ("Debug", "ReleaseFast", "ReleaseSmall"):
        cannot_be_seen(build(f"{name}-{optimised}", source, "-lc", f"-O{optimised}"), "page_allocator", before=False)
cannot_be_seen(build("musl-static", "maps_pages.zig", "-lc", "-target", "x86_64-linux-musl"), "there is no loader")

# A few blocks of libc do not make it look seen.
for program, words in (
    ("./maps_pages-Debug", "asks no libc for memory"),
    ("./maps_pages-ReleaseSmall", "asks no libc for memory"),
    ("./general_purpose-ReleaseFast", "has Zig's GeneralPurposeAllocator inside"),
):
    report = survey(program, "more")[1]
    equal(report["tracked"], True, f"libc allocates in {program}: {report['why_not_tracked']}")
    check(
        any(words in note and "cannot be seen" in note for note in report["notes"]),
        f"{program}: no note names mapped memory: {report['notes']}",
    )
done, report = survey("./leaks-Debug")
equal(report["notes"], [], "notes on a program whose memory is seen")
finish()
