# Tests src/abi/preload/namespaces.cpp src/abi/preload/redirection.cpp
# ctest: COST=20
"""Libraries that dlmopen opens in a namespace of their own, with a C library of their own, share the program's heap,
however they find malloc; the program behaves as without Arpent."""

import os
import pathlib
import subprocess

from harness.checks import equal, finish
from harness.survey import TESTS, run, survey

SOURCES = TESTS / "abi" / "namespaces"
CC = os.environ["CC"].split()


def build(target, *arguments):
    subprocess.run([*CC, "-g", "-O0", "-fno-builtin", "-o", target, *arguments], check=True)


pathlib.Path("plugins").mkdir()
build("plugins/lazy.so", "-shared", "-fPIC", SOURCES / "plugin.c", "-Wl,-z,lazy")
build("plugins/now.so", "-shared", "-fPIC", SOURCES / "plugin.c", "-Wl,-z,now", "-Wl,-z,relro")
build("plugins/no_plt.so", "-shared", "-fPIC", SOURCES / "plugin.c", "-fno-plt")
build("host", SOURCES / "host.c", "-Wl,-rpath,$ORIGIN/plugins")

for plugin in ("lazy", "now", "no_plt"):
    for file in (f"./plugins/{plugin}.so", f"{plugin}.so", f"$ORIGIN/plugins/{plugin}.so"):
        for how in ("apart", "end"):
            plain = subprocess.run(["./host", how, file], capture_output=True, text=True)
            equal((plain.returncode, plain.stderr), (9 if how == "end" else 0, ""), f"{file} {how} without Arpent")
            for mode in ("off", "sites", "stacks"):
                done = run("./host", how, file, options=["--mode", mode, "--report", "report.txt"])
                equal(
                    (done.returncode, done.stdout, done.stderr),
                    (plain.returncode, plain.stdout, ""),
                    f"{file} {how} in {mode}",
                )
                # Without Arpent, what happens is not defined.
                done = run("./host", "across", file, options=["--mode", mode, "--report", "report.txt"])
                equal((done.returncode, done.stderr), (0, ""), f"{file} across in {mode}")
for how in ("apart", "across", "end"):
    done, report = survey("./host", how, "./plugins/now.so")
    leaks = [(site["function"], site["lost_bytes"]) for site in report["process"]["sites"] if site["lost_bytes"]]
    equal(leaks, [("leak", 7777)], f"the leak of a plug-in, {how}")
    equal(report["process"]["mismatches"], 0, f"wrong releases, {how}")
    equal(report["unscanned_processes"], 0, f"{how}: not scanned")

# What differs from the program's own namespace stays so: threads and their keys, and who defines a name.
build("plugins/threads.so", "-shared", "-fPIC", SOURCES / "threads.c", "-pthread")
build("threads_host", SOURCES / "threads_host.c")
build("plugins/names.so", "-shared", "-fPIC", SOURCES / "names.c")
build("plugins/part.so", "-shared", "-fPIC", SOURCES / "part.c")
build("names_host", SOURCES / "names_host.c")
build("plugins/opener.so", "-shared", "-fPIC", SOURCES / "opener.c")
build("together", SOURCES / "together.c", "-pthread")
for program, expected in (
    (("./threads_host", "./plugins/threads.so"), "threads: 1\nvalues: 0\ngrows: no\n"),
    (("./names_host", "./plugins/names.so", "./plugins/part.so"), "the plug-in's\n7\n"),
    (("./together", "./plugins/lazy.so", "./plugins/opener.so"), "done\n"),
):
    plain = subprocess.run(program, capture_output=True, text=True)
    equal((plain.returncode, plain.stdout, plain.stderr), (0, expected, ""), f"{program[0]} without Arpent")
    for mode in ("off", "sites", "stacks"):
        done = run(*program, options=["--mode", mode, "--report", "report.txt"])
        equal((done.returncode, done.stdout, done.stderr), (0, expected, ""), f"{program[0]} in {mode}")
finish()
