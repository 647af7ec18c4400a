# Tests src/track/sites/modules.cpp
"""Libraries that are opened one after the other at the same addresses: each leak is told under its own library."""

import os

from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, line_of, run, survey

LIBRARIES = [PROGRAMS / "leaky_one.so", PROGRAMS / "leaky_two.so"]
done, report = survey(PROGRAMS / "plugins", *LIBRARIES)
equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "status and output")
for name, blocks, size in (("one", 40, 300), ("two", 20, 500)):
    sites = [site for site in report["process"]["sites"] if site["lost_blocks"] and f"leak_in_{name}" in site["label"]]
    check(sites, f"no site of leaky_{name}: {[site['label'] for site in report['process']['sites']]}")
    equal(sum(site["lost_blocks"] for site in sites), blocks, f"blocks lost by leaky_{name}")
    equal(sum(site["lost_bytes"] for site in sites), blocks * size, f"bytes lost by leaky_{name}")
    line = line_of(f"leaky_{name}.c", f"lost in {name}")
    for site in sites:
        equal((os.path.basename(site["file"]), site["line"]), (f"leaky_{name}.c", line), f"place of {site['label']}")
    # Closed and opened again it is the same library: its leaks are one line.
    check(len(sites) == 1, f"leaky_{name} has {len(sites)} sites")
equal(report["process"]["lost_blocks"], 60, "lost in all")
equal(run(PROGRAMS / "plugins", *LIBRARIES, options=["--mode", "off"]).returncode, 0, "status in mode off")
finish()
