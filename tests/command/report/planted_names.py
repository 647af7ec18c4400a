# Tests tools/arpent/common/trusted_path.cpp tools/arpent/common/report_target.cpp tools/arpent/common/http_access.cpp
"""Links and pipes that another user has put where a report or a token is expected, or in the middle of its path: the report goes neither to that
user nor over a file of ours, and no file of ours becomes a token. Links and pipes of our own work as ever."""

import os
import pathlib
import select
import subprocess
import tempfile
import threading

from harness.checks import check, equal, finish
from harness.profiles import arpent, profile_of
from harness.survey import ARPENT, PROGRAMS

OTHER = 65534
os.umask(0o022)
place = tempfile.TemporaryDirectory()
os.chdir(place.name)
os.chmod(".", 0o777)  # without the sticky bit, with which Linux itself refuses such links and pipes in part
profile_of("a.profile", PROGRAMS / "figures", mode="stacks")


def report(to, status=0):
    return arpent("report", "--output", to, "a.profile", status=status)


def becomes_planted(name):
    os.chown(name, OTHER, OTHER, follow_symlinks=False)


def is_refused(said, what, name):
    check(f"another user's {what}" in said, f"{what} {name}: {said}")


# Our own
os.symlink("real.txt", "first")
os.symlink(os.path.abspath("first"), "second")
pathlib.Path("real.txt").write_text("old")
report("second")
check("== arpent" in pathlib.Path("real.txt").read_text(), "a report through two links")
check(os.path.islink("first") and os.path.islink("second"), "they stay links")
os.mkfifo("own")
got = []
reader = threading.Thread(target=lambda: got.append(pathlib.Path("own").read_text()))
reader.start()
report("own")
reader.join()
check("== arpent" in got[0], "a report through a pipe of our own")
shell = f"'{ARPENT}' report --output /dev/stdout a.profile | cat; '{ARPENT}' report --output /dev/fd/3 a.profile 3>&1"
said = subprocess.run(["sh", "-c", shell], capture_output=True, text=True).stdout
equal(said.count("== arpent"), 2, f"names of open files: {said}")
os.symlink("/dev/stdout", "out")
check("== arpent" in report("out"), "a link to one of them")
os.symlink("circle", "circle")
for circle in "circle", "circle/report.txt":
    check("too many links" in report(circle, 3), f"links in a circle: {circle}")
os.makedirs("real/below")
os.symlink("real", "folder")
os.symlink(os.path.abspath("folder/below"), "deep")
for name, where in (
    ("folder/a.txt", "real/a.txt"),
    ("deep/../b.txt", "real/b.txt"),
    (f"{os.getcwd()}/./folder//below/c.txt", "real/below/c.txt"),
    ("/proc/self/cwd/folder/d.txt", "real/d.txt"),
):
    report(name)
    check("== arpent" in pathlib.Path(where).read_text(), f"a report through links to folders: {name}")
for name, why in ("folder", "directory"), ("folder/", "directory"), ("real.txt/", "directory"), ("none/a", "No such"):
    check(why in report(name, 3), f"no file: {name}")
pathlib.Path("replaced.txt").write_text("old")
subprocess.run(["sh", "-c", f"'{ARPENT}' report --output /dev/stdout a.profile >>replaced.txt"], check=True)
check("== arpent" in pathlib.Path("replaced.txt").read_text(), "standard output is a file")
os.chdir("real/below")
arpent("report", "--output", "../e.txt", "../../a.profile")
os.chdir("../..")
check("== arpent" in pathlib.Path("real/e.txt").read_text(), "a path that goes up")
run = [ARPENT, "run", "--profile", "deep/kept", "--report", "deep/kept.txt", "--", "true"]
subprocess.run(run, check=True)
check(os.path.exists("real/below/kept") and os.path.exists("real/below/kept.txt"), "a run through links to folders")

pathlib.Path("secret").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
os.chmod("secret", 0o600)
os.symlink("secret", "token")
server = subprocess.Popen([ARPENT, "serve", "--port", "0", "--token-file", "token"], stdout=subprocess.PIPE, text=True)
check("http://" in server.stdout.readline(), "a token file may be a link of our own")
server.terminate()
server.communicate()

# Another user's
if os.geteuid() == 0:
    os.mkfifo("pipe", 0o666)
    os.chmod("pipe", 0o666)
    becomes_planted("pipe")
    listening = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    pathlib.Path("mine.txt").write_text("mine")
    os.symlink("mine.txt", "link")
    becomes_planted("link")
    os.symlink("link", "behind")  # ours, to theirs
    os.symlink(os.path.abspath("missing.txt"), "dangling")
    becomes_planted("dangling")
    for what, name in ("pipe", "pipe"), ("link", "link"), ("link", "behind"), ("link", "dangling"):
        for command in (
            ("report", "--output", name, "a.profile"),
            ("report", "--format", "json", "--output", name, "a.profile"),
            ("merge", name, "a.profile", "a.profile"),
            ("diff", "--output", name, "a.profile", "a.profile"),
            ("view", "--output", name, "a.profile"),
        ):
            is_refused(arpent(*command, status=3), what, name)
        run = [ARPENT, "run", "--report", name, "--", "touch", "ran"]
        done = subprocess.run(run, stderr=subprocess.PIPE, text=True, check=False)
        equal((done.returncode, os.path.exists("ran")), (125, False), f"run --report {name} ends before the program")
        is_refused(done.stderr, what, name)
    equal(select.select([listening], [], [], 0)[0], [], "the other user reads nothing")
    equal(pathlib.Path("mine.txt").read_text(), "mine", "our file stays")
    check(not os.path.exists("missing.txt"), "no file comes to be at the end of another user's link")

    # The default name of a snapshot is easy to guess.
    tracked = subprocess.Popen(
        [ARPENT, "run", "--report", "/dev/null", "--", "sh", "-c", "echo $$; read order"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid = int(tracked.stdout.readline())
    os.rename("pipe", f"{pid}.pb.gz")
    is_refused(arpent("snapshot", pid, status=3), "pipe", "of a snapshot")
    tracked.communicate("x\n")

    # In the middle of a path
    home = tempfile.TemporaryDirectory()
    secret = pathlib.Path(home.name) / "secret"
    secret.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    secret.chmod(0o600)
    (pathlib.Path(home.name) / "below").mkdir()
    os.symlink(home.name, "way")
    becomes_planted("way")
    os.symlink("way", "through")  # ours, to theirs
    for name in "way/secret", "through/secret", "way/new", "way/below/../new", "./way/below/new":
        for command in (
            ("report", "--output", name, "a.profile"),
            ("merge", name, "a.profile", "a.profile"),
            ("view", "--output", name, "a.profile"),
            ("serve", "--port", "0", "--token-file", name),
        ):
            is_refused(arpent(*command, status=3), "link", f"in {name}, {command[0]}")
        for option in "--report", "--profile":
            run = [ARPENT, "run", option, name, "--", "touch", "ran"]
            done = subprocess.run(run, stderr=subprocess.PIPE, text=True, check=False)
            equal(
                (done.returncode, os.path.exists("ran")), (125, False), f"run {option} {name} ends before the program"
            )
            is_refused(done.stderr, "link", f"in {name}, run {option}")
    equal(sorted(os.listdir(home.name)), ["below", "secret"], "nothing comes to be behind another user's link")
    check(secret.read_text().startswith("-----BEGIN"), "our file stays")
    os.mkdir("closed")  # where only we can put a link, another user's is our choice
    os.symlink(home.name, "closed/theirs")
    becomes_planted("closed/theirs")
    report("closed/theirs/allowed.txt")

    os.lchown("token", OTHER, OTHER)
    is_refused(arpent("serve", "--port", "0", "--token-file", "token", status=3), "link", "to a secret")
finish()
