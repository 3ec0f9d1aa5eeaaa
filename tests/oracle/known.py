"""What is known of a contact at an arrival: everything that has arrived, looked at afresh.

Nothing is carried over from the arrival before: every number is added up from the raw events.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from relance.events import Event
from relance.storage import Value

from tests.oracle.cases import Act, Company, Points, Score, World
from tests.oracle.instants import DAY, HOUR, MINUTE, Amounts, Instants, ms
from tests.oracle.values import at_path, fits

CONCLUDED = ("workflow_entered", "workflow_left")
"""Conclusions: nothing follows from them."""


_CONSENTS = {"confirmed": "granted", "unsubscribed": "withdrawn"}


@dataclass(frozen=True)
class Known:
    """One contact from one arrival to the next. `events` by `(occurred_at, event_id)`."""

    contact_id: str
    events: Sequence[Event]
    world: World
    _acts: dict[str, Sequence[Event]] = field(default_factory=dict)

    @cached_property
    def traits(self) -> Mapping[str, Value]:
        """The last word on each trait; null takes it back."""
        found: dict[str, Value] = {}
        for event in self.events:
            told = event.properties.get("traits")
            if isinstance(told, Mapping):
                found.update(told)
        return {name: value for name, value in found.items() if value is not None}

    @cached_property
    def zone(self) -> str:
        """Where the contact lives, as far as it is a zone, else where the company is."""
        zone = self.traits.get("time_zone")
        return zone if isinstance(zone, str) and _is_zone(zone) else self.world.zone

    @cached_property
    def lists(self) -> Mapping[str, int]:
        """The lists the contact is on, and since when: the last time it joined."""
        found: dict[str, int] = {}
        for event in self.events:
            name = str(event.properties.get("list"))
            if event.name == "list_joined":
                found[name] = ms(event.occurred_at)
            elif event.name == "list_left":
                found.pop(name, None)
        return found

    @cached_property
    def consents(self) -> Mapping[str, str]:
        """The last word on each topic."""
        return {
            str(event.properties["topic"]): _CONSENTS[event.name]
            for event in self.events
            if event.name in _CONSENTS
        }

    @cached_property
    def company(self) -> Company | None:
        """What was said last of companies, if it is about the one that the contact belongs to."""
        belongs = [e for e in self.events if e.name in ("company_joined", "company_left")]
        told = [event.properties for event in self.events if event.name == "company_changed"]
        if not belongs or not told or belongs[-1].name == "company_left":
            return None
        if told[-1]["company"] != belongs[-1].properties["company"]:
            return None
        said: Mapping[str, Any] = told[-1]
        amount, at, half_life = said["score"]
        facts = {"members": said["members"], "roles_missing": tuple(said["roles_missing"])}
        return Company((amount, at, half_life), facts)

    def acts(self, name: str) -> Sequence[Event]:
        """The events of a behaviour: a declared one, or every event of that name; no machine's."""
        if name not in self._acts:
            act = self.world.acts.get(name, Act(name))
            self._acts[name] = [event for event in self.events if is_act(act, event)]
        return self._acts[name]

    def times(self, name: str) -> Instants:
        """When a behaviour happened."""
        return np.array([ms(event.occurred_at) for event in self.acts(name)], dtype=np.int64)

    def last(self, name: str, never: np.int64) -> np.int64:
        """When a behaviour happened last."""
        times = self.times(name)
        return np.int64(times.max()) if len(times) else never

    def score(self, score: Score, offer: str | None, instants: Instants) -> Amounts:
        """Σ points · 2^(−age / half-life) over the events that count, at each instant."""
        half_life = duration(score.half_life)
        total = np.zeros(len(instants))
        for event, points in self._counted(score):
            if offer is None or at_path(event.properties, score.per or "") == offer:
                age = instants - ms(event.occurred_at)
                total += points * np.exp2(-age / half_life)
        return total

    def _counted(self, score: Score) -> list[tuple[Event, float]]:
        """The events that give points: under each rule the first so many of a UTC day."""
        so_far: dict[tuple[int, object], int] = defaultdict(int)
        counted = []
        for event in self.events:
            for number, rule in enumerate(score.points):
                if not is_act(self.world.acts.get(rule.behaviour, Act(rule.behaviour)), event):
                    continue
                day = (number, event.occurred_at.astimezone(UTC).date())
                so_far[day] += 1
                if rule.at_most_per_day is None or so_far[day] <= rule.at_most_per_day:
                    counted.append((event, worth(rule, event)))
                break
        return counted


def is_act(act: Act, event: Event) -> bool:
    """Whether the event is such an act, and a person's."""
    return (
        event.name == act.event
        and event.properties.get("actor") != "machine"
        and all(fits(at_path(event.properties, path), test) for path, test in act.where)
    )


def worth(rule: Points, event: Event) -> float:
    """The points of one event; 0 where the property is no number."""
    if rule.points_from is None:
        return rule.points or 0.0
    value = at_path(event.properties, rule.points_from)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number else 0.0  # type: ignore[arg-type] # it is a number


def duration(text: object) -> int:
    """`30 days` in milliseconds."""
    amount, unit = str(text).split()
    lengths = {"minute": MINUTE, "hour": HOUR, "day": DAY, "week": 7 * DAY}
    return int(amount) * lengths[unit.removesuffix("s")]


@lru_cache(maxsize=256)
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
