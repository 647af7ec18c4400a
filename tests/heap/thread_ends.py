# Tests src/heap/thread_heap.cpp
"""Threads that allocate while they end, by the thousands, and memory that outlives its thread: no false leak, none
missed, and memory that does not grow with the number of threads."""

import os
import subprocess

from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, run, sites_at, source_of, survey

for _ in range(3):
    done, report = survey(PROGRAMS / "thread_ends")
    equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "status and output")
    process = report["process"]
    equal((process["lost_blocks"], process["lost_bytes"]), (5, 5 * 321), "lost in all")
    equal(
        sum(site["lost_blocks"] for site in sites_at(report, "thread_ends.cpp", "lost at a thread's end")),
        5,
        "their site",
    )
    own = [
        site["label"] for site in process["sites"] if site["reachable_blocks"] and "thread_ends.cpp" in site["label"]
    ]
    equal(own, [], "still there")
    check(process["peak_bytes"] < 20_000_000, f"peak of {process['peak_bytes']}")
equal(run(PROGRAMS / "thread_ends", options=["--mode", "off"]).returncode, 0, "status in mode off")

# The same in a program that holds everything, the threads' library and ours, in itself.
subprocess.run(
    [
        os.environ["CXX"],
        "-std=c++23",
        "-g",
        "-static",
        source_of("thread_ends.cpp"),
        "-o",
        "fully-static",
        f"{os.environ['ARPENT_LIB']}/libarpent.a",
    ],
    check=True,
    capture_output=True,
)
for mode in ("sites", "off"):
    with open("printed", "wb") as printed:
        program = subprocess.Popen(
            ["./fully-static"], env={**os.environ, "ARPENT_MODE": mode}, stdout=printed, stderr=printed
        )
        _, status, usage = os.wait4(program.pid, 0)
    equal((status, os.path.getsize("printed")), (0, 0), f"the fully static program in mode {mode}")
    check(usage.ru_maxrss < 150_000, f"resident memory of {usage.ru_maxrss} KiB in mode {mode}")
finish()
