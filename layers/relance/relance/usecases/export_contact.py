"""Exporting one contact: everything that the tables hold of it, as one JSON file.

Where several contacts were joined it holds what stands under each of their ids.
The file is private, goes within two days, and is fetched by a link that lasts an hour. What the
operation answers holds the link and counts, and nothing of the person.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.contacts import PROFILE
from relance.moments import to_text
from relance.ports import Services
from relance.storage import Item, Value
from relance.usecases.belongings import Belongings, belongings_of
from relance.usecases.inputs import (
    FIND_FIRST,
    ContactId,
    Request,
    parse_typed,
    telling_who_is_missing,
)

LINK_LASTS = timedelta(hours=1)
"""The function's own credentials sign the link and end it when they end, hours later."""

FORMAT = "relance-contact-1"
"""What the file calls its format."""

EXPORTS = "exports"
"""The folder of the exports among the private files."""

EXAMPLE = 'Paste for example {"contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"}.'

_SECRET = frozenset({"token"})
"""Attributes that say nothing of the person: with a token a pause can be answered."""


class Decision(StrEnum):
    """What became of it."""

    NOTHING_TO_DO = "nothing_to_do"
    ERASED = "erased"
    EXPORTED = "exported"


class Wish(Request):
    """What was typed: whom to export."""

    contact: ContactId


class ExportRequest(Request):
    """What was typed (`input`), and the name of the execution, after which the file is called."""

    input: object
    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]


def export_contact(request: ExportRequest, services: Services) -> dict[str, Value]:
    """Write the file and say where it is.

    Raises:
        InvalidInput: the execution was started with something wrong; says what to paste.
    """
    wish = parse_typed(Wish, request.input, example=EXAMPLE, no_address=FIND_FIRST)
    if wish is None:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"This execution names nobody. {EXAMPLE}",
        }
    with telling_who_is_missing(EXAMPLE):
        there = belongings_of(services.store, wish.contact)
    if there.is_erased:
        return {
            "decision": Decision.ERASED.value,
            "summary": f"This contact was erased on {str(there.register['erased_at'])[:10]}.",
        }
    return _exported(there, request.execution, services)


def _exported(there: Belongings, execution: str, services: Services) -> dict[str, Value]:
    now = services.now()
    key = f"{EXPORTS}/{execution}.json"
    services.private_files.write_lines(key, _lines(there, to_text(now)))
    counts = there.counts()
    return {
        "decision": Decision.EXPORTED.value,
        "found": counts.to_json(),
        "link": services.private_files.expiring_link(key, lasts=LINK_LASTS),
        "link_expires_at": to_text(now + LINK_LASTS),
        "summary": (
            f"Exported: {counts.in_words()}. Whoever has the link can fetch the file for an hour; "
            "hand over the file, not the link."
        ),
    }


def _lines(there: Belongings, now: str) -> Iterator[str]:
    """The file, a part to a line: a person can look into it, a machine reads it as one object."""
    parts: dict[str, list[Value]] = {
        "contacts": [_shown(each) for each in (*there.registers.values(), *there.records)],
        "companies": [*there.companies()],
        "identities": [_shown(each) for each in there.identities],
        "events": [_shown(each) for each in there.events],
        "sends": [_shown(each) for each in there.sends],
    }
    yield "{"
    yield f'"format": {json.dumps(FORMAT)},'
    yield f'"contact": {json.dumps(there.contact_id)},'
    yield f'"joined": {json.dumps(list(there.registers)[1:])},'
    yield f'"exported_at": {json.dumps(now)},'
    for at, (name, items) in enumerate(parts.items(), start=1):
        yield f'"{name}": ['
        for place, item in enumerate(items, start=1):
            comma = "," if place < len(items) else ""
            yield f"  {json.dumps(item, ensure_ascii=False, sort_keys=True)}{comma}"
        yield "]" + ("," if at < len(parts) else "")
    yield "}"


def _shown(item: Item) -> Value:
    """An item as it is stored, its profile as an object rather than a text."""
    shown = {name: value for name, value in item.items() if name not in _SECRET}
    if item.get("record") == PROFILE:
        shown["body"] = _object(str(item["body"]))
    return shown


def _object(text: str) -> Value:
    """A profile that cannot be read is shown as it stands."""
    try:
        value: Value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value
