# Tests tools/arpent/run/private_directory.cpp
"""What a killed `arpent run` leaves is removed by the next one, once nothing of it is alive; and nothing else is."""

import os
import pathlib
import signal
import subprocess
import time

from harness.checks import equal, finish
from harness.survey import ARPENT, run

folder = pathlib.Path("folder").absolute()
folder.mkdir()
ENVIRONMENT = {"XDG_RUNTIME_DIR": str(folder)}


def start(*command):
    """A run that is under way, its folder, made to look old, and its program."""
    before = set(folder.iterdir())
    process = subprocess.Popen(
        [ARPENT, "run", "--", *command],
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        made = set(folder.iterdir()) - before
        if children.read_text() and made and any(file.suffix == ".profile" for file in next(iter(made)).iterdir()):
            break
        time.sleep(0.05)
    (own,) = set(folder.iterdir()) - before
    age(own)
    return process, own, int(children.read_text())


def age(path):
    os.utime(path, (0, 0))


def sweep():
    equal(run("true", environment=ENVIRONMENT).returncode, 0, "the next run")
    return sorted(folder.iterdir())


process, own, program = start("sleep", "1000")
equal(sweep(), [own], "the folder of a run that is under way")
process.kill()
process.wait()
equal(sweep(), [own], "the folder of a program that goes on without its run")
os.kill(program, signal.SIGKILL)
while pathlib.Path(f"/proc/{program}").exists() and "Z" not in pathlib.Path(f"/proc/{program}/stat").read_text():
    time.sleep(0.05)
deadline = time.monotonic() + 60
while sweep() and time.monotonic() < deadline:
    time.sleep(0.1)
equal(sweep(), [], "the folder of a run that is over")

# What looks like one
foreign = folder / "arpent-foreig"
foreign.mkdir()
(foreign / "letter.txt").write_text("mine")
link = folder / "arpent-linked"
link.symlink_to(foreign)
young = folder / "arpent-younge"
young.mkdir()
other = folder / "arpent-longer-than-ours"
other.mkdir()
empty = folder / "arpent-emptyy"
empty.mkdir()
for path in (foreign, other, empty):
    age(path)
equal(sweep(), sorted([foreign, link, young, other]), "what no run has left, and what one may be about to use")
equal((foreign / "letter.txt").read_text(), "mine", "a file of somebody else")
finish()
