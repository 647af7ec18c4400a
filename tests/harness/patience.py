"""Messages of the library that name functions and lines, on machines that are busy."""

import subprocess
import time

PATIENCE = 5  # seconds that a process waits in all for the command that finds names; then it prints offsets


def has_no_offset(printed):
    return "+0x" not in printed


def run_for_names(words, has_names=has_no_offset, **settings):
    """subprocess.run with text and captured output. A run without names that took as long as the library waits shows only
    that the machine was busy: it is repeated."""
    settings.setdefault("stdout", subprocess.PIPE)
    settings.setdefault("stderr", subprocess.PIPE)
    while True:
        started = time.monotonic()
        done = subprocess.run(words, text=True, **settings)
        printed = (done.stdout or "") + (done.stderr or "")
        if has_names(printed) or time.monotonic() - started < PATIENCE:
            return done
