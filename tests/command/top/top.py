# Tests tools/arpent/top/
"""`arpent top`: a terminal's screen of a running process, and tables for a pipe."""

import os
import pathlib
import re
import subprocess
import time

from harness.checks import check, equal, finish
from harness.profiles import arpent
from harness.survey import ARPENT

pathlib.Path("server.c").write_text(
    """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void* kept[10000000];
static void* volatile sink;
__attribute__((noinline)) static void* handle(int i) { return kept[i] = malloc(1000); }
__attribute__((noinline)) static void* remember(void) { return malloc(3000000); }
__attribute__((noinline)) static void parse(void) { sink = malloc(50); free(sink); }
int main(void) {
  void* large = remember();
  int count = 0;
  char order;
  printf("%d\\n", (int)getpid());
  fflush(stdout);
  while (read(0, &order, 1) == 1) {
    for (int i = 0; i < 100; ++i) { handle(count++); parse(); parse(); }
    if (write(1, "d", 1) != 1) return 1;
  }
  free(large);
  return 0;
}
"""
)
subprocess.run(
    [os.environ["CC"], "-g", "-O1", "-fno-optimize-sibling-calls", "-fno-builtin", "-o", "server", "server.c"],
    check=True,
)
server = subprocess.Popen(
    [ARPENT, "run", "--report", "/dev/null", "--", "./server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
)
pid = int(server.stdout.readline())


def serve(times):
    for _ in range(times):
        server.stdin.write(b"x")
        equal(server.stdout.read(1), b"d", "the server's answer")


serve(10)

# Tables.
text = arpent("top", "--count", "1", pid)
check(re.search(rf"^server \(pid {pid}\): [\d.]+ MiB live in 1,\d\d\d blocks", text), f"the summary: {text}")
rows = [line for line in text.splitlines()[3:] if line]
check("remember" in rows[0] and "handle" in rows[1], f"most live first: {rows}")


def last_table():
    """The third of three tables of one site, made while the server works."""
    table = subprocess.Popen(
        [ARPENT, "top", "--count", "3", "--interval", "0.5", "--sort", "grown", "--filter", "HANDLE", str(pid)],
        stdout=subprocess.PIPE,
        text=True,
    )
    serve(1)
    while table.poll() is None:
        serve(1)
        time.sleep(0.1)
    return table.communicate()[0].split("\n\n")[2].splitlines()


# On a busy machine the server may not run at all between two tables.
last = last_table()
while not re.search(r" \d{2,}  ", last[-1]):
    last = last_table()
equal(len(last), 4, f"one site matches: {last}")
check(re.search(r"\+\d+\.\d [KM]iB .* handle", last[3]), f"growth and rate: {last}")


# The screen, in a terminal of 110 columns.
def tmux(*arguments):
    return subprocess.run(
        ["tmux", "-L", f"arpent-{os.getpid()}", "-f", "/dev/null", *map(str, arguments)], capture_output=True, text=True
    ).stdout


def screen():
    return tmux("capture-pane", "-p", "-t", "top").splitlines()


def wait_for(what, condition):
    print(f"waiting for {what}", flush=True)
    seen = screen()
    while not condition(seen):
        time.sleep(0.1)
        seen = screen()
    return seen


def keys(*names):
    for name in names:
        tmux("send-keys", "-t", "top", name)


try:
    tmux(
        "new-session",
        "-d",
        "-s",
        "top",
        "-x",
        "110",
        "-y",
        "20",
        f"'{ARPENT}' top --interval 0.2 {pid}; echo ended with $?; sleep 100000",
    )
    seen = wait_for("the first screen", lambda lines: any("remember" in line for line in lines))
    check(f"server (pid {pid}): " in seen[0] and "[live]" in seen[3], f"heading: {seen}")
    check("remember" in seen[4] and "handle" in seen[5], f"most live first: {seen}")
    check("q quit" in seen[19] and len(seen[19]) <= 110, f"keys: {seen}")
    keys("t")
    seen = wait_for("sorted by temporary", lambda lines: "[temporary/s]" in lines[3])
    serve(5)
    keys("g")
    seen = wait_for("growth", lambda lines: "[grown]" in lines[3] and "handle" in lines[4] and "+488" in lines[4])
    keys("r")
    wait_for("growth from now on", lambda lines: "+488" not in "".join(lines))
    keys("/", "r", "e", "m", "x", "BSpace", "Enter")
    seen = wait_for(
        "the filter", lambda lines: "Filter: rem" in lines[2] and "remember" in lines[4] and not lines[5].strip()
    )
    keys("Enter")
    wait_for("the callers", lambda lines: "called from main" in lines[5])
    tmux("resize-window", "-t", "top", "-x", "80", "-y", "10")
    wait_for("a smaller terminal", lambda lines: len(lines) == 10 and "q quit" in lines[9])
    check("temporary" not in screen()[3], f"figures that leave no room for the names are left out: {screen()[3]}")
    keys("Enter", "Escape")
    wait_for("without the filter", lambda lines: any("handle" in line for line in lines))
    keys("Space")
    wait_for("paused", lambda lines: "Paused." in lines[2])
    keys("Space")
    server.stdin.close()
    equal(server.wait(), 0, "status of the server")
    wait_for("the end of the process", lambda lines: "has ended" in lines[2])
    keys("q")
    wait_for("the end", lambda lines: any("ended with 0" in line for line in lines))
finally:
    tmux("kill-server")

# What cannot be.
check(f"there is no process {pid}" in arpent("top", "--count", "1", pid, status=3), "a process that has ended")
check("no terminal" in arpent("top", os.getpid(), status=2), "no terminal")
for wrong in (["--sort", "size", "1"], ["--interval", "0", "1"], ["--count", "0", "1"], ["0"], []):
    arpent("top", *wrong, status=2)
finish()
