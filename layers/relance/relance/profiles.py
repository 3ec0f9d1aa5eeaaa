"""The profile of a contact: a fold over its history.

`fold(profile, events, rules)` is free of order and of repetition: whatever order events come in,
and however often, the profile is the same (decayed sums to 1e-9). Traits and lists go to the last
writer by `(occurred_at, event_id)`; counters count; scores are decayed sums with daily bounds.

What has been folded is told by event id. The ids that arrived in the last 26 hours are kept (a
stream delivers for 24); an older one asks for the history (`NeedsHistory`), and the profile is
then folded anew with `replay`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from relance.content.rules import Rules
from relance.events import GIVING_TRAITS, Event, Name, in_order
from relance.ids import milliseconds, moment_of
from relance.moments import day_of
from relance.scoring import DAYS_KEPT, DecayedSum, NeedsHistory, ScoreState
from relance.storage import Value
from relance.traits import accepted

REMEMBERED = timedelta(hours=26)
"""How long the id of a folded event is kept, counted from the newest arrival."""


@dataclass(slots=True)
class Seen:
    """How often an event happened, and its first and last time (ms since 1970)."""

    times: int
    first: int
    last: int


@dataclass(slots=True)
class Latest:
    """The value that the last writer gave, with what decides who is last."""

    value: Value
    at: int
    event_id: str


@dataclass(slots=True)
class Profile:
    """What a contact's history amounts to. Changed by `fold` alone.

    `version` counts the writes of the stored profile; `rules` names the version of the rules it
    was folded with; `newest` is the newest arrival (ms) among the events folded.
    """

    contact_id: str
    version: int = 0
    rules: str = ""
    newest: int = 0
    traits: dict[str, Latest] = field(default_factory=dict)
    lists: dict[str, Latest] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    scores: dict[str, ScoreState] = field(default_factory=dict)
    recent: dict[str, int] = field(default_factory=dict)

    def trait_values(self) -> dict[str, Value]:
        """The traits by name, without those that were taken back (null)."""
        return {name: it.value for name, it in self.traits.items() if it.value is not None}

    def joined_lists(self) -> list[str]:
        """The names of the lists the contact is on, sorted."""
        return sorted(name for name, it in self.lists.items() if it.value is True)

    def score_values(self, rules: Rules, now: datetime) -> dict[str, float]:
        """Every declared score at `now`, to two decimals."""
        at = milliseconds(now)
        return {
            score.name: round(
                self.scores.get(score.name, ScoreState()).total.value(
                    at, score.half_life.total_seconds() * 1000
                ),
                2,
            )
            for score in rules.scores
        }


def fold(profile: Profile, events: Iterable[Event], rules: Rules) -> int:
    """Fold the events that the profile does not hold yet; how many there were.

    The profile is changed in place, and left in an undefined state when history is needed.

    Raises:
        NeedsHistory: the events alone do not say what the profile becomes; use `replay`.
    """
    fresh = [
        event
        for event in {event.event_id: event for event in events}.values()
        if event.folded and event.event_id not in profile.recent
    ]
    if not fresh:
        return 0
    if profile.rules != rules.version and profile.version:
        raise NeedsHistory
    known_since = profile.newest - _ms(REMEMBERED)
    if any(milliseconds(event.received_at) < known_since for event in fresh):
        raise NeedsHistory
    profile.rules = rules.version
    for event in fresh:
        _take(profile, event, rules, _oldest_day(profile.newest) if profile.newest else "")
    _forget(profile)
    return len(fresh)


def replay(contact_id: str, events: Iterable[Event], rules: Rules, *, version: int) -> Profile:
    """The profile folded anew from the whole history."""
    profile = Profile(contact_id, version=version, rules=rules.version)
    for event in in_order({event.event_id: event for event in events}.values()):
        if event.folded:
            _take(profile, event, rules, "")
    _forget(profile)
    return profile


def _take(profile: Profile, event: Event, rules: Rules, oldest_day: str) -> None:
    occurred, received = milliseconds(event.occurred_at), milliseconds(event.received_at)
    profile.recent[event.event_id] = received
    profile.newest = max(profile.newest, received)
    seen = profile.seen.get(event.name)
    if seen is None:
        profile.seen[event.name] = Seen(1, occurred, occurred)
    else:
        seen.times += 1
        seen.first, seen.last = min(seen.first, occurred), max(seen.last, occurred)
    stamp = (occurred, event.event_id)
    for name, value in _traits_of(event, rules).items():
        _last_writer(profile.traits, name, value, stamp)
    if event.name in (Name.LIST_JOINED, Name.LIST_LEFT):
        name = str(event.properties.get("list", ""))
        _last_writer(profile.lists, name, event.name == Name.LIST_JOINED, stamp)
    for score in rules.scores:
        state = profile.scores.setdefault(score.name, ScoreState())
        state.fold(score, event, oldest_day=oldest_day)


def _traits_of(event: Event, rules: Rules) -> Mapping[str, Value]:
    """The traits that an event gives: a sign-up only claims them, its confirmation gives them."""
    if event.name not in GIVING_TRAITS:
        return {}
    return accepted(rules.traits, event.properties.get("traits"))


def _last_writer(
    values: dict[str, Latest], name: str, value: Value, stamp: tuple[int, str]
) -> None:
    there = values.get(name)
    if there is None or stamp > (there.at, there.event_id):
        values[name] = Latest(value, *stamp)


def _forget(profile: Profile) -> None:
    """Drop what only a late event could ask for; a function of the newest arrival alone."""
    since = profile.newest - _ms(REMEMBERED)
    profile.recent = {event_id: at for event_id, at in profile.recent.items() if at >= since}
    oldest_day = _oldest_day(profile.newest)
    for state in profile.scores.values():
        state.forget_before(oldest_day)


def _oldest_day(newest: int) -> str:
    return day_of(moment_of(newest) - timedelta(days=DAYS_KEPT))


def _ms(duration: timedelta) -> int:
    return round(duration.total_seconds() * 1000)


def to_text(profile: Profile) -> str:
    """The profile as it is stored: compact JSON without its version."""
    return json.dumps(
        {
            "rules": profile.rules,
            "newest": profile.newest,
            "traits": {n: [it.value, it.at, it.event_id] for n, it in profile.traits.items()},
            "lists": {n: [it.value, it.at, it.event_id] for n, it in profile.lists.items()},
            "seen": {n: [it.times, it.first, it.last] for n, it in profile.seen.items()},
            "scores": {
                n: [it.total.amount, it.total.at, it.days] for n, it in profile.scores.items()
            },
            "recent": profile.recent,
        },
        separators=(",", ":"),
        ensure_ascii=False,
        sort_keys=True,
    )


def from_text(contact_id: str, text: str, version: int) -> Profile:
    """The profile that `to_text` wrote."""
    raw = json.loads(text)
    return Profile(
        contact_id=contact_id,
        version=version,
        rules=raw["rules"],
        newest=raw["newest"],
        traits={name: Latest(*it) for name, it in raw["traits"].items()},
        lists={name: Latest(*it) for name, it in raw["lists"].items()},
        seen={name: Seen(*it) for name, it in raw["seen"].items()},
        scores={
            name: ScoreState(
                DecayedSum(amount, at),
                {place: [(c[0], c[1], c[2]) for c in kept] for place, kept in days.items()},
            )
            for name, (amount, at, days) in raw["scores"].items()
        },
        recent=raw["recent"],
    )
