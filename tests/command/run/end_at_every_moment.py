# Tests tools/arpent/run src/platform/signal_shield.cpp
# ctest: COST=30
"""SIGTERM and its kin end `arpent run` at once, whatever it or its program waits for, and leave no folder behind."""

import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time

from harness.checks import check, equal, finish
from harness.survey import ARPENT, PROGRAMS

LONGEST = 2  # seconds
ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
place = tempfile.TemporaryDirectory()  # others may be able to write above the build
folder = pathlib.Path(place.name)
# A test that is started in the background may find these ignored.
for number in ENDS:
    signal.signal(number, signal.SIG_DFL)


def full_pipe():
    """A pipe that takes nothing more; its ends."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    for size in (65536, 1):
        try:
            while True:
                os.write(writer, b"x" * size)
        except BlockingIOError:
            pass
    fcntl.fcntl(writer, fcntl.F_SETFL, 0)
    return reader, writer


def children_of(process):
    return pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()


def is_asleep(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "SD"


def ends(moment, *command, by=signal.SIGTERM, options=(), runs=False, environment=None, **settings):
    """Starts `arpent run`, waits until it (or with `runs` its program, too) waits for something, and ends it."""
    process = subprocess.Popen(
        [ARPENT, "run", *options, "--", *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=settings.pop("stderr", subprocess.DEVNULL),
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder.absolute()), **(environment or {})},
        **settings,
    )
    calm = 0
    while calm < 10:
        time.sleep(0.05)
        children = children_of(process)
        settled = is_asleep(process.pid) and bool(children) == runs and all(is_asleep(child) for child in children)
        calm = calm + 1 if settled else 0
        if process.poll() is not None:
            check(False, f"{moment}: ended by itself, with {process.returncode}")
            return
    started = time.monotonic()
    process.send_signal(by)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        for child in children_of(process):
            os.kill(int(child), signal.SIGKILL)
        process.kill()
        process.wait()
    took = time.monotonic() - started
    check(took <= LONGEST, f"{moment}: {took:.1f} s")
    equal(process.returncode, -by, f"{moment}: status")
    equal(list(folder.iterdir()), [], f"{moment}: what it left")
    for left in folder.iterdir():
        subprocess.run(["rm", "-rf", left])


# While the report is written
reader, writer = full_pipe()
for number in ENDS:
    ends(f"a full pipe, {number.name}", PROGRAMS / "figures", by=number, stderr=writer)
os.mkfifo("unread")
ends("a FIFO without a reader", PROGRAMS / "figures", options=["--report", "unread"])
ends("a FIFO without a reader, as JSON", PROGRAMS / "figures", options=["--report", "unread", "--format", "json"])

# While debug information is asked for
with socket.create_server(("127.0.0.1", 0)) as server:
    subprocess.run(["strip", "-o", "stripped", PROGRAMS / "figures"], check=True)
    ends(
        "a server that does not answer",
        "./stripped",
        environment={
            "DEBUGINFOD_URLS": f"http://127.0.0.1:{server.getsockname()[1]}",
            "DEBUGINFOD_CACHE_PATH": str(pathlib.Path("cache").absolute()),
        },
    )

# While the program runs: the signal is the program's, and then the report cannot be written
for number in ENDS[:2]:
    ends(f"the program waits, a full pipe, {number.name}", "sleep", "1000", by=number, runs=True, stderr=writer)
ends("the program waits", "sleep", "1000", runs=True)

# While the program reports a wrong release, and with its report of leaks
ends("a message into a full pipe", PROGRAMS / "misuses", "double_free", runs=True, stderr=writer)
hanging = pathlib.Path("hanging")
hanging.write_text("#!/bin/sh\nexec sleep 4\n")
hanging.chmod(0o755)
ends(
    "a symbolizer that hangs",
    PROGRAMS / "misuses",
    "double_free",
    runs=True,
    environment={"ARPENT_SYMBOLIZER": str(hanging.absolute())},
)

# Before the program is started
ends("suppressions from a FIFO", "true", options=["--suppressions", "unread"])
finish()
