"""Profiles in the form that `arpent merge` writes (docs/merged-profile-format.md), field by field: also such as no merge
would write."""

import gzip
import pathlib


def varint(number):
    text = b""
    while number > 127:
        text += bytes([number & 127 | 128])
        number >>= 7
    return text + bytes([number])


def field(number, value):
    """A field of a protobuf message: a number, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def write_packed(name, *fields):
    """Writes the file `name`, a profile of these fields."""
    pathlib.Path(name).write_bytes(gzip.compress(field(4190, field(1, 1) + b"".join(fields)), mtime=0))
