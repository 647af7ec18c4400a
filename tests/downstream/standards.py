# Tests include/ tests/downstream/standards
# ctest: COST=45
"""Users' language standards: all headers that a standard may include compile in it, without a warning, with gcc and clang;
a later header says which standard it needs; and a program in each of C11, C++17, C++20 and C++23 is surveyed."""

import os
import pathlib
import re
import subprocess

from harness.checks import check, equal, fail, finish
from harness.survey import ARPENT

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
INCLUDE = SOURCE / "include"
STRICT = ["-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror"]
COMPILERS = {"c": ("gcc", "clang-19"), "cpp": ("g++", "clang++-19")}

# The standard that each header needs, as include/arpent/README.md says.
needs = {"ar_heap.h": "C89", "ar_profile.h": "C99"}
for row in (INCLUDE / "arpent" / "README.md").read_text().splitlines():
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    if len(cells) == 3 and (cells[2] in ("20", "23") or cells[2].startswith("C")):
        for header in re.findall(r"\]\(([\w/]+\.h(?:pp)?)\)", cells[0]):
            needs[f"arpent/{header}"] = cells[2]
there = {
    str(path.relative_to(INCLUDE))
    for path in INCLUDE.rglob("*.h*")
    if "detail" not in path.parts and "testing" not in path.parts
}
equal(sorted(set(needs)), sorted(there), "the headers that include/arpent/README.md lists")


def compiled(compiler, standard, source, *options):
    return subprocess.run(
        [compiler, f"-std={standard}", "-fsyntax-only", f"-I{INCLUDE}", *options, source],
        capture_output=True,
        text=True,
    )


def headers_for(language, year):
    """Those that a standard may include; its year counts from 2000, negative before."""
    for header, need in needs.items():
        if need == "C89" or (need == "C99" and (language == "cpp" or year >= 0)):
            yield header
        elif need in ("20", "23") and language == "cpp" and year >= int(need):
            yield header


for language, standard, year in (
    ("c", "c90", -10),
    ("c", "c99", 0),
    ("c", "c11", 11),
    ("c", "c2x", 23),
    ("cpp", "c++98", -2),
    ("cpp", "c++17", 17),
    ("cpp", "c++20", 20),
    ("cpp", "c++23", 23),
):
    headers = list(headers_for(language, year))
    if standard == "c++98":
        headers = ["ar_heap.h"]
    unit = f"all-{standard}.{language}"
    pathlib.Path(unit).write_text(
        "".join(f"#include <{header}>\n" for header in headers) + "int main(void) { return 0; }\n"
    )
    for compiler in COMPILERS[language]:
        for options in ([], ["-DDEBUG"]) if standard != "c++23" or "clang" not in compiler else (["-DDEBUG"],):
            done = compiled(compiler, standard, unit, *STRICT, *options)
            equal(
                (done.returncode, done.stderr), (0, ""), f"{compiler} -std={standard} {options}: {len(headers)} headers"
            )

# Too early a standard: the first error says what is needed. A few headers do without what they may use.
refused = 0
for header, need in needs.items():
    if need in ("20", "23"):
        unit = "early.cpp"
        pathlib.Path(unit).write_text(f"#include <{header}>\n")
        done = compiled("g++", "c++17", unit, "-fmax-errors=1")
        first = next((line for line in done.stderr.splitlines() if "error" in line), "")
        check(done.returncode == 0 or re.search(rf"needs C\+\+{need}", first), f"{header} in C++17 says: {first!r}")
        refused += done.returncode != 0
check(refused > 20, f"only {refused} headers refuse C++17")

programs = SOURCE / "tests" / "downstream"
for language, standard, source, size, described in (
    ("c", "c11", programs / "c" / "main.c", 123, "downstream C: the lost block"),
    ("cpp", "c++17", programs / "cpp" / "main.cpp", 321, "downstream C++: the lost block"),
    ("cpp", "c++20", programs / "standards" / "cxx20.cpp", 160, "downstream C++20: the lost block"),
    ("cpp", "c++23", programs / "standards" / "cxx23.cpp", 200, "downstream C++23: the lost block"),
):
    line = next(n for n, text in enumerate(source.read_text().splitlines(), 1) if "the leak" in text)
    for compiler in COMPILERS[language]:
        program = f"./program-{standard}-{compiler}"
        command = [compiler, f"-std={standard}", *STRICT, "-g", "-DDEBUG", f"-I{INCLUDE}", source, "-o", program]
        command += [f"{os.environ['ARPENT_LIB']}/libarpent-allocators.a", f"{os.environ['ARPENT_LIB']}/libarpent.a"]
        done = subprocess.run(command, capture_output=True, text=True)
        equal((done.returncode, done.stderr), (0, ""), f"{compiler} -std={standard} {source.name}")
        if done.returncode != 0:
            continue
        done = subprocess.run([ARPENT, "run", "--report", "report.txt", "--", program], capture_output=True, text=True)
        equal((done.returncode, done.stdout), (0, ""), f"{program}: {done.stderr}")
        report = pathlib.Path("report.txt").read_text()
        lost = report.split("Definitely lost")[-1].split("\n\n")[0]
        if re.search(rf"{size} B .*{source.name}:{line} .*{re.escape(described)}", lost):
            print(f"{compiler} -std={standard}: {lost.strip().splitlines()[-1].strip()}")
        else:
            fail(f"{program}: the leak is not named: {report}")

finish("every header in its standards, and a program in each")
