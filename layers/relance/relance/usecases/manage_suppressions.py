"""The operation on the list of suppressed addresses: add a contact's, lift it, import a file.

An address is never typed here: a contact is named by its id, many addresses by a file below
`people/imports/` (`relance.importing.listed_rows`). A file is taken in portions: the state machine
asks again from the row at which the last one ended.

What was done stands in the history of the contact (`suppressed`, `suppression_lifted`), with who
did it and why. Of an address that is nobody's the list alone knows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress as suppress_failure
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Annotated

from pydantic import Field, model_validator

from relance.contacts import own_register, read_register
from relance.errors import ContactNotFound, InvalidInput
from relance.events import Event, Name, put_once
from relance.identities import email_identity, find
from relance.ids import event_id, milliseconds
from relance.importing.listed_rows import ListedRow, listed_rows
from relance.ports import Services
from relance.register import Scope, SuppressionReason, lift, suppress
from relance.storage import Value, Write
from relance.usecases.inputs import (
    FIND_FIRST,
    ContactId,
    Request,
    parse,
    parse_typed,
    telling_who_is_missing,
)
from relance.usecases.steps import transact_what_holds

UPLOADS = "people/imports/"
"""Where files to be imported lie."""

PORTION = 2000
"""Rows taken in one go: four calls each."""

LARGEST = 100 << 20
"""Bytes of a file: a million addresses are 30 MB."""

SHOWN = 20
"""Rows that are named among those refused."""

EXAMPLE = (
    'Paste for example {"suppress": "01J9Z3V8Q4T2M6K7B5N1X0C3DE", "by": "kim", "why": "asked '
    'by phone"}, {"lift": "01J9Z3V8Q4T2M6K7B5N1X0C3DE", "by": "kim", "why": "mailbox is back"} or '
    '{"import": "people/imports/suppressed.csv", "by": "kim", "why": "the former list"}.'
)


class Decision(StrEnum):
    """What became of it."""

    NOTHING_TO_DO = "nothing_to_do"
    SUPPRESSED = "suppressed"
    LIFTED = "lifted"
    MORE = "more"
    IMPORTED = "imported"
    UNCHANGED = "unchanged"


class SuppressionWish(Request):
    """What was typed: whose address to suppress or to lift, or which file to import."""

    suppress: ContactId | None = None
    lift: ContactId | None = None
    file: Annotated[str | None, Field(alias="import", max_length=300)] = None
    scope: Scope = Scope.ALL
    by: Annotated[str, Field(min_length=1, max_length=60)]
    why: Annotated[str, Field(min_length=1, max_length=300)]

    @model_validator(mode="after")
    def _one_of_three(self) -> "SuppressionWish":
        if len([each for each in (self.suppress, self.lift, self.file) if each]) != 1:
            raise ValueError('write one of "suppress", "lift" and "import"')
        if self.file and not self.file.startswith(UPLOADS):
            raise ValueError(f'"import" must name a file below {UPLOADS}')
        return self


class Progress(Request):
    """How far an import has come: the next row, and what became of those before."""

    row: Annotated[int, Field(ge=0)] = 0
    counts: Mapping[str, int] = Field(default_factory=dict)
    refused: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to stand on the list: an address, why, and for what."""

    address: str
    reason: SuppressionReason
    scope: Scope


def manage_suppressions(raw: object, progress: object, services: Services) -> dict[str, Value]:
    """Do what was typed; what became of it, in a sentence.

    Started again with the same input it changes nothing more.

    Raises:
        InvalidInput: something in it is wrong, or there is no such contact or file.
        StoreBusy, ServiceUnavailable: try again.
    """
    wish = parse_typed(SuppressionWish, raw, example=EXAMPLE, no_address=FIND_FIRST)
    if wish is None:
        return _told(Decision.NOTHING_TO_DO, f"Nothing was asked. {EXAMPLE}")
    if wish.file:
        return _imported(wish, wish.file, parse(Progress, progress or {}), services)
    with telling_who_is_missing(EXAMPLE):
        return _suppressed(wish, services) if wish.suppress else _lifted(wish, services)


def _told(decision: Decision, summary: str, **more: Value) -> dict[str, Value]:
    return {"decision": decision.value, "summary": summary, **more}


# -- one contact -----------------------------------------------------------------------------------


def _suppressed(wish: SuppressionWish, services: Services) -> dict[str, Value]:
    contact = str(wish.suppress)
    address = _address_of(contact, services)
    what = "Nothing" if wish.scope is Scope.ALL else "No marketing"
    wanted = _Wanted(address, SuppressionReason.BY_HAND, wish.scope)
    if not _add(wanted, contact, wish, services):
        return _told(Decision.UNCHANGED, f"{contact} is suppressed already. Nothing was changed.")
    return _told(Decision.SUPPRESSED, f"{what} is sent to the address of {contact} any more.")


def _lifted(wish: SuppressionWish, services: Services) -> dict[str, Value]:
    """Take an address off the list; what its owner said to a provider or to us stands."""
    contact = str(wish.lift)
    address = _address_of(contact, services)
    entry = services.suppressions.entry(address)
    standing = read_register(services.store, contact).suppressed
    reason = standing or (entry.reason if entry else None)
    if reason is None:
        return _told(Decision.UNCHANGED, f"{contact} is not suppressed. Nothing was changed.")
    for each in {reason, entry.reason if entry else reason}:
        if each is SuppressionReason.COMPLAINED:
            raise InvalidInput(
                f"{contact} complained to its provider. That is not lifted: whoever complained and "
                "gets mail again complains again, and SES counts it."
            )
        if each is SuppressionReason.ERASED:
            raise InvalidInput(
                f"The address of {contact} was erased. Only its owner can lift that, by signing up "
                "anew."
            )
    event = _event(Name.SUPPRESSION_LIFTED, contact, (reason, Scope.ALL), wish, services)
    writes: list[Write] = [put_once(event), *_lifting(contact, services)]
    if entry:
        writes.append(services.suppressions.remove(entry))
    transact_what_holds(services.store, writes)
    return _told(
        Decision.LIFTED,
        f"Mail goes to the address of {contact} again, as far as it agreed to. SES keeps a list of "
        "its own: remove the address there as well (SES console, Suppression list).",
    )


def _lifting(contact: str, services: Services) -> Iterator[Write]:
    """The writes that lift what stands in the registers of a person."""
    person = read_register(services.store, contact)
    for each in sorted({contact, person.contact_id, *person.absorbed}):
        with suppress_failure(ContactNotFound):
            own = own_register(services.store, each)
            if own.suppressed:
                yield lift(each, own.suppressed)


def _address_of(contact: str, services: Services) -> str:
    register = read_register(services.store, contact)
    if register.erased_at or not register.address:
        raise InvalidInput(f"Contact {contact} has no address.")
    return register.address


# -- a file ----------------------------------------------------------------------------------------


def _imported(
    wish: SuppressionWish, file: str, progress: Progress, services: Services
) -> dict[str, Value]:
    counts, refused = Counter(progress.counts), list(progress.refused)
    row = progress.row
    for each in islice(_rows(file, services), row, row + PORTION):
        row += 1
        if each.address is None:
            counts["refused"] += 1
            refused = [*refused, each.number][:SHOWN]
            continue
        wanted = _Wanted(each.address, each.reason, each.scope or wish.scope)
        identity = find(services.store, email_identity(each.address))
        counts["added" if _add(wanted, identity, wish, services) else "known"] += 1
    so_far: dict[str, Value] = {"row": row, "counts": dict(counts), "refused": refused}
    if row == progress.row + PORTION:
        return _told(Decision.MORE, f"{row} rows were read.", progress=so_far)
    return _told(Decision.IMPORTED, _summary(row, counts, refused), progress=so_far)


def _summary(rows: int, counts: Mapping[str, int], refused: list[int]) -> str:
    said = (
        f"Of {rows} addresses {counts.get('added', 0)} were added and {counts.get('known', 0)} "
        "were on the list already."
    )
    if not refused:
        return said
    return f"{said} {counts['refused']} rows hold no address, the first: {refused}."


def _rows(file: str, services: Services) -> Iterator[ListedRow]:
    """The rows of a file.

    Raises:
        InvalidInput: there is no such file, or it is none that can be read.
    """
    try:
        about = services.files.about(file)
    except FileNotFoundError:
        raise InvalidInput(
            f"There is no such file. Put it below {UPLOADS} of the operations bucket. {EXAMPLE}"
        ) from None
    if about.size > LARGEST:
        raise InvalidInput(f"The file is larger than {LARGEST >> 20} MB. Cut it in pieces.")
    return listed_rows(lambda: services.files.read_blocks(file, about))


# -- both ------------------------------------------------------------------------------------------


def _add(wanted: _Wanted, contact: str | None, wish: SuppressionWish, services: Services) -> bool:
    """Put an address on the list and into the register of whoever has it; whether it is new."""
    now = services.now()
    added = services.suppressions.add(
        wanted.address, wanted.reason, at=now, scope=wanted.scope, by=wish.by, why=wish.why
    )
    if contact:
        event = _event(Name.SUPPRESSED, contact, (wanted.reason, wanted.scope), wish, services)
        in_register = suppress(contact, wanted.reason, at=now, scope=wanted.scope)
        if transact_what_holds(services.store, [in_register, put_once(event), added]):
            return True
    return transact_what_holds(services.store, [added])


def _event(
    name: Name,
    contact: str,
    what: tuple[SuppressionReason, Scope],
    wish: SuppressionWish,
    services: Services,
) -> Event:
    now = services.now()
    reason, scope = what
    return Event(
        contact_id=contact,
        event_id=event_id(milliseconds(now), "operation", f"{name}#{contact}#{reason}"),
        name=name,
        occurred_at=now,
        received_at=now,
        source="operation",
        properties={
            "reason": reason.value, "scope": scope.value, "by": wish.by, "why": wish.why,
        },
    )  # fmt: skip
