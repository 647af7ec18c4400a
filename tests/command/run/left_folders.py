# Tests tools/arpent/run/private_directory.cpp
"""What a killed `arpent run` leaves is removed by the next one, once nothing of it is alive; and nothing else is."""

import fcntl
import os
import pathlib
import signal
import subprocess
import tempfile
import time

from harness.checks import check, equal, finish
from harness.survey import ARPENT, run

place = tempfile.TemporaryDirectory()  # others may be able to write above the build
folder = pathlib.Path(place.name)
ENVIRONMENT = {"XDG_RUNTIME_DIR": str(folder)}


def start(*command):
    """A run that is under way, its folder and its program."""
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
    return process, own, int(children.read_text())


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

# What looks like one: only a folder with the marker, and with nothing but what runs make, is removed.
marker = "run.lock"


def make(name, *files):
    path = folder / name
    path.mkdir()
    for file in files:
        (path / file).write_text("mine")
    os.utime(path, (0, 0))
    return path


without_marker = make(".arpent-run-foreig")
profiles_without_marker = make(".arpent-run-profil", "4194304.0.profile")
with_letter = make(".arpent-run-letter", marker, "letter.txt")
other_names = [make("arpent-source"), make("arpent-abcdef", marker)]
target = make("target", marker)
link = folder / ".arpent-run-linked"
link.symlink_to(target)
marker_is_link = make(".arpent-run-marker")
(marker_is_link / marker).symlink_to(target / marker)
with_folder = make(".arpent-run-folder", marker)
(with_folder / "4194304.0.profile").mkdir()
left = make(".arpent-run-killed", marker, "4194304.0.profile")
(left / "4194304.1.profile").symlink_to(with_letter / "letter.txt")
kept = [without_marker, profiles_without_marker, with_letter, *other_names, target, link, marker_is_link, with_folder]
equal(sweep(), sorted(kept), "what no run has left")
check(not left.exists(), "the folder of a run that was killed")
equal((with_letter / "letter.txt").read_text(), "mine", "a file that no run makes, and that a link leads to")
check((target / marker).exists() and (with_folder / "4194304.0.profile").is_dir(), "what links lead to, and folders")

locked = make(".arpent-run-locked", marker)
with open(locked / marker) as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    check(locked in sweep(), "a folder whose lock is held")
check(locked not in sweep(), "the same when it is held no more")
finish()
