# Tests tools/arpent/run/
"""Counts of a survey that are easily wrong: temporary allocations, and blocks of more than 4 GiB that are resized."""


from harness.checks import equal, finish
from harness.survey import PROGRAMS, sites_at, survey

GIB = 1 << 30
done, report = survey(PROGRAMS / "counts")
equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "status and output")


def counts(mark, *expected):
    sites = sites_at(report, "counts.c", mark)
    equal(len(sites), 1, f"sites at '{mark}'")
    seen = [
        tuple(site[name] for name in ("allocations", "allocated_bytes", "frees", "freed_bytes", "temporary"))
        for site in sites
    ]
    equal(seen, [expected], f"allocations, bytes, frees, bytes and temporary ones at '{mark}'")


counts("released at once", 100, 1000, 100, 1000, 100)
counts("outer", 100, 2000, 100, 2000, 0)
counts("inner", 100, 3000, 100, 3000, 100)
counts("to be resized", 100, 4000, 100, 4000, 0)
counts("resized", 100, 400000, 100, 400000, 100)
counts("five", 1, 5 * GIB, 1, 5 * GIB, 0)
counts("seven", 1, 7 * GIB, 1, 7 * GIB, 0)
counts("four", 1, 4 * GIB + 1, 1, 4 * GIB + 1, 0)
equal(len(sites_at(report, "counts.c", "small again")), 1, "sites at 'small again'")
equal(report["process"]["lost_blocks"], 0, "lost blocks")
finish()
