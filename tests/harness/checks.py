"""Failures: a test notes one and goes on, so that one run shows them all."""

import sys

failures = []


def fail(what):
    failures.append(what)
    print(f"FAILED: {what}", flush=True)


def check(condition, what):
    if not condition:
        fail(what)


def equal(seen, expected, what):
    check(seen == expected, f"{what}: {seen!r} instead of {expected!r}")


def finish(success="all checks passed"):
    """The last call of a test: its exit status says whether anything failed."""
    if failures:
        sys.exit(f"{len(failures)} checks failed")
    print(success)
