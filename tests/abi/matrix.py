# Tests src/abi/
"""The matrix: every way to allocate crossed with every way to release, in C, C++ and Zig modules, tracked and
untracked, in one program; see matrix/. Each cell runs by itself, twice over: no false leak, no missed leak, no
crash. A cell that is wrong in any build is told once, with both places and both families, and changes no leak."""
# ctest: TIMEOUT=1500 COST=41

import concurrent.futures
import json
import os
import re
import subprocess

from harness.checks import fail, finish

ARPENT, LIB, SOURCE = os.environ["ARPENT_BIN"], os.environ["ARPENT_LIB"], os.environ["SOURCE_DIR"]
CC, CXX = os.environ["CC"], os.environ["CXX"]
MATRIX = os.path.join(os.path.dirname(__file__), "matrix")
INCLUDE = ["-I" + os.path.join(SOURCE, "include"), "-I" + MATRIX]
TIMES = 2

AR_HEAP = {
    "c_tracked",
    "c_tracked_strdup",
    "ar_create_tracked",
    "ar_alloc_tracked",
    "zig_tracked",
    "zig_import_tracked",
    "plugin_tracked",
}
NEW = {"new", "std_allocator", "plugin_new"}
NEW_ARRAY = {"new_array"}
DELETE = {"delete", "std_allocator"}
DELETE_ARRAY = {"delete_array"}

MISMATCH = re.compile(
    r"^arpent: mismatch: block 0x[0-9a-f]+ from (.+?), allocated at (.+), was released by (.+?) at (.+)$", re.MULTILINE
)
PLACE = re.compile(r"^(.+:[1-9]\d*|.+\+0x[0-9a-f]+)( \(\".*\"\))?$")  # never "zig:0"


def build(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"FAILED: {' '.join(map(str, command))}\n{done.stderr}")


def build_all():
    """Name of each program -> how it is served."""
    zig = subprocess.run(["sh", os.path.join(SOURCE, "scripts/install-zig")], capture_output=True, text=True)
    if zig.returncode != 0:
        raise SystemExit(f"FAILED: no Zig compiler: {zig.stderr}")
    zig = zig.stdout.strip()
    c = [CC, "-std=c11", "-g", "-O0", "-fno-builtin", "-Wall", "-Wextra", "-Werror", *INCLUDE, "-c"]
    cxx = [CXX, "-std=c++20", "-g", "-O0", "-fno-builtin", "-Wall", "-Wextra", "-Werror", *INCLUDE, "-c"]
    objects = []

    def compiled(command, source, name, *flags):
        build(*command, os.path.join(MATRIX, source), "-o", name, *flags)
        objects.append(name)

    compiled(c, "c_module.c", "c_tracked.o", "-DDEBUG")
    compiled(c, "c_module.c", "c_untracked.o")
    compiled(c, "libc_module.c", "libc.o")
    compiled(cxx, "cpp_plain.cpp", "cpp_plain.o")
    compiled(cxx, "cpp_module.cpp", "cpp_tracked.o", "-DDEBUG")
    compiled(cxx, "cpp_module.cpp", "cpp_untracked.o")
    zig_object = [zig, "build-obj", "-fPIC", "-lc", "-fcompiler-rt"]
    build(*zig_object, f"-Mroot={MATRIX}/zig_plain.zig", "--name", "zig_plain", "-femit-bin=zig_plain.o")
    for name, flags in (("zig_tracked", ["-DDEBUG"]), ("zig_untracked", [])):
        header = [INCLUDE[0], "-D__ZIG__", *flags, "-lc"]
        build(
            *zig_object,
            "--dep",
            "ar_allocator",
            *header,
            f"-Mroot={MATRIX}/zig_module.zig",
            *header,
            f"-Mar_allocator={SOURCE}/zig/ar_allocator.zig",
            "--name",
            name,
            f"-femit-bin={name}.o",
        )
    objects.extend(["zig_plain.o", "zig_tracked.o", "zig_untracked.o"])

    main = os.path.join(MATRIX, "main.c")
    build(*c, main, "-o", "main.o", "-DDEBUG")
    build(*c, main, "-o", "main_alone.o", "-DDEBUG", "-DWITHOUT_PLUGIN")
    build(*c, os.path.join(MATRIX, "plugin_module.c"), "-o", "plugin_module.o")
    build(*cxx[:-1], "-DDEBUG", "-fPIC", "-shared", os.path.join(MATRIX, "plugin.cpp"), "-o", "plugin.so")
    build(CC, "-shared", "-fPIC", os.path.join(MATRIX, "no_heap.c"), "-o", "libno_heap.so")

    with_plugin = ["main.o", "plugin_module.o", *objects]
    archive = os.path.join(LIB, "libarpent.a")
    build(CXX, *with_plugin, archive, "-rdynamic", "-o", "static")
    build(CXX, "-static", "main_alone.o", *objects, archive, "-o", "fully_static")
    build(CXX, *with_plugin, "-L" + LIB, "-larpent", "-Wl,-rpath," + LIB, "-o", "shared")
    build(CXX, *with_plugin, "-L.", "-lno_heap", "-Wl,-rpath,$ORIGIN", "-o", "preload")
    return ["static", "fully_static", "shared", "preload"]


def run(program, make, end, policy=None):
    """Status, standard error, and (blocks of ar_heap, bytes of ar_heap, blocks of others) that are lost."""
    folder = os.path.join("cells", f"{program}-{make}-{end}-{policy}")
    os.makedirs(folder)
    # The plugin is looked for in the working directory.
    os.symlink("../../plugin.so", os.path.join(folder, "plugin.so"))
    environment = dict(os.environ, ARPENT_SYMBOLIZER="")
    environment.pop("LD_PRELOAD", None)
    if policy:
        environment["ARPENT_MISMATCH"] = policy
    words = [os.path.abspath(program), make, end]
    if program == "preload":
        words = [ARPENT, "run", "--format", "json", "--report", "run.json", "--", *words]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    report = ""
    path = os.path.join(folder, "heap_memory_report.log")
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            report = file.read()
    leaks = re.search(r"^Actual memory leaks: (\d+) \((\d+) bytes\)$", report, re.MULTILINE)
    others = re.search(r"^  In use: +([\d,]+) blocks", report, re.MULTILINE)
    lost = None
    if leaks:
        in_use = int(others[1].replace(",", "")) if others else 0
        lost = (int(leaks[1]), int(leaks[2]), in_use)
    if program == "preload":
        with open(os.path.join(folder, "run.json"), encoding="utf-8") as file:
            survey = json.load(file)
        if not survey["tracked"]:
            return done.returncode, "not tracked: " + str(survey["why_not_tracked"]), None, 0
        return done.returncode, done.stderr, lost, survey["process"]["lost_blocks"]
    return done.returncode, done.stderr, lost, None


def family(make):
    if make in AR_HEAP:
        return "ar_heap"
    if make in NEW:
        return "operator new"
    return "operator new[]" if make in NEW_ARRAY else "malloc"


def release(end):
    if end in DELETE:
        return "operator delete"
    return "operator delete[]" if end in DELETE_ARRAY else "free"


def is_wrong(make, end):
    right = {
        "ar_heap": "free",
        "malloc": "free",
        "operator new": "operator delete",
        "operator new[]": "operator delete[]",
    }
    return end != "keep" and right[family(make)] != release(end)


def judge(program, baseline, make, end, policy=None):
    """What is wrong with the cell, or nothing."""
    status, errors, lost, lost_in_all = run(program, make, end, policy)
    if policy == "abort" and is_wrong(make, end):
        if status not in (-6, 134):
            return f"did not abort, but ended with {status}"
        return None if len(MISMATCH.findall(errors)) == 1 else f"aborts without one line: {errors}"
    if status != 0:
        return f"ended with {status}: {errors[-300:]}"
    if lost is None:
        return "wrote no report of ar_heap"
    kept = TIMES if end == "keep" else 0
    of_ar_heap = kept if family(make) == "ar_heap" else 0
    if lost[0] != of_ar_heap:
        return f"{lost[0]} leaks of ar_heap are reported, not {of_ar_heap}"
    if lost[2] - baseline[2] != kept - of_ar_heap:
        return f"{lost[2] - baseline[2]} blocks of other origin are left, not {kept - of_ar_heap}"
    if lost_in_all is not None and lost_in_all != kept:
        return f"arpent run says that {lost_in_all} blocks are lost, not {kept}"
    told = MISMATCH.findall(errors)
    if not is_wrong(make, end) or policy == "ignore":
        unexpected = [line for line in errors.splitlines() if line.startswith("arpent: ")]
        return f"is reported: {unexpected[0]}" if unexpected else None
    if len(told) != 1:
        return f"{len(told)} mismatches are told, not one: {errors[-300:]}"
    allocator, made_at, releaser, ended_at = told[0]
    if (allocator, releaser) != (family(make), release(end)):
        return f"is told as {allocator} and {releaser}"
    if not PLACE.match(made_at) or not PLACE.match(ended_at):
        return f"has no places: '{made_at}', '{ended_at}'"
    if make.startswith("plugin") and "plugin" not in made_at:
        return f"does not name the plugin that is closed: '{made_at}'"
    return None


def table(program, makes, ends, wrong):
    print(f"\n{program}:  . released, nothing lost   m mismatch, told once   k lost on purpose, found   X wrong\n")
    width = max(map(len, makes)) + 2
    for i, end in enumerate(ends):
        print(" " * width + "| " * i + "+- " + end)
    for make in makes:
        cells = []
        for end in ends:
            letter = "k" if end == "keep" else "m" if is_wrong(make, end) else "."
            cells.append("X" if (make, end) in wrong else letter)
        print(make.ljust(width) + " ".join(cells))


def try_program(program, pool):
    listing = subprocess.run(
        ["./" + program, "list"],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ, ARPENT_REPORT="/dev/null"),
    ).stdout.split()
    makes = [name for kind, name in zip(listing[::2], listing[1::2]) if kind == "make"]
    ends = [name for kind, name in zip(listing[::2], listing[1::2]) if kind == "end"] + ["keep"]
    # What the C++ library keeps for the life of the process, and the loader once a library was opened and closed.
    baselines = {}
    for name in ("nothing", "nothing_of_plugin"):
        status, errors, baselines[name], _ = run(program, name, "keep")
        if status != 0 or baselines[name] is None or baselines[name][0] != 0:
            fail(f"{program}: {name}, and it ends with {status}, {baselines[name]}: {errors}")
            return

    def judged(cell, policy=None):
        name = "nothing_of_plugin" if cell[0].startswith("plugin") else "nothing"
        return judge(program, baselines[name], *cell, policy)

    cells = [(make, end) for make in makes for end in ends]
    wrong = {}
    for cell, what in zip(cells, pool.map(judged, cells)):
        if what:
            wrong[cell] = what
    table(program, makes, ends, wrong)
    for (make, end), what in wrong.items():
        fail(f"{program}: {make} released by {end}: {what}")
    for policy in ("ignore", "report", "abort"):
        for cell in (("new", "free"), ("c_tracked", "delete"), ("malloc", "delete_array"), ("malloc", "free")):
            if what := judged(cell, policy):
                fail(f"{program}: {' released by '.join(cell)} with ARPENT_MISMATCH={policy}: {what}")
    print(f"{len(cells)} cells, {len(wrong)} wrong", flush=True)


def main():
    programs = build_all()
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for program in programs:
            try_program(program, pool)
    finish("\nno false leak, no missed leak, no crash; what is wrong in any build is reported once")


main()
