# Tests tools/arpent/run/
"""Programs whose memory cannot be seen, or only in part, run as without us, and what cannot be seen is said."""

import os
import pathlib
import shutil
import struct
import subprocess

from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, run, sites_at, source_of, survey

CC = os.environ["CC"]
OWN = pathlib.Path(os.environ["SOURCE_DIR"]) / "tests" / "support" / "own_malloc"


def build(output, *arguments):
    subprocess.run([CC, "-g", "-O1", "-fno-builtin", "-o", output, *map(str, arguments)], check=True)
    return f"./{output}"


def runs_without(program, because, status=6, output="works\n"):
    done = run(program)
    equal((done.stdout, done.returncode), (output, status), f"{program} as without us")
    equal(len(done.stderr.splitlines()), 1, f"one line about {program}: {done.stderr!r}")
    check(
        done.stderr.startswith("arpent run: cannot track this program; running it untracked: ")
        and because in done.stderr,
        f"'{because}' is not in {done.stderr!r}",
    )
    done, report = survey(program)
    equal((done.stdout, done.returncode), (output, status), f"{program} as without us, with JSON")
    equal((report["tracked"], report["process"]), (False, None), f"{program} is not tracked")
    check(because in report["why_not_tracked"], f"'{because}' is not in {report['why_not_tracked']!r}")
    equal(run(program, options=["--leak-exit", "9"]).returncode, status or 125, f"--leak-exit of {program}")


# Statically linked, plainly and position-independent
runs_without(build("static", OWN / "main.c", "-static"), "'./static' is statically linked")
runs_without(build("static_pie", OWN / "main.c", "-static-pie"), "'./static_pie' is statically linked")

# A static program that ends with 0 is no success for --leak-exit
pathlib.Path("zero.c").write_text("int main(void) { return 0; }\n")
runs_without(build("static_zero", "zero.c", "-static"), "statically linked", status=0, output="")

# Sanitizers
for name in ("address", "thread", "leak"):
    program = build(f"with_{name}", OWN / "main.c", f"-fsanitize={name}")
    runs_without(program, "Sanitizer, which has a malloc of its own")

# A script in front of a program that cannot be tracked
script = pathlib.Path("script")
script.write_text(f"#!{pathlib.Path('static').absolute()} -x\n")
script.chmod(0o755)
runs_without("./script", "static' is statically linked")

# Raised privileges
raised = pathlib.Path(build("raised", OWN / "main.c"))
if os.getuid() == 0:
    os.chown(raised, 65534, 65534)
    raised.chmod(0o2755)
    runs_without("./raised", "is set-gid")
    # Static, because the other user may not be let into the folders where the C library lies.
    other_user = pathlib.Path(build("other_user", OWN / "main.c", "-static"))
    os.chown(other_user, 65534, 65534)
    other_user.chmod(0o4755)
    runs_without("./other_user", "is set-uid")
else:
    mine = os.getuid(), os.getgid()
    raised.chmod(0o6755)
    equal(run("./raised").returncode, 6, f"set-uid to {mine} themselves raises nothing")

# Another processor: a 32-bit program that leaves with status 6
code = bytes.fromhex("b801000000bb06000000cd80")  # mov $1, %eax; mov $6, %ebx; int $0x80
header = struct.pack("<16sHHIIIIIHHHHHH", b"\x7fELF\x01\x01\x01", 2, 3, 1, 0x8048054, 52, 0, 0, 52, 32, 1, 0, 0, 0)
segment = struct.pack("<IIIIIIII", 1, 0, 0x8048000, 0x8048000, 84 + len(code), 84 + len(code), 5, 4096)
narrow = pathlib.Path("narrow")
narrow.write_bytes(header + segment + code)
narrow.chmod(0o755)
done = run("./narrow")
try:
    without = subprocess.run(["./narrow"]).returncode
except OSError:
    without = 126  # a system without 32-bit programs
equal(done.returncode, without, "status of a 32-bit program")
check("running it untracked: './narrow' is built for 32-bit x86" in done.stderr, done.stderr)

# An allocator of its own inside, seen by everyone, by the program alone, and not to be found at all
for name, options in (("exported", []), ("hidden", ['-DVISIBILITY="hidden"']), ("stripped", ["-s"])):
    program = build(name, OWN / "main.c", OWN / "own_malloc.c", *options)
    done = run(program)
    equal((done.stdout, done.returncode), ("works\n", 6), f"{name} as without us")
    expected = {
        "exported": "has a malloc of its own inside, and memory that comes from it cannot be seen",
        "hidden": "has a malloc of its own inside, out of other modules' sight",
        "stripped": "has a malloc of its own inside, and memory that comes from it cannot be seen",  # .dynsym has it
    }[name]
    check(expected in done.stderr, f"'{expected}' is not said of {name}:\n{done.stderr}")
    check("  allocated   0 blocks" not in done.stderr, f"a report of zero of {name}")
program = build("hidden_stripped", OWN / "main.c", OWN / "own_malloc.c", '-DVISIBILITY="hidden"', "-s")
done = run(program)
equal((done.stdout, done.returncode), ("works\n", 6), "hidden and stripped as without us")
equal([s for s in survey(program)[1]["process"]["sites"] if s["allocated_bytes"] == 100], [], "its own block is unseen")

# A library with a malloc, as jemalloc is: ours goes before
build("libjemalloc.so.2", OWN / "own_malloc.c", "-shared", "-fPIC", "-Wl,-soname,libjemalloc.so.2")
program = build("with_jemalloc", OWN / "main.c", "-Wl,--no-as-needed", "./libjemalloc.so.2", "-Wl,-rpath,$ORIGIN")
done, report = survey(program)
equal((done.stdout, done.returncode), ("works\n", 6), "with libjemalloc as without us")
equal(len([s for s in report["process"]["sites"] if s["allocated_bytes"] == 100]), 1, "its block is seen")
check(any("libjemalloc.so.2" in note for note in report["notes"]), f"notes: {report['notes']}")

# A malloc that was preloaded before stays behind ours
done, report = survey(
    build("plain", OWN / "main.c"), environment={"LD_PRELOAD": str(pathlib.Path("libjemalloc.so.2").absolute())}
)
equal((done.stdout, done.returncode), ("works\n", 6), "with a preloaded malloc as without us")
equal(len([s for s in report["process"]["sites"] if s["allocated_bytes"] == 100]), 1, "its block is seen")

# A library whose path has a space: LD_PRELOAD cannot hold it
folder = pathlib.Path("a b:c")
folder.mkdir()
library = folder / "libarpent-preload.so"
shutil.copy(os.environ.get("ARPENT_PRELOAD"), library)
equal(survey("./plain", environment={"ARPENT_PRELOAD": str(library)})[1]["tracked"], True, "a library in 'a b:c'")

# Programs that link Arpent: one heap serves them, and their leak is found
full_static = build(
    "linked_static",
    "-I" + os.environ["SOURCE_DIR"] + "/include",
    source_of("run_linked.c"),
    "-static",
    os.environ["ARPENT_LIB"] + "/libarpent.a",
)
for program in (PROGRAMS / "run_linked-static", PROGRAMS / "run_linked-shared", full_static):
    done, report = survey(program)
    equal((done.stdout, done.returncode), ("linked\n", 0), f"{program} as without us")
    equal(report["tracked"], True, f"{program} is tracked: {report['why_not_tracked']}")
    found = sites_at(report, "linked/run_linked.c", "parcel")
    equal(
        [(s["lost_blocks"], s["lost_bytes"], s["description"], s["annotated"], s["family"]) for s in found],
        [(1, 321, "lost parcel", True, "ar_heap")],
        f"the leak of {program}",
    )
    equal(report["process"]["lost_blocks"], 1, f"lost blocks of {program}")
    equal(len([s for s in report["process"]["sites"] if s["allocated_bytes"] == 100]), 1, f"malloc of {program}")
    served = "the preloaded heap served" if "shared" in str(program) else "its own heap served"
    check(
        any("links Arpent itself: " in note and served in note for note in report["notes"]),
        f"notes of {program}: {report['notes']}",
    )
    pathlib.Path("heap_memory_report.log").unlink(missing_ok=True)


def with_version(source, target, version):
    """A copy whose note of Arpent's own unit (docs/module-notes.md) names another version."""
    content = bytearray(pathlib.Path(source).read_bytes())
    note = struct.pack("<I8s", 0x4152, b"Arpent")
    at = content.find(note)
    changed = 0
    while at >= 0:
        layout, _, flags, _ = struct.unpack_from("<IIII", content, at + 12)
        if layout == 1 and flags & 2:
            struct.pack_into("<I", content, at + 24, version)
            changed += 1
        at = content.find(note, at + 1)
    equal(changed, 1, f"notes of the library in {source}")
    pathlib.Path(target).write_bytes(content)
    pathlib.Path(target).chmod(0o755)
    return target


# Differing versions are told
with_version(PROGRAMS / "run_linked-static", "old_static", 0x20304)
subprocess.run(["strip", "old_static"], check=True)
done = run("./old_static")
equal((done.stdout, done.returncode), ("linked\n", 0), "an old, stripped one as without us")
check("'./old_static' links Arpent itself, version 2.3.4 (this is " in done.stderr, f"old version:\n{done.stderr}")
pathlib.Path("old").mkdir()
shared = os.environ["ARPENT_LIB"] + "/libarpent.so"
soname = next(
    line.split("[")[1].split("]")[0]
    for line in subprocess.run(["readelf", "-dW", shared], capture_output=True, text=True).stdout.splitlines()
    if "SONAME" in line
)
with_version(shared, f"old/{soname}", 0x20305)
shutil.copy(PROGRAMS / "run_linked-shared", "old_shared")
done = run("./old_shared", environment={"LD_LIBRARY_PATH": str(pathlib.Path("old").absolute())})
equal((done.stdout, done.returncode), ("linked\n", 0), "one with an old library as without us")
check("'./old_shared' links Arpent itself, version 2.3.5 (this is " in done.stderr, f"old library:\n{done.stderr}")
finish()
