# Tests src/leaks/
"""Leaks planted by eight threads, with forks and execs in between, are reported exactly; a million blocks that are
freed in random order leave none."""

import collections
import glob
import os
import re

from harness import ar_heap_report as reports


def truth(text):
    leaks = collections.Counter(
        (int(line), int(size), description)
        for line, size, description in re.findall(r"^leak (\d+) (\d+) (.*)$", text, re.MULTILINE)
    )
    totals = re.findall(r"^total (\d+) (\d+)$", text, re.MULTILINE)
    assert leaks and len(totals) == 1, text
    return leaks, int(totals[0][0]), int(totals[0][1])


def check(report, text):
    leaks, allocations, size = truth(text)
    reported = collections.Counter((leak.line, leak.size, leak.description) for leak in report.leaks)
    assert reported == leaks, f"too much: {reported - leaks}\nmissing: {leaks - reported}"
    assert all(os.path.basename(leak.site.rpartition(":")[0]) == "planted.c" for leak in report.leaks)
    assert len({leak.address for leak in report.leaks}) == report.actual
    assert (report.total_allocations, report.total_bytes) == (allocations, size), (report.text[:500], allocations, size)
    assert report.intentional == 0


def read_file(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def planted(kind):
    for path in glob.glob("*"):
        os.unlink(path)
    done = reports.run("planted", kind=kind)
    report = reports.read()
    check(report, done.stdout)
    warning = f"Warning: {report.actual} memory leaks detected ({report.actual_bytes} bytes). See {reports.REPORT} for details."
    assert done.stderr.splitlines().count(warning) == 1, done.stderr

    children = re.findall(r"^child (\d+)$", done.stdout, re.MULTILINE)
    assert len(children) == 2
    for child in children:
        check(reports.read(f"{reports.REPORT}.{child}"), read_file(f"child.{child}"))
    check(reports.read("execed.log"), read_file("execed.truth"))
    expected = {reports.REPORT, "execed.log", "execed.truth"}
    expected |= {f"child.{child}" for child in children} | {f"{reports.REPORT}.{child}" for child in children}
    assert set(os.listdir(".")) == expected, os.listdir(".")


def million(kind):
    reports.remove()
    done = reports.run("million", kind=kind)
    assert (done.stdout, done.stderr) == ("", ""), (done.stdout, done.stderr)
    report = reports.read()
    assert report.total_allocations == 1000000 and report.says_clean, report.text


for each in reports.KINDS:
    planted(each)
    million(each)
print("planted leaks are reported exactly, and nothing else")
