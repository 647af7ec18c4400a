# Tests tools/arpent/run/
"""The sites, sizes and counts that a survey names are the program's."""


from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, line_of, run, sites_at, source_of, survey

done, report = survey(PROGRAMS / "run_sites")
equal(done.stdout, "the garden's own output\n", "the program's output")
equal(done.stderr, "", "nothing on standard error with --report")
equal(done.returncode, 0, "status")
equal(report["tracked"], True, "tracked")
equal(report["ended"]["how"], "exited", "how it ended")
process = report["process"]
equal(process["leak_scan"], "done", "the leak scan")
equal(process["ended_by"], "exit", "the end of the image")


def site(mark):
    found = sites_at(report, "run_sites.cpp", mark)
    equal(len(found), 1, f"sites at '{mark}'")
    return found[0] if found else None


def lost(mark, blocks, size, family, function):
    found = site(mark)
    if found:
        equal((found["lost_blocks"], found["lost_bytes"]), (blocks, blocks * size), f"lost at '{mark}'")
        equal(found["reachable_blocks"], 0, f"reachable at '{mark}'")
        equal(found["family"], family, f"family of '{mark}'")
        equal(found["function"], function, f"function of '{mark}'")


lost("lost trees", 3, 100, "new", "garden::lose_trees(int)")
lost("lost seeds", 7, 1000, "malloc", "garden::lose_seeds()")
lost("lost vector", 1, 24, "new", "garden::lose_vector()")
stones = site("kept stones")
equal((stones["reachable_blocks"], stones["reachable_bytes"], stones["lost_blocks"]), (5, 1500, 0), "stones")
baskets = site("temporary baskets")
equal((baskets["allocations"], baskets["frees"], baskets["temporary"]), (200, 200, 200), "baskets")
barn = site("peak barn")
equal((barn["peak_blocks"], barn["peak_bytes"]), (1, 4_000_000), "the barn at the peak")
check(4_000_000 <= process["peak_bytes"] < 4_200_000, f"peak of {process['peak_bytes']}")

equal([s["label"] for s in process["sites"] if not s["allocations"] and not s["frees"]], [], "sites without any event")

# The items were allocated inside the C++ library's code, which is not inlined here.
items = [s for s in process["sites"] if s["lost_bytes"] == 10000]
equal(len(items), 1, "sites that lost the vector's items")
equal(process["lost_blocks"], 3 + 7 + 1 + 1, "lost blocks in all")
equal(process["lost_bytes"], 300 + 7000 + 24 + 10000, "lost bytes in all")

# The same for people.
done = run(PROGRAMS / "run_sites")
equal(done.stdout, "the garden's own output\n", "the program's output")
for expected in (
    "run_sites (pid ",
    "definitely lost: 12 blocks, 16.9 KiB",
    f"garden::lose_seeds  {source_of('run_sites.cpp')}:{line_of('run_sites.cpp', 'lost seeds')}",
    "ended       exited with status 0",
):
    check(expected in done.stderr, f"'{expected}' is not in the report:\n{done.stderr}")
order = [
    done.stderr.index(title)
    for title in ("\nDefinitely lost\n", "\nLive at the peak", "\nAllocations", "\nTemporary allocations")
]
equal(order, sorted(order), "order of the tables")
check("\x1b" not in done.stderr, "colour without a terminal")

# Optimised: inlined functions are named, the library's wrappers passed over.
done, report = survey(PROGRAMS / "run_inlined_O2")
series = sites_at(report, "run_inlined_O2.cpp", "series")
equal(len(series), 1, "sites of the series")
if series:
    equal(series[0]["lost_bytes"], 1234 * 8, "bytes of the series")
    check("make_series" in series[0]["function"], f"function of the series: {series[0]['function']}")
    check(any(frame["inlined"] for frame in series[0]["frames"]), "the series' site is inlined")
    check("inlined into" in series[0]["label"], f"label of the series: {series[0]['label']}")
plain = sites_at(report, "run_inlined_O2.cpp", "plain")
equal([(s["lost_blocks"], s["lost_bytes"]) for s in plain], [(1, 777)], "the plain block")

# --leak-exit
equal(run(PROGRAMS / "run_sites", options=["--leak-exit", "9"]).returncode, 9, "status with leaks")
equal(run(PROGRAMS / "run_endings", "exit", "0", options=["--leak-exit", "9"]).returncode, 0, "without leaks")
equal(run(PROGRAMS / "run_endings", "exit", "3", options=["--leak-exit", "9"]).returncode, 3, "own status first")

# --top
text = run(PROGRAMS / "run_sites", options=["--top", "1"]).stderr
check("Definitely lost (the first 1 of 4)" in text, f"--top 1:\n{text}")
text = run(PROGRAMS / "run_sites", options=["--top", "0"]).stderr
check("Definitely lost\n" not in text, f"--top 0:\n{text}")

# --mode off
done = run(PROGRAMS / "run_sites", options=["--mode", "off"])
equal(done.stdout, "the garden's own output\n", "output in mode off")
equal(done.stderr, f"arpent: {PROGRAMS}/run_sites ran in mode off: nothing was recorded\n", "mode off")
finish()
