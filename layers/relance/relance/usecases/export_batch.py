"""Writing a batch of contacts into files: what the suite knows of each, for people and programs.

Each batch is two files below `people/`: NDJSON with all of it, and CSV for spreadsheets.
They are named after the first contact of the batch, so a repetition writes the same files again.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from relance.contacts import UNREADABLE, Contact, contact_view, read_contact
from relance.content.rules import Rules
from relance.errors import ContactNotFound
from relance.importing.tables import csv_lines
from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import Request
from relance.usecases.questions import BROKEN, ListedContact, Question


class ExportRequest(Request):
    """A batch of a list, whose members are asked for, and the execution that asks."""

    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    question: Question
    contacts: Annotated[tuple[ListedContact, ...], Field(min_length=1)]


def export_batch(request: ExportRequest, services: Services) -> dict[str, Value]:
    """Write those of the batch who are asked for; the answer names who was `exported`.

    Whoever was erased is left out (`gone`), as is whoever is not a member (`others`) or was joined
    to somebody since the list was made (`joined`): the survivor stands in it too.

    Raises:
        StoreBusy: try again.
    """
    found: dict[str, list[str]] = {}
    rows: list[dict[str, Value]] = []
    for each in request.contacts:
        try:
            contact = read_contact(services.store, each.contact)
            row = _row(contact, services)
            heading = _heading(contact, each.contact, request.question)
        except ContactNotFound:
            heading = "gone"
        except UNREADABLE:
            heading = BROKEN
        if heading == "exported":
            rows.append(row)
        found.setdefault(heading, []).append(each.contact)
    if rows:
        _write(request, rows, services)
    return {"contacts": len(request.contacts), "found": found}


def _heading(contact: Contact, listed: str, question: Question) -> str:
    if contact.register.erased_at:
        return "gone"
    if contact.contact_id != listed:
        return "joined"
    if question.segment is not None and question.segment not in contact.profile.segments():
        return "others"
    if question.list is not None and question.list not in contact.profile.joined_lists():
        return "others"
    return "exported"


def _row(contact: Contact, services: Services) -> dict[str, Value]:
    """The contact, personal traits included: this goes into a file and nowhere else."""
    register = contact.register
    view = contact_view(contact, services.plan, services.now())
    return {
        **view,
        "address": register.address,
        "traits": contact.profile.trait_values(),
        "consents": {
            topic: {"state": consent.state.value, "at": consent.at, "event": consent.by}
            for topic, consent in register.consents.items()
        },
        "suppressed": register.suppressed.value if register.suppressed else None,
    }


def _write(request: ExportRequest, rows: list[dict[str, Value]], services: Services) -> None:
    folder = f"people/export_contacts/{request.execution}"
    part = f"{folder}/contacts-{request.contacts[0].contact}"
    texts = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    services.files.write_lines(f"{part}.ndjson", texts)
    flat = [dict(_cells(row)) for row in rows]
    columns = _columns(services.content.rules, tuple(services.content.company.topics))
    services.files.write_lines(f"{part}.csv", csv_lines(columns, flat))


def _columns(rules: Rules, topics: tuple[str, ...]) -> list[str]:
    """The columns of every part, whoever is in it."""
    return [
        "contact",
        "address",
        "suppressed",
        "stage",
        "persona",
        "segments",
        "lists",
        *(f"trait {each.name}" for each in rules.traits),
        *(f"consent {topic}" for topic in topics),
        *(f"consent {topic} since" for topic in topics),
        *(f"score {each.name}" for each in rules.scores),
        *(f"grade {each.name}" for each in rules.fits),
    ]


def _cells(row: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for name in ("contact", "address", "suppressed", "stage", "persona"):
        yield name, _text(row[name])
    for name in ("segments", "lists"):
        yield name, _text(row[name])
    for above, kind in (("traits", "trait"), ("scores", "score"), ("grades", "grade")):
        for name, value in _inner(row[above]):
            yield f"{kind} {name}", _text(value)
    for topic, consent in _inner(row["consents"]):
        said = dict(_inner(consent))
        yield f"consent {topic}", _text(said["state"])
        yield f"consent {topic} since", _text(said["at"])


def _inner(value: Value) -> list[tuple[str, Value]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(value)
