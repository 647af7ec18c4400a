# Tests src/ml/weight_store.cpp
"""Two processes on one weight file: mapped, the kernel keeps its pages once for both; copied, once for each."""

import os
import subprocess

from harness.checks import check, finish

HOLDER = os.path.join(os.environ["TEST_PROGRAMS"], "weight_holder")
SIZE = 16 << 20  # bytes of weights


def start(how):
    process = subprocess.Popen([HOLDER, how, "w.safetensors"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    address, total = process.stdout.readline().split()
    check(
        int(total) == sum(index % 251 for index in range(251)) * (SIZE // 251) + sum(range(SIZE % 251)),
        f"{how}: the sum of the weights is {total}",
    )
    return process, int(address, 16)


def mapping_of(process, address):
    """The mapping that the address lies in: its first line, and its fields in KiB."""
    found, head, fields = False, "", {}
    with open(f"/proc/{process.pid}/smaps") as smaps:
        for line in smaps:
            first = line.split()[0]
            if not first.endswith(":"):
                low, high = (int(part, 16) for part in first.split("-"))
                found = low <= address < high
                head = line.strip() if found else head
            elif found and line.rstrip().endswith(" kB"):
                fields[first[:-1]] = int(line.split()[1])
    return head, fields


def hold(how):
    """The fields of both processes' mappings while both hold the weights."""
    holders = [start(how), start(how)]
    try:
        return [mapping_of(*holder) for holder in holders]
    finally:
        for process, _ in holders:
            process.stdin.close()
            check(process.wait() == 0, f"{how}: status {process.returncode}")


subprocess.run([HOLDER, "write", "w.safetensors", str(SIZE)], check=True)
whole = SIZE // 1024

for head, fields in hold("map"):
    print(
        "mapped:", head, {key: fields[key] for key in ("Rss", "Pss", "Shared_Clean", "Private_Clean", "Private_Dirty")}
    )
    check(head.endswith("/w.safetensors") and " r--s " in head, f"mapped: {head}")
    check(fields["Rss"] >= whole, "mapped: all pages are resident")
    check(fields["Shared_Clean"] + fields.get("Shared_Dirty", 0) == fields["Rss"], "mapped: every page is shared")
    check(fields["Private_Clean"] + fields["Private_Dirty"] == 0, "mapped: no page is a process's own")
    check(abs(fields["Pss"] - fields["Rss"] // 2) <= 4, "mapped: each bears half of the cost")

for head, fields in hold("copy"):
    check(fields["Private_Dirty"] >= whole, "copied: each process has pages of its own")

finish()
