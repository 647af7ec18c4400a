# Tests include/arpent/profile.hpp
"""A program that watches itself through <arpent/profile.hpp>, and one in C."""

import json
import os
import pathlib
import subprocess

from harness.checks import equal, finish
from harness.survey import PROGRAMS, run

FILE = pathlib.Path("self_watch.profile")


def expected(deep):
    return f"""requests: 1 places, 10 blocks, 480 bytes, live 480 more
deep: {deep}
region: 0 places
paused: 1 places, 16 bytes, allocated while recording was switched off
again: 2 places
freed: 0 places
"""


# Without Arpent in the process.
alone = subprocess.run([PROGRAMS / "self_watch"], stdout=subprocess.PIPE, text=True, check=True)
equal(alone.stdout, "not tracked: 0 0 0 0\n", "without Arpent")
done = run(PROGRAMS / "self_watch", options=["--mode", "off", "--report", "/dev/null"])
equal(done.stdout, "not tracked: 0 0 0 0\n", "in mode off")

# With it.
FILE.unlink(missing_ok=True)
done = run(PROGRAMS / "self_watch", options=["--profile", FILE, "--report", "/dev/null"])
equal(done.stdout, expected(1), "in mode stacks")
dump = subprocess.run([PROGRAMS / "profile_dump", FILE], stdout=subprocess.PIPE, check=True, text=True)
moments = json.loads(dump.stdout)["moments"]
equal([moment["label"] for moment in moments], ["ready", "served"], "moments")
equal(moments[1]["live_bytes"] - moments[0]["live_bytes"], 480, "live bytes between the moments")
FILE.unlink()
done = run(PROGRAMS / "self_watch", options=["--mode", "sites", "--report", "/dev/null"])
equal(done.stdout, expected(0), "in mode sites")

# The header is C, and the library brings its own side where it is linked in.
source = pathlib.Path("self_watch.c")
source.write_text(
    """#include <ar_profile.h>
#include <stdio.h>
#include <stdlib.h>
static void show(const ar_profile__growth *growth, void *context) {
  ++*(int *)context;
  printf("%ld blocks, %ld bytes\\n", (long)growth->blocks, (long)growth->bytes);
}
int main(void) {
  int visits = 0;
  ar_profile__snapshot *before = ar_profile__take();
  void *volatile block = malloc(123);
  ar_profile__snapshot *after = ar_profile__take();
  size_t count = ar_profile__grown(before, after, show, &visits);
  printf("%d %d %d\\n", ar_profile__is_tracking(), (int)count, visits);
  ar_profile__drop(before);
  ar_profile__drop(after);
  free(block);
  return 0;
}
"""
)
include = f"-I{os.environ['SOURCE_DIR']}/include"
library = os.environ["ARPENT_LIB"]
for name, arguments, output in (
    ("alone", [], "0 0 0\n"),
    ("static", [f"{library}/libarpent.a"], "1 blocks, 123 bytes\n1 1 1\n"),
    ("shared", [f"-L{library}", "-larpent", f"-Wl,-rpath,{library}"], "1 blocks, 123 bytes\n1 1 1\n"),
    ("fully-static", ["-static", f"{library}/libarpent.a"], "1 blocks, 123 bytes\n1 1 1\n"),
):
    subprocess.run(
        [
            "gcc",
            "-std=c99",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-fno-builtin",
            "-O1",
            include,
            source,
            "-o",
            f"./{name}",
            *arguments,
        ],
        check=True,
    )
    done = subprocess.run([f"./{name}"], stdout=subprocess.PIPE, text=True, check=True)
    equal(done.stdout, output, f"the C program, {name}")
finish()
