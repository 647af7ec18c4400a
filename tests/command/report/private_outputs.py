# Tests tools/arpent/common/report_target.cpp tools/arpent/common/output.cpp
"""What is made of a profile is for its owner alone, whatever the umask; and the program's arguments can be withheld."""

import gzip
import os
import pathlib
import stat
import subprocess
import tempfile

from harness.checks import check, equal, finish
from harness.http_clients import OTHER_USER
from harness.profiles import arpent, profile_of, report_json
from harness.survey import ARPENT, PROGRAMS

SECRET = "--password=hunter2"
os.umask(0)
place = tempfile.TemporaryDirectory()  # other users may be unable to enter the folders above the build
os.chdir(place.name)
os.chmod(".", 0o777)
profile_of("a.profile", PROGRAMS / "figures", SECRET, mode="stacks")
FORMATS = "text json html pprof collapsed speedscope sarif junit".split()


def mode_of(file):
    return stat.S_IMODE(os.stat(file).st_mode)


def other_user_reads(file):
    return subprocess.run([*OTHER_USER, "cat", os.path.abspath(file)], capture_output=True).returncode == 0


def is_private(file, what):
    equal(mode_of(file), 0o600, f"mode: {what}")
    if OTHER_USER:
        check(not other_user_reads(file), f"another user cannot read it: {what}")


for output_format in FORMATS:
    arpent("report", "--format", output_format, "--output", f"report.{output_format}", "a.profile")
    is_private(f"report.{output_format}", f"report --format {output_format}")
arpent("merge", "merged.pb.gz", "a.profile", "a.profile")
is_private("merged.pb.gz", "merge")
for output_format in "text", "json":
    arpent("diff", "--format", output_format, "--output", f"diff.{output_format}", "a.profile", "merged.pb.gz")
    is_private(f"diff.{output_format}", f"diff --format {output_format}")
arpent("view", "--output", "page.html", "a.profile")
is_private("page.html", "view")
run = [ARPENT, "run", "--profile", "run.profile", "--report", "run.txt", "--", PROGRAMS / "figures", SECRET]
subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
is_private("run.txt", "run --report")
is_private("run.profile", "run --profile")
tracked = subprocess.Popen(
    [ARPENT, "run", "--report", "/dev/null", "--", "sh", "-c", "echo $$; read order", SECRET],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
)
pid = int(tracked.stdout.readline())
arpent("snapshot", pid)
is_private(f"{pid}.pb.gz", "snapshot")
check(SECRET in report_json(f"{pid}.pb.gz")["process"]["command_line"], "a snapshot has the command line")
arpent("snapshot", "--no-command-line", "--output", "bare.pb.gz", pid)
equal(report_json("bare.pb.gz")["process"]["command_line"], "", "snapshot --no-command-line")
tracked.communicate("x\n")


# Otherwise if that is asked for: a file of this user's keeps its mode if no other user can have moved it there.
def make_shared(file, mode=0o644):
    pathlib.Path(file).touch()
    os.chmod(file, mode)
    return file


held = tempfile.TemporaryDirectory()
os.chmod(held.name, 0o755)
sticky = pathlib.Path(held.name) / "sticky"
sticky.mkdir()
sticky.chmod(0o1777)
for folder in held.name, sticky:
    file = make_shared(f"{folder}/shared.txt", 0o4644)
    arpent("report", "--output", file, "a.profile")
    equal(mode_of(file), 0o644, f"a file that is there keeps its mode, but not the bits that raise privileges: {file}")
    check(other_user_reads(file), "another user can read what is shared")
make_shared("notes.txt")
subprocess.run([*OTHER_USER, "mv", "notes.txt", "moved.json"], check=True)
arpent("report", "--format", "json", "--output", "moved.json", "a.profile")
is_private("moved.json", "a file of ours that others have moved")
make_shared("notes.txt")
subprocess.run([*OTHER_USER, "mv", "notes.txt", "moved.txt"], check=True)
run = [ARPENT, "run", "--report", "moved.txt", "--", PROGRAMS / "figures"]
subprocess.run(run, check=True, stdout=subprocess.DEVNULL)
is_private("moved.txt", "run --report over a file of ours that others have moved")
pathlib.Path("folder").mkdir()
make_shared("folder/report.txt")
subprocess.run([*OTHER_USER, "mv", "folder", "moved"], check=True)
arpent("report", "--output", "moved/report.txt", "a.profile")
is_private("moved/report.txt", "a file of ours in a folder of ours that others have moved")
linked = sticky / "linked.json"
os.link(make_shared(sticky / "notes.txt"), linked)  # as others can if Linux does not protect hard links
arpent("report", "--format", "json", "--output", linked, "a.profile")
is_private(linked, "a file of ours that others have linked")
if os.geteuid() == 0:
    pathlib.Path("planted.txt").touch()
    os.chmod("planted.txt", 0o666)
    os.chown("planted.txt", 65534, 65534)
    arpent("report", "--output", "planted.txt", "a.profile")
    is_private("planted.txt", "a file that another user has put there")

# The program's arguments
for output_format in FORMATS:
    text = arpent("report", "--format", output_format, "--no-command-line", "--output", "bare", "a.profile")
    content = pathlib.Path("bare").read_bytes()
    content = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    check(SECRET.encode() not in content, f"report --format {output_format} --no-command-line")
    pathlib.Path("bare").unlink()
arpent("merge", "--no-command-line", "bare.pb.gz", "a.profile", "a.profile")
equal(report_json("bare.pb.gz")["process"]["command_line"], "", "merge --no-command-line")
check(SECRET in report_json("a.profile")["process"]["command_line"], "without the option they are there")


def everything_of_a_run(*options, environment=None):
    """The bytes of the profile and of the JSON report."""
    for file in "kept.profile", "kept.json":
        pathlib.Path(file).unlink(missing_ok=True)
    subprocess.run(
        [ARPENT, "run", "--profile", "kept.profile", "--format", "json", "--report", "kept.json", *options, "--"]
        + ["sh", "-c", f"'{PROGRAMS}/figures' {SECRET} && exec '{PROGRAMS}/figures' {SECRET}", SECRET],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    unpacked = arpent("report", "--format", "json", "kept.profile")
    others = b"".join(path.read_bytes() for path in pathlib.Path(".").glob("kept.profile*"))
    return pathlib.Path("kept.json").read_text() + unpacked + others.decode(errors="replace")


check(SECRET in everything_of_a_run(), "run keeps the arguments")
check(SECRET not in everything_of_a_run("--no-command-line"), "run --no-command-line, and what it becomes by exec")
check(SECRET not in everything_of_a_run(environment={"ARPENT_COMMAND_LINE": "0"}), "ARPENT_COMMAND_LINE=0")
finish()
