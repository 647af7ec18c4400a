# Tests src/abi/
"""A threaded program whose forked children allocate at once and fork again, in every mode: each child's report holds
its own leak and nothing else."""

import glob
import os
import re

from harness import ar_heap_report as reports

for kind in reports.KINDS:
    for mode in ("sites", "off"):
        for path in glob.glob("*"):
            os.unlink(path)
        done = reports.run("fork_in_threads", kind=kind, env={**os.environ, "ARPENT_MODE": mode})
        children = re.findall(r"^child (\d+) (\d+)$", done.stdout, re.MULTILINE)
        assert len(children) == 36, done.stdout
        if mode == "off":
            assert (os.listdir("."), done.stderr) == ([], ""), (os.listdir("."), done.stderr)
            continue
        assert set(os.listdir(".")) == {reports.REPORT, *(f"{reports.REPORT}.{child}" for child, _ in children)}
        assert reports.read().says_clean
        for child, size in children:
            report = reports.read(f"{reports.REPORT}.{child}")
            assert [(leak.size, leak.description) for leak in report.leaks] == [(int(size), "of a child")], report.text
            assert report.total_allocations > 500, report.text
        assert len(done.stderr.splitlines()) == len(children), done.stderr
print("each child's report is its own")
