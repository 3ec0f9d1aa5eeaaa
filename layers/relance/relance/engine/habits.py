"""On which channel and at which hour a contact responds: counted here, read by `preferences`.

What reached somebody and what was answered are sums that fade, kept beside the scores under names
that no score can have. A channel is answered once a day at most, so that pressing five links of
one mail answers one mail. Hours are UTC: the contact's zone is applied when they are read, since
it may become known later. What machines do counts for nothing.
"""

from datetime import timedelta

from relance.engine.points import Bounds, add, push_out
from relance.events import Event
from relance.profiles import Counted, Profile

REACHED = {
    "email_delivered": "email",
    "sms_delivered": "sms",
    "push_delivered": "push",
    "call_made": "call",
}
"""The events that reach somebody, and on which channel."""

ANSWERED = {
    "email_clicked": "email",
    "email_replied": "email",
    "sms_clicked": "sms",
    "sms_replied": "sms",
    "push_clicked": "push",
    "call_answered": "call",
}
"""The events by which somebody responds, and on which channel."""

HALF_LIFE = timedelta(days=180)
"""How fast habits are forgotten."""

_HALF_LIFE_MS = round(HALF_LIFE.total_seconds() * 1000)


def reached_key(channel: str) -> str:
    """The name of the sum of what reached a contact on a channel."""
    return f"~reached/{channel}"


def answered_key(channel: str) -> str:
    """The name of the sum of what a contact answered on a channel."""
    return f"~answered/{channel}"


def hour_key(hour: int) -> str:
    """The name of the sum of the responses in an hour of the UTC day."""
    return f"~hour/{hour}"


def take_habit(profile: Profile, event: Event, at: int, *, days: Bounds) -> None:
    """Count what reached the contact at an instant (ms), or that it responded then.

    Raises:
        NeedsHistory: the event's UTC day is before `days.oldest`.
    """
    if channel := REACHED.get(event.name):
        add(profile, reached_key(channel), 1.0, at, _HALF_LIFE_MS)
    if channel := ANSWERED.get(event.name):
        key = answered_key(channel)
        counted: Counted = (at, event.event_id, 1.0, ())
        out = push_out(profile, key, counted, at_most=1, days=days)
        if counted in out:
            return
        _count(profile, key, at, 1.0)
        for instant, *_ in out:
            _count(profile, key, instant, -1.0)


def _count(profile: Profile, key: str, at: int, one: float) -> None:
    add(profile, key, one, at, _HALF_LIFE_MS)
    add(profile, hour_key(at // 3_600_000 % 24), one, at, _HALF_LIFE_MS)
