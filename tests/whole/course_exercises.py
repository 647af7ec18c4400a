"""The exercises of the course: the solution passes its tests, the starter does not, and each wrong solution is refused
with the words that its first line promises. Prints the table."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

SOURCE_DIR = pathlib.Path(os.environ["SOURCE_DIR"])
MARK = "// refused with: "


def attempt(exercise, header):
    folder = pathlib.Path(f"{exercise.name}-{header.parent.name}-{header.stem}").absolute()
    folder.mkdir()
    shutil.copy(header, folder / "exercise.hpp")
    shutil.copy(exercise / "cpp/tests/test.cpp", folder)
    command = ["g++", "-std=c++23", "-O0", "-g", "-Wall", "-Wextra", f"-I{SOURCE_DIR}/include", "-I.", "test.cpp",
               "-o", "test", "-L" + os.environ["ARPENT_LIB"], "-l:libarpent-allocators.a"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True)
    done = subprocess.run(["./test"], cwd=folder, capture_output=True, text=True, timeout=60)
    kind = header.parent.name
    status, words = {"solution": (0, "passed"), "starter": (1, "keeps 0 values")}.get(kind, (1, None))
    if words is None:
        words = header.read_text().splitlines()[0].removeprefix(MARK)
    good = done.returncode == status and words in done.stdout
    name = header.stem if kind == "wrong" else kind
    print(f"{'ok    ' if good else 'FAILED'} {exercise.name} {name:16} {done.stdout.strip()} {done.stderr}", flush=True)
    return good


attempts = [(exercise, header) for exercise in sorted((SOURCE_DIR / "course/exercises").iterdir())
            for header in sorted((exercise / "cpp").glob("*/*.hpp"))]  # fmt: skip
if len(attempts) < 6:
    sys.exit("hardly any exercise was found")
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    results = list(pool.map(lambda pair: attempt(*pair), attempts))
if not all(results):
    sys.exit("an exercise's tests do not say what they must")
