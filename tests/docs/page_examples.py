# Tests docs/choosing-an-allocator.md docs/misuse.md docs/ml.md
"""The examples of docs/choosing-an-allocator.md, docs/misuse.md and docs/ml.md: each is compiled by both compilers and
run, and prints what the page says. Where the page shows an error, it does not compile, with that one. Each header with an
allocator has an example, and what the table of misuse.md quotes is printed in the section that it points to.

A block of C++ without a main is the body of one, its #include lines aside. The block of text after it is what is
printed, on standard output and error together, a block of log what stands in the leak report. Addresses are written
as 0x…, the library's path is left out, and of a stack only the frames in the example are kept."""
# ctest: TIMEOUT=1200 COST=50

import concurrent.futures
import os
import pathlib
import re
import signal
import subprocess

from harness.checks import fail, finish
from harness.patience import run_for_names

SOURCE_DIR = pathlib.Path(os.environ["SOURCE_DIR"])
PAGES = ("docs/choosing-an-allocator.md", "docs/misuse.md", "docs/ml.md")
COMPILERS = ("g++", "clang++-19")
# Programs about misuse: what compilers see of it is no error here.
OPTIONS = [
    "-std=c++23",
    "-g",
    "-O0",
    "-fno-builtin",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Werror",
    "-Wno-error=free-nonheap-object",
    "-Wno-error=mismatched-new-delete",
    f"-I{SOURCE_DIR}/include",
]
FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
FRAME = re.compile(r"^ +#\d+ ")


class Example:
    def __init__(self, page, text, code):
        self.page = page
        self.code = code.group(2)
        self.line = text.count("\n", 0, code.start()) + 2
        self.output = self.log = None

    def name(self):
        return f"{self.page}:{self.line}"

    def source(self):
        lines = self.code.splitlines()
        marked = [f"#line {number}\n{line}" for number, line in enumerate(lines, 1)]
        first = '#include <cstdio>\n#include <span>\n#line 1 "example.cpp"\n'
        if "int main(" in self.code:
            return first + self.code
        top = [line for line in marked if "\n#include" in line]
        body = [line for line in marked if "\n#include" not in line]
        unbuffered = "std::setvbuf(stdout, nullptr, _IONBF, 0);"
        return first + "\n".join(top + [f"int main() {{ {unbuffered}"] + body + ["}"]) + "\n"

    def command(self, compiler, folder):
        options = OPTIONS + ([] if "clang" in compiler else ["-Wno-error=use-after-free"])
        libraries = []
        if re.search(r"arpent/(heap|heap_allocator)\.hpp", self.code):
            options.append("-DDEBUG")
            libraries.append("-l:libarpent.a")
        if "arpent/ml/" in self.code:
            libraries.append("-l:libarpent-ml.a")
        libraries.append("-l:libarpent-allocators.a")
        return [compiler, *options, "example.cpp", "-o", "example", "-L" + os.environ["ARPENT_LIB"], *libraries]


def examples_of(page):
    text = (SOURCE_DIR / page).read_text()
    found = []
    for block in FENCED.finditer(text):
        kind, content = block.group(1), block.group(2)
        if kind == "cpp":
            found.append(Example(page, text, block))
        elif kind == "text":
            found[-1].output = content
        elif kind == "log":
            found[-1].log = content
    return found


def plain(text, folder):
    lines = []
    for line in text.splitlines():
        if FRAME.match(line) and "example.cpp:" not in line:
            continue
        line = FRAME.sub("    ", line).replace(f"{folder}/", "").replace(f"{SOURCE_DIR}/include/", "")
        line = re.sub(r"0x[0-9a-f]+", "0x…", line)
        lines.append(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "2026-03-14 15:09:26", line))
    return "".join(line + "\n" for line in lines)


def errors_of(messages):
    """The errors, as both compilers word a failed static_assert."""
    found = re.findall(r"error: (?:static assertion failed(?: due to requirement '.*?')?: )?(.*)", messages)
    return "".join(f"error: {error.removesuffix(' [-Wtemplate-body]').strip(chr(34))}\n" for error in found)


def try_out(example, compiler, number):
    where = f"{example.name()} ({compiler})"
    folder = pathlib.Path(f"{compiler}-{number}").absolute()
    folder.mkdir()
    (folder / "example.cpp").write_text(example.source())
    if example.output is None:
        return fail(f"{where}: the page does not say what it prints")
    built = subprocess.run(example.command(compiler, folder), cwd=folder, capture_output=True, text=True)
    if example.output.startswith("error: "):
        if built.returncode == 0 or errors_of(built.stderr) != example.output:
            fail(f"{where}: does not fail to compile with\n{example.output}but with\n{errors_of(built.stderr)}")
        return None
    if built.returncode != 0:
        return fail(f"{where}: does not compile:\n{built.stderr}")
    environment = {**os.environ, "ARPENT_SYMBOLIZER": os.environ["ARPENT_BIN"]}
    done = run_for_names(["./example"], cwd=folder, env=environment, stderr=subprocess.STDOUT)
    printed = plain(done.stdout, folder)
    if done.returncode < 0:
        printed += f"(ended by {signal.Signals(-done.returncode).name})\n"
    elif done.returncode > 0:
        printed += f"(exit status {done.returncode})\n"
    if printed != example.output:
        fail(f"{where}: prints\n{printed}instead of\n{example.output}")
    if example.log is not None:
        report = folder / "heap_memory_report.log"
        log = plain(report.read_text(), folder) if report.exists() else ""
        if example.log not in log:
            fail(f"{where}: the report is\n{log}without\n{example.log}")
    return None


def check_quotes(page):
    """Rows of a table that end with a link to a section of the page: what they quote is printed there."""
    text = (SOURCE_DIR / page).read_text()
    sections = {}
    for part in re.split(r"^(?=#+ )", text, flags=re.M):
        title = part.partition("\n")[0].lstrip("# ")
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        sections[anchor] = "".join(content for kind, content in FENCED.findall(part) if kind in ("text", "log"))
    rows = re.findall(r"^\| (.*) \[.*\]\(#([\w-]+)\) \|$", text, flags=re.M)
    for row, anchor in rows:
        if anchor not in sections:
            fail(f"{page}: there is no section {anchor}")
            continue
        quotes = re.findall(r"“`(.*?)`”", row)
        for part in (part for quote in quotes for part in quote.split(" … ")):
            if part.strip("…") not in sections[anchor]:
                fail(f"{page}: '{part}' is not printed in section {anchor}")
    return len(rows)


examples = [example for page in PAGES for example in examples_of(page)]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    jobs = [
        pool.submit(try_out, example, compiler, number)
        for compiler in COMPILERS
        for number, example in enumerate(examples)
    ]
    for job in jobs:
        job.result()

rows = sum(map(check_quotes, PAGES))
guide = "".join(example.code for example in examples if example.page == PAGES[0])
for header in sorted((SOURCE_DIR / "include/arpent").glob("*_allocator.hpp")):
    if f"<arpent/{header.name}>" not in guide:
        fail(f"{PAGES[0]}: has no example of {header.name}")

if len(examples) < 20 or rows < 15:
    fail(f"only {len(examples)} examples and {rows} rows were found")
finish(
    f"{len(examples)} examples print what their pages say, by {len(COMPILERS)} compilers; {rows} rows of tables quote them"
)
