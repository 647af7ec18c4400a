# Tests tools/arpent/check/
"""`arpent check` on objects, archives, libraries and executables of every configuration, and on files that are
damaged or none of these. What it must say is known from how the files were made."""

import json
import os
import subprocess

from harness.checks import check, finish

ARPENT = os.environ["ARPENT_BIN"]
SOURCE = os.environ["SOURCE_DIR"]
LIB = os.environ["ARPENT_LIB"]
CC = os.environ["CC"]
CXX = os.environ["CXX"]
INCLUDE = "-I" + os.path.join(SOURCE, "include")


def run(*command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, **options)


def build(*command):
    done = run(*command)
    if done.returncode != 0:
        raise SystemExit(f"FAILED: {' '.join(command)}\n{done.stderr.decode()}")


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


def checked(*arguments):
    """Status, standard output, standard error."""
    done = run(ARPENT, "check", *arguments)
    check(done.returncode in (0, 1, 2, 3), f"check {arguments} ended with {done.returncode}")
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def data(*arguments):
    status, out, _ = checked("--format", "json", *arguments)
    return status, json.loads(out)


def modules(file):
    """(name, language, tracked, debug information) of each module of one file's fields, sorted."""
    return sorted(
        (m["name"], m["language"], m["tracked"], m["debug_information"]) for o in file["objects"] for m in o["modules"]
    )


write("list.c", '#include "ar_heap.h"\nvoid* list_new(void) { return AR__HEAP__MALLOC(16, "list"); }\n')
write("end.c", '#include "ar_heap.h"\nvoid list_end(void* list) { AR__HEAP__FREE(list); }\n')
write("names.cpp", '#include <arpent/heap.hpp>\nchar* name() { return ar::dupe("name", "name"); }\n')
write("plain.cpp", "int* plain() { return new int[3]; }\nvoid plain_end(int* p) { delete[] p; }\n")
write("quiet.c", "int quiet(int i) { return i + 1; }\n")
write("main.c", "void* list_new(void); void list_end(void*); int main(void) { list_end(list_new()); return 0; }\n")

build(CC, "-g", "-DDEBUG", INCLUDE, "-c", "list.c")
build(CC, "-g", INCLUDE, "-c", "end.c")
build(CC, INCLUDE, "-c", "end.c", "-o", "end_bare.o")
build(CXX, "-std=c++20", "-O2", "-g", "-DDEBUG", INCLUDE, "-c", "names.cpp")
build(CXX, "-g", "-c", "plain.cpp")
build(CC, "-g", "-c", "quiet.c")
build(CC, "-g", "-c", "main.c")

# Objects, each by itself.
status, report = data("list.o", "end.o", "end_bare.o", "names.o", "plain.o", "quiet.o")
check(status == 0 and report["mixed"], "objects together are mixed, and that is no error without --strict")
files = {f["path"]: f for f in report["files"]}
check(modules(files["list.o"]) == [("list.c", "C", True, True)], f"list.o: {modules(files['list.o'])}")
check(modules(files["end.o"]) == [("end.c", "C", False, True)], f"end.o: {modules(files['end.o'])}")
check(modules(files["end_bare.o"]) == [("end.c", "C", False, False)], "end_bare.o lacks debug information")
check(modules(files["names.o"]) == [("names.cpp", "C++", True, True)], f"names.o: {modules(files['names.o'])}")
check(modules(files["plain.o"]) == [("plain.cpp", "C++", None, True)], f"plain.o: {modules(files['plain.o'])}")
calls = {path: f["objects"][0]["direct_calls"] for path, f in files.items()}
check(calls["list.o"]["malloc"] == [] and calls["list.o"]["ar_heap"] == ["ar_heap__malloc"], f"{calls['list.o']}")
check(calls["end.o"]["malloc"] == ["free"], f"end.o: {calls['end.o']}")
check(calls["plain.o"]["operators"] == ["operator delete[]", "operator new[]"], f"plain.o: {calls['plain.o']}")
check(calls["quiet.o"] == {"malloc": [], "operators": [], "ar_heap": []}, f"quiet.o: {calls['quiet.o']}")
check(
    report["programs"][0]["configuration"] == {"mixed": True, "tracked": 2, "untracked": 2, "without_note": 2},
    f"together: {report['programs']}",
)

# --strict: a mixture is 1, else 0.
check(checked("--strict", "list.o", "end.o")[0] == 1, "--strict accepts a mixture")
check("mixed" in checked("--strict", "list.o", "end.o")[2], "--strict does not say why")
check(checked("--strict", "list.o", "names.o", "plain.o", "quiet.o")[0] == 0, "--strict refuses what is not mixed")
check(checked("--strict", "end.o", "plain.o")[0] == 0, "--strict refuses what is not mixed")

# Archives, thin and thick; with names of more than 15 letters.
build("cp", "end.o", "a_member_with_a_long_name.o")
build("ar", "rcs", "libthick.a", "list.o", "a_member_with_a_long_name.o", "quiet.o")
build("ar", "rcsT", "libthin.a", "list.o", "a_member_with_a_long_name.o", "quiet.o")
for archive in "libthick.a", "libthin.a":
    status, report = data(archive)
    members = [o["member"] for o in report["files"][0]["objects"]]
    check(members == ["list.o", "a_member_with_a_long_name.o", "quiet.o"], f"{archive}: members {members}")
    check(len(modules(report["files"][0])) == 3 and report["mixed"], f"{archive}: {report['files'][0]}")
    check(report["files"][0]["objects"][1]["direct_calls"]["malloc"] == ["free"], f"{archive}: calls")
    check(checked("--strict", archive)[0] == 1, f"--strict accepts {archive}")

# Programs. Optimised, with sections collected, stripped: the notes stay.
objects = ["main.o", "list.o", "end.o"]
build(CC, "-o", "static", *objects, LIB + "/libarpent.a")
build(CC, "-o", "shared", *objects, "-L" + LIB, "-larpent", "-Wl,-rpath," + LIB)
build(CC, "-O2", "-Wl,--gc-sections", "-s", "-o", "stripped", *objects, LIB + "/libarpent.a")
build(CC, "-static", "-o", "full", *objects, LIB + "/libarpent.a")
both = [("end.c", "C", False, True), ("list.c", "C", True, True), ("main.c", "C", None, True)]
for program, owner, kind in (
    ("static", "arpent_linked", "executable"),
    ("shared", "arpent_library", "executable"),
    ("full", "arpent_linked", "static_executable"),
):
    status, report = data(program)
    file = report["files"][0]
    check(file["kind"] == kind, f"{program} is taken for {file['kind']}")
    check(modules(file) == both, f"{program}: {modules(file)}")
    check(file["objects"][0]["malloc"]["owner"] == owner, f"{program}: {file['objects'][0]['malloc']}")
    check(checked("--strict", program)[0] == 1, f"--strict accepts {program}")
    check("Safe here: Arpent serves malloc" in checked(program)[1], f"{program} is not said to be safe")
status, report = data("stripped")
check(
    modules(report["files"][0]) == [("end.c", "C", False, False), ("list.c", "C", True, False)],
    f"stripped: {modules(report['files'][0])}",
)

# A library, and a program that needs it: together they are mixed, each by itself is not.
build(CC, "-shared", "-fPIC", "-g", "-DDEBUG", INCLUDE, "list.c", "-o", "liblist.so", "-Wl,-soname,liblist.so")
build(CC, "main.o", "end.o", "-o", "app", "-L.", "-llist", "-L" + LIB, "-larpent", "-Wl,-rpath," + LIB)
check(checked("--strict", "app")[0] == 0 and checked("--strict", "liblist.so")[0] == 0, "each alone is not mixed")
check(checked("--strict", "app", "liblist.so")[0] == 1, "a program and its library are not looked at together")
status, report = data("app", "liblist.so", "shared")
check([p["files"] for p in report["programs"]] == [["app", "liblist.so"]], f"programs: {report['programs']}")

# A tracker of one's own under the names of ar_heap, and none at all.
write(
    "tracker.c",
    "#include <stdlib.h>\nvoid* ar_heap__malloc(size_t n, const char* f, int l, const char* d)"
    "{ (void)f; (void)l; (void)d; return malloc(n); }\n",
)
build(CC, *objects, "tracker.c", "-o", "hand_made")
out = checked("hand_made")[1]
check("Unsafe: the ar_heap__malloc in this program is not Arpent's" in out, f"hand-made tracker: {out}")
check("the C library's; 'arpent run'" in out, f"hand-made tracker: {out}")
check("free, malloc" in out, f"hand-made tracker: direct calls of the file as a whole: {out}")
build(CC, "main.o", "end.o", "-x", "c", "list.c", INCLUDE, "-o", "none")
out = checked("none")[1]
check("not mixed: 2 modules untracked" in out, f"no tracking at all: {out}")

# An allocator that comes before Arpent's.
write(
    "other.c", "#include <stddef.h>\nvoid* malloc(size_t n) { (void)n; return 0; }\nvoid free(void* p) { (void)p; }\n"
)
build(CC, "-shared", "-fPIC", "-fno-builtin", "other.c", "-o", "libother.so")
build(CC, *objects, "-o", "late", "-Wl,--no-as-needed", "-L.", "-lother", "-L" + LIB, "-larpent", "-Wl,-rpath,$ORIGIN")
owner = data("late")[1]["files"][0]["objects"][0]["malloc"]
check(owner["owner"] == "other_library" and owner["file"] == "libother.so" and owner["needs_libarpent"], f"{owner}")

# Zig: with the module, and through @cImport alone, where the debug information tells.
zig = run("sh", os.path.join(SOURCE, "scripts/install-zig"))
if zig.returncode != 0:
    raise SystemExit(f"FAILED: no Zig compiler: {zig.stderr.decode()}")
zig = zig.stdout.decode().strip()
write(
    "imports.zig",
    'const c = @cImport({ @cInclude("ar_heap.h"); });\n'
    "export fn zig_end(p: ?*anyopaque) void { c.AR__HEAP__FREE(p); }\n",
)
write(
    "module.zig",
    'const a = @import("ar_allocator");\nexport fn zig_make() ?*u32 { return a.create(u32, "zig"); }\n',
)
for name, flags, tracked in (("untracked", [], False), ("tracked", ["-DDEBUG"], True)):
    build(zig, "build-obj", "imports.zig", INCLUDE, "-D__ZIG__", *flags, "-lc", f"-femit-bin=imports_{name}.o")
    build(
        zig,
        "build-obj",
        "-lc",
        "--dep",
        "ar_allocator",
        "-Mroot=module.zig",
        INCLUDE,
        "-D__ZIG__",
        *flags,
        "-lc",
        f"-Mar_allocator={SOURCE}/zig/ar_allocator.zig",
        "--name",
        "called_otherwise",
        f"-femit-bin=module_{name}.o",
    )
    for kind, evidence in (("imports", "cimport"), ("module", "note")):
        file = data(f"{kind}_{name}.o")[1]["files"][0]
        found = [(m["language"], m["tracked"], m["known_from"]) for o in file["objects"] for m in o["modules"]]
        check(found == [("Zig", tracked, evidence)], f"{kind}_{name}.o: {found}")
    write(
        "zig_main.c", "void zig_end(void*); void* list_new(void); int main(void) { zig_end(list_new()); return 0; }\n"
    )
    build(CC, "-g", "zig_main.c", "list.o", f"imports_{name}.o", LIB + "/libarpent.a", "-o", f"zig_{name}")
    check(checked("--strict", f"zig_{name}")[0] == (0 if tracked else 1), f"zig_{name}: --strict")

# An unmodified program of the system: what can be told is told, and what cannot is said.
status, out, err = checked("/usr/bin/git")
check(status == 0 and not err, f"git: {status} {err}")
for words in ("unknown: there is no note", "malloc", "debug info     none"):
    check(words in out, f"git: '{words}' is not said: {out}")

# Files that are damaged or something else: one line each, status 3, and the others are checked.
write("text", "no object at all\n")
write("empty", "")
with open("static", "rb") as file:
    whole = file.read()
with open("cut", "wb") as file:
    file.write(whole[: len(whole) // 2])
with open("libthick.a", "rb") as file:
    archive = file.read()
with open("libcut.a", "wb") as file:
    file.write(archive[:-100])
build(CC, "-O2", "-flto", "-DDEBUG", INCLUDE, "-c", "list.c", "-o", "slim.o")
foreign = {
    "text": "is text",
    "empty": "is empty",
    "cut": "is cut off or damaged",
    "libcut.a": "is cut off",
    "slim.o": "LLVM bitcode" if "clang" in CC else "intermediate code",
    "missing": "does not exist",
    "/tmp": "is a folder",
    "/dev/null": "is no regular file",
}
status, out, err = checked(*foreign, "list.o")
check(status == 3, f"damaged files: status {status}")
check(len(err.splitlines()) == len(foreign), f"damaged files: not one line each: {err}")
for line, (name, words) in zip(err.splitlines(), foreign.items()):
    check(line.startswith(f"arpent check: '{name}' ") and words in line, f"{name}: '{line}'")
check("== list.o: object" in out, "the file after the damaged ones was not checked")
check(checked("--strict", "text", "list.o", "end.o")[0] == 1, "a mixture is told before a damaged file")

# Damage anywhere: never worse than a line. Cut off at, and with a changed byte in, places all over the file.
for name in ("list.o", "libthick.a"):
    with open(name, "rb") as file:
        whole = file.read()
    step = max(1, len(whole) // 60)
    for at in range(0, len(whole), step):
        with open("damaged", "wb") as file:
            file.write(whole[:at])
        checked("damaged")
        for byte in (0, 0xFF):
            with open("damaged", "wb") as file:
                file.write(whole[:at] + bytes([byte]) + whole[at + 1 :])
            checked("damaged")

check(checked()[0] == 2 and checked("--unknown")[0] == 2, "wrong options are not refused")
check("Example" in checked("--help")[1], "--help has no example")

finish("arpent check reports how every file was made")
