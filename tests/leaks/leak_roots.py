# Tests src/leaks/leak_roots.cpp
"""A block is lost exactly when no root leads to it: every place that can hold a pointer, and those that do not count."""


from harness.checks import equal, finish
from harness.survey import PROGRAMS, sites_at, survey

REACHABLE = {
    "global": 1,
    "own thread variable": 1,
    "interior pointer": 1,
    "empty block": 1,
    "first key": 1,
    "late key": 1,
    "anonymous mapping": 1,
    "read-only mapping": 1,
    "shared mapping": 1,
    "chain": 1000,
    "large block": 1,
    "held by the large block": 1,
    "live thread's stack": 1,
    "live thread's variable": 1,
    "live thread's register": 1,
    "own stack": 1,
    "own signal stack": 1,
    "live thread's signal stack": 1,
}
LOST = {
    "dropped": 1,
    "one past the end": 1,
    "masked pointer": 1,
    "unaligned pointer": 1,
    "lost head": 1,
    "lost by the lost head": 1,
    "cycle": 1,
    "cycle back": 1,
    "held by a freed block": 1,
    "held by an unmapped page": 1,
    "dead frame": 64,
    "dead thread's stack": 48,
    "dead thread's variable": 3,
}

# Again and again: what a scan takes for a pointer must not depend on what happens to lie in memory.
for _ in range(10):
    done, report = survey(PROGRAMS / "leak_roots")
    equal(done.returncode, 0, "status")
    equal(report["process"]["leak_scan"], "done", "the leak scan")
    for mark, blocks in {**REACHABLE, **LOST}.items():
        sites = sites_at(report, "leak_roots.c", mark)
        seen = tuple(sum(site[field] for site in sites) for field in ("lost_blocks", "reachable_blocks"))
        equal(seen, (blocks, 0) if mark in LOST else (0, blocks), f"lost and reachable of '{mark}'")
    equal(report["process"]["lost_blocks"], sum(LOST.values()), "lost blocks in all")
finish()
