"""Task tokens: opaque to others, yet telling whether one was ever issued.

A token names the execution and the pause by their serial numbers and carries a checksum, so that
nonsense (InvalidToken), a token of nobody's (TaskDoesNotExist) and one whose pause is over
(TaskTimedOut) can be told apart without keeping every token.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

_TOKEN = re.compile(r"AQC([0-9a-f]{8})([0-9a-f]{6})([0-9a-f]{40})")


class TokenParts(NamedTuple):
    """Whose pause a token belongs to."""

    execution: int
    pause: int


def issue(execution: int, pause: int) -> str:
    """Return the token of a pause."""
    body = f"{execution:08x}{pause:06x}"
    return f"AQC{body}{_checksum(body)}"


def read(token: str) -> TokenParts | None:
    """Return whose pause it is; None for what is no token."""
    match = _TOKEN.fullmatch(token)
    if match is None or _checksum(match[1] + match[2]) != match[3]:
        return None
    return TokenParts(int(match[1], 16), int(match[2], 16))


def _checksum(body: str) -> str:
    return hashlib.blake2b(body.encode(), digest_size=20, key=b"relance local").hexdigest()
