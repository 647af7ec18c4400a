# Tests src/platform/options.hpp
"""Options: what the library says about values and names that it does not know, and that help and documentation agree
with the table (src/platform/options.hpp)."""

import os
import pathlib
import re
import subprocess

from harness.checks import check, equal, finish

PRELOAD = os.environ["ARPENT_PRELOAD"]
DOCUMENT = pathlib.Path(os.environ["SOURCE_DIR"], "docs", "environment.md")


def complaints(command=("/bin/sh", "-c", ":"), **variables):
    """What the command prints on standard error with the library preloaded."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ARPENT_")}
    done = subprocess.run(
        command, env={**environment, **variables, "LD_PRELOAD": PRELOAD}, capture_output=True, text=True
    )
    equal(done.returncode, 0, f"status with {variables}")
    return done.stderr.splitlines()


MODE = "arpent: ARPENT_MODE is '{}', but must be off, sites or stacks; 'sites' is used"
equal(complaints(), [], "without any variable")
equal(complaints(ARPENT_MODE="off"), [], "mode off")
equal(complaints(ARPENT_MODE="stack"), [MODE.format("stack")], "a mode that does not exist")
equal(complaints(ARPENT_MODE="stacks "), [MODE.format("stacks ")], "a blank too many")
equal(complaints(ARPENT_MODE=""), [], "an empty value counts as not set")
equal(complaints(ARPENT_MODE="a\nb\x1b[1m"), [MODE.format("a?b?[1m")], "control characters")
equal(complaints(ARPENT_MODE="x" * 5000), [MODE.format("x" * 63)], "a very long value")
for depth in ("0", "513", "-1", "12a", "99999999999999999999"):
    equal(
        complaints(ARPENT_STACK_DEPTH=depth),
        [f"arpent: ARPENT_STACK_DEPTH is '{depth}', but must be 1 to 512; '128' is used"],
        f"depth {depth}",
    )
equal(complaints(ARPENT_STACK_DEPTH="512", ARPENT_MODE="stacks", ARPENT_MISMATCH="abort"), [], "accepted values")
equal(
    complaints(ARPENT_MISMATCH="quiet"),
    ["arpent: ARPENT_MISMATCH is 'quiet', but must be ignore, report or abort; 'report' is used"],
    "a policy that does not exist",
)

HINT = "arpent: {} is not an option and is ignored; did you mean {}? See 'arpent help environment'"
for wrong, meant in (
    ("ARPENT_MOD", "ARPENT_MODE"),
    ("ARPENT_MODES", "ARPENT_MODE"),
    ("ARPENT_MODI", "ARPENT_MODE"),
    ("ARPENT_MSIMATCH", "ARPENT_MISMATCH"),
):
    equal(complaints(**{wrong: "off"}), [HINT.format(wrong, meant)], f"the name {wrong}")
equal(complaints(ARPENT_HOME="/", ARPENT_LIB="/", ARPENT="1"), [], "names that may be the program's own")

# Children inherit an environment from which the variable has gone, and the rest as it was.
CHILDREN = ("/bin/sh", "-c", "/bin/sh -c 'exit 0' && /usr/bin/env")
done = subprocess.run(
    CHILDREN,
    env={"LD_PRELOAD": PRELOAD, "A": "1", "ARPENT_MODE": "stack", "B": "2", "ARPENT_MOD": "off", "C": "3"},
    capture_output=True,
    text=True,
)
equal(
    sorted(done.stderr.splitlines()),
    sorted([MODE.format("stack"), HINT.format("ARPENT_MOD", "ARPENT_MODE")]),
    "once for the parent and its children",
)
seen = dict(line.split("=", 1) for line in done.stdout.splitlines())
equal((seen.get("A"), seen.get("B"), seen.get("C")), ("1", "2", "3"), "the other variables")
check("ARPENT_MODE" not in seen and "ARPENT_MOD" not in seen, f"removed variables are still there: {seen}")

# Help and documentation have the same rows.
arpent = pathlib.Path(os.environ["ARPENT_BIN"])
arpent = arpent / "arpent" if arpent.is_dir() else arpent
text = subprocess.run([arpent, "help", "environment"], capture_output=True, text=True).stdout
rows_of_help = []
for entry in re.split(r"\n  (?=[A-Z_]+ \()", text)[1:]:
    heading, *lines = entry.split("\n")
    body = " ".join(line.strip() for line in lines if line.startswith("      "))
    name, value = re.fullmatch(r"([A-Z_]+) \((.*)\)", heading).groups()
    meaning, default, readers = re.fullmatch(r"(.*) Default: (.*)\. Read by (.*)\.", body).groups()
    rows_of_help.append((name, value, meaning, default, readers))
rows_of_document = [
    tuple(cell.strip().strip("`") for cell in line.strip("|").split("|"))
    for line in DOCUMENT.read_text().splitlines()
    if line.startswith("| `")
]
check(len(rows_of_help) > 15, f"only {len(rows_of_help)} rows in the help")
equal(rows_of_document, rows_of_help, "docs/environment.md and 'arpent help environment'")

finish()
