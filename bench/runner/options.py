"""What the commands' options have in common."""

import re

from .errors import UsageError


def pattern(text):
    """--filter as a compiled regular expression. Raises UsageError."""
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(f"--filter '{text}': {error}") from None


def require_rounds(rounds):
    if rounds < 1:
        raise UsageError(f"--rounds {rounds}: must be 1 or more")
