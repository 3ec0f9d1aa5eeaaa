"""What happened to one contact, day by day, in sentences a marketer understands.

Reads the history, the ledger of sends and the closed enrolments; computes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain, groupby
from urllib.parse import urlsplit, urlunsplit

from relance.events import Event
from relance.ledger import Send, SendState
from relance.moments import from_text

_Say = Callable[[Mapping[str, object]], str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when (aware, UTC) and what."""

    at: datetime
    sentence: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day with its entries; `number` counts from 0, the first day of the history."""

    number: int
    date: date
    entries: tuple[Entry, ...]


def timeline(events: Iterable[Event], sends: Iterable[Send] = ()) -> list[Day]:
    """Return the days on which something happened, oldest first."""
    entries = [Entry(event.occurred_at, sentence(event)) for event in step_by_step(events)]
    entries += [
        Entry(from_text(send.claimed_at), _unsent(send))
        for send in sends
        if not send.state.went_out and send.state.is_final
    ]
    entries.sort(key=lambda entry: entry.at)
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        days.setdefault(entry.at.astimezone(UTC).date(), []).append(entry)
    first = min(days, default=date.min)
    return [Day((day - first).days, day, tuple(found)) for day, found in days.items()]


def step_by_step(events: Iterable[Event]) -> list[Event]:
    """The events in their order; the steps of a leap, all of one instant, one after the other."""
    ordered = sorted(events, key=lambda event: (event.occurred_at, event.name, event.event_id))
    found: list[Event] = []
    for (_, is_step), group in groupby(ordered, key=_instant):
        together = list(group)
        found += _one_after_the_other(together) if is_step else together
    return found


def _instant(event: Event) -> tuple[datetime, bool]:
    """When it happened, and whether it is a step from one stage to another."""
    return event.occurred_at, "from_stage" in event.properties


def _one_after_the_other(steps: Iterable[Event]) -> list[Event]:
    """These steps, each where the one before it ended; a new chain where none goes on."""
    left, found = list(steps), list[Event]()
    while left:
        here = found[-1].properties["stage"] if found else None
        ends = {step.properties["stage"] for step in left}
        going_on = (step for step in left if step.properties["from_stage"] == here)
        beginning = (step for step in left if step.properties["from_stage"] not in ends)
        found.append(next(chain(going_on, beginning), left[0]))
        left.remove(found[-1])
    return found


def sentence(event: Event) -> str:
    """Say one event; a name nobody wrote a sentence for is said as it stands."""
    say = _SENTENCES.get(event.name)
    properties = {**event.properties}
    if say is None:
        return event.name.replace("_", " ").capitalize()
    return say(properties)


def lines(days: Sequence[Day]) -> list[str]:
    """Return the timeline as text, one line an entry."""
    found = []
    for day in days:
        for n, entry in enumerate(day.entries):
            head = f"day {day.number:<3} {day.date:%a %d %b}" if n == 0 else ""
            found.append(f"{head:<18} {entry.at:%H:%M}  {entry.sentence}")
    return found


def _unsent(send: Send) -> str:
    reason = send.reason.sentence if send.reason else "nobody knows why."
    what = {
        SendState.SKIPPED: "was not sent",
        SendState.REFUSED: "was refused",
        SendState.GIVEN_UP: "was given up",
    }
    return f'The e-mail "{send.message}" {what.get(send.state, send.state.value)}: {reason}'


def _word(properties: Mapping[str, object], *names: str, default: str = "") -> str:
    for name in names:
        value = properties.get(name)
        if value not in (None, ""):
            return str(value)
    return default


def _mail(verb: str) -> _Say:
    def say(properties: Mapping[str, object]) -> str:
        message = _word(properties, "message")
        return f'The e-mail "{message}" {verb}' if message else f"An e-mail {verb}"

    return say


def _money(properties: Mapping[str, object]) -> str:
    amount = _word(properties, "revenue", "total")
    currency = _word(properties, "currency")
    try:
        return f"{float(amount):.2f} {currency}".strip()
    except ValueError:
        return f"{amount} {currency}".strip()


def _ordered(properties: Mapping[str, object]) -> str:
    order, money = _word(properties, "order_id"), _money(properties)
    return f"Ordered{f' for {money}' if money else ''}{f' (order {order})' if order else ''}"


def _bounced(properties: Mapping[str, object]) -> str:
    lasting = "for good" if properties.get("permanent") is True else "for now"
    return f"{_mail('came back')(properties)}, {lasting}"


def _points(properties: Mapping[str, object]) -> str:
    points = _word(properties, "points", default="some")
    score = _word(properties, "score")
    return f"Got {points} points{f' ({score})' if score else ''}"


def _left(properties: Mapping[str, object]) -> str:
    workflow = _word(properties, "workflow", default="a workflow")
    outcome = _word(properties, "summary", "outcome", "reason").rstrip(".")
    return f'Left the workflow "{workflow}"{f": {outcome}" if outcome else ""}'


def _clicked(properties: Mapping[str, object]) -> str:
    link = _plain(_word(properties, "url", "link"))
    number = f" number {link}" if link.isdigit() else f" to {link}" if link else ""
    message = _word(properties, "message")
    return f"Clicked the link{number}" + (f' in "{message}"' if message else "")


def _plain(address: str) -> str:
    """The address without what stands behind `?` or `#`: tags, and what might tell of a person."""
    return urlunsplit(urlsplit(address)._replace(query="", fragment=""))


def _consent(properties: Mapping[str, object]) -> str:
    topic, state = _word(properties, "topic"), _word(properties, "state")
    about = f' to "{topic}"' if topic else ""
    return f"Changed consent{about}{f': {state}' if state else ''}"


def _ready(properties: Mapping[str, object]) -> str:
    reason = _word(properties, "reason")
    return f"Ready for {_word(properties, 'qualification')}{f': {reason}' if reason else ''}"


def _persona(properties: Mapping[str, object]) -> str:
    reason = _word(properties, "reason")
    return f'Is taken for the persona "{_word(properties, "persona")}"' + (
        f": {reason}" if reason else ""
    )


_SENTENCES: Mapping[str, _Say] = {
    "signed_up": lambda p: f'Signed up with the form "{_word(p, "form", default="?")}"',
    "confirmed": lambda _: "Confirmed the address",
    "identified": lambda _: "Was identified",
    "order_completed": _ordered,
    "email_deferred": lambda p: (
        f'The e-mail "{_word(p, "message")}" waits. {_word(p, "because")}'.rstrip()
    ),
    "email_sent": _mail("was sent"),
    "email_delivered": _mail("was delivered"),
    "email_opened": _mail("was opened"),
    "email_clicked": _clicked,
    "email_replied": _mail("was replied to"),
    "email_bounced": _bounced,
    "email_complained": _mail("was reported as spam"),
    "unsubscribed": lambda p: (
        "Unsubscribed" + (f' from "{_word(p, "topic")}"' if _word(p, "topic") else "")
    ),
    "consent_changed": _consent,
    "preferences_changed": lambda _: "Changed what it wants to get",
    "preferences_confirmed": lambda _: "Wants everything to stay as it is",
    "list_joined": lambda p: f'Joined the list "{_word(p, "list", default="?")}"',
    "list_left": lambda p: f'Left the list "{_word(p, "list", default="?")}"',
    "points_awarded": _points,
    "workflow_entered": lambda p: f'Entered the workflow "{_word(p, "workflow", default="?")}"',
    "workflow_left": _left,
    "entry_held": lambda p: (
        f'Waits to enter the workflow "{_word(p, "workflow", default="?")}", which is paused'
    ),
    "entry_moved": lambda p: (
        f'Was moved to the present version of the workflow "{_word(p, "workflow", default="?")}"'
    ),
    "segment_entered": lambda p: f'Entered the segment "{_word(p, "segment")}"',
    "segment_left": lambda p: f'Left the segment "{_word(p, "segment")}"',
    "stage_advanced": lambda p: f'Advanced to the stage "{_word(p, "stage")}"',
    "stage_fell_back": lambda p: f'Fell back to the stage "{_word(p, "stage")}"',
    "qualified": _ready,
    "persona_assigned": _persona,
    "time_passed": lambda _: "Time passed",
    "rules_changed": lambda _: "Was scored anew, since the rules had changed",
    "suppressed": lambda p: f"Was put on the suppression list by {_word(p, 'by')}",
    "suppression_lifted": lambda p: f"Was taken off the suppression list by {_word(p, 'by')}",
    "erased": lambda _: "Was erased",
}
