# Tests docs/commands/ tools/arpent/
"""Each subcommand has its folder with a README, and a page that the index names and that has each of its options."""

import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["SOURCE_DIR"])
from harness.checks import check, finish
from harness.survey import ARPENT


def said(*arguments):
    return subprocess.run([ARPENT, *arguments], capture_output=True, text=True, check=True).stdout


verbs = re.findall(r"^  ([a-z]+) {2,}\S", said("help").split("Commands:\n")[1].split("\n\n")[0], re.M)
check(len(verbs) >= 13, f"the commands of 'arpent help': {verbs}")
pages = SOURCE / "docs" / "commands"
index = (pages / "README.md").read_text()
for verb in verbs:
    for file in f"{verb}.cpp", "README.md":
        check((SOURCE / "tools" / "arpent" / verb / file).is_file(), f"tools/arpent/{verb}/{file} is missing")
    check(f"({verb}.md)" in index, f"docs/commands/README.md does not name {verb}.md")
    page = pages / f"{verb}.md"
    if not page.is_file():
        check(False, f"docs/commands/{verb}.md is missing")
        continue
    text = page.read_text()
    for option in re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", said(verb, "--help"), re.M):
        check(option == "--help" or f"`{option}" in text or f"{option} " in text, f"{page.name} lacks {option}")
for page in pages.glob("*.md"):
    check(page.stem in [*verbs, "README"], f"docs/commands/{page.name} is of no command")
finish()
