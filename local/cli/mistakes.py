"""Mistakes of the person at the keyboard, said as sentences, and work that ended in a failure."""

from collections.abc import Iterable
from difflib import get_close_matches


class Mistake(Exception):
    """What was wrong, where, and what to do; ends the command with exit code 2."""


class Failed(Exception):
    """What a command has to say when what it ran has failed; ends it with exit code 1."""


def closest(wrong: str, right: Iterable[str], *, many: int = 3) -> str:
    """Return " Did you mean …?" with the names that look like it, or nothing."""
    by_fold = {name.casefold(): name for name in right}
    found = get_close_matches(wrong.casefold(), by_fold, n=many, cutoff=0.7)
    return f" Did you mean {' or '.join(by_fold[name] for name in found)}?" if found else ""
