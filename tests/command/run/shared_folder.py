# Tests tools/arpent/run/kept_profile.cpp tools/arpent/run/private_directory.cpp src/track/region/region.cpp
"""`arpent run --profile` in a folder that others may write to. Whatever they put beside the profile or in its place is
neither read nor changed, and what is ours stays private. As root the others are another user; else they are this user,
from whom nothing that lies there is taken either."""

import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

from harness.checks import check, equal, finish
from harness.profiles import profile_of, report_json
from harness.survey import ARPENT, PROGRAMS

OWN, OTHER = 65534, 65533
USED_OFFSET, PID_OFFSET = 24, 32  # in the header
# Where / is closed to others, as in a chroot, nothing runs as another user.
two_users = os.geteuid() == 0 and bool(os.stat("/").st_mode & 0o001)
if os.geteuid() == 0 and not two_users:
    print("left out: what needs a second user, because / is closed to others")


def as_user(user, *command):
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command] if two_users else [*command]


# Other users may be unable to enter the folders above the build.
place = tempfile.TemporaryDirectory()
base = pathlib.Path(place.name)
base.chmod(0o755)
for file in ARPENT, os.environ["ARPENT_PRELOAD"], PROGRAMS / "many_stacks":
    shutil.copy(file, base)
environment = {**os.environ, "ARPENT_PRELOAD": str(base / "libarpent-preload.so"), "HOME": "/"}
many = base / "many_stacks"
profile_of("planted", PROGRAMS / "run_sites")
planted = bytearray(pathlib.Path("planted").read_bytes())
del planted[struct.unpack_from("<Q", planted, USED_OFFSET)[0] :]


def other_does(script, stdin=b""):
    done = subprocess.run(as_user(OTHER, "sh", "-c", script), input=stdin, cwd=shared, capture_output=True)
    equal((done.returncode, done.stderr), (0, b""), f"what the others do: {script}")


def run_while(change, *options, program=f"{many} 30; exec {many} 50"):
    """A run in the shared folder, which goes on when change(PID) has been called; status, standard error, report."""
    global shared
    shared = pathlib.Path(tempfile.mkdtemp(dir=base))
    shared.chmod(0o777)
    report = shared / "report"
    command = subprocess.Popen(
        as_user(
            OWN,
            *[base / "arpent", "run", "--profile", shared / "kept", "--format", "json", "--report", report, *options],
            *["--", "sh", "-c", f"echo $$; read line; {program}"],
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd="/",
    )
    change(int(command.stdout.readline()))
    _, errors = command.communicate("go on\n", timeout=300)
    return command.returncode, errors, json.loads(report.read_text())


def is_the_programs(result, what):
    status, errors, report = result
    equal((status, errors), (0, ""), what)
    equal(pathlib.Path((report["process"] or {}).get("program", "")).name, "many_stacks", f"{what}: whose report")
    equal((report["process"] or {}).get("allocations"), 50, f"{what}: its figures")
    equal(report["notes"], [], f"{what}: notes")


def names():
    return sorted(path.name for path in shared.iterdir() if path.name != "report")


# A profile that claims to be a later one of the same process.
def plant(pid):
    planted[PID_OFFSET : PID_OFFSET + 4] = struct.pack("<i", pid)
    for name in f"kept.{pid}", f"kept.{pid}.5", "kept.1":
        other_does(f"umask 0; cat > {name}", planted)
    other_does(f"ln -s /dev/zero kept.{pid}.6; mkfifo -m 666 kept.{pid}.7; mkdir kept.{pid}.8")


is_the_programs(run_while(plant), "planted profiles")
for path in shared.glob("kept.*[15]"):
    equal(path.read_bytes(), bytes(planted), f"{path.name} is as it was")
equal(len(names()), 7, f"nothing was removed, nothing added: {names()}")

# With --follow-children ours go to names that are free.
is_the_programs(run_while(plant, "--follow-children"), "planted profiles, with children")
ours = [path for path in shared.glob("kept*") if path.is_file() and path.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"]
equal(len(ours), 3, f"profiles of the program, the shell and its child in {names()}")
for path in ours:
    equal(path.stat().st_mode & 0o7777, 0o600, f"mode of {path.name}")
    equal(path.stat().st_uid, OWN if two_users else os.geteuid(), f"owner of {path.name}")


# While it runs, its own folder is closed to others, and the profile is there.
def look(pid):
    (folder,) = shared.glob(".arpent-run-*")
    equal(folder.stat().st_mode & 0o7777, 0o700, "mode of the run's folder")
    kept = (shared / "kept").lstat()
    equal((kept.st_mode & 0o7777, kept.st_ino), (0o600, (folder / "kept").lstat().st_ino), "the profile while it runs")
    if two_users:
        done = subprocess.run(as_user(OTHER, "cat", shared / "kept"), capture_output=True)
        check(done.returncode != 0, "another user reads the profile")


is_the_programs(run_while(look), "undisturbed")
equal(names(), ["kept"], "nothing else is left")


# The profile itself, or the run's folder, is moved away, and something else takes its place.
def replace(pid):
    planted[PID_OFFSET : PID_OFFSET + 4] = struct.pack("<i", pid)
    other_does("mv kept away; umask 0; cat > kept", planted)


status, errors, report = run_while(replace)
equal((status, "stays as it is" in errors), (125, True), f"another file in its place: {errors}")
equal((report["process"] or {}).get("allocations"), 50, "the report is of the program")
equal((shared / "kept").read_bytes(), bytes(planted), "the file in its place is as it was")
(beside,) = shared.glob("kept.*")
check(f"; the profile is '{beside}'" in errors, f"where the profile is: {errors}")
equal(report_json(beside)["process"]["allocations"], 50, "the profile beside it")
equal(beside.stat().st_mode & 0o7777, 0o600, "mode of the profile beside it")


is_the_programs(run_while(lambda pid: other_does("mv kept away")), "the profile is moved away")
equal(names(), ["away", "kept"], "it is there again")
equal(report_json(shared / "kept")["process"]["allocations"], 50, "and is the program's")


def link(pid):
    other_does("mv kept away; ln -s away kept")


status, errors, _ = run_while(link)
equal((status, "stays as it is" in errors), (125, True), f"a link in its place: {errors}")


# A link in the place of the run's folder is not followed.
def link_folder(pid):
    (folder,) = (path.name for path in shared.glob(".arpent-run-*"))
    other_does(f"mv {folder} away; mkdir target; chmod 777 target; ln -s target {folder}")


run_while(link_folder)
equal(list((shared / "target").iterdir()), [], "what is created behind the link")


def replace_folder(pid):
    planted[PID_OFFSET : PID_OFFSET + 4] = struct.pack("<i", pid)
    (folder,) = (path.name for path in shared.glob(".arpent-run-*"))
    other_does(f"mv {folder} away; mkdir {folder}; umask 0; cat > {folder}/kept.{pid}.9", planted)
    other_does(f"echo text > {folder}/text; chmod 777 {folder}")


status, errors, report = run_while(replace_folder, program=":")
equal(status, 0, f"the run's folder is moved away: {errors}")
check("run_sites" not in json.dumps(report), f"the report is of the planted profile: {report}")
(folder,) = shared.glob(".arpent-run-*")
equal((folder / "text").read_text(), "text\n", "what the others put into a folder of that name is left alone")
finish()
