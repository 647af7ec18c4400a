# Tests src/abi/preload src/track/region/untracked_notice.cpp tools/arpent/run
# ctest: COST=10
"""A program that is started where Arpent's library cannot be opened, in another root or mount namespace, runs as without
us, and the report says which one that is, and why. So it does of a process that is forked in another root."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from harness.checks import check, equal, finish
from harness.survey import survey

AS_ROOT = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
FOLLOW = ["--follow-children"]
OUT_OF_REACH = ("library_out_of_reach", "another root or mount namespace")

pathlib.Path("main.c").write_text(
    """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
extern char** environ;
int main(int count, char** arguments) {
  *(volatile char*)malloc(123) = 1;
  printf("%d %s\\n", count, arguments[count - 1]);
  for (char** entry = environ; *entry; ++entry) {
    if (strncmp(*entry, "_=", 2) != 0) { /* shells set it to what they were called by */
      puts(*entry);
    }
  }
  return 6;
}
"""
)
root = pathlib.Path.cwd() / "root"
root.mkdir()
program = root / "ordinary"
subprocess.run([os.environ["CC"], "-o", program, "main.c"], check=True)
needed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
for library in re.findall(r"(/\S+) \(0x", needed):
    target = root / library[1:]
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(library, target)


def untracked(name, expected, is_expected_process, *command, options=(), environment=None):
    """The report on the command, which runs as without us, and in which `name` is untracked once, as expected."""
    command = [str(word) for word in (*AS_ROOT, *command)]
    what = f"{command} {options}"
    plain = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    done, report = survey(*command, options=options, environment=environment)
    for part in ("returncode", "stdout", "stderr"):
        equal(getattr(done, part), getattr(plain, part), f"{part} of {what}")
    found = [entry for entry in report["untracked"] if pathlib.Path(entry["program"]).name == name]
    cause, because = expected
    equal([entry["cause"] for entry in found], [cause], f"{what}: {report['untracked']}")
    for entry in found:
        check(because in entry["explanation"], f"'{because}' is not said of {what}: {entry['explanation']}")
        check(is_expected_process(entry, report), f"process {entry['pid']} of {what}, parent {entry['parent_pid']}")
    return report


def is_own(entry, report):
    return entry["pid"] == report["pid"]


def is_child(entry, report):
    return entry["pid"] != report["pid"] and entry["parent_pid"] == report["pid"]


# The process that was run becomes such a program
report = untracked("ordinary", OUT_OF_REACH, is_own, "chroot", root, "/ordinary", "x")
equal((report["tracked"], report["untracked_cause"]), (False, OUT_OF_REACH[0]), "the run by chroot")

# A child does
report = untracked(
    "ordinary", OUT_OF_REACH, is_child, "sh", "-c", f"chroot '{root}' /ordinary x; exit 3", options=FOLLOW
)
equal(report["tracked"], True, "the shell that runs chroot")

# A process in another root starts one
PYTHON = """
import os, subprocess, sys
how, root, *program = sys.argv[1:]
os.chroot(root)
os.chdir("/")
if how == "vfork":
    sys.exit(subprocess.run(program).returncode)
if how == "posix_spawn":
    process = os.posix_spawn(program[0], program, os.environ)
if how == "fork":
    process = os.fork()
    if process == 0:
        os.execv(program[0], program)
if how == "refused":
    for _ in range(100):
        try:
            os.execv("/refused", program)
        except PermissionError:
            pass
    os.execv(program[0], program)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""
in_root = [sys.executable, "-c", PYTHON]
for how in ("vfork", "posix_spawn"):
    untracked("ordinary", OUT_OF_REACH, is_child, *in_root, how, root, "/ordinary", "x", options=FOLLOW)

# A process that is forked there has no profile
python = pathlib.Path(sys.executable).resolve().name
no_profile = ("no_access", "in another root")
untracked(python, no_profile, is_child, *in_root, "fork", root, "/ordinary", "x", options=FOLLOW)

# Nor has what such a process forks
FORKS = """
import os, sys
root, children, grandchildren = sys.argv[1], *map(int, sys.argv[2:])
os.chroot(root)
os.chdir("/")
def fork(count, work):
    for _ in range(count):
        process = os.fork()
        if process == 0:
            work()
            os._exit(0)
        os.waitpid(process, 0)
fork(children, lambda: fork(grandchildren, lambda: None))
"""
for children, grandchildren, named in ((1, 1, 2), (1, 15, 16), (20, 0, 16), (3, 9, 16)):
    what = f"{children} children with {grandchildren} each in another root"
    command = [*AS_ROOT, sys.executable, "-c", FORKS, root, children, grandchildren]
    done, report = survey(*command, options=FOLLOW)
    equal(done.returncode, 0, f"{what}: {done.stderr}")
    untracked_processes = children * (1 + grandchildren)
    equal(report["processes"], 1 + untracked_processes, f"{what}, processes")
    # Without /proc, the process itself cannot be scanned either.
    equal(report["unscanned_processes"], 1 + untracked_processes, f"{what}, processes that were not scanned")
    equal([entry["cause"] for entry in report["untracked"]], ["no_access"] * named, f"{what}, named")
    further = untracked_processes - named
    said = [note for note in report["notes"] if f"{further} further program" in note]
    equal(len(said), 1 if further != 0 else 0, f"{what}, notes of {further} further ones in {report['notes']}")

# exec that fails leaves nothing behind
shutil.copy(program, root / "refused")
os.chmod(root / "refused", 0o644)
report = untracked("ordinary", OUT_OF_REACH, is_own, *in_root, "refused", root, "/ordinary", "x")
equal(len(report["untracked"]), 1, "programs that did not run as they were refused")

# Another mount namespace, in which something else lies over the library's folder
folder = pathlib.Path.cwd() / "library"
folder.mkdir()
preload = shutil.copy(os.environ["ARPENT_PRELOAD"], folder)
namespace = ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c"]
untracked(
    "ordinary",
    OUT_OF_REACH,
    is_child,
    *namespace,
    f"mount -t tmpfs none '{folder}'; '{program}' x; status=$?; umount '{folder}'; exit $status",
    options=FOLLOW,
    environment={"ARPENT_PRELOAD": preload},
)
finish()
