"""Rows of a file of addresses that get nothing any more, as other systems write it.

A CSV needs a column with the address and may have `reason` and `scope`. What the command
`aws sesv2 list-suppressed-destinations` prints is read as it is; that JSON is held as a whole.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from relance.addresses import address_to_send_to
from relance.errors import InvalidInput
from relance.importing.csv_rows import csv_rows
from relance.importing.decoding import Blocks, lines_of
from relance.register import Scope, SuppressionReason

_COLUMNS = ("email", "email address", "emailaddress", "e-mail", "address", "mail")
_REASONS: Mapping[str, SuppressionReason] = {
    "bounce": SuppressionReason.BOUNCED,
    "bounced": SuppressionReason.BOUNCED,
    "hard bounce": SuppressionReason.BOUNCED,
    "complaint": SuppressionReason.COMPLAINED,
    "complained": SuppressionReason.COMPLAINED,
    "spam": SuppressionReason.COMPLAINED,
}
"""What files call the reasons that are told apart; whatever else they say is `imported`."""


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A row by its number: the address (None if it holds none), why and for what.

    `scope` is None where the file does not say; a bounce and a complaint are always for all.
    """

    number: int
    address: str | None
    reason: SuppressionReason
    scope: Scope | None


def listed_rows(blocks: Blocks) -> Iterator[ListedRow]:
    """The rows of a file, read as they are asked for.

    Raises:
        InvalidInput: it is no such file; the sentence says what to do.
    """
    lines = lines_of(blocks)
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise InvalidInput("The file is empty.")
    whole = chain((first,), lines)
    told = _json_rows("".join(whole)) if first.lstrip()[0] in "{[" else _csv_rows(whole)
    for number, address, reason, scope in told:
        yield _row(number, address, reason, scope)


def _row(number: int, address: str, reason: str, scope: str) -> ListedRow:
    why = _REASONS.get(reason.strip().lower(), SuppressionReason.IMPORTED)
    named = scope.strip().lower()
    own = Scope(named) if named in list(Scope) else None
    return ListedRow(
        number, _read(address), why, own if why is SuppressionReason.IMPORTED else Scope.ALL
    )


def _read(said: str) -> str | None:
    """The address as we write it; one that we would never write to is refused."""
    try:
        return address_to_send_to(said.strip()).lower()
    except InvalidInput:
        return None


def _csv_rows(lines: Iterator[str]) -> Iterator[tuple[int, str, str, str]]:
    columns, rows = csv_rows(lines, [*_COLUMNS, "reason", "scope"])
    named = {name.lower(): name for name in columns}
    place = next((named[each] for each in _COLUMNS if each in named), None)
    if place is None:
        raise InvalidInput('The file needs a column "email" with the addresses.')
    for row in rows:
        reason, scope = (row.cells.get(named.get(each, ""), "") for each in ("reason", "scope"))
        yield row.number, row.cells.get(place, ""), reason, scope


def _json_rows(text: str) -> Iterator[tuple[int, str, str, str]]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("The file begins like JSON and is none.") from None
    listed = said.get("SuppressedDestinationSummaries") if isinstance(said, dict) else said
    if not isinstance(listed, list):
        raise InvalidInput("The file holds no SuppressedDestinationSummaries.")
    for number, each in enumerate(listed, 1):
        told = each if isinstance(each, dict) else {}
        yield number, str(told.get("EmailAddress", "")), str(told.get("Reason", "")), ""
