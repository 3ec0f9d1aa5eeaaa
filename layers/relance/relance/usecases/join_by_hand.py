"""The operation by which a person joins two contacts or undoes it; no system joins known people."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import (
    FIND_FIRST,
    ContactId,
    Request,
    parse_typed,
    telling_who_is_missing,
)
from relance.usecases.join_contacts import Joined, Why, join_contacts, undo_join

EXAMPLE = (
    'Paste for example {"keep": "01J9Z3V8Q4T2M6K7B5N1X0C3DE", "join": '
    '"01J9Z3V8Q4T2M6K7B5N1X0C3DF", "by": "kim", "reason": "wrote from both addresses"}, or, to '
    'undo it, {"undo": "01J9Z3V8Q4T2M6K7B5N1X0C3DF", "by": "kim", "reason": "two people"}.'
)


class Decision(StrEnum):
    """What became of it."""

    NOTHING_TO_DO = "nothing_to_do"
    JOINED = "joined"
    ONE_ALREADY = "one_already"
    UNDONE = "undone"


class JoinWish(Request):
    """What was typed: whom to keep and whom to join to it, or whose join to undo; who and why."""

    keep: ContactId | None = None
    join: ContactId | None = None
    undo: ContactId | None = None
    by: Annotated[str, Field(min_length=1, max_length=60)]
    reason: Annotated[str, Field(min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _one_of_two(self) -> "JoinWish":
        joins = bool(self.keep and self.join)
        if joins == bool(self.undo) or bool(self.keep) != bool(self.join):
            raise ValueError('write either "keep" and "join", or "undo"')
        return self


def join_by_hand(raw: object, services: Services) -> dict[str, Value]:
    """Join two contacts or undo a join, as it was typed; what became of it, in a sentence.

    Started again with the same input it changes nothing more.

    Raises:
        InvalidInput: something in it is wrong, or there is no such contact; says what to paste.
        StoreBusy: somebody else keeps writing the same contacts.
    """
    wish = parse_typed(JoinWish, raw, example=EXAMPLE, no_address=FIND_FIRST)
    if wish is None:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"Nothing was asked. {EXAMPLE}",
        }
    with telling_who_is_missing(EXAMPLE):
        return _undone(wish.undo, wish, services) if wish.undo else _joined(wish, services)


def _joined(wish: JoinWish, services: Services) -> dict[str, Value]:
    keep, join = str(wish.keep), str(wish.join)
    became = join_contacts(keep, join, Why(wish.by, wish.reason), services)
    if became is Joined.ONE_ALREADY:
        return {
            "decision": Decision.ONE_ALREADY.value,
            "summary": f"{keep} and {join} are one person already. Nothing was changed.",
        }
    return {
        "decision": Decision.JOINED.value,
        "summary": (
            f"{join} was joined to {keep}. Nothing was moved: to undo it, paste "
            f'{{"undo": "{join}", "by": "…", "reason": "…"}}.'
        ),
    }


def _undone(contact: str, wish: JoinWish, services: Services) -> dict[str, Value]:
    survivor = undo_join(contact, Why(wish.by, wish.reason), services)
    return {
        "decision": Decision.UNDONE.value,
        "summary": (
            f"{contact} is its own again, apart from {survivor}. Each has its own history; no "
            "system joins the two from now on."
        ),
    }
