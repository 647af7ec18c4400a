# Tests include/ar_heap.h
"""Modules that track and modules that do not, in C and C++, give no false leak and miss none, however they are mixed."""

import os
import re
import subprocess

from harness import ar_heap_report as reports

SOURCES = os.path.join(os.path.dirname(__file__), "ar_heap_modules")
LIB = os.environ["ARPENT_LIB"]
FLAGS = [
    "-O1",
    "-g",
    "-fno-builtin",
    "-fno-optimize-sibling-calls",  # each allocation in a function of its module
    "-fPIC",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-I",
    os.path.join(os.environ["SOURCE_DIR"], "include"),
]
C, CXX = [os.environ["CC"], "-std=c11"], [os.environ["CXX"], "-x", "c++", "-std=c++20"]
MODULES = {
    "c_tracked": [*C, "-DDEBUG"],
    "c_plain": C,
    "cpp_tracked": [*CXX, "-DDEBUG"],
    "cpp_plain": CXX,
}


def build(*command):
    subprocess.run(command, check=True)


def check(program, arguments):
    reports.remove()
    done = subprocess.run([f"./{program}", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{program}: status {done.returncode}\n{done.stdout}{done.stderr}"
    assert [line for line in done.stderr.splitlines() if not line.startswith("Warning: ")] == [], done.stderr
    report = reports.read()
    expected = [
        (int(address, 16), int(size), text)
        for address, size, text in re.findall(r"^expect (\S+) (\d+) (.*)$", done.stdout, re.MULTILINE)
    ]
    assert len(expected) == sum("tracked" in name for name in arguments), done.stdout
    assert [(leak.address, leak.size, leak.description) for leak in report.leaks] == expected[::-1], report.text
    for size in re.findall(r"^plain (\d+)$", done.stdout, re.MULTILINE):
        assert re.search(rf"^ +{size} +1 ", report.other_memory, re.MULTILINE), report.text
    print(f"{program}: {len(arguments)} modules, {len(expected)} leaks of modules that track, no other")


def main():
    for name, compile_module in MODULES.items():
        build(*compile_module, *FLAGS, f"-DMODULE={name}", "-c", f"{SOURCES}/module.c", "-o", f"{name}.o")
        build(C[0], "-shared", f"{name}.o", "-o", f"{name}.so")
    objects = [f"{name}.o" for name in MODULES]
    shared = ["-L", LIB, "-larpent", f"-Wl,-rpath,{LIB}"]
    main_program = [*C, *FLAGS, f"{SOURCES}/main.c", "-Wl,--export-dynamic", "-pthread"]
    build(*main_program, *objects, f"{LIB}/libarpent.a", "-o", "static")
    build(*main_program, *objects, *shared, "-o", "shared")
    build(*main_program, "-Wl,--whole-archive", f"{LIB}/libarpent.a", "-Wl,--no-whole-archive", "-o", "host_static")
    build(*main_program, "-Wl,--no-as-needed", *shared, "-o", "host_shared")
    plugins = [f"./{name}.so:{name}" for name in MODULES]
    for program in ("static", "shared"):
        check(program, list(MODULES))
        check(program, ["c_tracked", "cpp_plain"])
    for program in ("host_static", "host_shared"):
        check(program, plugins)
        check(program, plugins[::-1])


if __name__ == "__main__":
    main()
