# Tests src/abi/early_blocks.cpp src/platform/relocation.cpp src/heap/thread_state.hpp
# ctest: COST=10
"""The malloc family works when the resolvers of indirect functions call it, while the loader still relocates."""

import itertools
import os
import pathlib
import subprocess

from harness.checks import equal, finish
from harness.survey import TESTS, survey

SOURCES = TESTS / "abi" / "indirect_functions"
CC = os.environ["CC"].split()
LIB = os.environ["ARPENT_LIB"]
PRELOAD = os.environ["ARPENT_PRELOAD"]


def build(target, *arguments):
    subprocess.run([*CC, "-g", "-O1", "-fno-builtin", "-o", target, *arguments], check=True)


for name, binding in (("now", "-Wl,-z,now"), ("lazy", "-Wl,-z,lazy")):
    build(f"lib{name}.so", "-shared", "-fPIC", binding, SOURCES / "library.c")
for name, binding in (("replacing", "-Wl,-z,lazy"), ("replacing-now", "-Wl,-z,now")):
    build(f"lib{name}.so", "-shared", "-fPIC", binding, "-fno-tree-loop-distribute-patterns", SOURCES / "replacement.c")
USES = ("-L.", "-Wl,-rpath,$ORIGIN", "-Wl,--no-as-needed")
PROGRAMS = {
    "own": ("-DWITH_RESOLVER",),
    "of_library": ("-DWITH_LIBRARY", "-lnow"),
    "both": ("-DWITH_RESOLVER", "-DWITH_LIBRARY", "-lnow"),
    "lazily": ("-DWITH_LIBRARY", "-llazy"),
    "replacing": ("-DWITH_LIBRARY", "-lreplacing"),
    "replacing_now": ("-DWITH_LIBRARY", "-lreplacing-now"),
}
for name, options in PROGRAMS.items():
    defines = [each for each in options if each.startswith("-D")]
    libraries = [each for each in options if each.startswith("-l")]
    for suffix, more in {
        "": (),
        "-now": ("-Wl,-z,now",),
        "-fixed": ("-no-pie",),
        "-shared": ("-larpent", f"-L{LIB}", f"-Wl,-rpath,{LIB}"),
    }.items():
        build(name + suffix, *defines, SOURCES / "program.c", *USES, *libraries, *more)
    # Before and after Arpent's in the order of loading.
    build(
        f"{name}-shared-first",
        *defines,
        SOURCES / "program.c",
        *USES,
        f"-L{LIB}",
        "-larpent",
        *libraries,
        f"-Wl,-rpath,{LIB}",
    )
    build(f"{name}-static", *defines, SOURCES / "program.c", *USES, *libraries, f"{LIB}/libarpent.a")


def expect(what, done):
    equal((done.returncode, done.stdout, done.stderr), (0, "0 faults\n", ""), what)


quiet = {"ARPENT_REPORT": "report.log"}
for name, now in itertools.product(PROGRAMS, ("", "1")):
    variables = {**os.environ, **quiet, **({"LD_BIND_NOW": now} if now else {})}
    for suffix in ("", "-now", "-fixed"):
        program = pathlib.Path(name + suffix).absolute()
        expect(f"{program.name}, now: {now}", subprocess.run([program], env=variables, capture_output=True, text=True))
        expect(
            f"{program.name} preloaded, now: {now}",
            subprocess.run([program], env={**variables, "LD_PRELOAD": PRELOAD}, capture_output=True, text=True),
        )
        for mode in ("off", "sites", "stacks"):
            done, report = survey(program, options=["--mode", mode], environment={"LD_BIND_NOW": now} if now else {})
            expect(f"{program.name} in {mode}, now: {now}", done)
            if mode != "off":
                equal(report["process"]["lost_bytes"], 4321, f"{program.name} in {mode}, now: {now}: lost")
    # The loader itself demands that what defines an indirect function comes later than what calls it; a program that
    # is bound lazily calls the resolvers at any time.
    for suffix in ("-shared-first",) if name.startswith("replacing") else ("-shared", "-shared-first", "-static"):
        program = pathlib.Path(name + suffix).absolute()
        expect(
            f"{program.name}, now: {now}",
            subprocess.run([program], env={**variables, "ARPENT_MODE": "off"}, capture_output=True, text=True),
        )
        done, _ = survey(program, environment={**quiet, **({"LD_BIND_NOW": now} if now else {})})
        expect(f"{program.name} surveyed, now: {now}", done)
done, _ = survey("./own", pathlib.Path("libnow.so").absolute())
expect("a plug-in", done)
finish()
