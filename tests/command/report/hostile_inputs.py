# Tests src/profile/ tools/arpent/common/profile_input.cpp tools/arpent/plan/ tools/arpent/symbolize/ tools/arpent/check/
"""Files that were made to harm who reads them: memory is bounded, nothing is waited for without end, and what a file
holds changes neither the terminal nor the text around it."""

import gzip
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree

from harness.checks import check, equal, finish
from harness.packed_profiles import field, varint, write_packed
from harness.profiles import arpent, profile_of
from harness.survey import ARPENT, PROGRAMS

MIB = 1 << 20


def measured(*arguments, **settings):
    """Status, what it says, and the most memory that it took."""
    process = subprocess.Popen([ARPENT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **settings)
    said = process.stderr.read().decode()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, said, usage.ru_maxrss * 1024


# Ten kilobytes that stand for millions of sites.
SITES = 10 * MIB // 3
write_packed("bomb.pb.gz", b"\xba\x01\x00" * SITES)
size = os.path.getsize("bomb.pb.gz")
check(size < 12000, f"{size} bytes")
# A regression would take 9 GB of the machine.
limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))}
for command in (
    ("report",),
    ("report", "--format", "json"),
    ("merge", "never.pb.gz"),
    ("view", "--output", "never.html"),
):
    status, said, memory = measured(*command, "bomb.pb.gz", **limits)
    equal(status, 3, f"status of {command}: {said}")
    check("more records than a file of its size can have" in said, f"{command}: {said}")
    check(memory < 96 * MIB, f"{command} took {memory >> 20} MiB")

# --max-input bounds what a file holds, decompressed; the default is a gibibyte.
write_packed("some.pb.gz", field(16, b"program" + bytes(2 * MIB)))
equal(os.path.getsize("some.pb.gz") < 4096, True, "a small file")
for command in ("report",), ("diff", "some.pb.gz"), ("merge", "never.pb.gz"), ("view", "--output", "never.html"):
    said = arpent(*command, "--max-input", "1MiB", "some.pb.gz", status=3)
    check("holds more than 1048576 bytes (--max-input)" in said, f"{command}: {said}")
arpent("report", "--max-input", "3MiB", "some.pb.gz")
check(not pathlib.Path("never.pb.gz").exists() and not pathlib.Path("never.html").exists(), "nothing was written")

# Neither a pipe that no process writes to nor a device is waited for.
os.mkfifo("pipe")
for file in "pipe", "/dev/zero":
    for command in ("report",), ("merge", "never.pb.gz"):
        said = arpent(*command, file, status=3)
        check("is not a regular file" in said, f"{command} {file}: {said}")
with open("/dev/zero", "rb") as endless:
    for arguments in (
        ("report", "--suppressions", "/dev/zero", "some.pb.gz"),
        ("plan", "--max-input", "16MiB", "/dev/zero"),
        ("plan", "--max-input", "16MiB", "-"),
    ):
        status, said, memory = measured(*arguments, stdin=endless, **limits)
        equal((status, "holds more than 16777216 bytes" in said), (3, True), f"{arguments}: {said}")
        check(memory < 128 * MIB, f"{arguments} took {memory >> 20} MiB")
with subprocess.Popen([ARPENT, "symbolize", "/dev/zero"], stdout=subprocess.DEVNULL) as process:
    time.sleep(1)
    peak = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1))
    process.send_signal(signal.SIGINT)
    equal(process.wait(timeout=60), -signal.SIGINT, "an endless file ends by SIGINT")
    check(peak < 64 << 10, f"a line without end took {peak} KiB")

# A pipe that the user names is waited for, can be interrupted, and is read to its end.
for arguments in ("plan", "pipe"), ("report", "--suppressions", "pipe", "some.pb.gz"):
    with subprocess.Popen([ARPENT, *arguments], stdout=subprocess.DEVNULL) as process:
        time.sleep(0.3)
        equal(process.poll(), None, f"{arguments} waits")
        process.send_signal(signal.SIGINT)
        equal(process.wait(timeout=60), -signal.SIGINT, f"{arguments} ends by SIGINT")
with subprocess.Popen(
    [ARPENT, "plan", "pipe"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
) as process:
    pathlib.Path("pipe").write_text("id,lower,upper,size\na,0,1,4\n")
    equal(process.communicate()[0], "id,lower,upper,size,offset\na,0,1,4,0\n", "a plan from a pipe")

# All that a profile can hold, with what terminals and editors obey. A module is a pipe, a source a device.
EVIL = "a\x1b[31m\u009b1mb\u202ec\u2066d\u200fe\u2028f\u200b\ufeff\U000e0041\x07\rg<b>&\"'"
evil = EVIL.encode()
pipe = os.path.abspath("pipe").encode()
site = field(2, 0x1234) + field(3, 1) + field(8, 1) + field(13, 3) + field(14, 300)
site += b"".join(field(number, varint(3) + varint(300)) for number in (18, 19, 20))
site += field(25, field(2, 3) + field(3, 300))
placed = field(4, evil) + field(5, 7) + field(6, evil) + field(7, evil) + field(11, 1) + site
foreign = field(4, b"/dev/zero") + field(5, 7) + field(11, 1) + site
write_packed(
    "evil.pb.gz",
    field(4, 4711) + field(7, 1) + field(8, 1) + field(16, b"/" + evil) + field(17, evil),
    field(18, field(1, b"/nowhere/" + evil) + field(2, evil)),
    field(18, field(1, pipe) + field(2, evil)),
    field(18, field(1, b"/bin/true") + field(2, evil)),
    field(19, b""),
    field(19, field(1, 0x1234) + field(2, 2)),
    field(19, field(1, 0x1234) + field(2, 3)),
    field(20, field(1, 9) + field(2, evil) + field(3, 3) + field(4, 300)),
    field(22, field(1, 5) + field(2, evil)),
    field(23, site + field(6, evil)),
    field(23, field(1, 2) + placed),
    field(23, field(1, 3) + foreign),
    field(23, field(1, 4) + site + field(8, 2)),
)
HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\u200b\ufeff\U000e0000-\U000e007f]"
)


def visible(text, what):
    found = HIDDEN.search(text)
    check(not found, f"{what}: {found and text[max(0, found.start() - 40) : found.end() + 20]!r}")
    return text


text = visible(arpent("report", "evil.pb.gz"), "text")
check("build id a\\x1b[31m" in text and "\\u202e" in text, f"a module of another build is named in a note: {text}")
check("/pipe cannot be read as an ELF file" in text, f"the pipe is named in a note: {text}")
for by in "function", "file", "module", "thread", "type", "description", "stack":
    visible(arpent("report", "--by", by, "evil.pb.gz"), f"by {by}")
for direction in "top-down", "bottom-up":
    visible(arpent("report", "--tree", direction, "evil.pb.gz"), direction)
for format in "json", "collapsed", "speedscope", "sarif", "junit":
    visible(arpent("report", "--format", format, "evil.pb.gz"), format)
xml.etree.ElementTree.fromstring(arpent("report", "--format", "junit", "evil.pb.gz"))
process = json.loads(arpent("report", "--format", "json", "evil.pb.gz"))["process"]
equal(process["command_line"], EVIL, "programs get it as it was")
equal(process["modules"][0]["build_id"], EVIL, "build ids, too")
page = arpent("report", "--format", "html", "evil.pb.gz")
data = re.search(r'<script type="application/json" id="profiles">(.*?)</script>', page, re.S).group(1)
visible(data, "the page's data")


def texts(json_value):
    if isinstance(json_value, dict):
        json_value = [*json_value.values()]
    if isinstance(json_value, list):
        for part in json_value:
            yield from texts(part)
    elif isinstance(json_value, str):
        yield json_value


for shown in texts(json.loads(data)):
    visible(shown, "a text of the page")
visible(arpent("diff", "evil.pb.gz", "evil.pb.gz"), "diff")
visible(arpent("diff", "--format", "json", "evil.pb.gz", "evil.pb.gz"), "diff in JSON")
arpent("report", "--format", "pprof", "--output", "evil.pprof", "evil.pb.gz")
message = gzip.decompress(pathlib.Path("evil.pprof").read_bytes())


def strings_of_pprof(message):
    """The fields 6 of the outermost message."""
    at = 0

    def number():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        tag = number()
        if tag & 7 == 0:
            number()
        else:
            length = number()
            if tag >> 3 == 6:
                yield message[at : at + length].decode()
            at += length


strings = list(strings_of_pprof(message))
check(any("\\u202e" in string for string in strings), f"strings of pprof: {strings}")
for string in strings:
    visible(string, "pprof")


# A function's name of 300 bytes that stands for gigabytes: f(a, b<a, a>, b<b<a, a>, b<a, a> >, …).
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
bomb = "_Z1f1a1bIS_S_E" + "".join(f"S0_IS{digit}_S{digit}_E" for digit in DIGITS[1:26])
pathlib.Path("named.c").write_text(
    f"""
#include <stdlib.h>
void* named(void) __asm__("{bomb}");
__attribute__((noinline)) void* named(void) {{ return malloc(10); }}
int main(void) {{ return named() == NULL; }}
"""
)
subprocess.run(
    [os.environ["CC"], "-O1", "-fno-builtin", "-fno-optimize-sibling-calls", "named.c", "-o", "named"], check=True
)
profile_of("named.profile", "./named", mode="stacks")
for command in (
    ("report",),
    ("report", "--format", "json"),
    ("merge", "named.pb.gz"),
    ("view", "--output", "named.html"),
):
    status, said, memory = measured(*command, "named.profile", **limits)
    equal((status, said), (0, ""), f"{command} of a name that doubles itself")
    check(memory < 96 * MIB, f"{command} took {memory >> 20} MiB")
check(bomb in arpent("report", "named.profile"), "it stays mangled")


# Tables, models and addresses that others wrote, and programs that they named. Lines end as usual.
def shown_by(*arguments, **settings):
    done = subprocess.run([ARPENT, *arguments], capture_output=True, text=True, encoding="utf-8", **settings)
    return visible(done.stdout, f"output of {arguments}") + visible(done.stderr, f"messages of {arguments}")


quoted = '"' + EVIL.replace('"', '""') + '"'
pathlib.Path("evil.csv").write_bytes(f"id,lower,upper,size\n{quoted},0,1,4\n".encode())
for format in "csv", "json":
    check("\\u202e" in shown_by("plan", "--format", format, "--svg", "evil.svg", "evil.csv"), f"plan as {format}")
    check("\\u202e" in visible(pathlib.Path("evil.svg").read_text(), "the picture"), "the picture names the tensor")
check("\\u202e" in shown_by("symbolize", input=f"at [[/nowhere/{EVIL}||0x10]]\n"), "symbolize")
shutil.copy(PROGRAMS / "run_sites", EVIL)
check("\\u202e" in shown_by("check", EVIL), "check")
check("\\u202e" in shown_by("check", "--format", "json", EVIL), "check in JSON")
for format in "text", "json":
    check("\\u202e" in shown_by("run", "--format", format, "--", f"./{EVIL}"), f"run as {format}")
finish()
