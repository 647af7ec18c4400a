# Tests course/
# ctest: COST=30
"""The exercises of the course: the solution passes its tests, the starter does not, and each wrong solution is refused
with the words that stand at its name in wrong.txt. Prints the table."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

SOURCE_DIR = pathlib.Path(os.environ["SOURCE_DIR"])
from harness.course_attempts import attempts_of

COURSE = SOURCE_DIR / "course"
FLAGS = ["-std=c++23", "-O0", "-g", "-w", "-fsanitize=address", "-D_GLIBCXX_ASSERTIONS", f"-I{SOURCE_DIR}/include"]


def build(exercise, attempts):
    """All attempts in one program, `test INDEX`, each in a namespace of its own: compiled one by one they take ten times
    as long. What they include is included before."""
    folder = pathlib.Path(exercise.name).absolute()
    tests = (exercise / "cpp/tests/test.cpp").read_text()
    program = ['#include "course.hpp"\n']
    for name, text, _, _ in attempts:
        (folder / name).mkdir(parents=True)
        (folder / name / "exercise.hpp").write_text(text)
        for include in re.findall(r"^#include <.*>$", text, re.MULTILINE):
            program.insert(1, include + "\n")
        program.append(
            f"namespace attempt_{name} {{\n"
            + tests.replace('"exercise.hpp"', f'"{name}/exercise.hpp"').replace("int main() {", "int run() {")
            + "}\n"
        )
    program.append("int main(int, char** arguments) {\n  switch (std::atoi(arguments[1])) {\n")
    program += [f"    case {index}: return attempt_{name}::run();\n" for index, (name, *_) in enumerate(attempts)]
    (folder / "test.cpp").write_text("".join(program) + "  }\n  return 2;\n}\n")
    built = subprocess.run(
        [
            "g++",
            *FLAGS,
            "-I.",
            "-I../harness",
            "test.cpp",
            "-o",
            "test",
            "-L" + os.environ["ARPENT_LIB"],
            "-l:libarpent-allocators.a",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    if built.returncode != 0:
        print(f"FAILED {exercise.name} does not compile: {built.stderr}", flush=True)
    return built.returncode == 0


def attempt(exercise, index, name, status, words):
    options = "detect_leaks=0:detect_stack_use_after_return=1:handle_abort=0"
    done = subprocess.run(
        ["./test", str(index)],
        cwd=exercise.name,
        capture_output=True,
        text=True,
        env=os.environ | {"ASAN_OPTIONS": options},
    )
    said = re.sub(r"attempt_\w+::(\{anonymous\}::)?", "", done.stdout)
    good = done.returncode == status and words in said and said.count("\n") == 1
    print(f"{'ok    ' if good else 'FAILED'} {exercise.name} | {name} | {said.strip()}", flush=True)
    if not good:
        print(f"       wanted status {status}: {words}\n{done.stderr}")
    return good


def check(exercise):
    attempts = list(attempts_of(exercise, "cpp", "exercise.hpp"))
    return build(exercise, attempts) and all(
        [attempt(exercise, index, name, status, words) for index, (name, _, status, words) in enumerate(attempts)]
    )


pathlib.Path("harness").mkdir()
subprocess.run(
    ["g++", *FLAGS, "-x", "c++-header", COURSE / "harness/course.hpp", "-o", "harness/course.hpp.gch"], check=True
)
# Found where the compiled header is missing or does not fit; then it only takes longer.
pathlib.Path("harness/course.hpp").symlink_to(COURSE / "harness/course.hpp")

chosen = re.compile(sys.argv[1] if len(sys.argv) > 1 else "")
exercises = [exercise for exercise in sorted((COURSE / "exercises").iterdir()) if chosen.search(exercise.name)]
if len(exercises) != 8 and len(sys.argv) == 1:
    sys.exit("not all eight exercises were found")
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    results = list(pool.map(check, exercises))
if not all(results):
    sys.exit("an exercise's tests do not say what they must")
