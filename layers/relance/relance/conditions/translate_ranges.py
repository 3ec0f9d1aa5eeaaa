"""What several leaves share: bounds of an amount, ranges of days, windows of the past."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from relance.conditions import spoken, words, words_of_time
from relance.conditions.facts import DAY
from relance.conditions.places import Place
from relance.conditions.sources import Leaf, Limits, MomentSource, WindowSource
from relance.conditions.vocabulary import Vocabulary

LOWER = ("at_least", "greater_than")
UPPER = ("at_most", "less_than")

Canonical: TypeAlias = dict[str, object]
Translations: TypeAlias = Mapping[type[Leaf], Callable[[Leaf, Vocabulary, Place], Canonical | None]]
"""From each source model to how it becomes canonical; None after noting mistakes."""


def numbers_between(value: Sequence[object], where: Place) -> tuple[float, float] | None:
    """Two numbers in order."""
    found = []
    for index, each in enumerate(value):
        try:
            found.append(words.number(each))
        except ValueError as error:
            (where / index).wrong(str(error))
    if len(found) != 2:
        return None
    if found[0] > found[1]:
        where.wrong(f"{found[0]} is more than {found[1]}. Write the smaller one first.")
        return None
    return found[0], found[1]


def amount(given: Mapping[str, object], what: str, where: Place) -> Canonical | None:
    """The bounds among what was written, as at_least, at_most, greater_than, less_than."""
    written = [key for key in (*LOWER, *UPPER, "between") if key in given]
    if not written:
        where.wrong(
            f'say how much of {what}: write "at_least: 50", or at_most, greater_than, less_than, '
            "between."
        )
        return None
    if "between" in written:
        if len(written) > 1:
            where.wrong(f'"between" says it all. Leave out {written[0]}.')
            return None
        value = given["between"]
        found = numbers_between(value if isinstance(value, list) else [], where / "between")
        return {"at_least": found[0], "at_most": found[1]} if found else None
    return dict(_bounds(given, where) or {}) or None


def _bounds(given: Mapping[str, object], where: Place) -> Mapping[str, object] | None:
    for pair in (LOWER, UPPER):
        if all(key in given for key in pair):
            where.wrong(f"{pair[0]} and {pair[1]} say the same thing twice. Keep one of the two.")
            return None
    found = {key: given[key] for key in (*LOWER, *UPPER) if key in given}
    if len(found) == 2:
        (low, least), (high, most) = found.items()
        exact = (low, high) == ("at_least", "at_most")
        if not isinstance(least, int | float) or not isinstance(most, int | float):
            return None
        if least > most or (least == most and not exact):
            where.wrong(
                f"{low} {least:g} and {high} {most:g} leave nothing in between. Write the smaller "
                f"number with {low}."
            )
            return None
    return found


def limits(source: Limits, what: str, where: Place) -> Canonical | None:
    """The bounds of a source that has them among its keys."""
    return amount(source.given(), what, where)


def day_range(given: Mapping[str, object], where: Place) -> Canonical | None:
    """`before`, `after`, `on`, `between`, `within_next`, `within_last` as `from` and `to`."""
    (key,) = given
    value = given[key]
    if key == "between":
        return _days_between(value, where / key)
    if key in {"within_next", "within_last"}:
        try:
            length = _whole_days(value)
        except ValueError as error:
            (where / key).wrong(str(error))
            return None
        return {"from": 0, "to": length} if key == "within_next" else {"from": -length, "to": 0}
    if key == "on":
        return {"from": value, "to": value}
    if key == "before":
        return {"to": _shifted(value, -1)}
    return {"from": _shifted(value, 1)}


def _whole_days(value: object) -> int:
    if not isinstance(value, int) or value % DAY:
        length = spoken.duration(value) if isinstance(value, int) else words.quoted(value)
        raise ValueError(
            f'"{length}": a date knows no hours. Write days or weeks, for example "7 days".'
        )
    return value // DAY


def _days_between(value: object, where: Place) -> Canonical | None:
    found = []
    for index, each in enumerate(value if isinstance(value, list) else ()):
        try:
            found.append(words_of_time.day(each))
        except ValueError as error:
            (where / index).wrong(str(error))
    if len(found) != 2:
        if isinstance(value, list) and len(value) != 2:
            where.wrong(_two_days(len(value)))
        return None
    first, last = found
    late = (isinstance(first, int) and isinstance(last, int) and first > last) or (
        isinstance(first, str) and isinstance(last, str) and first > last
    )
    if late:
        where.wrong("the second day is before the first. Write the earlier one first.")
        return None
    return {"from": first, "to": last}


def _two_days(there: int) -> str:
    stand = "value stands" if there == 1 else "values stand"
    return f'{there} {stand} here. Write two, for example "[2026-01-01, 2026-01-31]".'


def _shifted(value: object, days: int) -> object:
    if isinstance(value, int):
        return value + days
    return words_of_time.next_day(str(value), days)


def window(source: WindowSource, where: Place) -> Canonical | None:
    """`within`, `between`, `since` or `ever` as `far` and `near`, `from` and `to`, or nothing."""
    given = source.given()
    written = [key for key in ("within", "between", "since", "ever") if key in given]
    if len(written) > 1:
        where.wrong(f"{written[0]} and {written[1]} exclude each other. Keep one of the two.")
        return None
    if "within" in given:
        return {"far": given["within"], "near": 0}
    if "since" in given:
        return {"from": given["since"]}
    if "between" in given:
        return edges(source.between or [], where / "between")
    return {}


def edges(value: Sequence[object], where: Place) -> Canonical | None:
    """Two dates, or two times ago, the farther one first."""
    if len(value) != 2:
        where.wrong(_two_days(len(value)))
        return None
    ago = [words_of_time.ago(each) for each in value]
    if ago[0] is not None and ago[1] is not None:
        if ago[0] <= ago[1]:
            where.wrong(
                "the second time is not after the first. Write the earlier one first, for "
                'example "[30 days ago, 7 days ago]".'
            )
            return None
        return {"far": ago[0], "near": ago[1]}
    if ago[0] is not None or ago[1] is not None:
        where.wrong(
            'a date and a time ago do not go together. Write two dates or two times like "30 days '
            'ago".'
        )
        return None
    for index, each in enumerate(value):
        try:
            words_of_time.calendar_day(each)
        except ValueError as error:
            (where / index).wrong(str(error))
            return None
    return _days_between(list(value), where)


def moment(source: MomentSource, where: Place) -> Canonical | None:
    """What `first:` and `last:` say: a stretch of time ago (`far`, `near`), or days."""
    given = source.given()
    if len(given) != 1:
        where.wrong(
            "say when, once: within, longer_ago_than, before, after, on or between, for example "
            '"within: 30 days".'
        )
        return None
    (key,) = given
    if key == "within":
        return {"far": given[key], "near": 0}
    if key == "longer_ago_than":
        return {"near": given[key]}
    if key == "between":
        return edges(source.between or [], where / key)
    return day_range(given, where)
