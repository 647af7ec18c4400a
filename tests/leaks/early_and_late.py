# Tests src/leaks/
"""Memory of a program's first and last moments: allocated before constructors, released after main. None of it is
called a leak, and what leaks last is."""

import os
import pathlib
import subprocess

from harness import ar_heap_report as reports
from harness.checks import check, equal, finish
from harness.survey import run, survey

SOURCES = pathlib.Path(__file__).parent / "early_and_late"
LIB = os.environ["ARPENT_LIB"]
INCLUDE = f"-I{os.environ['SOURCE_DIR']}/include"


def build(*arguments):
    subprocess.run([*map(str, arguments)], check=True)


build(os.environ["CC"], "-g", "-O0", "-fno-builtin", "-fPIC", "-shared", SOURCES / "library.c", "-o", "liblate.so")
LINK = ["-L.", "-llate", f"-Wl,-rpath,{os.getcwd()}"]
CXX = [os.environ["CXX"], "-std=c++17", "-g", "-O0", "-fno-builtin", "-D_GLIBCXX_ASSERTIONS", SOURCES / "main.cpp"]
build(*CXX, *LINK, "-o", "plain")
build(*CXX, *LINK, "-Wl,-z,now", "-o", "plain-now")
build(*CXX, "-DWITH_AR_HEAP", INCLUDE, f"{LIB}/libarpent.a", *LINK, "-o", "with-static")
build(*CXX, "-DWITH_AR_HEAP", INCLUDE, f"-L{LIB}", "-larpent", f"-Wl,-rpath,{LIB}", *LINK, "-o", "with-shared")
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("ARPENT_")}

# Under `arpent run`: nothing lost, and what is still there is not the program's.
for program in ("./plain", "./plain-now", "./with-static", "./with-shared"):
    done, report = survey(program)
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""), f"{program} without a leak")
    process = report["process"]
    equal((process["leak_scan"], process["lost_blocks"]), ("done", 0), f"lost by {program}")
    own = [
        site["label"]
        for site in process["sites"]
        if site["reachable_blocks"] and any(name in site["label"] for name in ("main.cpp", "library.c"))
    ]
    equal(own, [], f"still there of {program}'s own")
    early = {site["allocated_bytes"] for site in process["sites"]}
    for size in (1111 + 2222 + 4444 + 50, 3333, 5555):
        check(size in early, f"{size} bytes of {program} were not seen: {sorted(early)}")

    done, report = survey(program, "leak")
    equal(done.returncode, 0, f"{program} with a leak")
    lost = [site for site in report["process"]["sites"] if site["lost_blocks"]]
    equal([(site["lost_blocks"], site["lost_bytes"]) for site in lost], [(1, 1234)], f"lost by {program}")
    check(all("main.cpp" in site["label"] for site in lost), f"the place is {[site['label'] for site in lost]}")
    equal(run(program, "leak", options=["--mode", "off"]).returncode, 0, f"{program} in mode off")

# Alone, with the report of ar_heap.
for program in ("./with-static", "./with-shared"):
    reports.remove()
    done = subprocess.run([program], capture_output=True, text=True, env=CLEAN)
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""), f"{program} alone")
    check(reports.read().says_clean, f"report of {program}")
    reports.remove()
    done = subprocess.run([program, "leak"], capture_output=True, text=True, env=CLEAN)
    equal(done.returncode, 0, f"{program} alone, with a leak")
    equal(
        [(leak.size, leak.description) for leak in reports.read().leaks],
        [(1234, "planted in the last destructor")],
        f"leaks of {program}",
    )
finish()
