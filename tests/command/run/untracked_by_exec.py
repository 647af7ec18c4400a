# Tests tools/arpent/run src/abi/preload
# ctest: COST=60
"""A program that cannot be tracked runs as without us by whatever route a tracked one becomes or starts it, and the
report says which one that is, and why."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

from harness.checks import check, equal, finish
from harness.survey import ARPENT, PROGRAMS, run, survey

CC = os.environ["CC"]
LOADER = "/lib64/ld-linux-x86-64.so.2" if os.uname().machine == "x86_64" else "/lib/ld-linux-aarch64.so.1"
os.environ["ASAN_OPTIONS"] = os.environ["LSAN_OPTIONS"] = "detect_leaks=0"

pathlib.Path("main.c").write_text(
    """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
extern char** environ;
int main(int count, char** arguments) {
  *(volatile char*)malloc(123) = 1;
#ifdef NEXT
  execl(NEXT, NEXT, NULL);
#endif
  printf("%d %s\\n", count, arguments[count - 1]);
  for (char** entry = environ; *entry; ++entry) {
    puts(*entry);
  }
  return 6;
}
"""
)


def build(name, *options, compiler=CC):
    subprocess.run([compiler, "-g", "-O1", "-fno-builtin", "-o", name, "main.c", *options], check=True)
    return f"./{name}"


def script(name, text):
    path = pathlib.Path(name)
    path.write_text(text)
    path.chmod(0o755)
    return f"./{name}"


def plain(*command, environment=None):
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env={**os.environ, **(environment or {})}
    )
    return done.returncode, without_last_command(done.stdout)


def without_last_command(text):
    """Shells set _ to what they were called by."""
    return [line for line in text.splitlines() if not line.startswith("_=")]


def untouched(program, cause, because, *command, options=(), environment=None):
    """The report of the run, of which standard output and status are as without us."""
    expected = plain(*command, environment=environment)
    done, report = survey(*command, options=options, environment=environment)
    what = f"{program} by {command} {options} {environment}"
    equal((done.returncode, without_last_command(done.stdout)), expected, what)
    found = [
        entry for entry in report["untracked"] if pathlib.Path(entry["program"]).name == pathlib.Path(program).name
    ]
    equal([entry["cause"] for entry in found], [cause], f"cause of {what}: {report['untracked']}")
    check(found and because in found[0]["explanation"], f"'{because}' is not said of {what}: {found}")
    return done, report, found


def becomes_untracked(program, cause, because):
    """As the program that another one replaces itself by, and as a child that is followed."""
    done, report, _ = untouched(program, cause, because, script("wrapper.sh", f"#!/bin/sh\nexec {program} x\n"))
    equal(
        (report["tracked"], report["process"], report["untracked_cause"]), (False, None, cause), f"{program} at the end"
    )
    check(because in report["why_not_tracked"], f"{program}: {report['why_not_tracked']!r}")
    equal(len(report["others"]), 1, f"the shell before {program}")
    text = run("./wrapper.sh").stderr
    check("  tracked     nothing: " in text and because in text, f"report on {program}:\n{text}")
    script("zero.sh", f"#!/bin/sh\n{program} x > /dev/null\nexit 0\n")
    _, report, found = untouched(program, cause, because, "./zero.sh", options=["--follow-children"])
    equal(report["tracked"], True, f"the shell that starts {program}")
    check(found and found[0]["pid"] != report["pid"], f"{program} as a child: {found}")
    text = run("./zero.sh", options=["--follow-children"]).stderr
    check("Children that were not tracked" in text and because in text, f"report on the child {program}:\n{text}")


SANITIZER = "has a malloc of its own"
for sanitizer in ("address", "thread", "leak"):
    becomes_untracked(build(f"with_{sanitizer}", f"-fsanitize={sanitizer}"), "sanitizer", SANITIZER)
becomes_untracked(build("asan_inside", "-fsanitize=address", "-static-libasan", "-s"), "sanitizer", SANITIZER)
# clang's is inside anyway, and it does not know the option.
inside = [] if "clang" in CC else ["-static-libtsan"]
becomes_untracked(build("tsan_inside", "-fsanitize=thread", *inside), "sanitizer", SANITIZER)
for sanitizer in ("address", "thread", "memory", "leak"):
    name = build(f"clang_{sanitizer}", f"-fsanitize={sanitizer}", compiler="clang-19")
    becomes_untracked(name, "sanitizer", SANITIZER)
becomes_untracked(
    build("clang_old_hash", "-fsanitize=address", "-s", "-Wl,--hash-style=sysv", compiler="clang-19"),
    "sanitizer",
    SANITIZER,
)
becomes_untracked(build("with_musl", compiler="musl-gcc"), "other_c_library", "is built for another C library")
becomes_untracked(build("static", "-static"), "statically_linked", "is statically linked")
becomes_untracked(build("static_pie", "-static-pie"), "statically_linked", "is statically linked")
if os.getuid() == 0:
    raised = build("raised", "-static-libgcc")
    os.chown(raised, 65534, 65534)
    os.chmod(raised, 0o2755)
    becomes_untracked(raised, "raised_privileges", "is set-gid")
    # With no_new_privs the kernel raises nothing for it.
    without = "import ctypes, os, sys\nctypes.CDLL(None).prctl(38, 1, 0, 0, 0)\nos.execv(sys.argv[1], sys.argv[1:])"
    done, report = survey(sys.executable, "-c", without, raised, "x")
    equal((done.returncode, report["tracked"], report["untracked"]), (6, True, []), "set-gid with no_new_privs")
    done = subprocess.run(
        [sys.executable, "-c", without, ARPENT, "run", "--format", "json", "--", raised, "x"],
        capture_output=True,
        text=True,
    )
    equal((done.returncode, json.loads(done.stderr)["tracked"]), (6, True), "the same from the start")

# A program that ends before the library in it starts is untracked too, whichever copy serves the one before it
pathlib.Path("gone.c").write_text("int gone(void) { return 0; }\n")
subprocess.run([CC, "-shared", "-fPIC", "-o", "libgone.so", "gone.c"], check=True)
build("without_library", "-Wl,--no-as-needed", "./libgone.so")
pathlib.Path("libgone.so").unlink()
for libraries in ([], [f"{os.environ['ARPENT_LIB']}/libarpent.a", "-pthread"]):
    build("before", '-DNEXT="./without_library"', *libraries)
    done, report = survey("./before")
    equal(
        (done.returncode, report["tracked"], report["process"], len(report["others"])),
        (127, False, None, 1),
        f"a program that cannot start, after one with {libraries}",
    )

# At the first start; which sanitizer it is, clang leaves in a stripped program
asan_inside = "with AddressSanitizer, " if "clang" in CC else "with a sanitizer, "
for program, because in (("./with_musl", "is built for another C library"), ("./asan_inside", asan_inside)):
    done = run(program)
    equal((done.returncode, done.stdout.splitlines()), plain(program), f"{program} as without us")
    check(
        done.stderr.startswith("arpent run: cannot track this program; running it untracked: ")
        and because in done.stderr,
        done.stderr,
    )

# By every function that becomes or starts a program, with a name of each kind
PYTHON = """
import os, subprocess, sys
how, program = sys.argv[1:]
folder, name = os.path.split(os.path.abspath(program))
arguments = [program, "x"]
searched = {**os.environ, "PATH": "/nowhere::" + folder}
if how == "execv":
    os.execv(program, arguments)
elif how == "execvpe":
    os.environ["PATH"] = searched["PATH"]
    os.execvpe(name, arguments, os.environ)
elif how == "fexecve":
    os.execve(os.open(program, os.O_RDONLY), arguments, os.environ)
elif how == "path":
    os.execve(os.open(program, os.O_PATH), arguments, os.environ)
elif how == "posix_spawn":
    process = os.posix_spawn(program, arguments, os.environ)
elif how == "posix_spawnp":
    os.environ["PATH"] = searched["PATH"]
    process = os.posix_spawnp(name, arguments, os.environ)
elif how == "vfork":
    sys.exit(subprocess.run(arguments).returncode)
elif how == "fork":
    process = os.fork()
    if process == 0:
        os.execv(program, arguments)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
"""
for how in ("execv", "execvpe", "fexecve", "path", "posix_spawn", "posix_spawnp", "vfork", "fork"):
    untouched(
        "with_address",
        "sanitizer",
        SANITIZER,
        sys.executable,
        "-c",
        PYTHON,
        how,
        "./with_address",
        options=["--follow-children"],
    )
untouched("with_musl", "other_c_library", "C library", "env", "./with_musl")
untouched(
    "with_musl",
    "other_c_library",
    "C library",
    "find",
    "main.c",
    "-exec",
    "./with_musl",
    "{}",
    ";",
    options=["--follow-children"],
)

# posix_spawn that changes the folder before it looks for the program: ./given is another one there
pathlib.Path("spawner.c").write_text(
    """
#define _GNU_SOURCE
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
extern char** environ;
int main(int count, char** arguments) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (strcmp(arguments[1], ".") != 0) {
    posix_spawn_file_actions_addchdir_np(&actions, arguments[1]);
  }
  setenv("PATH", ":/nowhere", 1);
  pid_t child;
  char* rest[] = {arguments[3], "x", NULL};
  int (*spawn)(pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, char* const[],
               char* const[]) = strcmp(arguments[2], "path") == 0 ? posix_spawn : posix_spawnp;
  int status = 0;
  if (spawn(&child, arguments[3], &actions, NULL, rest, environ) != 0 || waitpid(child, &status, 0) != child) {
    return 99;
  }
  return WEXITSTATUS(status);
}
"""
)
subprocess.run([CC, "-o", "spawner", "spawner.c"], check=True)
pathlib.Path("elsewhere").mkdir()
shutil.copy("with_address", "elsewhere/given")
build("given")
FOLLOW = ["--follow-children"]
for how, name in (("path", "./given"), ("name", "./given"), ("name", "given")):
    command = ("./spawner", "elsewhere", how, name)
    untouched("given", "unknown_folder", "relative path", *command, options=FOLLOW)
equal(
    survey("./spawner", "elsewhere", "path", f"{pathlib.Path.cwd()}/given", options=FOLLOW)[1]["untracked"],
    [],
    "an absolute path",
)
equal(survey("./spawner", ".", "path", "./given", options=FOLLOW)[1]["untracked"], [], "no actions")

# Through scripts: the interpreter decides, up to the kernel's limit
here = pathlib.Path.cwd()
script("level1", f"#!{here}/with_musl one\n")
for level in range(2, 5):
    script(f"level{level}", f"#! {here}/level{level - 1}\n")
for level in range(1, 5):
    untouched("with_musl", "other_c_library", "C library", "sh", "-c", f"exec ./level{level}")

# A sanitizer that the program's user preloads
asan = subprocess.run([CC, "-print-file-name=libasan.so"], capture_output=True, text=True).stdout.strip()
asan = str(pathlib.Path(asan).resolve())
build("ordinary")
untouched("ordinary", "sanitizer", "sanitizer", "sh", "-c", f"LD_PRELOAD={asan} exec ./ordinary")

# The environment of such a program is what it would be without us
for value in (None, "", "libm.so.6", "libm.so.6:libdl.so.2"):
    for options in ([], ["--follow-children"]):
        environment = {} if value is None else {"LD_PRELOAD": value}
        untouched(
            "static",
            "statically_linked",
            "statically",
            "sh",
            "-c",
            "exec ./static",
            options=options,
            environment=environment,
        )
        untouched(
            "static",
            "statically_linked",
            "statically",
            "sh",
            "-c",
            f"LD_PRELOAD={value or ''} exec ./static",
            options=options,
            environment=environment,
        )

# exec that fails leaves nothing behind: the program that tried goes on and is in the report
shutil.copy("static", "refused")
os.chmod("refused", 0o644)
done, report = survey(sys.executable, "-c", "import os\ntry: os.execv('./refused', ['x'])\nexcept OSError: pass")
equal((report["tracked"], report["untracked"]), (True, []), "after exec failed")

# Files that begin like programs
count = 5000
done, report = survey(PROGRAMS / "exec_damaged", count)
equal((done.returncode, done.stdout, report["tracked"]), (0, f"{count}\n", True), "damaged files")

# A program that is started through its loader is tracked under its own name
for command in (
    [LOADER, "./ordinary"],
    [LOADER, "--argv0", "other", "./ordinary", "x"],
    ["sh", "-c", f"exec {LOADER} ./ordinary"],
):
    done, report = survey(*command)
    equal((done.returncode, without_last_command(done.stdout)), plain(*command), f"{command} as without us")
    process = report["process"] or {}
    equal(process.get("program"), str(here / "ordinary"), f"name of {command}")
    own = [site for site in process.get("sites", []) if site["allocated_bytes"] == 123]
    equal(
        [(site["function"], pathlib.Path(site["file"]).name) for site in own],
        [("main", "main.c")],
        f"site of {command}",
    )
done, report = survey(LOADER, "./with_address", "x")
equal((done.returncode, report["untracked_cause"]), (6, "sanitizer"), "a sanitizer through the loader")
untouched("with_address", "sanitizer", SANITIZER, "sh", "-c", f"exec {LOADER} ./with_address x")
finish()
