"""`campaign`: one message to many, from the count to the report, on an empty world of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from relance.aws.dynamodb import DynamoStore
from relance.events import Event, put_once
from relance.ids import event_id, milliseconds, ulid
from relance.register import ConsentState, consent_value, new_register
from relance.storage import Put, Table

from local.services.ses_account import Quota
from local.world import World

_MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
_NAME = "spring-2026"
_RATE = Quota(per_second=25)
_GONE = 7
"""Of so many people one has unsubscribed."""


def campaign(message: str, *, people: int) -> str:
    """Count, send, pause, resume and report; what was pasted, and what each execution said."""
    asked: dict[str, Any] = {
        "campaign": _NAME,
        "message": message,
        "to": {"condition": {"did": "confirmed"}},
    }
    with World.build(start=_MONDAY, seed=1, quota=_RATE) as world:
        _arrive(world, people)
        said = list(_acts(world, asked, people))
        return "\n".join([*said, f"{len(world.mailbox)} messages are in the mail box.", ""])


def _acts(world: World, asked: dict[str, Any], people: int) -> Iterator[str]:
    yield _ask(world, "send-campaign", asked)
    confirmed = {**asked, "confirm": people}
    world.start("operation-send-campaign", confirmed)
    world.run(for_=timedelta(seconds=3))
    yield f"{_typed('send-campaign', confirmed)}  It is being sent: {len(world.mailbox)} so far.\n"
    for do in ("pause", "resume"):
        yield _ask(world, "control", {"campaign": _NAME, "do": do}, minutes=1)
    world.run(for_=timedelta(hours=2))
    yield _ask(world, "send-campaign", confirmed)
    yield _ask(world, "report-sending", {"campaign": _NAME})


def _ask(world: World, operation: str, data: dict[str, Any], *, minutes: float = 10) -> str:
    """Start an operation, let time pass, and tell what was pasted and what it said."""
    execution = world.start(f"operation-{operation}", data)
    world.run(for_=timedelta(minutes=minutes))
    ended = world.describe(execution)
    output = json.loads(ended["output"]) if "output" in ended else {}
    answer = output.get("summary") or ended.get("cause") or ended["status"]
    return f"{_typed(operation, data)}  {answer}\n"


def _typed(operation: str, data: dict[str, Any]) -> str:
    return f"{operation} {json.dumps(data)}\n"


def _arrive(world: World, people: int) -> None:
    """People who confirmed a sign-up some time ago; some of them left since."""
    names = {table: world.stack.resources[table.value.capitalize()].name for table in Table}
    store = DynamoStore(world.client("dynamodb"), names, sleep=lambda _: None, chance=lambda: 0.0)
    now = world.now
    for number in range(people):
        contact = ulid(milliseconds(now), number.to_bytes(10))
        gone = number % _GONE == _GONE - 1
        state = ConsentState.WITHDRAWN if gone else ConsentState.GRANTED
        register = {
            **new_register(contact, address=f"person{number}@example.com"),
            "consent#newsletter": consent_value(state, now, "sign-up"),
        }
        store.write(Put(Table.CONTACTS, register))
        ident = event_id(milliseconds(now), "here", contact)
        store.write(put_once(Event(contact, ident, "confirmed", now, now, "here", {})))
    world.run(for_=timedelta(minutes=2))
