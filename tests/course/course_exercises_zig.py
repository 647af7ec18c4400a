# Tests course/
# ctest: COST=60
"""The exercises of the course in Zig: the solution passes its tests, the starter does not, and each wrong solution is
refused with the words that stand at its name in wrong.txt. Prints the table.

Zig takes its time for a program, however small: so there is one for each exercise, which has all that is tried as
modules and runs the one that it is told. The command that a learner's check uses is run as well, once."""

import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

SOURCE_DIR = pathlib.Path(os.environ["SOURCE_DIR"])
from harness.course_attempts import attempts_of

COURSE = SOURCE_DIR / "course"
ZIG = subprocess.run([SOURCE_DIR / "scripts/install-zig"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
os.environ["ZIG_GLOBAL_CACHE_DIR"] = os.path.join(os.environ["BUILD_DIR"], "zig-cache")

MAIN = """const std = @import("std");

pub const panic = @import("course").panic;

pub fn main() void {{
    const chosen = std.mem.span(std.os.argv[1]);
{calls}}}
"""
CALL = """    if (std.mem.eql(u8, chosen, "{name}")) @import("{name}").main();
"""


def build(exercise, attempts):
    """One program with all attempts. What the compiler says is wrong, or nothing."""
    folder = pathlib.Path(exercise.name)
    command = [ZIG, "build-exe", "-ODebug", "--cache-dir", "cache", f"-femit-bin={folder}/all"]
    modules = []
    for name, text, *_ in attempts:
        place = folder / name
        place.mkdir(parents=True)
        (place / "exercise.zig").write_text(text)
        shutil.copy(exercise / "zig/tests/test.zig", place)
        command += ["--dep", name]
        modules += [
            "-ODebug",
            "--dep",
            "course",
            "--dep",
            "ar_allocator",
            "--dep",
            f"exercise=exercise_{name}",
            f"-M{name}={place}/test.zig",
            "-ODebug",
            "--dep",
            "ar_allocator",
            f"-Mexercise_{name}={place}/exercise.zig",
        ]
    (folder / "all.zig").write_text(MAIN.format(calls="".join(CALL.format(name=name) for name, *_ in attempts)))
    command += [
        "--dep",
        "course",
        f"-Mroot={folder}/all.zig",
        *modules,
        "-ODebug",
        "--dep",
        "ar_allocator",
        f"-Mcourse={COURSE}/harness/course.zig",
        "-ODebug",
        f"-I{SOURCE_DIR}/include",
        f"-Mar_allocator={SOURCE_DIR}/zig/ar_allocator.zig",
        "-lc",
        os.environ["ARPENT_LIB"] + "/libarpent.a",
    ]
    return subprocess.run(command, capture_output=True, text=True).stderr


def is_said(what, command, status, words):
    """Whether the program says one line with these words."""
    done = subprocess.run(command, capture_output=True, text=True)
    good = done.returncode == status and words in done.stdout and done.stdout.count("\n") == 1 and not done.stderr
    print(f"{'ok    ' if good else 'FAILED'} {what} | {done.stdout.strip()}{done.stderr}", flush=True)
    if not good:
        print(f"       wanted: {status}, {words}; got {done.returncode}", flush=True)
    return good


def try_all(exercise):
    attempts = list(attempts_of(exercise, "zig", "exercise.zig"))
    problem = build(exercise, attempts)
    if problem:
        print(f"FAILED {exercise.name} does not compile: {problem}", flush=True)
        return False
    return all(
        [
            is_said(f"{exercise.name} | {name}", [f"{exercise.name}/all", name], status, words)
            for name, _, status, words in attempts
        ]
    )


def try_alone(exercise, name):
    """As harness/README.md says it."""
    readme = (COURSE / "harness/README.md").read_text()
    command = re.search(r"^zig build-exe (?:.*\\\n)*.*$", readme, re.MULTILINE).group().removeprefix("zig")
    settings = {
        "ZIG": ZIG,
        "COURSE": COURSE,
        "EXERCISE": exercise.name,
        "WORKSPACE": "alone",
        "MODULE": SOURCE_DIR / "zig",
        "INCLUDE": SOURCE_DIR / "include",
        "LIB": os.environ["ARPENT_LIB"],
    }
    text, status, words = next(rest for found, *rest in attempts_of(exercise, "zig", "exercise.zig") if found == name)
    folder = pathlib.Path("alone", exercise.name)
    folder.mkdir(parents=True)
    (folder / "exercise.zig").write_text(text)
    for key, value in settings.items():
        command = command.replace(f"${key}", shlex.quote(str(value)))
    done = subprocess.run([ZIG, *shlex.split(command.replace("\\\n", " "))], capture_output=True, text=True)
    if done.returncode != 0 or "$" in command:
        print(f"FAILED {exercise.name} {name} alone does not compile: {command}: {done.stderr}", flush=True)
        return False
    return is_said(f"{exercise.name} | {name}, alone", [folder / "check"], status, words)


chosen = re.compile(sys.argv[1] if len(sys.argv) > 1 else "")
exercises = [exercise for exercise in sorted((COURSE / "exercises").iterdir()) if chosen.search(exercise.name)]
if len(exercises) != 8 and len(sys.argv) == 1:
    sys.exit("not all eight exercises were found")
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    alone = pool.submit(try_alone, exercises[0], "past_the_end")
    results = [*pool.map(try_all, exercises), alone.result()]
if not all(results):
    sys.exit("an exercise's tests do not say what they must")
