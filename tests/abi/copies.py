# Tests src/abi/copies.cpp
# ctest: COST=60
"""Several copies of the library in one process, in every pairing and order: one heap serves them all. Copies of two
versions end the process with one line."""

import os
import pathlib
import subprocess

from harness.checks import check, equal, finish
from harness.survey import TESTS, run, survey

SOURCES = TESTS / "abi" / "copies"
LIB = os.environ["ARPENT_LIB"]
INCLUDE = f"-I{os.environ['SOURCE_DIR']}/include"
ARCHIVE, SHARED = [f"{LIB}/libarpent.a"], [f"-L{LIB}", "-larpent", f"-Wl,-rpath,{LIB}"]
PLUGIN = ["-shared", "-fPIC", SOURCES / "plugin.c"]


def build(target, *arguments):
    command = [*os.environ["CC"].split(), "-g", "-O0", "-fno-builtin", INCLUDE, "-o", target, *arguments]
    subprocess.run([*command, "-ldl", "-pthread"], check=True)


build("static", SOURCES / "host.c", "-DWITH_ARPENT", *ARCHIVE)
build("exporting", SOURCES / "host.c", "-DWITH_ARPENT", "-rdynamic", *ARCHIVE)
build("shared", SOURCES / "host.c", "-DWITH_ARPENT", *SHARED)
build("plain", SOURCES / "host.c")
build("wrapper", SOURCES / "wrapper.c", "-rdynamic")
build("small_blocks", SOURCES / "small_blocks.c", "-rdynamic")
build("with_shared.so", *PLUGIN, *SHARED)
build("with_static.so", *PLUGIN, *ARCHIVE)
build("again.so", *PLUGIN, *ARCHIVE)
build("symbolic.so", *PLUGIN, "-Wl,-Bsymbolic", *ARCHIVE)
build("linked_early", SOURCES / "host.c", "-DWITH_ARPENT", *ARCHIVE, "-Wl,--no-as-needed", "./symbolic.so")

PLUGINS = [f"./{name}.so" for name in ("with_shared", "with_static", "again", "symbolic")]
ORDERS = [PLUGINS, PLUGINS[::-1], *([plugin] for plugin in PLUGINS)]


def check_exchange(command, *arguments, **how):
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, **how)
    equal((done.returncode, done.stdout, done.stderr), (0, "ok\n", ""), " ".join(map(str, [*command, *arguments])))


for order in ORDERS:
    for how in ("local", "global", "deep", "namespace"):
        for host in ("static", "exporting", "shared", "linked_early"):
            check_exchange([f"./{host}"], how, "all", *order)
        check_exchange(["./plain"], how, "ar_heap", *order)

# A preloaded copy is one more.
for host in ("static", "shared", "linked_early", "plain"):
    for mode in ("off", "sites", "stacks"):
        done = run(f"./{host}", "local", "all", *PLUGINS, options=["--mode", mode, "--report", "report.txt"])
        equal((done.returncode, done.stdout, done.stderr), (0, "ok\n", ""), f"{host} surveyed in {mode}")
for host in ("static", "shared", "plain"):
    for plugin in PLUGINS:
        _, report = survey(f"./{host}", "local", "leak", plugin)
        leaks = [(site["description"], site["lost_bytes"]) for site in report["process"]["sites"] if site["lost_bytes"]]
        equal(leaks, [("leaked in a plug-in", 4321)], f"leaks of {host} with {plugin}")

# Blocks of other allocators go to their owners: to the C library if the program's functions lead back to the copy, and
# with less alignment than the C library's if the program's allocator gives less.
preloaded = {**os.environ, "LD_PRELOAD": f"{LIB}/libarpent-preload.so"}
check_exchange(["./wrapper"], env=preloaded)
for plugin in PLUGINS:
    check_exchange(["./small_blocks"], plugin)

# Another version.
library = (pathlib.Path(LIB) / "libarpent.so").resolve().read_bytes()
version = subprocess.run(
    [os.environ["ARPENT_BIN"], "--version"], capture_output=True, text=True, check=True
).stdout.split()[-1]
check(f"\0{version}\0".encode() in library, f"no version {version} in the library")
other = version[:-1] + ("8" if version.endswith("9") else "9")
pathlib.Path("libarpent.so.0").write_bytes(library.replace(f"\0{version}\0".encode(), f"\0{other}\0".encode()))
done = subprocess.run(
    ["./static", "local", "all", "./with_shared.so"],
    capture_output=True,
    text=True,
    check=False,
    env={**os.environ, "LD_LIBRARY_PATH": os.getcwd()},
)
equal((done.returncode, done.stdout), (1, ""), "status of two versions")
here = os.path.realpath(os.getcwd())
equal(
    done.stderr,
    f"arpent: two versions of Arpent are in this process, {version} in {here}/static and {other} in "
    f"{here}/libarpent.so.0; build both with the same version\n",
    "two versions",
)
finish()
