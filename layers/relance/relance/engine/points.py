"""Points for what a contact does: sums that fade, whatever order the events come in.

    score(t) = Σ points_i · 2^(−(t − t_i) / half_life)      for events with t_i ≤ t

A sum is kept at one reference instant and moved by one multiplication. An event of a rule with a
daily bound counts if it is among the first n of its UTC day by (occurred at, event id); since a
late event can push out a later one, the days that may still change are kept, and older ones need
the history.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from relance.conditions.facts import DAY, Fading
from relance.content.score_rules import PointRule, score_key
from relance.engine.plan import Plan, Scoring
from relance.events import Event
from relance.ids import moment_of
from relance.moments import day_of
from relance.profiles import Counted, Profile

DAYS_KEPT = 3
"""How many UTC days before the newest arrival the bounded days are kept."""


class NeedsHistory(Exception):
    """The event cannot be taken in without the whole history: replay instead."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """UTC days: whose bounds may still change (`oldest` or later), and which count at all.

    What arrives after behaviour of its day has expired (before `first`) counts for no day: nobody
    knows any more what else happened then.
    """

    oldest: str
    first: str


def take_points(
    profile: Profile, scoring: Scoring, event: Event, occurred: int, *, days: Bounds
) -> Iterator[str]:
    """Add what the event gives to a score and to its part about each offer; the sums it touched.

    The first rule that the event fits counts. `occurred` is in ms.

    Raises:
        NeedsHistory: the rule is bounded, and the event's UTC day is before `days.oldest`.
    """
    found = _rule_for(scoring, event)
    if found is None:
        return
    position, rule = found
    values = scoring.score.values(event.properties)
    counted: Counted = (occurred, event.event_id, rule.worth(event.properties), values)
    out: Iterable[Counted] = ()
    if rule.at_most_per_day is not None:
        place = f"{scoring.key}/{position}"
        at_most = rule.at_most_per_day
        out = push_out(profile, place, counted, at_most=at_most, days=days)
        if counted in out:
            return
    for (at, _, points, values), sign in ((counted, 1.0), *((each, -1.0) for each in out)):
        for key in (scoring.key, *(score_key(scoring.key, value) for value in values)):
            if sign > 0 or key in profile.fading:
                add(profile, key, sign * points, at, scoring.half_life)
                yield key


def _rule_for(scoring: Scoring, event: Event) -> tuple[int, PointRule] | None:
    """The first rule that the event fits, with its position."""
    properties, context = event.properties, event.context
    for found in scoring.rules:
        if found[1].behaviour.passes(properties, context):
            return found
    return None


def push_out(
    profile: Profile, place: str, counted: Counted, *, at_most: int, days: Bounds
) -> list[Counted]:
    """Count an event on its UTC day; who is not among the first `at_most` of that day any more.

    Raises:
        NeedsHistory: the day is before `days.oldest`.
    """
    day = _day(counted[0] // DAY)
    if day < days.first:
        return [counted]
    if day < days.oldest:
        raise NeedsHistory
    ranked = sorted([*profile.days.get(f"{place}/{day}", ()), counted])
    profile.days[f"{place}/{day}"] = ranked[:at_most]
    return ranked[at_most:]


def add(profile: Profile, key: str, points: float, at: int, half_life: int) -> None:
    """Add points given at the instant `at`, before or after the reference of the sum."""
    there = profile.fading.get(key)
    if there is None:
        profile.fading[key] = points, at, half_life
        return
    amount, reference, _ = there
    if at > reference:
        faded = amount * 2.0 ** (-(at - reference) / half_life)
        profile.fading[key] = faded + points, at, half_life
    else:
        faded = points * 2.0 ** (-(reference - at) / half_life)
        profile.fading[key] = amount + faded, reference, half_life


def value_of(fading: Fading | None, now: int) -> float:
    """What a sum amounts to at `now` (ms), which is not before its reference."""
    if fading is None:
        return 0.0
    amount, at, half_life = fading
    return amount * 2.0 ** (-max(0, now - at) / half_life) if half_life else amount


def bounds(profile: Profile, plan: Plan, received: int, oldest: str | None) -> Bounds:
    """The days for an event that arrived at `received` (ms); None: as the profile has them."""
    oldest = oldest_day_of(profile) if oldest is None else oldest
    return Bounds(oldest, _day((received - plan.kept) // DAY))


def oldest_day_of(profile: Profile) -> str:
    """The first UTC day whose bounds may still change; "" for a contact without history."""
    return _day(profile.newest // DAY - DAYS_KEPT) if profile.newest else ""


@lru_cache(maxsize=64)
def _day(days: int) -> str:
    """The UTC day so many days after the first of January 1970."""
    return day_of(moment_of(days * DAY))


def forget_days(profile: Profile) -> None:
    """Drop the days whose bounds cannot change any more."""
    oldest = oldest_day_of(profile)
    profile.days = {
        place: kept for place, kept in profile.days.items() if place.rpartition("/")[2] >= oldest
    }


def keep_newest(profile: Profile, plan: Plan, touched: set[str]) -> None:
    """Keep the sums of the values (offers) that were acted on last, of each score that has some.

    It is done at each arrival, so that a value which was pushed out and comes back begins anew,
    whether the events are folded one by one or replayed.
    """
    for score in plan.rules.scores:
        if score.per is None or f"score:{score.name}" not in touched:
            continue
        start = score_key(score.name, "")
        values = [key for key in profile.fading if key.startswith(start)]
        values.sort(key=lambda key: (profile.fading[key][1], key))
        for key in values[: max(0, len(values) - score.per.newest)]:
            del profile.fading[key]
            touched.add(f"score:{key}")
