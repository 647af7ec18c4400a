# Tests src/track/threads/
"""Sizes and lifetimes by site, estimated from a sample: of blocks whose true ones are known."""

import os
import pathlib
import subprocess

from harness.checks import check, equal, finish
from harness.profiles import arpent, profile_of, report_json

BLOCKS, RING = 200_000, 1000
pathlib.Path("blocks.c").write_text(
    f"""
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
enum {{ blocks = {BLOCKS}, ring = {RING} }};
static void* volatile sink;
__attribute__((noinline)) static void at_once(void) {{ sink = malloc(24); free(sink); }}
__attribute__((noinline)) static void* kept(int i) {{ return malloc(i % 4 == 0 ? 1000 : 100); }}
__attribute__((noinline)) static void lose(void) {{ sink = malloc(77); }}
__attribute__((noinline)) static void* once(void) {{ return malloc(5000); }}
__attribute__((noinline)) static void* grown(void* block, size_t size) {{ return realloc(block, size); }}
__attribute__((noinline)) static void* work(void* unused) {{
  (void)unused;
  void* held[ring] = {{0}};
  for (int i = 0; i < blocks; ++i) {{
    at_once();
    free(held[i % ring]);
    held[i % ring] = kept(i);
  }}
  for (int i = 0; i < ring; ++i) free(held[i]);
  return NULL;
}}
int main(int count, char** arguments) {{
  void* single = once();
  work(NULL);
  if (count > 1 && arguments[1][0] == 't') {{
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
  }}
  if (count > 1 && arguments[1][0] == 'f') {{
    pid_t child = fork();
    if (child == 0) {{ free(single); work(NULL); exit(0); }}
    waitpid(child, NULL, 0);
  }}
  void* block = NULL;
  for (size_t i = 1; i <= 4000; ++i) block = grown(block, i * 300);
  free(block);
  for (int i = 0; i < 10000; ++i) lose();
  sink = NULL;
  free(single);
  return 0;
}}
"""
)
subprocess.run(
    [
        os.environ["CC"],
        "-g",
        "-O1",
        "-fno-optimize-sibling-calls",
        "-fno-builtin",
        "-pthread",
        "-o",
        "blocks",
        "blocks.c",
    ],
    check=True,
)


def sites_of(process):
    """The sums by function, over the stacks that lead there."""
    sums = {}
    for site in process["sites"]:
        row = sums.setdefault(site["function"], {"allocations": 0, "sizes": [0] * 48, "lifetimes": [0] * 48})
        row["allocations"] += site["allocations"]
        for name in ("sizes", "lifetimes"):
            for bucket, count in enumerate(site[name]):
                row[name][bucket] += count
    return sums


def near(seen, expected, what, tolerance=0.1):
    check(abs(seen - expected) <= tolerance * expected, f"{what}: {seen}, expected about {expected}")


def is_right(sites, times, what):
    blocks = BLOCKS * times
    equal(sites["at_once"]["sizes"][5], blocks, f"{what}: all of 24 bytes")
    near(sites["at_once"]["lifetimes"][0], blocks, f"{what}: nothing was allocated while they lived", 0.001)
    near(sites["kept"]["sizes"][10], blocks / 4, f"{what}: a quarter of 1,000 bytes")
    near(sites["kept"]["sizes"][7], blocks * 3 / 4, f"{what}: three quarters of 100 bytes")
    # While a block is in the ring, 1,000 others are allocated, of 325 bytes on average, and as many of 24.
    near(sites["kept"]["lifetimes"][(RING * 349).bit_length()], blocks, f"{what}: a round of the ring", 0.02)
    check(sum(sites["kept"]["lifetimes"][:10]) < blocks / 100, f"{what}: few of the kept end at once")


profile_of("blocks.profile", "./blocks", mode="stacks")
sites = sites_of(report_json("blocks.profile")["process"])
is_right(sites, 1, "one thread")
lost = [site["lost_blocks"] for site in report_json("blocks.profile")["process"]["sites"] if site["function"] == "lose"]
check(sum(lost) >= 9998, f"blocks of the sample are lost as any: {lost}")  # a register may still point to one
equal((sites["once"]["sizes"][13], sum(sites["once"]["sizes"])), (1, 1), "a block that is alone is known exactly")
check(sum(sites["grown"]["sizes"][20:22]) > sites["grown"]["allocations"] / 2, f"sizes of realloc: {sites['grown']}")
text = arpent("report", "blocks.profile")
check("sizes       half up to 127 B, 99 % up to 1023 B" in text, f"the summary tells the sizes: {text}")
check("lifetimes   half of the freed blocks lived while at most " in text, f"the summary tells the lifetimes: {text}")

profile_of("threads.profile", "./blocks", "threads", mode="stacks")
is_right(sites_of(report_json("threads.profile")["process"]), 2, "two threads")

# A snapshot and a merged profile keep them.
arpent("merge", "merged.pb.gz", "blocks.profile", "threads.profile")
is_right(sites_of(report_json("merged.pb.gz")["process"]), 3, "merged")

# What is inherited by a fork is not the child's.
arpent(
    "run",
    "--follow-children",
    "--format",
    "json",
    "--report",
    "run.json",
    "--profile",
    "forked.profile",
    "--",
    "./blocks",
    "fork",
)
children = list(pathlib.Path(".").glob("forked.profile.*"))
equal(len(children), 1, "profiles of children")
child = sites_of(report_json(children[0])["process"])
is_right(child, 1, "a child")
check("once" not in child or child["once"]["allocations"] == 0, f"the child did not allocate it: {child.get('once')}")

# In the mode sites nothing is sampled.
profile_of("sites.profile", "./blocks", mode="sites")
for site in report_json("sites.profile")["process"]["sites"]:
    equal(
        (len(site["sizes"]) == 0 or site["allocations"] == 1, site["lifetimes"]),
        (True, []),
        f"{site['function']} in mode sites",
    )
finish()
