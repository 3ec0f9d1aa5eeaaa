"""Parts of a canonical leaf in words: bounds, windows, days, instants (UTC)."""

from collections.abc import Iterable
from datetime import UTC, datetime

from relance.conditions.facts import DAY
from relance.conditions.node import Canonical, number, text, whole
from relance.content.names import either

_UNITS = ((DAY, "day"), (3_600_000, "hour"), (60_000, "minute"), (1000, "second"))
_BOUNDS = (
    ("at_least", "at least"),
    ("greater_than", "more than"),
    ("at_most", "at most"),
    ("less_than", "less than"),
)


def minute(at: int) -> str:
    """An instant to the minute, `2026-11-21 09:30`."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d %H:%M")


def day_of(at: int) -> str:
    """The UTC day of an instant."""
    return minute(at)[:10]


def duration(ms: int) -> str:
    """A duration in the greatest unit that fits."""
    for length, unit in _UNITS:
        if ms % length == 0:
            return plural(ms // length, unit)
    return f"{ms} ms"


def plural(count: int, unit: str) -> str:
    """`1 day`, `2 days`."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def plain(value: float) -> str:
    """A number to two decimals, without those that say nothing."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def bounds(leaf: Canonical) -> str:
    """`at least 10 and less than 20`."""
    said = [f"{words} {plain(number(leaf, key))}" for key, words in _BOUNDS if key in leaf]
    return " and ".join(said)


def counts(leaf: Canonical) -> str:
    """`at least 3 times`, `never`, `exactly once`."""
    least, most = leaf.get("at_least"), leaf.get("at_most")
    if most == 0:
        return "never"
    if least is not None and least == most:
        return f"exactly {times(whole(leaf, 'at_least'))}"
    said = []
    if least is not None:
        said.append(f"at least {times(whole(leaf, 'at_least'))}")
    if most is not None:
        said.append(f"at most {times(whole(leaf, 'at_most'))}")
    return " and ".join(said)


def times(count: int) -> str:
    """`never`, `once`, `3 times`."""
    return "never" if not count else "once" if count == 1 else f"{count} times"


def window(leaf: Canonical) -> str:
    """Which part of the past: `within 30 days`, `since 2026-01-01`; empty for all of it."""
    if "near" in leaf:
        near = whole(leaf, "near")
        if "far" not in leaf:
            return f"longer ago than {duration(near)}"
        far = duration(whole(leaf, "far"))
        return f"between {far} and {duration(near)} ago" if near else f"within {far}"
    if "from" in leaf or "to" in leaf:
        return days(leaf)
    return ""


def days(leaf: Canonical) -> str:
    """A range of days: `today`, `from today to in 7 days`, `until 2026-12-31`."""
    first, last = _day(leaf, "from"), _day(leaf, "to")
    if first is None:
        return f"until {last}"
    if last is None:
        return f"from {first} on"
    if first == last:
        return first if first == "today" or " " in first else f"on {first}"
    return f"from {first} to {last}"


def _day(leaf: Canonical, key: str) -> str | None:
    value = leaf.get(key)
    if value is None:
        return None
    if isinstance(value, str):
        return text(leaf, key)
    offset = whole(leaf, key)
    if not offset:
        return "today"
    return f"in {plural(offset, 'day')}" if offset > 0 else f"{plural(-offset, 'day')} ago"


def one_of(values: Iterable[object]) -> str:
    """`FR, PT or yes`."""
    said = [{True: "yes", False: "no"}[it] if isinstance(it, bool) else str(it) for it in values]
    return either(said)
