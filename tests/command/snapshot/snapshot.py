# Tests tools/arpent/snapshot/
"""`arpent snapshot`: a running process's profile, while it goes on; two of them tell what grew."""

import json
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
from harness.checks import check, equal, finish
from harness.profiles import arpent, report_json
from harness.survey import ARPENT

pathlib.Path("server.c").write_text(
    """
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static void* kept[4000];
static void* handle(int i) { return kept[i] = malloc(100); }
int main(void) {
  int count = 0;
  char order;
  printf("%d\\n", (int)getpid());
  fflush(stdout);
  while (read(0, &order, 1) == 1) {
    for (int i = 0; i < 1000; ++i) handle(count++);
    write(1, "done\\n", 5);
  }
  return 0;
}
"""
)
subprocess.run([os.environ["CC"], "-g", "-O0", "-fno-builtin", "-o", "server", "server.c"], check=True)
server = subprocess.Popen(
    [ARPENT, "run", "--report", "report.txt", "--", "./server"],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
    bufsize=0,
)
pid = int(server.stdout.readline())


def serve():
    server.stdin.write("x")
    equal(server.stdout.readline(), "done\n", "the server's answer")


def handled(profile):
    sites = [site for site in report_json(profile)["process"]["sites"] if site["function"] == "handle"]
    return sum(site["live_blocks"] for site in sites), sum(site["live_bytes"] for site in sites)


serve()
arpent("snapshot", "--output", "before.pb.gz", pid)
equal(handled("before.pb.gz"), (1000, 100_000), "live after one request")
equal(report_json("before.pb.gz")["process"]["ended_by"], "unknown", "it has not ended")
serve()
serve()
arpent("snapshot", pid)
equal(handled(f"{pid}.pb.gz"), (3000, 300_000), "live after three requests")
difference = json.loads(arpent("diff", "--format", "json", "before.pb.gz", f"{pid}.pb.gz"))
equal((difference["measure"], difference["growth"]), ("live", 200_000), "what grew between two moments")
text = arpent("report", "before.pb.gz")
check(re.search(r"^  live        [\d,]+ blocks, ", text, re.M), f"what is live: {text}")
check("  leaks       not scanned" in text, f"leaks: {text}")

serve()
server.stdin.close()
equal(server.wait(), 0, "status of arpent run")
check("4,0" in pathlib.Path("report.txt").read_text(), "all requests are in the report")

check(f"there is no process {pid}" in arpent("snapshot", pid, status=3), "a process that has ended")
check("has no profile" in arpent("snapshot", os.getpid(), status=3), "a process that is not tracked")
for wrong in "0", "-5", "x", "99999999999":
    arpent("snapshot", "--", wrong, status=2)

finish()
