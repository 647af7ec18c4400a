# Tests src/leaks/runtime_modules.cpp
"""Memory that libc and libstdc++ keep for themselves is told apart from what the program never freed."""

import os

from harness.checks import equal, finish
from harness.survey import PROGRAMS, sites_at, survey

for mode in ("sites", "stacks"):
    done, report = survey(PROGRAMS / "runtime_memory", options=["--mode", mode])
    equal(done.returncode, 0, "status")
    process = report["process"]
    for mark in ("kept", "given to libc"):
        sites = sites_at(report, "runtime_memory.cpp", mark)
        seen = [sum(site[field] for site in sites) for field in ("lost_blocks", "reachable_blocks", "runtime_blocks")]
        equal(seen, [0, 1, 0], f"lost, reachable and the runtime's own of '{mark}' ({mode})")
    own = [site for site in process["sites"] if site["runtime_blocks"] > 0]
    names = {os.path.basename(process["modules"][site["module"]]["path"]) for site in own}
    equal(names, {"libc.so.6", "libstdc++.so.6"}, f"whose the runtime's own memory is ({mode})")
    equal(process["runtime_blocks"], sum(site["runtime_blocks"] for site in own), f"the sum ({mode})")
    equal((process["lost_blocks"], process["reachable_blocks"]), (0, 2), f"lost and reachable in all ({mode})")
finish()
