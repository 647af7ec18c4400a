# Tests tools/arpent/symbolize/
"""`arpent symbolize` names functions and lines, and passes everything else through."""

import os
import pathlib
import re
import subprocess

from harness.checks import check, equal, finish
from harness.survey import ARPENT

CC = os.environ["CC"]


def symbolize(content, *arguments):
    done = subprocess.run([ARPENT, "symbolize", *arguments], input=content, capture_output=True)
    equal((done.returncode, done.stderr), (0, b""), "status of symbolize")
    return done.stdout


pathlib.Path("code.c").write_text(
    "int callee(int);\n"
    "static inline __attribute__((always_inline)) int inner(int x) {\n"
    "  return callee(x) + 1; /* 3 */\n"
    "}\n"
    "int outer(int x) { return inner(x) * 2; }\n"
    'int __attribute__((noinline)) callee(int x) { __asm__ volatile(""); return x; }\n'
)


def build(name, *options):
    subprocess.run(
        [CC, "-g", "-O1", "-shared", "-fPIC", "-Wl,-Bsymbolic,--build-id=sha1", *options, "code.c", "-o", name],
        check=True,
    )
    notes = subprocess.run(["readelf", "-n", name], capture_output=True, text=True).stdout
    build_id = re.search(r"Build ID: ([0-9a-f]+)", notes).group(1)
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", name], capture_output=True, text=True).stdout
    outer = listing[listing.index("<outer>:") :].splitlines()
    call = next(i for i, line in enumerate(outer) if re.search(r"\b(call|bl)\b", line))
    return str(pathlib.Path(name).absolute()), build_id, "0x" + outer[call + 1].split(":")[0].strip()


path, build_id, offset = build("code.so")
here = pathlib.Path("code.c").absolute()
token = f"[[{path}|{build_id}|{offset}]]"
equal(symbolize(f"at {token}.\n".encode()), f"at inner at {here}:3.\n".encode(), "an inlined function")
equal(symbolize(f"[[{path}|{build_id}|{offset}|place]]".encode()), f"{here}:3".encode(), "its place alone")
equal(symbolize(f"[[{path}||{offset}]]\n".encode()), f"inner at {here}:3\n".encode(), "without build id")
equal(symbolize(f"[[{path}|{'0' * 40}|{offset}]]\n".encode()), f"code.so+{offset}\n".encode(), "another build")
equal(symbolize(f"[[/gone/libx.so|{build_id}|0x10]]\n".encode()), b"libx.so+0x10\n", "a module that is gone")

# Older debug information, none but symbols, a separate file by debug link, none at all
for options in (["-gdwarf-4"], ["-gdwarf-5"], ["-gdwarf-2"]):
    path, build_id, offset = build("code.so", *options)
    equal(symbolize(f"[[{path}|{build_id}|{offset}]]".encode()), f"inner at {here}:3".encode(), f"with {options}")
subprocess.run(
    "objcopy --only-keep-debug code.so code.debug && strip code.so && "
    "objcopy --add-gnu-debuglink=code.debug code.so",
    shell=True,
    check=True,
)
equal(symbolize(f"[[{path}|{build_id}|{offset}]]".encode()), f"inner at {here}:3".encode(), "a separate debug file")
pathlib.Path("code.debug").unlink()
stripped = symbolize(f"[[{path}|{build_id}|{offset}]]".encode()).decode()
check(re.fullmatch(r"outer\+0x[0-9a-f]+ \(code\.so\)", stripped), f"with dynamic symbols only: {stripped}")

# Whatever the text is
noise = bytes(range(256)) * 40 + b"[[" * 1000 + b"]]" * 1000 + b"[[a|b|c]] [[ -e x ]]\nlast line without end [[/x||0x1"
equal(symbolize(noise), noise, "noise")
equal(symbolize(b""), b"", "nothing")
damaged = pathlib.Path("damaged.so")
whole = pathlib.Path("code.so").read_bytes()
for size in (0, 3, 64, 100, len(whole) // 2, len(whole) - 1):
    damaged.write_bytes(whole[:size])
    out = symbolize(f"[[{damaged.absolute()}||{offset}]]\n".encode()).decode()
    check(out in (f"damaged.so+{offset}\n",) or out.startswith("outer+"), f"a module cut at {size}: {out!r}")
equal(
    symbolize(f"[[{pathlib.Path().absolute()}||0x1]]".encode()).decode(),
    f"{pathlib.Path().absolute().name}+0x1",
    "a folder",
)

# Files
pathlib.Path("one").write_text("[[/x/a.so||0x1]]\n")
pathlib.Path("two").write_text("second")
equal(symbolize(b"from stdin\n", "one", "-", "two"), b"a.so+0x1\nfrom stdin\nsecond", "files in order")
done = subprocess.run([ARPENT, "symbolize", "none", "two"], capture_output=True, text=True)
equal((done.returncode, done.stdout), (1, "second"), "a file that is not there")
equal(done.stderr, "arpent symbolize: 'none' cannot be read: No such file or directory\n", "the complaint")
with open("/dev/full", "w") as full:
    done = subprocess.run([ARPENT, "symbolize", "two"], stdout=full, stderr=subprocess.PIPE, text=True)
equal(
    (done.returncode, done.stderr),
    (1, "arpent symbolize: standard output cannot be written: No space left on device\n"),
    "a full device",
)
finish()
