# Tests src/profile/symbols src/platform/loaded_module.cpp src/platform/symbolizing.cpp
# ctest: COST=20
"""Functions of a module are named whatever its build ID, its path and the compression of its debug information are, in
every report; and if they cannot be, a note in every report names the module and says why."""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess

from harness.checks import check, equal, finish
from harness.profiles import arpent, profile_of, report_json
from harness.survey import ARPENT, TESTS, survey

SOURCES = TESTS / "command" / "report" / "modules"
CC = os.environ["CC"].split()
OPTIONS = ("-g", "-O0", "-fno-builtin")
subprocess.run([*CC, *OPTIONS, "-o", "host", SOURCES / "host.c"], check=True)


class Module:
    """A shared library that loses a block of a size of its own in a function of its own."""

    count = 0

    def __init__(self, path, build_id=None, options=()):
        Module.count += 1
        self.number = Module.count
        self.function = f"lose_{self.number}"
        self.size = 1000 + self.number
        self.path = os.path.abspath(path)
        self.build_id = build_id
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        link = {None: "-Wl,--build-id=sha1", "": "-Wl,--build-id=none"}.get(build_id, f"-Wl,--build-id=0x{build_id}")
        subprocess.run(
            [*CC, *OPTIONS, "-shared", "-fPIC", link, *options, f"-DFUNCTION={self.function}", SOURCES / "module.c"]
            + ["-o", "built.so"],
            check=True,
        )
        shutil.move("built.so", self.path)

    def arguments(self):
        return [self.path, self.function, str(self.size)]

    def objcopy(self, *options):
        shutil.move(self.path, "from.so")
        subprocess.run(["objcopy", *options, "from.so", "to.so"], check=True)
        shutil.move("to.so", self.path)


def sections(file):
    """(name, position of the header, offset, size) of each section."""
    data = pathlib.Path(file).read_bytes()
    start, size, count, names = *struct.unpack_from("<Q", data, 40), *struct.unpack_from("<HHH", data, 58)
    table = [start + size * i for i in range(count)]
    text = struct.unpack_from("<Q", data, table[names] + 24)[0]
    for at in table:
        name, _, _, _, offset, length = struct.unpack_from("<IIQQQQ", data, at)
        yield data[text + name :].split(b"\0", 1)[0].decode(), at, offset, length


def overwrite(file, section, position, content):
    offset = next(offset for name, _, offset, _ in sections(file) if name == section)
    data = bytearray(pathlib.Path(file).read_bytes())
    data[offset + position : offset + position + len(content)] = content
    pathlib.Path(file).write_bytes(data)


def go_pprof(*arguments):
    return subprocess.run(["go", "tool", "pprof", *arguments], check=True, capture_output=True, text=True).stdout


def page_of(profile):
    page = arpent("report", "--format", "html", profile)
    return json.loads(re.search(r'<script type="application/json" id="profiles">(.*?)</script>', page, re.S).group(1))[
        0
    ]


def reports(profile):
    """The notes of each kind of report, by its name, and the JSON report."""
    report = report_json(profile)
    pprof = f"{profile}.pb.gz"
    arpent("report", "--format", "pprof", "--output", pprof, profile)
    text = arpent("report", "--top", "1000", profile)
    again = report_json(pprof)
    equal(
        [(site["function"], site["lost_bytes"]) for site in again["process"]["sites"]],
        [(site["function"], site["lost_bytes"]) for site in report["process"]["sites"]],
        f"{profile} read back from pprof's format",
    )
    notes = {
        "JSON": report["notes"],
        "text": [line.split(maxsplit=1)[1] for line in text.splitlines() if re.match("  note  ", line)],
        "pprof": go_pprof("-comments", pprof).splitlines(),
        "page": page_of(profile)["limits"],
        "read back": again["notes"],
    }
    return report, notes, text, go_pprof("-raw", pprof)


def check_named(modules, with_lines=True):
    profile_of("some.profile", "./host", *(word for module in modules for word in module.arguments()))
    report, notes, text, raw = reports("some.profile")
    page = page_of("some.profile")
    recorded = {module["path"]: module["build_id"] for module in report["process"]["modules"]}
    sites = {site["lost_bytes"]: site for site in report["process"]["sites"] if site["lost_bytes"]}
    for module in modules:
        what = repr(module.path)[-60:]
        site = sites.get(module.size, {})
        equal(site.get("function"), module.function, f"{what}: function")
        if with_lines:
            equal((os.path.basename(site.get("file") or ""), site.get("line")), ("module.c", 4), f"{what}: place")
            check(f"{module.function}  " in text, f"{what} in text")
            check(re.search(rf"{module.function} \S*module.c:4", raw), f"{what} in pprof")
            check(module.function in page["strings"], f"{what} on the page")
        if module.build_id is not None:
            check(module.build_id in [each or "" for each in recorded.values()], f"{what}: build ID")
            check(f"{module.build_id}" in raw, f"{what}: build ID in pprof")
    return notes


# Build IDs of any length, none among them.
IDS = ["", "ab", "abcd", "0102030405060708", "5" * 32, "6" * 40, "7" * 64, "8" * 66, "9" * 80, "a" * 128, "b" * 130]
IDS += ["c" * 600, "d" * 8000]
modules = [Module(f"ids/{len(each)}.so", each) for each in IDS]
notes = check_named(modules)
for kind, found in notes.items():
    equal([note for note in found if ".so" in note and "named" in note], [], f"notes in {kind} of build IDs")
# Another build in their place is never used.
for module in modules[4:]:
    other = Module(module.path, module.build_id[:-2] + "ee")
report, notes, _, _ = reports("some.profile")
for kind, found in notes.items():
    check(any("is another build than the one" in note for note in found), f"{kind}: note of another build")
sites = {site["lost_bytes"]: site for site in report["process"]["sites"]}
for module in modules[4:]:
    equal(sites[module.size]["function"], None, f"another build of {os.path.basename(module.path)}")

# Paths of any bytes.
NAMES = [b"plain.so", b"new\nline.so", b"bad\xff\xfe.so", b"quo\"te's.so", b"sp ace.so", b"gone (deleted)"]
NAMES += [b"[bra[[cket]]s|bar.so", b"per%0acent.so", b"%41.so", b"back\\slash\t.so", b"\x1b[31mred.so", b"-dash.so"]
NAMES += ["ü漢.so".encode(), b"a" * 200, b"my-vdso-1.so", b"linux-vdso.so.1", b"[vdso]", b"<script>.so", b"end\n"]
modules = [Module(f"names/{os.fsdecode(name)}") for name in NAMES]
notes = check_named(modules)
for kind, found in notes.items():
    equal([note for note in found if "names/" in note and "named" in note], [], f"notes in {kind} of paths")
for module in modules:
    os.rename(module.path, "elsewhere")
    _, notes, _, _ = reports("some.profile") if module in modules[:6] + modules[14:17] else (0, {}, 0, 0)
    for kind, found in notes.items():
        start = os.path.basename(module.path)[:3].split("\n")[0].split("\udcff")[0]
        missing = [note for note in found if "is not on this machine" in note]
        check(len(missing) == 1 and start in missing[0], f"{kind}: note of {module.path!r} that is gone: {found}")
    os.rename("elsewhere", module.path)

# The report that the process writes, and what passes through `arpent symbolize`.
LIB = os.environ["ARPENT_LIB"]
INCLUDE = TESTS.parent / "include"
subprocess.run(
    [
        *CC,
        *OPTIONS,
        "-o",
        "linked",
        "-DLINKED",
        f"-I{INCLUDE}",
        SOURCES / "host.c",
        f"-L{LIB}",
        "-larpent",
        f"-Wl,-rpath,{LIB}",
    ],
    check=True,
)
HALF = len(modules) // 2  # the report lists no more than 20 places
for symbolizer, some in (
    (ARPENT, modules[:HALF]),
    (ARPENT, modules[HALF:]),
    ("", modules[:HALF]),
    ("", modules[HALF:]),
):
    environment = {**os.environ, "ARPENT_REPORT": "linked.log", "ARPENT_SYMBOLIZER": symbolizer}
    words = [word for module in some for word in module.arguments()]
    done = subprocess.run(["./linked", *words], env=environment, capture_output=True)
    equal((done.returncode, done.stderr), (0, b""), f"linked, with symbolizer {symbolizer!r}")
    text = pathlib.Path("linked.log").read_bytes().decode(errors="surrogateescape")
    for module in some:
        name = module.function if symbolizer else os.path.basename(module.path)[:2].split("\n")[0].strip("[%\x1b\udcff")
        check(name in text, f"{module.path!r} in the report of the process, with symbolizer {symbolizer!r}")
    check("module+0x" not in text, f"no module without a name, with symbolizer {symbolizer!r}")

# Programs: one that is called as the kernel calls those that are gone, and one that is gone.
shutil.copy("host", "program (deleted)")
done, report = survey("./program (deleted)", *Module("names/another.so").arguments())
equal(report["process"]["program"], os.path.abspath("program (deleted)"), "a program called so")
equal(report["notes"], [], "notes of a program called so")
subprocess.run(
    [*CC, *OPTIONS, "-x", "c", "-", "-o", "leaving"],
    input="#include <stdlib.h>\n#include <unistd.h>\n"
    "int main(int n, char** a) { unlink(a[0]); *(volatile char*)malloc((size_t)n * 99) = 1; return 0; }\n",
    text=True,
    check=True,
)
done, report = survey("./leaving")
equal(report["process"]["program"], os.path.abspath("leaving"), "a program that removes itself")
check(
    any(f"{os.path.abspath('leaving')} is not on this machine" in note for note in report["notes"]),
    f"its note: {report['notes']}",
)

# Debug information compressed in each way, in the module and in a separate file.
KINDS = ("zlib-gnu", "zlib-gabi", "zstd", "none")
compressed = []
for kind in KINDS:
    module = Module(f"kinds/{kind}.so")
    module.objcopy(f"--compress-debug-sections={kind}")
    apart = Module(f"kinds/{kind}-apart.so")
    debug = f"{os.path.dirname(apart.path)}/{kind}-apart.debug"
    subprocess.run(["objcopy", "--only-keep-debug", f"--compress-debug-sections={kind}", apart.path, debug], check=True)
    apart.objcopy("--strip-debug", f"--add-gnu-debuglink={debug}")
    compressed += [module, apart]
# What two separate files share may lie in a third one.
sharing = [Module(f"kinds/sharing-{name}.so") for name in "ab"]
for module in sharing:
    subprocess.run(["objcopy", "--only-keep-debug", module.path, f"{module.path}.debug"], check=True)
    module.objcopy("--strip-debug", f"--add-gnu-debuglink={module.path}.debug")
names = [os.path.basename(module.path) + ".debug" for module in sharing]
subprocess.run(["dwz", "-m", "shared.dwz", *names], cwd="kinds", check=True)
subprocess.run(["objcopy", "--compress-debug-sections=zstd", "kinds/shared.dwz"], check=True)
compressed += sharing
compressed.append(Module("kinds/dwarf4.so", options=("-gdwarf-4",)))
compressed[-1].objcopy("--compress-debug-sections=zstd")
notes = check_named(compressed)
for kind, found in notes.items():
    equal(
        [note for note in found if "kinds/" in note and "named" in note], [], f"notes in {kind} of compressed sections"
    )

# Sections that cannot be read.
unknown = Module("damaged/unknown.so")
unknown.objcopy("--compress-debug-sections=zstd")
overwrite(unknown.path, ".debug_info", 0, struct.pack("<I", 77))
broken = Module("damaged/zstd.so")
broken.objcopy("--compress-debug-sections=zstd")
overwrite(broken.path, ".debug_info", 30, b"\xff" * 12)
longer = Module("damaged/longer.so")
longer.objcopy("--compress-debug-sections=zstd")
overwrite(longer.path, ".debug_info", 8, struct.pack("<Q", 1 << 60))
deflate = Module("damaged/zlib.so")
deflate.objcopy("--compress-debug-sections=zlib-gabi")
overwrite(deflate.path, ".debug_info", 24, b"\xff" * 40)
old = Module("damaged/zlib-gnu.so")
old.objcopy("--compress-debug-sections=zlib-gnu")
overwrite(old.path, ".zdebug_info", 12, b"\xff" * 40)
damaged = [unknown, broken, longer, deflate, old]
notes = check_named(damaged, with_lines=False)
for kind, found in notes.items():
    for module in damaged:
        name = os.path.basename(module.path)
        those = [note for note in found if f"damaged/{name} cannot be read" in note]
        equal(len(those), 1, f"notes in {kind} of {name}, in {found}")
REASONS = {"unknown.so": "unknown way, number 77", "zstd.so": "damaged", "longer.so": "too large"}
for name, reason in REASONS.items():
    check(any(name in note and reason in note for note in notes["JSON"]), f"{name}: {reason}, in {notes['JSON']}")

# A few bytes for 128 KiB of zeros each, which make 256 MiB.
bomb = Module("damaged/bomb.so")
BLOCKS = 2048
FRAME = struct.pack("<IBB", 0xFD2FB528, 0, 0x38) + struct.pack("<I", 1 << 20 | 2)[:3] + b"\0"
FRAME = FRAME[:6] + (BLOCKS - 1) * FRAME[6:] + struct.pack("<I", 1 << 20 | 3)[:3] + b"\0"
data = bytearray(pathlib.Path(bomb.path).read_bytes())
at = next(at for name, at, _, _ in sections(bomb.path) if name == ".debug_str")
content = struct.pack("<IIQQ", 2, 0, BLOCKS << 17, 1) + FRAME
struct.pack_into("<Q", data, at + 8, 1 << 11)  # compressed
struct.pack_into("<QQ", data, at + 24, len(data), len(content))
pathlib.Path(bomb.path).write_bytes(data + content)
for kind, found in check_named([bomb], with_lines=False).items():
    check(any("bomb.so cannot be read, its debug sections are too large" in note for note in found), f"{kind}: {found}")

# Names of sections that would fill all memory: there is a hole in the file.
sparse = Module("damaged/sparse.so")
data = bytearray(pathlib.Path(sparse.path).read_bytes())
names_index = struct.unpack_from("<H", data, 62)[0]
at = struct.unpack_from("<Q", data, 40)[0] + 64 * names_index
struct.pack_into("<Q", data, at + 32, 1 << 40)
pathlib.Path(sparse.path).write_bytes(data)
os.truncate(sparse.path, 1 << 41)
profile_of("some.profile", "./host", *sparse.arguments())
check(sparse.function in arpent("report", "some.profile"), "report of a module with a hole in its file")

# `arpent check` reads the same.
for module in compressed[:8:2]:
    listed = arpent("check", module.path)
    check("module.c" in listed, f"check of {module.path}: {listed}")
finish()
