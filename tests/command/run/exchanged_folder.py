# Tests tools/arpent/run/private_directory.cpp tools/arpent/common/trusted_path.cpp
"""The folder of a run lies where no other user can put another at its path, because programs may load the library by a
path in it. As root the others are another user; else they are this user, and nothing lies in a folder that all may
write to either."""

import os
import pathlib
import shutil
import subprocess
import tempfile

from harness.checks import check, equal, finish
from harness.survey import ARPENT

OWN, OTHER = 65534, 65533
# Where / is closed to others, as in a chroot, nothing runs as another user.
two_users = os.geteuid() == 0 and bool(os.stat("/").st_mode & 0o001)
if os.geteuid() == 0 and not two_users:
    print("left out: what needs a second user, because / is closed to others")


def as_user(user, *command):
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command] if two_users else [*command]


def make(name, mode, owner=OWN):
    path = base / name
    path.mkdir()
    path.chmod(mode)
    if two_users:
        os.chown(path, owner, owner)
    return path


place = tempfile.TemporaryDirectory()
base = pathlib.Path(place.name)
base.chmod(0o755)
# LD_PRELOAD cannot take a path with a space: the run's folder has a link to the library.
make("with space", 0o755)
shutil.copy(os.environ["ARPENT_PRELOAD"], base / "with space")
shutil.copy(os.environ["ARPENT_PRELOAD"], base / "planted.so")
shutil.copy(ARPENT, base)
library = base / "with space" / "libarpent-preload.so"
environment = {**os.environ, "ARPENT_PRELOAD": str(library), "HOME": "/"}


def run_in(folder, change):
    """What a child of the program has loaded, if change() was called before it began."""
    command = subprocess.Popen(
        as_user(OWN, base / "arpent", "run", "--follow-children", "--report", "/dev/null")
        + ["--", "sh", "-c", "echo started; read line; cat /proc/self/maps; :"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**environment, "XDG_RUNTIME_DIR": str(folder)},
        cwd="/",
    )
    command.stdout.readline()
    change()
    maps, errors = command.communicate("go on\n", timeout=300)
    equal((command.returncode, errors), (0, ""), f"a run with XDG_RUNTIME_DIR={folder}")
    return maps


def other_does(script):
    done = subprocess.run(as_user(OTHER, "sh", "-c", script), cwd=base, capture_output=True)
    equal((done.returncode, done.stderr), (0, b""), f"what the others do: {script}")


# As far as the others can move what is there, they put theirs in its place.
def exchange_run(folder):
    other_does(
        f"cd {folder} 2>&- || exit 0; for run in .arpent-run-*; do mv $run moved 2>&- || continue; mkdir $run;"
        f"ln -s {base}/planted.so $run/libarpent-preload.so; done"
    )


def exchange_parent(folder):
    other_does(
        f"cd {folder.parent}; mv {folder.name} moved && mkdir {folder.name} && cd {folder.name};"
        f"for run in $(ls -A ../moved 2>&-) run; do mkdir $run; ln -s {base}/planted.so $run/libarpent-preload.so; done"
    )


def is_not_used(folder, change):
    seen = []

    def look():
        seen.extend(folder.glob(".arpent-run-*"))
        change(folder)

    maps = run_in(folder, look)
    check("planted.so" not in maps, f"loads what others put at {folder}")
    check(library.name in maps, f"is tracked with {folder}: {maps}")
    equal(seen, [], f"runs in {folder}")


is_not_used(make("open", 0o777), exchange_run)
is_not_used(make("group", 0o770), exchange_run)
make("above", 0o777)
is_not_used(make("above/own", 0o700), exchange_parent)
make("behind", 0o700)
(base / "above/link").symlink_to(base / "behind")
if two_users:
    os.lchown(base / "above/link", OWN, OWN)
is_not_used(base / "above/link", lambda folder: other_does("rm above/link; ln -s /nowhere above/link"))
if two_users:
    is_not_used(make("others", 0o777, OTHER), exchange_run)
    is_not_used(make("others-sticky", 0o1777, OTHER), exchange_run)

# Where they cannot, the folder is used.
for name, mode in ("sticky", 0o1777), ("private", 0o700):
    folder = make(name, mode)
    found = []
    maps = run_in(folder, lambda: found.extend(folder.glob(".arpent-run-*")))
    check(library.name in maps, f"is tracked in {name}")
    equal(len(found), 1, f"runs in {name}")

# If there is no such folder at all, nothing runs.
if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0:
    script = f"""mount --bind '{base}' /mnt || exit 1
        for open in /dev/shm /tmp; do mount -t tmpfs -o mode=777 none $open || exit 1; done
        "$@" """
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script, "sh"] + as_user(OWN, "/mnt/arpent", "run", "--", "echo", "ran"),
        env={**environment, "ARPENT_PRELOAD": f"/mnt/with space/{library.name}", "XDG_RUNTIME_DIR": "/mnt/open"},
        cwd="/",
        capture_output=True,
        text=True,
    )
    equal((done.returncode, done.stdout), (125, ""), f"every folder is open to others: {done.stderr}")
    check("another user could exchange it" in done.stderr, f"what is said of it: {done.stderr}")
else:
    print("left out: a system whose folders are all open to others, because nothing can be mounted here")
finish()
