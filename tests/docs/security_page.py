# Tests SECURITY.md
"""Each line of the threat model names tests that exist."""

import os
import pathlib
import re

from harness.checks import check, equal, finish

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
rows = [
    line
    for line in (SOURCE / "SECURITY.md").read_text().splitlines()
    if line.startswith("| ") and not re.match(r"\| (---|they cannot|it cannot)", line)
]
check(len(rows) >= 12, f"rows: {len(rows)}")
for row in rows:
    cells = row.strip("| ").split(" | ")
    equal(len(cells), 3, f"cells of {row}")
    links = re.findall(r"\]\(([^)]*)\)", cells[-1])
    check(links, f"no test shows: {row}")
    for link in links:
        check((SOURCE / link).is_file(), f"{link} is missing")
        check(link.startswith(("tests/", "fuzz/")), f"{link} is no test")
finish()
