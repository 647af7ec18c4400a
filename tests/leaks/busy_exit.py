# Tests src/leaks/leak_scan.cpp
# ctest: COST=20
"""What is live is the sum of what is lost, reachable and the runtime's, also when threads go on allocating while the
process ends."""

import os
import re

from harness.checks import check, equal, finish
from harness.survey import PROGRAMS, run, survey

LOADER = "/lib64/ld-linux-x86-64.so.2" if os.uname().machine == "x86_64" else "/lib/ld-linux-aarch64.so.1"
KINDS = ("lost", "reachable", "runtime", "intentional")


def sum_of(record, unit):
    return sum(record.get(f"{kind}_{unit}", 0) for kind in KINDS)


# The kernel does not say where the loader is if it is what was executed.
FIRST = {"loader": [LOADER, PROGRAMS / "busy_exit", "return"]}
for how in ("return", "exits", "_exit", "deaf", "loader"):
    command = FIRST.get(how, [PROGRAMS / "busy_exit", how])
    for mode in ("sites", "stacks"):
        for attempt in range(3):
            name = f"{how} in {mode}, {attempt}"
            done, report = survey(*command, options=["--mode", mode])
            process = report["process"]
            equal(done.returncode, 7, f"status of {name}: {done.stderr}")
            equal(process["leak_scan"], "partial" if how == "deaf" else "done", f"scan of {name}")
            for unit in ("blocks", "bytes"):
                equal(process[f"live_{unit}"], sum_of(process, unit), f"live {unit} of {name}")
                equal(
                    sum(site[f"live_{unit}"] for site in process["sites"]),
                    process[f"live_{unit}"],
                    f"live {unit} of all sites of {name}",
                )
                for site in process["sites"]:
                    equal(site[f"live_{unit}"], sum_of(site, unit), f"live {unit} of {site['label']} of {name}")
            check(process["peak_bytes"] >= process["live_bytes"], f"peak of {name}")
            for site in process["sites"]:
                equal(site["allocations"] - site["frees"], site["live_blocks"], f"frees of {site['label']} of {name}")
                path = process["modules"][site["module"]]["path"] if site["module"] is not None else ""
                if os.path.basename(path).startswith("ld-"):
                    equal((site["lost_blocks"], site["reachable_blocks"]), (0, 0), f"the loader's in {name}")
    pools = [site for site in process["sites"] if site["description"] == "pool"]
    equal([site["reachable_bytes"] for site in pools], [1000], f"adopted memory in {how}")

    equal(run(*command, options=["--mode", "off"]).returncode, 7, f"status of {how} in mode off")
    text = run(*command, options=["--report", "report.txt"])
    equal(text.returncode, 7, f"status of {how}")
    with open("report.txt", encoding="utf-8") as file:
        lines = file.read()
    allocated, freed = re.search(r"allocated +([\d,]+) blocks, .* in all; ([\d,]+) freed", lines).groups()
    leaks = re.search(r"leaks +(.*)", lines).group(1)
    blocks = sum(int(number.replace(",", "")) for number in re.findall(r"([\d,]+) blocks?", leaks))
    equal(int(allocated.replace(",", "")) - int(freed.replace(",", "")), blocks, f"the text of {how}: {leaks}")
finish()
