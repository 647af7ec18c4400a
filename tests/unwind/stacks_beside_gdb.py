# Tests src/unwind/ src/track/sites/take_stack.cpp
"""Stacks are those that gdb sees at the same malloc: frame for frame by address, and by name where functions are inlined."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from harness.checks import check, equal, finish
from harness.profiles import arpent
from harness.survey import PROGRAMS

if shutil.which("gdb") is None:
    sys.exit("cannot be tested without gdb; install it")

# A library without symbols and frame pointers, that allocates itself (through its procedure linkage table) and is in
# the middle of a stack.
pathlib.Path("stripped.c").write_text(
    """
#include <stdlib.h>
static void* volatile kept;
__attribute__((noinline)) static void deeper(void (*call)(size_t), size_t size, volatile char* on_stack) {
  char more[100];
  more[size % 100] = *on_stack;
  *on_stack = more[size % 100];
  kept = malloc(size);
  call(size + 1);
  __asm__ volatile("" : : "r"(more) : "memory");
}
void enter(void (*call)(size_t), size_t size) {
  char on_stack[40];
  on_stack[0] = 1;
  deeper(call, size, on_stack);
  __asm__ volatile("" : : "r"(on_stack) : "memory");
}
"""
)
pathlib.Path("main.c").write_text(
    """
#include <stdlib.h>
void enter(void (*call)(size_t), size_t size);
static void* volatile kept;
static void called_back(size_t size) { kept = malloc(size); __asm__ volatile("" ::: "memory"); }
int main(void) { enter(called_back, 2001); return 0; }
"""
)
compiler = os.environ["CC"]
subprocess.run(
    [
        compiler,
        "-O2",
        "-fomit-frame-pointer",
        "-fno-builtin",
        "-shared",
        "-fPIC",
        "-s",
        "-o",
        "libstripped.so",
        "stripped.c",
    ],
    check=True,
)
subprocess.run(
    [
        compiler,
        "-O2",
        "-fomit-frame-pointer",
        "-fno-builtin",
        "-o",
        "main",
        "main.c",
        "-L.",
        "-lstripped",
        "-Wl,-rpath,$ORIGIN",
        "-Wl,-z,lazy",
    ],
    check=True,
)

# In gdb: stops where the preloaded malloc is asked for one of these sizes, and notes the frames that called it.
pathlib.Path("watch.py").write_text(
    """
import gdb, json
class Asked(gdb.Breakpoint):
    def stop(self):
        size = int(gdb.parse_and_eval("(unsigned long)$rdi"))
        if not (1001 <= size <= 1012 or 2001 <= size <= 2002):
            return False
        frame = gdb.newest_frame()
        while frame.type() == gdb.INLINE_FRAME:  # into malloc
            frame = frame.older()
        addresses, names, frame = [], [], frame.older()
        while frame is not None and frame.is_valid():
            names.append(frame.name() or "")
            # Frames that a tail call has replaced are guessed from the callers' code; they are not on the stack.
            if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
                addresses.append(frame.pc())
            frame = frame.older()
        with open("seen.jsonl", "a") as out:
            out.write(json.dumps({"size": size, "addresses": addresses, "names": names}) + "\\n")
        return False
gdb.execute("set pagination off")
gdb.execute("set confirm off")
gdb.execute("set backtrace past-main on")
gdb.execute("set backtrace past-entry on")
gdb.execute("handle SIGUSR1 nostop noprint pass")
gdb.execute("tbreak main", to_string=True)
gdb.execute("run", to_string=True)
# On the first instruction, registers and stack are as the caller left them.
library = next(each for each in gdb.objfiles() if (each.filename or "").endswith("libarpent-preload.so"))
Asked("*%d" % int(library.lookup_global_symbol("malloc").value().address))
gdb.execute("continue", to_string=True)
"""
)


def seen_and_recorded(program):
    """(what gdb saw, a dict a stop; the profile) of one run."""
    for old in (*pathlib.Path(".").glob("*.profile"), *pathlib.Path(".").glob("seen.jsonl")):
        old.unlink()
    library = os.environ["ARPENT_PRELOAD"]
    done = subprocess.run(
        [
            "gdb",
            "-q",
            "-batch",
            "-nx",
            "-iex",
            "set debuginfod enabled off",
            "-iex",
            "set startup-with-shell off",
            "-ex",
            f"set environment LD_PRELOAD {library}",
            "-ex",
            "set environment ARPENT_MODE stacks",
            "-ex",
            f"set environment ARPENT_PROFILE_DIRECTORY {os.getcwd()}",
            "-x",
            "watch.py",
            str(program),
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    profiles = list(pathlib.Path(".").glob("*.profile"))
    if len(profiles) != 1 or not pathlib.Path("seen.jsonl").exists():
        sys.exit(f"gdb saw nothing: {done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    dump = subprocess.run([PROGRAMS / "profile_dump", profiles[0]], stdout=subprocess.PIPE, check=True, text=True)
    seen = [json.loads(line) for line in pathlib.Path("seen.jsonl").read_text().splitlines()]
    return seen, json.loads(dump.stdout), profiles[0]


def site_of(profile, size):
    sites = [
        site
        for site in profile["sites"]
        if site["allocations"] and site["allocated_bytes"] == size * site["allocations"]
    ]
    equal(len(sites), 1, f"sites of {size} bytes")
    return sites[0]


# Inlining, tail calls, signal handlers, exceptions in flight, coroutines, no frame pointers, recursion, threads.
seen, profile, _ = seen_and_recorded(PROGRAMS / "run_stacks_O2")
equal(sorted({stop["size"] for stop in seen}), list(range(1001, 1013)), "sizes that gdb saw")
for stop in seen:
    recorded = [frame["address"] for frame in site_of(profile, stop["size"])["stack"]]
    equal(recorded, stop["addresses"], f"stack of {stop['size']} bytes")

# By name, inlined functions included.
seen, profile, file = seen_and_recorded(PROGRAMS / "run_stacks_O2")
inlined = next(stop["names"] for stop in seen if stop["size"] == 1001)
wanted = [name.partition("(anonymous namespace)::")[2].partition("(")[0] or name for name in inlined[:4]]
check("inlined" in wanted and "with_inlined" in wanted, f"gdb sees the inlined function: {inlined}")
lines = arpent("report", "--format", "collapsed", "--sort", "total", file).splitlines()
ours = [line.rpartition(" ")[0].split(";")[::-1] for line in lines if line.endswith(" 1001")]
equal([[name.rpartition("::")[2] for name in stack[:4]] for stack in ours], [wanted], "names of 1001 bytes")

# A library without symbols.
seen, profile, _ = seen_and_recorded(pathlib.Path("main").absolute())
equal(sorted(stop["size"] for stop in seen), [2001, 2002], "sizes that gdb saw in the stripped library")
for stop in seen:
    stack = site_of(profile, stop["size"])["stack"]
    equal([frame["address"] for frame in stack], stop["addresses"], f"stack of {stop['size']} bytes")
    modules = [pathlib.Path(frame["module"]).name for frame in stack]
    check(modules.count("libstripped.so") == 2, f"two frames of the stripped library: {modules}")
finish()
