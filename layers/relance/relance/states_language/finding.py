"""What a house rule found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Rule(StrEnum):
    """The rules of the house; each finding names the one that was broken."""

    COMMENT = "comment"
    TIMEOUT = "timeout"
    NAME = "name"
    RETRY = "retry"
    CATCH = "catch"
    CALLBACK = "callback"
    STATE_TYPE = "state_type"
    ENDING = "ending"
    UNREACHABLE = "unreachable"
    LOOP = "loop"
    EXPRESSION = "expression"
    VARIABLE = "variable"
    MAP = "map"
    STEP = "step"
    PRIVACY = "privacy"


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule: which, in which state (empty: the machine itself), and what to do about it."""

    rule: Rule
    state: str
    message: str

    def __str__(self) -> str:
        where = f'state "{self.state}"' if self.state else "the machine"
        return f"{where}: {self.message}"
