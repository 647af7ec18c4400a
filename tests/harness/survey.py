"""Runs `arpent run` for tests and reads its reports."""

import json
import os
import pathlib
import re
import subprocess
import sys

ARPENT = os.environ["ARPENT_BIN"]
PROGRAMS = pathlib.Path(os.environ["TEST_PROGRAMS"])
TESTS = pathlib.Path(os.environ["SOURCE_DIR"]) / "tests"

# In patterns, before a function without external linkage: clang's debug information says so, gcc's does not.
UNNAMED = r"(?:\(anonymous namespace\)::)?"


def run(*arguments, options=(), environment=None, **settings):
    """The finished process of `arpent run OPTIONS -- ARGUMENTS`, with text output."""
    settings.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(
        [ARPENT, "run", *options, "--", *map(str, arguments)],
        stdout=settings.pop("stdout", subprocess.PIPE),
        stderr=settings.pop("stderr", subprocess.PIPE),
        text=True,
        errors="surrogateescape",
        env={**os.environ, **environment} if environment else None,
        **settings,
    )


def survey(*arguments, options=(), **settings):
    """The same with a JSON report; returns (process, report)."""
    report = pathlib.Path("survey.json")
    report.unlink(missing_ok=True)
    done = run(*arguments, options=["--format", "json", "--report", report, *options], **settings)
    if not report.exists():
        sys.exit(f"no report of {arguments}: status {done.returncode}, {done.stderr}")
    return done, json.loads(report.read_text())


def source_of(name):
    """The source of the test program of this file name, whichever folder's it is; a path stays as it is."""
    if isinstance(name, pathlib.Path):
        return name
    found = list(TESTS.glob(f"**/programs/**/{name}"))
    assert len(found) == 1, (name, found)
    return found[0]


def line_of(source, mark):
    """Line number of the one line that ends with '// site: MARK' or '/* site: MARK */'."""
    text = source_of(source).read_text().splitlines()
    found = [i for i, line in enumerate(text, 1) if re.search(rf"site: {re.escape(mark)}( \*/)?$", line)]
    assert len(found) == 1, (source, mark, found)
    return found[0]


def sites_at(report, source, mark):
    """The report's sites at that line."""
    line = line_of(source, mark)
    name = pathlib.Path(source).name
    return [
        site
        for site in report["process"]["sites"]
        if site["line"] == line and pathlib.Path(site["file"] or "").name == name
    ]
