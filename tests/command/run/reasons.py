# Tests tools/arpent/run src/track/region
# ctest: COST=20
"""Each reason for which there are no figures of a program is named as itself, in the text and in JSON, whether the program
is the one that was run, what that became, or a child that is followed; and the program runs as without us."""

import json
import os
import pathlib
import resource
import subprocess
import sys

from harness.checks import check, equal, finish
from harness.survey import ARPENT, PROGRAMS, run, survey

CC = os.environ["CC"]
pathlib.Path("main.c").write_text(
    '#include <stdio.h>\n#include <stdlib.h>\nint main(void) { *(volatile char*)malloc(123) = 1; puts("works"); return 6; }\n'
)
subprocess.run([CC, "-g", "-O1", "-fno-builtin", "-o", "main", "main.c"], check=True)


def says(cause, words, done, report, what):
    equal((done.returncode, done.stdout), (6, "works\n"), f"{what} as without us")
    equal((report["tracked"], report["process"], report["untracked_cause"]), (False, None, cause), f"cause of {what}")
    check(words in (report["why_not_tracked"] or ""), f"'{words}' is not said of {what}: {report['why_not_tracked']!r}")
    check("nother malloc" not in (report["why_not_tracked"] or ""), f"{what}: {report['why_not_tracked']!r}")


def by_every_way(cause, words, limit, shell, options=()):
    """`limit` sets this process's limits before `arpent run` starts, `shell` within it."""
    what = f"{shell} {options}"
    done, report = survey("./main", options=options, preexec_fn=limit)
    says(cause, words, done, report, what)
    text = run("./main", options=options, preexec_fn=limit).stderr
    check("  tracked     nothing: " in text and words in text, f"report with {what}:\n{text}")
    done, report = survey("sh", "-c", f"{shell}; exec ./main", options=options)
    says(cause, words, done, report, f"{what}, then exec")
    done, report = survey("sh", "-c", f"({shell}; ./main; exit 6); exit 6", options=[*options, "--follow-children"])
    equal((done.returncode, done.stdout), (6, "works\n"), f"{what}, a child, as without us")
    found = [entry["cause"] for entry in report["untracked"] if entry["program"].endswith("/main")]
    equal(found, [cause], f"{what}, a child: {report['untracked']}")


def address_limit(kib):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (kib << 10, kib << 10))


def file_limit(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


for mode, limits, enough in (("stacks", (40000, 65536, 130000), 163840), ("sites", (40000,), 65536)):
    for kib in limits:
        by_every_way(
            "address_limit",
            f"{enough} beside what it needs itself are enough",
            address_limit(kib),
            f"ulimit -v {kib}",
            options=["--mode", mode],
        )
    more = enough + 20000
    done, report = survey("./main", options=["--mode", mode], preexec_fn=address_limit(more))
    equal((done.returncode, report["tracked"]), (6, True), f"{mode} with {more} KiB of addresses")

# A report file could not be written either, so that JSON comes through a pipe.
for size in (0, 100 << 10):
    done = run("./main", options=["--format", "json"], preexec_fn=file_limit(size))
    says(
        "file_size_limit",
        "the limit on the size of files (ulimit -f)",
        done,
        json.loads(done.stderr),
        f"files of {size} bytes",
    )
    blocks = size >> 9
    done, report = survey("sh", "-c", f"ulimit -f {blocks}; exec ./main")
    says(
        "file_size_limit", "the limit on the size of files (ulimit -f)", done, report, f"ulimit -f {blocks}, then exec"
    )
done, report = survey("./main", preexec_fn=file_limit(1 << 20))
equal((done.returncode, report["tracked"]), (6, True), "with files of 1 MiB")

# A disk that is full
as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
pathlib.Path("disk").mkdir()
done = subprocess.run(
    [
        "unshare",
        "--mount",
        "--propagation",
        "unchanged",
        *as_root,
        "sh",
        "-c",
        f"mount -t tmpfs -o size=100k none disk && '{ARPENT}' run --profile disk/full.profile --format json --report full.json "
        "-- ./main; status=$?; umount -l disk; exit $status",
    ],
    capture_output=True,
    text=True,
)
says("no_space", "there is no space left", done, json.loads(pathlib.Path("full.json").read_text()), "a full disk")

# A child whose copy of its parent's profile finds no room, though its first part does
pathlib.Path("child.c").write_text(
    """
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
static void (*volatile next)(unsigned, int);
static void even(unsigned path, int depth) { next(path >> 1, depth - 1); }
static void odd(unsigned path, int depth) { next(path >> 1, depth - 1); }
static void walk(unsigned path, int depth) {
  if (depth == 0) {
    free(malloc(10));
  } else if (path & 1) {
    odd(path, depth);
  } else {
    even(path, depth);
  }
}
int main(int count, char** arguments) {
  next = walk;
  for (unsigned path = 0; path < 4096; ++path) {
    walk(path, 12);
  }
  struct rlimit limit = {count > 1 ? (rlim_t)atol(arguments[1]) : RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_FSIZE, &limit);
  if (fork() == 0) {
    *(volatile char*)malloc(77) = 1;
    exit(0);
  }
  wait(NULL);
  return 6;
}
"""
)
subprocess.run([CC, "-g", "-O0", "-fno-builtin", "-o", "child", "child.c"], check=True)
FOLLOW = ["--mode", "stacks", "--follow-children"]


def has_one_untracked_child(cause, report, what):
    equal([entry["cause"] for entry in report["untracked"]], [cause], f"{what}: {report['untracked']}")
    equal((report["notes"], report["others"]), ([], []), f"{what}, notes and other profiles")
    equal((report["tracked"], report["unscanned_processes"]), (True, 1), f"{what}, the parent")


done, report = survey("./child", options=FOLLOW)
equal((report["processes"], len(report["others"])), (2, 1), "a child with a profile")
done, report = survey("./child", 300 << 10, options=FOLLOW)
has_one_untracked_child("file_size_limit", report, "a child with a limit on files")
done = subprocess.run(
    [
        "unshare",
        "--mount",
        "--propagation",
        "unchanged",
        *as_root,
        "sh",
        "-c",
        "mount -t tmpfs -o size=1900k none disk && "
        f"'{ARPENT}' run {' '.join(FOLLOW)} --profile disk/full.profile --format json --report full.json -- ./child; "
        "status=$?; umount -l disk; exit $status",
    ],
    capture_output=True,
    text=True,
)
equal(done.returncode, 6, done.stderr)
has_one_untracked_child("no_space", json.loads(pathlib.Path("full.json").read_text()), "a child and a full disk")

# Another user, who may not enter the folder. Where / is closed to others, as in a chroot, nothing runs as one.
other = [
    sys.executable,
    "-c",
    "import os, sys\nos.setgroups([])\nos.setuid(65534)\nos.execv(sys.argv[1], sys.argv[1:])",
]
if os.geteuid() == 0 and os.stat("/").st_mode & 0o001:
    os.chmod(".", 0o755)
    done, report = survey(*other, "/bin/true")
    equal((done.returncode, report["tracked"], report["untracked_cause"]), (0, False, "no_trace"), "another user")
    check("another user" in report["why_not_tracked"], report["why_not_tracked"])
    equal(run(*other, "/bin/true", options=["--leak-exit", "9"]).returncode, 125, "--leak-exit with another user")

# An end before the beginning
subprocess.run([CC, "-shared", "-fPIC", "-o", "libgone.so", "main.c"], check=True)
subprocess.run([CC, "-o", "incomplete", "main.c", "-Wl,--no-as-needed", "./libgone.so"], check=True)
pathlib.Path("libgone.so").unlink()
done, report = survey("./incomplete")
equal((done.returncode, report["untracked_cause"]), (127, "ended_early"), "a library is missing")
check("ended before Arpent's library began" in report["why_not_tracked"], report["why_not_tracked"])
done, report = survey("sh", "-c", "exec ./incomplete")
equal((done.returncode, report["untracked_cause"]), (127, "no_trace"), "a library is missing after exec")
check("ended before Arpent's library began" in report["why_not_tracked"], report["why_not_tracked"])
finish()
