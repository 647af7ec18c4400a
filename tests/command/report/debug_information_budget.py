# Tests src/profile/symbols/ tools/arpent/check/
"""Small ELF files whose debug information stands for unlimited work or memory: entries that lead back, lists that many
entries share, compressed sections that share their bytes, one file under many paths."""

import lzma
import os
import pathlib
import struct
import subprocess
import threading
import time
import zlib

from harness.checks import check, equal, finish
from harness.survey import ARPENT

MIB = 1 << 20
COMPRESSED = 0x800


def uleb(*numbers):
    text = b""
    for number in numbers:
        while number > 127:
            text += bytes([number & 127 | 128])
            number >>= 7
        text += bytes([number])
    return text


def write_elf(path, sections, hole=0, table=(".symtab", 2)):
    """An ELF file with a function `named` at 0x1000 and these sections; equal contents share their bytes."""
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 1, 0x1000, 0x1000)
    own = [(".text", 1, 6, bytes(0x1000)), (*table, 0, symbols), (".strtab", 3, 0, b"\0named\0")]
    own += [(name, 1, flags, content) for name, flags, content in sections]
    names = b"\0" + b"".join(name.encode() + b"\0" for name, *_ in own) + b".shstrtab\0"
    own.append((".shstrtab", 3, 0, names))
    body, places, headers = b"", {}, bytes(64)
    for name, kind, flags, content in own:
        if content not in places:
            body += bytes(-len(body) % 8)
            places[content] = 120 + len(body)
            body += content
        link, info, entry = (3, 1, 24) if kind == table[1] else (0, 0, 0)
        position = names.index(b"\0" + name.encode() + b"\0") + 1
        address = 0x1000 if name == ".text" else 0
        headers += struct.pack(
            "<IIQQQQIIQQ", position, kind, flags, address, places[content], len(content), link, info, 8, entry
        )
    body += bytes(-len(body) % 8)
    elf = b"\x7fELF\x02\x01\x01" + bytes(9)
    elf += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 120 + len(body), 0, 64, 56, 1, 64, len(own) + 1, len(own))
    elf += struct.pack("<IIQQQQQQ", 1, 5, places[bytes(0x1000)], 0x1000, 0x1000, 0x1000, 0x1000, 8)
    pathlib.Path(path).write_bytes(elf + body + headers)
    if hole:
        os.truncate(path, hole)


UNIT = uleb(1, 0x11) + b"\1" + uleb(0x11, 1, 0x12, 7, 0, 0)
HEADER = struct.pack("<HIB", 4, 0, 8) + b"\1" + struct.pack("<QQ", 0x1000, 4096)


def dwarf(abbreviations, entries):
    unit = HEADER + entries
    return [(".debug_abbrev", 0, abbreviations + b"\0"), (".debug_info", 0, struct.pack("<I", len(unit)) + unit)]


def run(*arguments, stdin=b""):
    """Standard output, whether it ended, and the most memory that it took, shared memory included."""
    process = subprocess.Popen(
        [ARPENT, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = []
    reader = threading.Thread(target=lambda: output.append(process.communicate(stdin)[0]))
    reader.start()
    before, most, end = shared(), 0, time.monotonic() + 300
    while reader.is_alive():
        most = max(most, resident(process.pid) + max(0, shared() - before))
        if most > 3 << 30 or time.monotonic() > end:
            process.kill()
            reader.join()
            return output[0].decode(), False, most
        reader.join(0.01)
    return output[0].decode(), True, most


def resident(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024


def shared():
    lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Shmem:")) * 1024


def check_bounded(path, limit=1024):
    said, has_ended, memory = run("symbolize", stdin=f"[[{os.path.abspath(path)}||{0x1032:#x}]]\n".encode())
    check(has_ended, f"{path}: ended")
    check(memory < limit * MIB, f"{path}: {memory // MIB} MiB")
    check("named" in said, f"{path}: its function in {said}")
    _, has_ended, memory = run("check", path)
    check(has_ended and memory < limit * MIB, f"check of {path}: {memory // MIB} MiB")


# Each entry names its own first child as its sibling: 2 to the power of their number visits.
COUNT = 100
SIBLING = uleb(2, 0x2E) + b"\1" + uleb(1, 0x13, 0x11, 1, 0x12, 7, 0, 0)
SIZE = 1 + 4 + 8 + 8
first = 4 + len(HEADER)
entries = b"".join(b"\2" + struct.pack("<IQQ", first + SIZE * (i + 1), 0x1000 + i % 32, 4000) for i in range(COUNT))
write_elf("loop.so", dwarf(UNIT + SIBLING, entries + bytes(COUNT + 1)))
check_bounded("loop.so")

# The sibling of a child leads back to the child, and its parent has none: elfutils alone would go round for ever.
LEAF = uleb(4, 0x24) + b"\0" + uleb(1, 0x13, 0, 0)
parent = uleb(5, 0x24) + b"\1" + uleb(0, 0)
entries = b"\5\4" + struct.pack("<I", first + 1) + bytes(2)
write_elf("back.so", dwarf(UNIT + LEAF + parent, entries))
check_bounded("back.so")

# Many functions share a list of many ranges.
COUNT = 20000
RANGES = uleb(2, 0x2E) + b"\0" + uleb(0x55, 0x17, 0, 0)
ranges = struct.pack("<QQ", 1, 2000) * COUNT + bytes(16)
write_elf("ranges.so", [*dwarf(UNIT + RANGES, bytes([2, 0, 0, 0, 0]) * COUNT + b"\0"), (".debug_ranges", 0, ranges)])
check_bounded("ranges.so")

# Sections that share a stream.
INFLATED = 512 * MIB
deflate = zlib.compressobj(9)
stream = b"".join(deflate.compress(bytes(MIB)) for _ in range(INFLATED // MIB)) + deflate.flush()
NAMES = ["info", "abbrev", "str", "line", "line_str", "ranges", "rnglists", "aranges", "types", "loc", "macro"]
new = struct.pack("<IIQQ", 1, 0, INFLATED, 1) + stream
old = b"ZLIB" + struct.pack(">Q", INFLATED) + stream
write_elf("zlib.so", [(f".debug_{name}", COMPRESSED, new) for name in NAMES])
write_elf("zlib-gnu.so", [(f".zdebug_{name}", 0, old) for name in NAMES])
for file in "zlib.so", "zlib-gnu.so":
    check_bounded(file)

# A hole does not make a file large.
write_elf("hole.so", [(".debug_str", COMPRESSED, new)], hole=1 << 30)
check_bounded("hole.so", limit=256)

# The same in the files that a module names: by their name and checksum, once for each unit, and for several modules. Or
# there is a pipe, or another kind of file, or one whose checksum takes for ever.
pathlib.Path("text").write_text("no ELF file")
os.mkfifo("pipe")
write_elf("sparse", [], hole=1 << 42)
ONE = [(".debug_info", 0, dwarf(UNIT, b"")[1][2])]
write_elf("one_unit", [(".debug_abbrev", 0, UNIT + b"\0"), *ONE, (".debug_str", COMPRESSED, new)])
SPLIT = uleb(1, 0x11) + b"\0" + uleb(0x11, 1, 0x12, 7, 0x2130, 8, 0x2131, 7, 0x1B, 8, 0, 0)
for name in "zlib.so", "one_unit", "text", "pipe", "sparse":
    file = pathlib.Path(name).absolute()
    checksum = zlib.crc32(file.read_bytes()) if name in ("zlib.so", "one_unit", "text") else 0
    link = name.encode() + bytes(4 - len(name) % 4) + struct.pack("<I", checksum)
    write_elf(f"link_to_{name}", [(".gnu_debuglink", 0, link)])
    check_bounded(f"link_to_{name}")
    alternate = (".gnu_debugaltlink", 0, os.fsencode(file) + b"\0" + bytes(20))
    write_elf(f"alternate_{name}", [*dwarf(UNIT, b"\0"), alternate])
    check_bounded(f"alternate_{name}")
    for dwo in (os.fsencode(file), name.encode()):
        content = HEADER + dwo + b"\0" + struct.pack("<Q", 1) + os.fsencode(file.parent) + b"\0"
        units = (struct.pack("<I", len(content)) + content) * 20
        write_elf(f"split_{name}", [(".debug_abbrev", 0, SPLIT + b"\0"), (".debug_info", 0, units)])
        check_bounded(f"split_{name}")

# Symbols that are stored as an xz file.
xz = lzma.LZMACompressor(preset=0)
packed = b"".join(xz.compress(bytes(MIB)) for _ in range(1536)) + xz.flush()
write_elf("symbols.so", [(".gnu_debugdata", 0, packed)], table=(".dynsym", 11))
check_bounded("symbols.so")
finish()
