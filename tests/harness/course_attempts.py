"""The solutions that the tests of the course try."""

import re
import sys

LEAST_WRONG = 4


def replaced(text, replacements, name):
    for replacement in replacements.strip("\n").split("\n\n"):
        lines = replacement.split("\n")
        old = "".join(line[1:] + "\n" for line in lines if line.startswith("-"))
        new = "".join(line[1:] + "\n" for line in lines if line.startswith("+"))
        if not old or text.count(old) != 1:
            sys.exit(f"{name}: these lines are {text.count(old)} times in the solution, not once:\n{old}")
        text = text.replace(old, new)
    return text


def attempts_of(exercise, track, file):
    """Yields (name, text of the learner's file, status, words) for the solution, the starter and what wrong.txt has: the
    solution with some lines replaced, as "### NAME: WORDS", then lines with - that must follow each other in the
    solution, just once, and lines with + in their place; an empty line between replacements."""
    folder = exercise / track
    solution = (folder / "solution" / file).read_text()
    yield "solution", solution, 0, "passed"
    yield "starter", (folder / "starter" / file).read_text(), 1, ""
    wrong = re.split(r"^### (\w+): (.*)\n", (folder / "wrong.txt").read_text(), flags=re.MULTILINE)[1:]
    if len(wrong) < 3 * LEAST_WRONG:
        sys.exit(f"{exercise.name} has fewer than {LEAST_WRONG} wrong solutions")
    for name, words, replacements in zip(wrong[::3], wrong[1::3], wrong[2::3]):
        yield name, replaced(solution, replacements, f"{exercise.name}, {name}"), 1, words
