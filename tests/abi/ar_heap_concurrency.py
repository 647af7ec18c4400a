# Tests src/abi/report.cpp
"""Reports from several threads at once, from signal handlers, around forks: none hangs, the last one is exact."""

import os
import re

from harness import ar_heap_report as reports

SCENARIOS = ("reports_among_threads", "reports_in_handlers", "forks_among_reports")


def main():
    for kind in reports.KINDS:
        for scenario in SCENARIOS:
            reports.remove()
            done = reports.run("ar_heap_concurrency", scenario, kind=kind, env={**os.environ, "ARPENT_SYMBOLIZER": ""})
            report = reports.read()
            count, size = re.search(r"^kept (\d+) (\d+)$", done.stdout, re.MULTILINE).groups()
            assert (report.actual, report.actual_bytes) == (int(count), int(size)), report.text
            assert {leak.description for leak in report.leaks} == {"kept"}, report.text
            total = re.search(r"^total (\d+)$", done.stdout, re.MULTILINE)[1]
            assert report.total_allocations == int(total), (report.total_allocations, total)
            assert os.listdir(".") == [reports.REPORT], os.listdir(".")
            print(f"{kind}: {scenario} passed")


if __name__ == "__main__":
    main()
