"""The events of an execution, kept small, shown as GetExecutionHistory shows them.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

MOST_EVENTS = 25_000
"""A standard execution ends when its history is full."""


class Event(NamedTuple):
    """One event: JSON stays bytes until somebody looks."""

    type: str
    when: float
    previous: int
    details: dict[str, object] | None


_WHOLE = {"truncated": False}
_KEYS = {
    "StateEntered": "stateEnteredEventDetails",
    "StateExited": "stateExitedEventDetails",
}
_DETAILED = ("input", "output")


def _key(kind: str) -> str:
    """Return the field that holds the details of an event of a type."""
    for suffix, key in _KEYS.items():
        if kind.endswith(suffix):
            return key
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def moment(when: float) -> datetime:
    """Return epoch seconds as an aware datetime in UTC, to the millisecond."""
    return datetime.fromtimestamp(round(when, 3), UTC)


def shown(event: Event, number: int, *, with_data: bool = True) -> dict[str, object]:
    """Return an event as the API gives it; `number` counts from 1."""
    seen: dict[str, object] = {
        "timestamp": moment(event.when),
        "type": event.type,
        "id": number,
        "previousEventId": event.previous,
    }
    if event.details is not None:
        seen[_key(event.type)] = _details(event.details, with_data=with_data)
    return seen


def _details(details: dict[str, object], *, with_data: bool) -> dict[str, object]:
    seen: dict[str, object] = {}
    for name, value in details.items():
        if value is None:
            continue
        if name == "assignedVariables" and isinstance(value, dict):
            if with_data:
                seen[name] = {each: text.decode() for each, text in value.items()}
                seen["assignedVariablesDetails"] = _WHOLE
        elif isinstance(value, bytes):
            if with_data or name == "parameters":
                seen[name] = value.decode()
            if with_data and name in _DETAILED:
                seen[f"{name}Details"] = _WHOLE
        else:
            seen[name] = value
    return seen
