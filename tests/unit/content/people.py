"""Contacts to whom something happened, and what the engine makes of it under given rules."""

from datetime import UTC, datetime, timedelta

from relance.content.compiled import Content
from relance.engine import Plan, advance, replay
from relance.events import Event
from relance.ids import event_id, milliseconds
from relance.profiles import Profile
from relance.storage import Value

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def happened(name: str, days_ago: float, **said: Value) -> Event:
    """One event, so many days before NOW."""
    at = NOW - timedelta(days=days_ago)
    return Event(
        contact_id="ana",
        event_id=event_id(milliseconds(at), "test", f"{name}{said}"),
        name=name,
        occurred_at=at,
        received_at=at,
        source="test",
        properties=said,
    )


def known(content: Content, *events: Event) -> Profile:
    """The contact at NOW, to whom all this happened."""
    plan = Plan(content.rules, UTC)
    profile = replay("ana", events, plan, version=1)
    advance(profile, milliseconds(NOW), plan)
    return profile
