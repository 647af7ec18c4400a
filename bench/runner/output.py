"""Where the report goes: the terminal, a JSON file, and a page of the documentation."""

import json
import os
import pathlib
import tempfile

from .errors import UsageError

BEGIN = "<!-- bench:begin (this part is written by ./dev bench --markdown) -->"
END = "<!-- bench:end -->"

SCHEMA = 1


def require_writable(path):
    """Before the work, not after it. Raises UsageError."""
    folder = pathlib.Path(path).resolve().parent
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {folder}")
    if os.path.isdir(path) or not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise UsageError(f"{path}: cannot be written")


def require_page(path, begin=BEGIN, end=END):
    """The page, split at its markers. Raises UsageError unless both are there, once and in order."""
    require_writable(path)
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; it must exist and hold the lines '{begin}' and '{end}'") from None
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end or begin in rest or end in after:
        raise UsageError(f"{path}: must hold the lines '{begin}' and '{end}' once, in this order")
    return before, after


def write_page(path, markdown, begin=BEGIN, end=END):
    before, after = require_page(path, begin, end)
    replace(path, f"{before}{begin}\n\n{markdown}\n{end}{after}")


def replace(path, text):
    """The file is the old one or the new one, never half of it."""
    path = pathlib.Path(path).resolve()
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def write_json(path, document):
    replace(path, json.dumps({"schema": SCHEMA, **document}, indent=1, ensure_ascii=False) + "\n")


def read_json(path):
    try:
        document = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f"{path}: is not a file that --json of this version wrote")
    return document
