# Tests docs/profile-format.md
"""docs/profile-format.md tells where each field lies, and leaves none out."""

import os
import pathlib
import re
import subprocess

from harness.checks import check, equal, finish

ROOT = pathlib.Path(os.environ["SOURCE_DIR"])
STRUCTURES = {
    "Header": ["Header"],
    "Origin": ["OriginRecord"],
    "Part of a histogram": ["HistogramRecord"],
    "Stack node": ["StackNodeRecord"],
    "Thread": ["ThreadRecord", "Counters"],
    "Module": ["ModuleRecord"],
    "Point of the timeline": ["TimelineRecord"],
    "Moment": ["MomentRecord"],
    "Notice": ["NoticeRecord"],
}
layout = (ROOT / "src/track/region/profile_layout.hpp").read_text()
sections = (ROOT / "docs/profile-format.md").read_text().split("\n## ")[1:]

lines = ["#include <cstddef>", '#include "track/region/profile_layout.hpp"', "using namespace ar::track;"]
told = 0
for section in sections:
    title = section.splitlines()[0]
    tables = re.split(r"\| --- \| --- \| --- \| --- \|\n", section)[1:]
    equal(len(tables), len(STRUCTURES.get(title, [])), f"tables under '{title}'")
    for structure, table in zip(STRUCTURES.get(title, []), tables):
        rows = re.findall(r"^\| (\d+) \| \S+ \| `(\w+)` \|", table, re.MULTILINE)
        lines += [
            f'static_assert(offsetof({structure}, {field}) == {offset}, "{structure}::{field}");'
            for offset, field in rows
        ]
        body = re.search(rf"struct {structure} {{(.*?)\n}};", layout, re.DOTALL).group(1)
        members = re.findall(r"(\w+)(?:\[\w+\])?(?=[,;])", re.sub(r"//[^\n]*", "", body))
        equal([field for _, field in rows], members, f"fields of {structure}")
        told += len(rows)
check(told > 60, f"fields in all: {told}")
pathlib.Path("profile_format.cpp").write_text("\n".join(lines) + "\n")
done = subprocess.run(
    [os.environ["CXX"], "-std=gnu++23", "-fsyntax-only", f"-I{ROOT}/src", "profile_format.cpp"],
    stderr=subprocess.PIPE,
    text=True,
)
check(done.returncode == 0, done.stderr)
finish()
