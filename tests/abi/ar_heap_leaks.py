# Tests src/abi/leak_list.cpp
"""The report of ar_heap equals what the program says it leaked, block for block."""

import calendar
import os
import re
import stat
import subprocess
import time

from harness import ar_heap_report as reports

SCENARIOS = (
    "leaks",
    "intentional",
    "both",
    "clean",
    "descriptions",
    "reallocations",
    "failures",
    "foreign",
    "adopted",
    "addresses",
    "many",
)
SOURCE = "ar_heap_leaks.c"


def expected(output, kind):
    found = re.findall(rf"^{kind} (0x[0-9a-f]+) (\d+) (\d+) (.*)$", output, re.MULTILINE)
    return [(int(address, 16), int(size), int(line), description) for address, size, line, description in found]


def as_tuples(leaks):
    return [(leak.address, leak.size, leak.line, leak.description) for leak in leaks]


def check_announcement(report, done):
    warning = f"Warning: {report.actual} memory leaks detected ({report.actual_bytes} bytes). See {reports.REPORT} for details."
    assert done.stderr.splitlines().count(warning) == (1 if report.actual else 0), done.stderr
    assert ("memory leaks" in done.stderr) == (report.actual != 0), done.stderr
    notes = [line for line in done.stdout.splitlines() if "intentional" in line]
    if report.intentional:
        assert (
            len(notes) == 1 and str(report.intentional) in notes[0] and f"{report.intentional_bytes} bytes" in notes[0]
        )
        assert "Warning" not in notes[0]
    else:
        assert not notes, done.stdout


def check(scenario, kind):
    reports.remove()
    before = int(time.time())
    done = reports.run("ar_heap_leaks", scenario, kind=kind)
    report = reports.read()
    after = int(time.time())
    assert as_tuples(report.leaks) == expected(done.stdout, "expect")[::-1], f"{scenario}: {report.text}\n{done.stdout}"
    assert as_tuples(report.on_purpose) == expected(done.stdout, "on_purpose")[::-1], f"{scenario}: {report.text}"
    totals = re.search(r"^total (\d+) (\d+)$", done.stdout, re.MULTILINE)
    assert (report.total_allocations, report.total_bytes) == (
        int(totals[1]),
        int(totals[2]),
    ), f"{scenario}: {report.text}"
    for leak in report.leaks:
        place = "made/up.c" if scenario == "descriptions" and leak.line >= 1000 else SOURCE
        assert leak.site.rpartition(":")[0].endswith(place), leak.site
        made = time.mktime(time.strptime(leak.time, "%Y-%m-%d %H:%M:%S"))
        assert before - 1 <= made <= after, f"{leak.time}: not between {before} and {after}"
    check_announcement(report, done)
    assert stat.S_IMODE(os.stat(reports.REPORT).st_mode) == 0o600
    assert os.listdir(".") == [reports.REPORT], os.listdir(".")
    return report, done


def main():
    # A program that Arpent is linked into has no library that the command could lie beside.
    os.environ["ARPENT_SYMBOLIZER"] = os.environ["ARPENT_BIN"]
    for kind in reports.KINDS:
        for scenario in SCENARIOS:
            check(scenario, kind)
            print(f"{kind}: {scenario} is reported as it was")

        # Memory of other origin stays apart, and is never called a leak.
        report, _ = check("leaks", kind)
        assert "12345" in report.other_memory and "leaks" in report.other_memory, report.other_memory
        assert re.search(r"^ +12345 +1  leaks at .*ar_heap_leaks\.c:\d+$", report.other_memory, re.MULTILINE)

        # Whether something still points to it is told when `arpent run` has looked.
        assert "Lost:" not in report.text
        reports.remove()
        subprocess.run(
            [os.environ["ARPENT_BIN"], "run", "--", f"{reports.PROGRAMS}/ar_heap_leaks-{kind}", "lost"],
            capture_output=True,
            check=True,
        )
        report = reports.read()
        assert "\n  Lost:      1 blocks, 4321 bytes that nothing points to any more\n" in report.text, report.text
        assert report.actual == 1 and report.actual_bytes == 10

        # A clean program prints nothing, and says so in the file.
        reports.remove()
        done = reports.run("ar_heap_leaks", "silent", kind=kind)
        assert (done.stdout, done.stderr) == ("", ""), (done.stdout, done.stderr)
        assert reports.read().says_clean

        # One that never allocated through ar_heap writes no file, and leaves an older one alone.
        reports.remove()
        done = reports.run("ar_heap_leaks", "never", kind=kind)
        assert (done.stdout, done.stderr) == ("", "") and not os.path.exists(reports.REPORT)

        # A null string is told with its place.
        done = reports.run("ar_heap_leaks", "failures", kind=kind)
        assert re.search(
            r"^ar_heap__strdup: the string is null at .*ar_heap_leaks\.c:\d+ \(no string\); null is returned$",
            done.stderr,
            re.MULTILINE,
        ), done.stderr

        # Times are local.
        before = int(time.time())
        reports.run("ar_heap_leaks", "leaks", kind=kind, env={**os.environ, "TZ": "XYZ-5:30"})
        after = int(time.time())
        report = reports.read()
        shown = time.strptime(report.leaks[0].time + " +0000", "%Y-%m-%d %H:%M:%S %z")
        assert before <= calendar.timegm(shown) - 19800 <= after, report.leaks[0].time  # five hours and a half
        assert re.search(r"^Written: .* \+0530$", report.text, re.MULTILINE)

        # Without tracking everything works, and the report claims nothing.
        reports.remove()
        done = reports.run("ar_heap_leaks", "leaks", kind=kind, env={**os.environ, "ARPENT_MODE": "off"})
        assert done.stderr == "" and not os.path.exists(reports.REPORT)
        reports.run("ar_heap_leaks", "failures", kind=kind, env={**os.environ, "ARPENT_MODE": "off"})
        with open(reports.REPORT, encoding="utf-8") as file:
            text = file.read()
        assert "Tracking is off" in text and "leaks" not in text.replace("ar_heap_leaks", ""), text


if __name__ == "__main__":
    main()
