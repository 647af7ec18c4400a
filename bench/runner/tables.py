"""Tables for a terminal and for Markdown, from one description."""

import textwrap
from dataclasses import dataclass, field

TEXT_WIDTH = 110

ABSENT = "–"


@dataclass
class Section:
    """One part of the report. Rows are lists of text as long as `headings`; the first column is words."""

    title: str
    notes: list = field(default_factory=list)  # before the table, a line each
    headings: list = field(default_factory=list)
    rows: list = field(default_factory=list)
    drawing: list = field(default_factory=list)  # after the table, lines of fixed width
    words: tuple = (0,)  # columns set to the left


def seconds_text(seconds):
    if seconds <= 0:
        return "0 ns"
    for unit, size in (("ns", 1e-9), ("µs", 1e-6), ("ms", 1e-3)):
        if seconds < size * 999.5:
            return f"{significant(seconds / size)} {unit}"
    return f"{significant(seconds)} s"


def significant(number):
    """Three digits that mean something, without an exponent."""
    if number >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def mebibytes_text(kib):
    return f"{kib / 1024:.1f} MiB"


def ratio_text(ratio):
    return f"{ratio:.2f}" if ratio < 100 else f"{ratio:.0f}"


def count_text(number):
    return f"{number:,}"


def as_text(sections):
    return "\n\n".join("\n".join(section_text(section)) for section in sections) + "\n"


def section_text(section):
    lines = [section.title, "=" * len(section.title)]
    for note in section.notes:
        lines += textwrap.wrap(note, TEXT_WIDTH)
    if section.rows:
        if section.notes:
            lines.append("")
        lines += aligned(section)
    if section.drawing:
        lines += ["", *section.drawing]
    return lines


def aligned(section):
    table = [section.headings, *section.rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(section.headings))]
    lines = []
    for row in table:
        cells = [
            cell.ljust(width) if column in section.words else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    if not any(section.headings):
        return lines[1:]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return lines


def as_markdown(sections):
    return "\n\n".join("\n".join(section_markdown(section)) for section in sections) + "\n"


def section_markdown(section):
    lines = [f"### {section.title}"]
    if section.notes:
        lines.append("")
        lines += [f"{note}  " for note in section.notes[:-1]] + section.notes[-1:]
    if section.rows:
        lines += ["", markdown_row(section.headings)]
        lines.append(
            markdown_row(["---" if column in section.words else "---:" for column in range(len(section.headings))])
        )
        lines += [markdown_row(row) for row in section.rows]
    if section.drawing:
        lines += ["", "```text", *section.drawing, "```"]
    return lines


def markdown_row(cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
