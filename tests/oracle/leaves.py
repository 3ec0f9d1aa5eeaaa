"""What each leaf of the language means, instant by instant: straight from its documentation.

A leaf is asked of what is known since an arrival, at many instants at once. Whatever depends on
the instant is worked out for each of them anew; nothing here knows when a verdict will change.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from hashlib import sha256
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from relance.storage import Value

from tests.oracle.cases import Source
from tests.oracle.instants import DAY, Amounts, Instants, Truth, local_days, ms
from tests.oracle.known import Known, duration
from tests.oracle.values import at_path, fits

Days: TypeAlias = Callable[[date, date], bool]
"""Whether a day fits, given which day it is today."""

EQUAL = 1e-6
"""Scores, sums and greatest values that differ by less are equal."""

_LIMITS = ("at_least", "at_most", "greater_than", "less_than", "between")
_DAYS = ("before", "after", "on", "within_next", "within_last", "anniversary")
_WINDOW = ("within", "between", "since", "ever")


def everyone(_: Source, known: Known, instants: Instants) -> Truth:
    """`everyone: yes`."""
    return np.ones(len(instants), dtype=np.bool_)


def trait(leaf: Source, known: Known, instants: Instants) -> Truth:
    """A test of a value, or of a day."""
    value = known.traits.get(str(leaf["trait"]))
    tests = {name: wanted for name, wanted in leaf.items() if name != "trait"}
    if not any(name in _DAYS for name in tests) and not _between_days(tests):
        return _constant(fits(value, tests), instants)
    day = _date(value)
    if day is None:
        return _constant(False, instants)
    return _on_days(
        instants,
        known.zone,
        lambda today: all(_day_test(n, w)(day, today) for n, w in tests.items()),
    )


def company(leaf: Source, known: Known, instants: Instants) -> Truth:
    """What the contact was told of its company; its score fades."""
    there = known.company
    name = str(leaf["company"])
    limits = {key: wanted for key, wanted in leaf.items() if key != "company"}
    if name == "score":
        if there is None:
            return _constant(False, instants)
        amount, at, half_life = there.score
        return _within(amount * np.exp2((at - instants) / half_life), limits)
    value = there.facts.get(name) if there else None
    if isinstance(value, tuple):
        asked = dict(limits)
        return _constant(_any_entry(value, asked), instants)
    return _constant(fits(value, limits), instants)


def did(leaf: Source, known: Known, instants: Instants) -> Truth:
    """How often, how much, when first or last, or against the contact's own habit."""
    name = str(leaf["did"])
    if "first" in leaf or "last" in leaf:
        return _moment(leaf, known, instants)
    if "sum" in leaf or "max" in leaf:
        return _amount(leaf, known, instants)
    if "at_least_times_usual" in leaf or "at_most_times_usual" in leaf:
        return _usual(leaf, known, instants)
    times = _in_window(leaf, known.times(name), known, instants).sum(axis=0)
    if "exactly" in leaf:
        return _bools(times == leaf["exactly"])
    least, most = leaf.get("at_least", 0 if "at_most" in leaf else 1), leaf.get("at_most", 10**9)
    return _bools((times >= least) & (times <= most))


def did_not(leaf: Source, known: Known, instants: Instants) -> Truth:
    """Not once in the window."""
    times = known.times(str(leaf["did_not"]))
    return _bools(_in_window(leaf, times, known, instants).sum(axis=0) == 0)


def overdue(leaf: Source, known: Known, instants: Instants) -> Truth:
    """The time since the last act against the usual gap, drawn towards the population's."""
    factor, name = Fraction(str(leaf["overdue_by"])), str(leaf["for"])
    times = known.times(name)
    gap, weight = known.world.population.get(name, ("1 day", 0))
    gaps = weight + len(times) - 1
    if not len(times) or gaps <= 0:
        return _constant(False, instants)
    in_all = duration(gap) * weight + int(times.max()) - int(times.min())
    if not in_all:
        return _constant(False, instants)  # all at once: there is no gap to speak of
    waited = instants - times.max()
    return _bools(waited * (gaps * factor.denominator) >= in_all * factor.numerator)


def score(leaf: Source, known: Known, instants: Instants) -> Truth:
    """A score, or its part about an offer."""
    rules = known.world.scores[str(leaf["score"])]
    offer = None if "offer" not in leaf else str(leaf["offer"])
    return _within(known.score(rules, offer, instants), _limits_of(leaf))


def interest(leaf: Source, known: Known, instants: Instants) -> Truth:
    """An interest fades as a score does."""
    rules = known.world.interests[str(leaf["interest"])]
    return _within(known.score(rules, None, instants), _limits_of(leaf))


def in_list(leaf: Source, known: Known, instants: Instants) -> Truth:
    """On at least one of the lists."""
    return _constant(any(name in known.lists for name in names(leaf["in_list"])), instants)


def consent(leaf: Source, known: Known, instants: Instants) -> Truth:
    """Granted, unless another state is asked for."""
    state = known.consents.get(str(leaf["consent"]))
    return _constant(state == leaf.get("is", "granted"), instants)


def random(leaf: Source, known: Known, instants: Instants) -> Truth:
    """The first 8 bytes of SHA-256 of name, NUL, contact id: a place among 2^64."""
    text = f"{leaf['named']}\0{known.contact_id}".encode()
    place = Fraction(int.from_bytes(sha256(text).digest()[:8], "big"), 2**64)
    share = Fraction(str(leaf["random"]).removesuffix("%")) / 100
    return _constant(place < share, instants)


def potential(leaf: Source, known: Known, instants: Instants) -> Truth:
    """The first way to know it, which is a number among the traits times something."""
    for name, times in known.world.potentials[str(leaf["potential"])]:
        value = known.traits.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _within(np.full(len(instants), float(value) * times), _limits_of(leaf))
    return _constant(False, instants)


LEAVES: Mapping[str, Callable[[Source, Known, Instants], Truth]] = {
    "everyone": everyone,
    "trait": trait,
    "company": company,
    "did": did,
    "did_not": did_not,
    "overdue_by": overdue,
    "score": score,
    "interest": interest,
    "potential": potential,
    "in_list": in_list,
    "consent": consent,
    "random": random,
}
"""The leaves that look at events; those that look at other rules are in `timeline`."""


def names(value: object) -> Sequence[str]:
    """One name or several."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]


def doubtful(leaf: Source, known: Known, instants: Instants) -> Truth:
    """Where an amount is so near a limit that its last digits decide."""
    if not ({"score", "interest"} & leaf.keys()) and leaf.get("company") != "score":
        return _constant(False, instants)
    if "score" in leaf or "interest" in leaf:
        scores = known.world.scores if "score" in leaf else known.world.interests
        rules = scores[str(leaf.get("score", leaf.get("interest")))]
        offer = None if "offer" not in leaf else str(leaf["offer"])
        amount = known.score(rules, offer, instants)
    else:
        there = known.company
        if there is None:
            return _constant(False, instants)
        amount = there.score[0] * np.exp2((there.score[1] - instants) / there.score[2])
    near = _constant(False, instants)
    for name in _LIMITS:
        for bound in _bounds(leaf.get(name)):
            away = np.abs(np.abs(amount - bound) - EQUAL)
            near |= away < 1e-10 * max(1.0, abs(bound))
    return near


def _in_window(
    leaf: Source, times: Instants, known: Known, instants: Instants
) -> NDArray[np.bool_]:
    """For each act and each instant, whether it lies in the window."""
    occurred, now = times[:, None], instants[None, :]
    if "within" in leaf:
        return _bools((now - duration(leaf["within"]) < occurred) & (occurred <= now))
    if "since" in leaf:
        days = local_days(times, known.zone)[:, None]
        return _bools((days >= _ordinal(leaf["since"])) & (occurred <= now))
    if "between" in leaf:
        first, last = names(leaf["between"])
        if first.endswith(" ago"):
            far, near = duration(first[:-4]), duration(last[:-4])
            return _bools((now - far < occurred) & (occurred <= now - near))
        days = local_days(times, known.zone)[:, None]
        return _bools((days >= _ordinal(first)) & (days <= _ordinal(last)) & (occurred <= now))
    return _bools(occurred <= now)


def _amount(leaf: Source, known: Known, instants: Instants) -> Truth:
    """A sum or a greatest value of a property over the window."""
    asked = leaf.get("sum", leaf.get("max"))
    assert isinstance(asked, Mapping)
    acts = known.acts(str(leaf["did"]))
    found = [(event, at_path(event.properties, str(asked["of"]))) for event in acts]
    numbers = [
        (ms(event.occurred_at), float(value))
        for event, value in found
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    times = np.array([at for at, _ in numbers], dtype=np.int64)
    values = np.array([value for _, value in numbers])[:, None]
    inside = _in_window(leaf, times, known, instants)
    if "sum" in leaf:
        return _within((inside * values).sum(axis=0), asked)
    greatest = np.where(inside, values, -np.inf).max(axis=0, initial=-np.inf)
    return _within(greatest, asked) & _bools(inside.any(axis=0))


def _usual(leaf: Source, known: Known, instants: Instants) -> Truth:
    """The acts in the window that ends now, against those in an average one before it."""
    window, times = duration(leaf["within"]), known.times(str(leaf["did"]))
    if not len(times):
        return _constant(False, instants)
    begins = instants - window
    span = begins - times.min()
    recent = _in_window(leaf, times, known, instants).sum(axis=0)
    before = (times[:, None] <= begins[None, :]).sum(axis=0)
    holds = span >= window
    for name in ("at_least_times_usual", "at_most_times_usual"):
        if name in leaf:
            factor = Fraction(str(leaf[name]))
            mine = recent * span * factor.denominator
            usual = before * window * factor.numerator
            holds &= mine >= usual if name == "at_least_times_usual" else mine <= usual
    return _bools(holds)


def _moment(leaf: Source, known: Known, instants: Instants) -> Truth:
    """When it was done for the first or the last time."""
    times = known.times(str(leaf["did"]))
    asked = leaf.get("first", leaf.get("last"))
    assert isinstance(asked, Mapping)
    if not len(times):
        return _constant(False, instants)
    at = times.min() if "first" in leaf else times.max()
    holds = _constant(True, instants)
    day = _day_number(int(local_days(np.array([at]), known.zone)[0]))
    for name, wanted in asked.items():
        if name == "within":
            holds &= instants - duration(wanted) < at
        elif name == "longer_ago_than":
            holds &= at <= instants - duration(wanted)
        elif name == "between" and names(wanted)[0].endswith(" ago"):
            first, last = (duration(each[:-4]) for each in names(wanted))
            holds &= (instants - first < at) & (at <= instants - last)
        else:
            test = _day_test(name, wanted)
            holds &= _on_days(instants, known.zone, lambda today, test=test: test(day, today))  # type: ignore[misc]
    return holds


def _day_test(name: str, wanted: object) -> Days:
    """One test of a day, given today."""
    match name:
        case "before":
            return lambda day, today: day < _day(wanted, today)
        case "after":
            return lambda day, today: day > _day(wanted, today)
        case "on":
            return lambda day, today: day == _day(wanted, today)
        case "between":
            first, last = names(wanted)
            return lambda day, today: _day(first, today) <= day <= _day(last, today)
        case "within_next":
            ahead = timedelta(milliseconds=duration(wanted))
            return lambda day, today: today <= day <= today + ahead
        case "within_last":
            back = timedelta(milliseconds=duration(wanted))
            return lambda day, today: today - back <= day <= today
        case "anniversary":
            test = (
                _day_test("on", "today")
                if wanted == "today"
                else _all_of([_day_test(n, w) for n, w in _mapping(wanted).items()])
            )
            return lambda born, today: any(
                test(_kept(born, year), today)
                for year in range(max(today.year - 2, born.year + 1), today.year + 3)
            )
    raise KeyError(name)


def _all_of(tests: Sequence[Days]) -> Days:
    return lambda day, today: all(test(day, today) for test in tests)


def _kept(born: date, year: int) -> date:
    """The anniversary in a year; 29 February is kept on the 28th in other years."""
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _day(wanted: object, today: date) -> date:
    """A date, today, so many days ago, in so many days."""
    text = str(wanted)
    if text == "today":
        return today
    if text.endswith(" ago"):
        return today - timedelta(milliseconds=duration(text[:-4]))
    if text.startswith("in "):
        return today + timedelta(milliseconds=duration(text[3:]))
    return date.fromisoformat(text)


def _between_days(tests: Mapping[str, object]) -> bool:
    return "between" in tests and all(isinstance(each, str) for each in names_or_numbers(tests))


def names_or_numbers(tests: Mapping[str, object]) -> Sequence[object]:
    """The two ends of `between`."""
    ends = tests["between"]
    assert isinstance(ends, list | tuple)
    return ends


def _on_days(instants: Instants, zone: str, holds: Callable[[date], bool]) -> Truth:
    """What holds on each day where the contact lives, for every instant of that day."""
    days, which = np.unique(local_days(instants, zone), return_inverse=True)
    return np.array([holds(_day_number(int(day))) for day in days], dtype=np.bool_)[which]


def _day_number(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


def _ordinal(wanted: object) -> int:
    return (date.fromisoformat(str(wanted)) - date(1970, 1, 1)).days


def _date(value: Value) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _within(amount: Amounts, limits: Source) -> Truth:
    """Whether amounts are within limits, where what differs by less than EQUAL is equal."""
    holds = np.ones(len(amount), dtype=np.bool_)
    for name in _LIMITS:
        bounds = _bounds(limits.get(name))
        if bounds and name in ("at_least", "between"):
            holds &= amount >= bounds[0] - EQUAL
        if bounds and name in ("at_most", "between"):
            holds &= amount < bounds[-1] + EQUAL
        if bounds and name == "greater_than":
            holds &= amount >= bounds[0] + EQUAL
        if bounds and name == "less_than":
            holds &= amount < bounds[0] - EQUAL
    return holds


def _bounds(wanted: object) -> Sequence[float]:
    if wanted is None:
        return ()
    return [float(str(each)) for each in (wanted if isinstance(wanted, list | tuple) else [wanted])]


def _limits_of(leaf: Source) -> Source:
    return {name: wanted for name, wanted in leaf.items() if name in _LIMITS}


def _any_entry(values: Sequence[object], test: Source) -> bool:
    """Of a list one entry must pass; a negation asks every entry; it is set if it has any."""
    found = []
    for name, wanted in test.items():
        if name == "is_set":
            found.append(bool(values) == wanted)
        elif name in ("not", "not_in"):
            found.append(all(fits(each, {name: wanted}) for each in values))
        else:
            asked = "equals" if name == "contains" else name
            found.append(any(fits(each, {asked: wanted}) for each in values))
    return all(found)


def _constant(holds: object, instants: Instants) -> Truth:
    return np.full(len(instants), bool(holds), dtype=np.bool_)


def _bools(array: object) -> Truth:
    return np.asarray(array, dtype=np.bool_)


def _mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return value


__all__ = ["DAY", "LEAVES", "doubtful", "names"]
