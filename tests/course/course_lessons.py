# Tests course/
# ctest: COST=30
"""The lessons of the course: each program in them builds and prints what stands under it, in C++, Zig and Python; what
the tools are said to say of the last lesson's bugs is what they say; pictures and links are there; each has its parts."""

import json
import os
import pathlib
import re
import subprocess
import sys
import xml.dom.minidom

from harness.checks import fail, finish

SOURCE_DIR = pathlib.Path(os.environ["SOURCE_DIR"])
LESSONS = sorted((SOURCE_DIR / "course/lessons").glob("3.*.md"))
PARTS = ["**The question that bites.**", "## The idea", "## What goes wrong", "## What it costs", "## Check yourself"]
QUESTIONS = 3


def programs_in(text, language):
    """Yields (program, what it prints): each block of the language must be followed by one of text."""
    for match in re.finditer(rf"^```{language}\n(.*?)^```\n\n(?:```text\n(.*?)^```\n)?", text, re.M | re.S):
        yield match.group(1), match.group(2)


def compare(name, status, printed, wanted):
    if status != 0:
        fail(f"{name} ends with status {status}: {printed}")
    elif printed != wanted:
        fail(f"{name} prints other than the lesson says:\n--- printed\n{printed}--- lesson\n{wanted}")
    else:
        print(f"ok     {name}", flush=True)


def build_cpp(source, program, *flags):
    """What g++ complains about; nothing when the program is there."""
    return subprocess.run(
        [
            "g++",
            "-std=c++23",
            "-O0",
            *flags,
            f"-I{SOURCE_DIR}/include",
            source,
            "-o",
            program,
            "-L" + os.environ["ARPENT_LIB"],
            "-l:libarpent-allocators.a",
        ],
        capture_output=True,
        text=True,
    ).stderr


def check_cpp(name, program, wanted):
    pathlib.Path(f"{name}.cpp").write_text(program)
    if complaint := build_cpp(f"{name}.cpp", name, "-Wall", "-Wextra", "-Werror"):
        return fail(f"{name} does not compile: {complaint}")
    done = subprocess.run([f"./{name}"], capture_output=True, text=True)
    compare(f"{name} (C++)", done.returncode, done.stdout, wanted)


def check_python(name, program, wanted):
    pathlib.Path(f"{name}.py").write_text(program)
    done = subprocess.run([sys.executable, f"{name}.py"], capture_output=True, text=True)
    compare(f"{name} (Python)", done.returncode, done.stdout + done.stderr, wanted)


def check_zig(programs):
    """All in one program, which takes the index of the lesson: it is compiled once."""
    root = 'const std = @import("std");\n'
    root += (
        'fn call(comptime function: anytype) !void {\n    if (@typeInfo(@TypeOf(function)).@"fn".return_type.? == void) '
        "function() else try function();\n}\n"
    )
    root += "pub fn main() !void {\n    switch (std.os.argv[1][0] - 'a') {\n"
    for index, (_, program, _) in enumerate(programs):
        pathlib.Path(f"lesson_{index}.zig").write_text(program)
        root += f'        {index} => try call(@import("lesson_{index}.zig").main),\n'
    pathlib.Path("root.zig").write_text(root + "        else => unreachable,\n    }\n}\n")
    zig = subprocess.run(
        [SOURCE_DIR / "scripts/install-zig"], capture_output=True, text=True, check=True
    ).stdout.strip()
    built = subprocess.run(
        [zig, "build-exe", "root.zig", "-lc", "-femit-bin=zig-lessons"],
        capture_output=True,
        text=True,
        env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": os.environ["BUILD_DIR"] + "/zig-cache"},
    )
    if built.returncode != 0:
        return fail(f"the Zig of the lessons does not compile: {built.stderr}")
    for index, (name, program, wanted) in enumerate(programs):
        done = subprocess.run(["./zig-lessons", chr(ord("a") + index)], capture_output=True, text=True)
        compare(f"{name} (Zig)", done.returncode, done.stderr, wanted)


def said_by_view(bug):
    """The functions on the way to what was lost, from the data of the page."""
    subprocess.run(
        [os.environ["ARPENT_BIN"], "run", "--profile", f"{bug}.arpent", "--", "./bugs", bug],
        capture_output=True,
        check=bug != "twice",
    )
    page = subprocess.run(
        [os.environ["ARPENT_BIN"], "view", "--output", "-", f"{bug}.arpent"], capture_output=True, text=True, check=True
    ).stdout
    profile = json.loads(
        re.search(r'<script type="application/json" id="profiles">(.*?)</script>', page, re.S).group(1)
    )[0]
    said = ""
    for site in profile["sites"]:
        node = site["node"] if site["values"][6] > 0 else 0
        while node != 0:
            node, frame = profile["nodes"][2 * node : 2 * node + 2]
            said += profile["strings"][profile["frames"][4 * frame]] + "\n"
    return said


def check_tools(lesson, program):
    """The table of the last lesson: what each tool says of each bug of the lesson's second program."""
    header, _, *rows = [
        line.strip("|").split(" | ") for line in lesson.read_text().splitlines() if line.startswith("| ")
    ]
    pathlib.Path("bugs.cpp").write_text(program)
    for name, flags in (("bugs", []), ("bugs-asan", ["-fsanitize=address"])):
        if complaint := build_cpp("bugs.cpp", name, "-g", "-w", *flags):
            return fail(f"{name} does not compile: {complaint}")
    commands = {
        "the testing allocator": lambda bug: ["./bugs", bug, "testing"],
        "arpent run": lambda bug: [os.environ["ARPENT_BIN"], "run", "--", "./bugs", bug],
        "valgrind --leak-check=full": lambda bug: ["valgrind", "--leak-check=full", "./bugs", bug],
        "AddressSanitizer (-fsanitize=address)": lambda bug: ["./bugs-asan", bug],
        "no tool": lambda bug: ["./bugs", bug],
    }
    tools = []
    for row in rows:
        tool = row[0].replace("`", "").strip()
        tools.append(tool)
        for bug, cell in zip(header[1:], row[1:]):
            bug, wanted = bug.strip(" `"), cell.strip(" “”`")
            if tool == "arpent view":
                said = said_by_view(bug)
                good = said == "" if wanted == "nothing" else wanted in said
            else:
                done = subprocess.run(commands[tool](bug), capture_output=True, text=True)
                said = done.stdout + done.stderr
                if wanted == "nothing":
                    good = (
                        not re.search("double free|[Ii]nvalid|after-free|definitely lost: [1-9]", said)
                        and done.returncode == 0
                    )
                else:
                    good = wanted in said
            if good:
                print(f"ok     {tool} on {bug}: {wanted}", flush=True)
            else:
                fail(f"{tool} on {bug}: wanted {wanted!r}, said:\n{said}")
    if sorted(tools) != sorted([*commands, "arpent view"]):
        fail(f"the table of tools has {tools}")


zig_programs = []
for lesson in LESSONS:
    text = lesson.read_text()
    places = [text.find(part) for part in PARTS]
    if -1 in places or places != sorted(places):
        fail(f"{lesson.name} lacks {[part for part in PARTS if part not in text]}, or has another order")
    if text.count("<details><summary>Answer</summary>") != QUESTIONS:
        fail(f"{lesson.name} has not {QUESTIONS} questions with answers")
    if not re.search(r"!\[[^\]]+\]\(3[^)]+\.svg\)", text):
        fail(f"{lesson.name} has no picture")
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if not (lesson.parent / target).is_file():
            fail(f"{lesson.name} refers to {target}, which is not there")
        elif target.endswith(".svg"):
            xml.dom.minidom.parse(str(lesson.parent / target))
    found = {language: list(programs_in(text, language)) for language in ("cpp", "zig", "python")}
    for language, programs in found.items():
        if (not programs and language != "python") or any(wanted is None for _, wanted in programs):
            fail(f"{lesson.name} has no {language}, or some without what it prints")
    if "### " in text:
        fail(f"{lesson.name} has more levels of headings than a lesson needs")
    for index, (program, wanted) in enumerate(found["cpp"]):
        check_cpp(f"{lesson.stem}-{index}", program, wanted)
    for index, (program, wanted) in enumerate(found["python"]):
        check_python(f"{lesson.stem}-{index}", program, wanted)
    if "which bug?" in text:
        check_tools(lesson, found["cpp"][1][0])
    zig_programs += [(lesson.stem, program, wanted) for program, wanted in found["zig"]]
check_zig(zig_programs)
if len(LESSONS) != 8:
    fail("not all eight lessons were found")
finish()
