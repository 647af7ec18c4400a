# Tests src/track/region/strings.cpp
"""Descriptions that never end are kept up to a bound a place. Both reports say so, and count every block."""


from harness import ar_heap_report as reports
from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, run, survey

KEPT = 4096
NOTE = "(further descriptions of this site are not kept)"

for kind in reports.KINDS:
    reports.remove()
    reports.run("many_descriptions", kind=kind)
    report = reports.read()
    equal((report.actual, report.intentional), (5000, 1), f"leaks of {kind}")
    descriptions = [leak.description for leak in reversed(report.leaks)]
    equal(descriptions[:KEPT], [f"node {i}" for i in range(KEPT)], f"descriptions that are kept ({kind})")
    equal(set(descriptions[KEPT:4999]), {NOTE}, f"descriptions that are not ({kind})")
    equal(descriptions[4999:], ["of another place"], f"another place's description ({kind})")
    equal(
        [leak.description for leak in report.on_purpose],
        ["(further descriptions of this site are not kept; INTENTIONAL_LEAK_FOR_TESTING)"],
        f"on purpose ({kind})",
    )
    check("Some places gave more different descriptions than are kept" in report.text, f"the note of {kind}")

    _, surveyed = survey(PROGRAMS / f"many_descriptions-{kind}")
    equal(surveyed["process"]["descriptions_capped"], True, f"capped descriptions of {kind}")
    sites = [site for site in surveyed["process"]["sites"] if site["annotated"]]
    equal(sum(site["allocations"] for site in sites), 5001, f"allocations of {kind}")
    text = run(PROGRAMS / f"many_descriptions-{kind}").stderr
    check(
        "A site had more descriptions than are kept" in text, f"arpent run says nothing of it ({kind}):\n{text[-600:]}"
    )

reports.remove()
reports.run("ar_heap_leaks", "leaks")
check("more different descriptions" not in reports.read().text, "the note where there are few")
finish()
