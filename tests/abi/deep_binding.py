# Tests src/abi/preload/deep_binding.cpp
# ctest: COST=40
"""Libraries that are opened with RTLD_DEEPBIND exchange memory with the program, whatever way they are linked; and the
loader still sees who opens a library."""

import os
import pathlib
import shutil
import subprocess

from harness.checks import equal, finish
from harness.survey import TESTS, run, survey

SOURCES = TESTS / "abi" / "deep_binding"
PRELOADED = {**os.environ, "LD_PRELOAD": os.environ["ARPENT_PRELOAD"], "ARPENT_REPORT": "report.txt"}


def build(target, *arguments, compiler="CXX"):
    subprocess.run([*os.environ[compiler].split(), "-g", "-O0", "-fno-builtin", "-o", target, *arguments], check=True)


pathlib.Path("plugins").mkdir()
build("plugins/libdependency.so", "-shared", "-fPIC", SOURCES / "dependency.c", compiler="CC")
ORIGIN = "-Wl,-rpath,$ORIGIN"
PLUGIN = ("-shared", "-fPIC", SOURCES / "plugin.cpp")
build("plugins/lazy.so", *PLUGIN, "-Wl,-z,lazy", "-Wl,-z,norelro")
build("plugins/now.so", *PLUGIN, "-Wl,-z,now", "-Wl,-z,relro")
build("plugins/no_plt.so", *PLUGIN, "-fno-plt")
build("plugins/dependent.so", *PLUGIN, "-DWITH_DEPENDENCY", "-Lplugins", "-ldependency", ORIGIN)
build("plugins/early.so", *PLUGIN, "-DWITH_CONSTRUCTOR")
build("host", SOURCES / "host.cpp", "-rdynamic", "-ldl", "-Wl,-rpath,$ORIGIN/plugins")

for plugin in ("lazy", "now", "no_plt", "dependent", "early"):
    for modes in (["deep"], ["deep", "lazy"], ["lazy"], []):
        # By path; through the host's RUNPATH; and by a path that names the host's folder.
        for file in (f"./plugins/{plugin}.so", f"{plugin}.so", f"$ORIGIN/plugins/{plugin}.so"):
            plain = subprocess.run(["./host", file, *modes], capture_output=True, text=True)
            equal((plain.returncode, plain.stderr), (0, ""), f"{file} {modes} without Arpent")
            for mode in ("off", "sites", "stacks"):
                done = run("./host", file, *modes, options=["--mode", mode, "--report", "report.txt"])
                equal((done.returncode, done.stdout, done.stderr), (0, plain.stdout, ""), f"{file} {modes} in {mode}")
_, report = survey("./host", "./plugins/now.so", "deep")
leaks = [(site["function"], site["lost_bytes"]) for site in report["process"]["sites"] if site["lost_bytes"]]
equal(leaks, [("leak", 7777)], "the leak of a plugin that is bound deeply")

# Threads that open at the same moment.
build("together", SOURCES / "together.c", "-pthread", "-ldl", compiler="CC")
for _ in range(60):
    done = subprocess.run(["./together", "./plugins/lazy.so"], env=PRELOADED, capture_output=True, text=True)
    equal((done.returncode, done.stderr), (0, ""), "threads that open together")

# A wrapper of the program's around what it looked up in the C library.
build("wrapper", SOURCES / "wrapper.c", "-ldl", compiler="CC")
for mode in ("off", "sites", "stacks"):
    done = run("./wrapper", options=["--mode", mode, "--report", "report.txt"])
    equal((done.returncode, done.stdout, done.stderr), (0, "handed on\n", ""), f"a wrapper in {mode}")

# C++ runtimes that the plug-ins bring.
build("c_host", SOURCES / "c_host.c", "-ldl", compiler="CC")
build("plugins/maker.so", *PLUGIN)
build("plugins/dropper.so", *PLUGIN)
for words in ([], ["base"]):
    for mode in ("sites", "stacks"):
        done, report = survey(
            "./c_host", "./plugins/maker.so", "./plugins/dropper.so", *words, options=["--mode", mode]
        )
        equal((done.returncode, done.stdout, done.stderr), (0, "", ""), f"a runtime of plug-ins {words} in {mode}")
        equal(report["process"]["mismatches"], 0, f"wrong releases {words} in {mode}")

# C++ runtimes inside of a library, under any name, whether they are exported or not, and at any optimisation.
build("own_runtime_host", SOURCES / "own_runtime_host.cpp", "-ldl")
RUNTIME = ("-shared", "-fPIC", SOURCES / "own_runtime.cpp", "-static-libstdc++", "-static-libgcc")
for name, options in (
    ("exported", []),
    ("hidden", ["-Wl,--exclude-libs,ALL"]),
    ("optimised", ["-O2", "-Wl,--exclude-libs,ALL"]),
    ("stripped", ["-O2", "-Wl,-s"]),
    ("symbolic", ["-O2", "-Wl,-Bsymbolic"]),
):
    build(f"plugins/{name}.so", *RUNTIME, *options)
    for binding, wrong in (("deep", 0), ("plain", 0), ("wrong", 1)):
        for mode in ("sites", "stacks"):
            done, report = survey("./own_runtime_host", f"./plugins/{name}.so", binding, options=["--mode", mode])
            what = f"{name}, {binding} in {mode}"
            equal(
                (done.returncode, done.stderr.count("mismatch: ")), (0, wrong), f"the output of {what}: {done.stderr}"
            )
            equal(report["process"]["mismatches"], wrong, f"wrong releases of {what}")
shutil.rmtree("plugins")
finish()
