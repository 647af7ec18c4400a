# Tests tools/arpent/common/live_profile.cpp
"""A process can map any file as a profile. What is larger than a process's profile can be, or another user's, is
refused before it is read."""

import mmap
import os
import pathlib
import struct

from harness.checks import check, finish
from harness.profiles import arpent, profile_of
from harness.survey import PROGRAMS

LARGEST = 256 << 20  # the region of a process
PID_OFFSET = 32  # in the header

profile_of("real", PROGRAMS / "run_sites")
real = bytearray(pathlib.Path("real").read_bytes())
struct.pack_into("<i", real, PID_OFFSET, os.getpid())


def snapshot_while_mapped(size, owner=None, status=0):
    """What `arpent snapshot` makes of a process that maps such a file: this one."""
    file = pathlib.Path("mapped.profile")
    file.write_bytes(real)
    os.truncate(file, size)
    if owner is not None:
        os.chown(file, owner, owner)
    with open(file, "r+b") as opened, mmap.mmap(opened.fileno(), size):
        said = arpent("snapshot", "--output", "taken.pb.gz", os.getpid(), status=status)
    file.unlink()
    return said


snapshot_while_mapped(len(real))
check(pathlib.Path("taken.pb.gz").exists(), "a profile that is mapped")
snapshot_while_mapped(LARGEST)
said = snapshot_while_mapped(LARGEST + mmap.PAGESIZE, status=3)
check("is larger than any that a process writes" in said, f"a larger file: {said}")
if os.geteuid() == 0:
    said = snapshot_while_mapped(len(real), owner=65534, status=3)
    check("has no profile" in said, f"a file of a user whom the process does not act for: {said}")

finish()
