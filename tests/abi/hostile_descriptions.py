# Tests src/abi/misuse.cpp src/platform/text.cpp
"""What a program names its blocks stays within its line in messages about misuse, and gives no orders."""

import os
import re
import subprocess

from harness.checks import check, equal, finish
from harness.survey import PROGRAMS

SHOWN = "a\\x1b[31m\\nb\\xe2\\x80\\xaec\\xc2\\x9b\\x9b\\xe2\\x80\\x8b\\xf3\\xa0\\x81\\x81éd\\xd8\\x9ce \\x5b\\x5b/bin/sh||0x10]]".replace(
    "\\x1b[", "\\x1b\\x5b"
)
for how in "static", "shared":
    done = subprocess.run(
        [PROGRAMS / f"hostile_descriptions-{how}"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "ARPENT_REPORT": os.devnull},
    )
    equal((done.returncode, done.stdout), (0, ""), f"its end, {how}")
    (line,) = (line for line in done.stderr.splitlines() if "invalid free" in line)
    check(line.count(SHOWN) == 2, f"the message, {how}: {line!r}")
    check(not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u202e]", done.stderr), f"controls, {how}: {done.stderr!r}")
finish()
