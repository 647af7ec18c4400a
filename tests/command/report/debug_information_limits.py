# Tests src/profile/symbols/ src/profile/write/
"""What ELF files and debug information say about the addresses of a profile is not bounded by the profile: long names,
long paths and deep inlining, each of them shared by many addresses or repeated by many sites."""

import collections
import json
import os
import pathlib
import re
import struct
import subprocess
import sys

from harness.checks import check, equal, finish
from harness.packed_profiles import field, varint, write_packed
from harness.profiles import arpent
from harness.survey import ARPENT

MIB = 1 << 20


def write(name, *fields):
    """A profile of these fields, whose process ended and was scanned."""
    write_packed(name, field(4, 4711), field(7, 1), field(8, 1), *fields)


def module(path):
    return field(18, field(1, os.path.abspath(path).encode()))


BLOCKS = b"".join(field(number, varint(3) + varint(300)) for number in (18, 19, 20))  # live, at the peak, lost


def site(number, **where):
    own = field(1, number) + field(13, 3) + field(14, 300) + BLOCKS
    if "address" in where:
        own += field(2, where["address"]) + field(3, 1)
    return field(23, own + (field(8, where["stack"]) if "stack" in where else b""))


# Runs the command; a process counts the memory of the one that it was before exec as its own, so this one is small.
MEASURE = """
import os, resource, sys
child = os.fork()
if child == 0:
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    os.execv(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, file=open("memory", "w"))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_of(*arguments):
    """Standard output, and the most memory that it took."""
    done = subprocess.run([sys.executable, "-c", MEASURE, ARPENT, *arguments], stdout=subprocess.PIPE)
    equal(done.returncode, 0, f"status of {arguments}")
    return done.stdout.decode(), int(pathlib.Path("memory").read_text()) * 1024


def write_elf_with_names(path, count, longest):
    """An ELF file of `count` functions of 16 bytes. Their names share the bytes of one: each is a byte shorter."""
    text_size = 16 * count
    names = b"\0" + b"x" * longest + b"\0"
    symbols = bytes(24)
    for i in range(count):
        symbols += struct.pack("<IBBHQQ", 1 + i, 0x12, 0, 1, 0x1000 + 16 * i, 16)
    section_names = b"\0.text\0.symtab\0.strtab\0.shstrtab\0"
    parts = [bytes(text_size), symbols, names, section_names]
    offsets, at = [], 64 + 56
    for part in parts:
        offsets.append(at)
        at += len(part)
    at += -at % 8

    def section(name, kind, flags, address, number, link, info, size):
        return struct.pack(
            "<IIQQQQIIQQ", name, kind, flags, address, offsets[number], len(parts[number]), link, info, 8, size
        )

    headers = bytes(64) + section(1, 1, 6, 0x1000, 0, 0, 0, 0) + section(7, 2, 0, 0, 1, 3, 1, 24)
    headers += section(15, 3, 0, 0, 2, 0, 0, 0) + section(23, 3, 0, 0, 3, 0, 0, 0)
    elf = b"\x7fELF\x02\x01\x01" + bytes(9)
    elf += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, at, 0, 64, 56, 1, 64, 5, 4)
    elf += struct.pack("<IIQQQQQQ", 1, 5, offsets[0], 0x1000, 0x1000, text_size, text_size, 8)
    content = elf + b"".join(parts)
    pathlib.Path(path).write_bytes(content + bytes(at - len(content)) + headers)


# All that is long takes 64 MiB; what comes later is cut. Beside that, a name has as many bytes as make 128 MiB if each
# site repeats it.
SITES = 4000
LONGEST = 128 * MIB // SITES
USUAL = 256
WHOLE = 64 * MIB // LONGEST
write_elf_with_names("names.so", SITES, 60000)
write("names.pb.gz", module("names.so"), *(site(i + 1, address=0x1001 + 16 * i) for i in range(SITES)))
text, memory = peak_of("report", "--format", "json", "names.pb.gz")
lengths = collections.Counter(len(each["function"].encode()) for each in json.loads(text)["process"]["sites"])
equal(dict(lengths), {LONGEST: WHOLE, USUAL: SITES - WHOLE}, "lengths of names that share their bytes")
check(memory < 1536 * MIB, f"{memory // MIB} MiB for names that share their bytes")
few = 10
write("few.pb.gz", module("names.so"), *(site(i + 1, address=0x1001 + 16 * i) for i in range(few)))
text, _ = peak_of("report", "--format", "json", "few.pb.gz")
lengths = [len(each["function"]) for each in json.loads(text)["process"]["sites"]]
equal(lengths, [60000 - i for i in range(few)], "lengths of a few names")

# Functions that are inlined into each other, and paths that are longer than Linux opens.
DEPTH = 60
functions = "".join(
    f"static inline __attribute__((always_inline)) void* f{i}(int n) {{ return f{i - 1}(n + {i}); }}\n"
    for i in range(1, DEPTH + 1)
)
pathlib.Path("inlined.c").write_text(
    f"""#line 1 "/{"d/" * 5000}inlined.c"
#include <stdlib.h>
static inline __attribute__((always_inline)) void* f0(int n) {{ return malloc(n); }}
{functions}
__attribute__((noinline)) void* outer(int n) {{ void* p = f{DEPTH}(n); __asm__ volatile("" : : "r"(p) : "memory"); return p; }}
"""
)
subprocess.run(
    [os.environ["CC"], "-g", "-O1", "-fno-builtin", "-shared", "-fPIC", "inlined.c", "-o", "inlined.so"], check=True
)
lines = subprocess.run(["objdump", "-d", "inlined.so"], capture_output=True, text=True, check=True).stdout.splitlines()
call = next(i for i, line in enumerate(lines) if re.search(r"call.*malloc@plt", line))
address = int(lines[call + 1].split(":")[0], 16)  # the call returns to it


def shown_with(sites, *arguments):
    file = f"inlined{sites}.pb.gz"
    nodes = [field(19, b""), field(19, field(1, address) + field(2, 1))]
    if not pathlib.Path(file).exists():
        write(file, module("inlined.so"), *nodes, *(site(i + 1, stack=1) for i in range(sites)))
    return peak_of("report", *arguments, file)


text, _ = shown_with(1, "--tree", "bottom-up")
equal(re.findall(r" (f\d+|outer)  ", text), [*(f"f{i}" for i in range(DEPTH + 1)), "outer"], "the inlined functions")
process = json.loads(shown_with(1, "--format", "json")[0])["process"]
check(len(process["frames"][0]["file"]) <= 4096, f"a path of {len(process['frames'][0]['file'])} bytes")
MANY = 131072
INLINED = 2 * MIB // MANY
text, memory = shown_with(MANY, "--tree", "bottom-up")
equal(
    re.findall(r" (f\d+|outer)  ", text),
    [*(f"f{i}" for i in range(INLINED)), "outer"],
    f"inlined functions that {MANY} sites repeat",
)
check(memory < 512 * MIB, f"{memory // MIB} MiB for inlined functions that {MANY} sites repeat")

# Stacks of leaks are cut when they have used up what they may take; trees have what is shown.
CALLERS = 1000
LEAKS = 600
nodes = [field(19, b"")] + [field(19, field(1, 0x1000 + i) + field(2, 1) + field(3, i)) for i in range(CALLERS)]
nodes += [field(19, field(1, 0x100000 + i) + field(2, 1) + field(3, CALLERS)) for i in range(LEAKS)]
write("deep.pb.gz", module("/nowhere/" + "m" * 40), *nodes, *(site(i + 1, stack=CALLERS + 1 + i) for i in range(LEAKS)))
text, memory = peak_of("report", "--format", "sarif", "deep.pb.gz")
stacks = [result["stacks"][0] for result in json.loads(text)["runs"][0]["results"]]
equal(len(stacks), LEAKS, "results")
whole = sum(len(stack["frames"]) == CALLERS + 1 for stack in stacks)
check(50 < whole < 150, f"{whole} stacks of {LEAKS} are whole")
equal(
    {(len(stack["frames"]), stack["message"]["text"]) for stack in stacks},
    {(CALLERS + 1, "allocated at"), (1, "allocated at (cut)")},
    "stacks",
)
check(memory < 512 * MIB, f"{memory // MIB} MiB for SARIF")
text, memory = peak_of("report", "--format", "junit", "deep.pb.gz")
equal((text.count("\n(cut)\n"), text.count("<failure")), (LEAKS - whole, LEAKS), "failures of JUnit that are cut")
check(memory < 256 * MIB, f"{memory // MIB} MiB for JUnit")
for options in ("--tree", "bottom-up"), ("--tree", "top-down"), ("--by", "stack"), ("--format", "speedscope"):
    _, memory = peak_of("report", *options, "deep.pb.gz")
    check(memory < 96 * MIB, f"{memory // MIB} MiB for {options}")
text, memory = peak_of("diff", "--by", "stack", "--format", "json", "deep.pb.gz", "deep.pb.gz")
check(memory < 384 * MIB, f"{memory // MIB} MiB for the difference of stacks")
said = arpent("diff", "--by", "stack", "--top", "1", "deep.pb.gz", "few.pb.gz")
equal(said.count("m" * 40 + "+0x"), CALLERS + 1, "lines of the stack that shrank most")
finish()
