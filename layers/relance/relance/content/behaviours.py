"""Behaviours: named filters over events, with paths into what an event says.

A path names a property (`revenue`), a property of a property (`page.path`), or a property of every
entry of a list (`products[].category`). A path that begins with `context.` looks into the event's
context instead. Values are compared as in conditions (`relance.conditions.comparing`): of a path
into a list one entry must pass, and a negation passes when none of them fails it.

What a machine did (`actor: machine`: a mail scanner's click, a privacy proxy's open) is kept, and
is no behaviour. Standard library only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from relance.conditions.acts import GREATEST
from relance.conditions.comparing import ValueTest, compile_test
from relance.machines import Actor

MACHINE = Actor.MACHINE.value
"""The value of the property `actor` by which the collectors mark what no person did."""

_NOTHING: Mapping[str, object] = {}


@dataclass(frozen=True, slots=True)
class Filter:
    """A test (in its canonical form) of what an event says at a path."""

    path: str
    test: Mapping[str, object] = field(hash=False)
    _passes: ValueTest = field(init=False, repr=False, compare=False)
    _is_plain: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile the test once: rules are read once, events come by the million."""
        object.__setattr__(self, "_passes", compile_test(self.test))
        object.__setattr__(self, "_is_plain", "." not in self.path and "[]" not in self.path)

    def holds(
        self, properties: Mapping[str, object], context: Mapping[str, object] = _NOTHING
    ) -> bool:
        """Tell whether an event with these properties and this context passes."""
        if self._is_plain:
            return self._passes(properties.get(self.path))
        found = values_at(self.path, properties, context)
        if "[]" in self.path:
            return self._passes(found)
        return self._passes(found[0] if found else None)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A kind of act: one or several events, as far as they pass every filter."""

    name: str
    events: tuple[str, ...]
    where: tuple[Filter, ...] = ()
    title: str = ""

    def matches(
        self,
        event: str,
        properties: Mapping[str, object],
        context: Mapping[str, object] = _NOTHING,
    ) -> bool:
        """Tell whether an event of this name is such an act, and a person's."""
        return (
            event in self.events
            and properties.get("actor") != MACHINE
            and self.passes(properties, context)
        )

    def passes(
        self, properties: Mapping[str, object], context: Mapping[str, object] = _NOTHING
    ) -> bool:
        """Tell whether an event of one of the names passes every filter."""
        for each in self.where:  # noqa: SIM110 - a loop is twice as fast, and this is the hot path
            if not each.holds(properties, context):
                return False
        return True


def plain(event: str) -> Behaviour:
    """The behaviour that every event is by itself, under the event's own name."""
    return Behaviour(event, (event,))


def numbers(properties: Mapping[str, object], names: Sequence[str]) -> dict[str, float]:
    """What the event says at paths, as far as it is a number: for sums and maxima.

    Of a path into a list (`products[].price`) it is the sum over the entries; of its name in
    `conditions.acts.greatest_of` the greatest of them.
    """
    found = {}
    for name in names:
        values = numbers_at(name.removeprefix(GREATEST), properties)
        if values:
            found[name] = max(values) if name.startswith(GREATEST) else sum(values)
    return found


def numbers_at(path: str, properties: Mapping[str, object]) -> list[float]:
    """Every number at the path; yes and no are none."""
    return [
        float(each)
        for each in values_at(path, properties)
        if isinstance(each, int | float) and not isinstance(each, bool)
    ]


def values_at(
    path: str,
    properties: Mapping[str, object],
    context: Mapping[str, object] = _NOTHING,
) -> list[object]:
    """Every value at the path: none where nothing (or null) is there."""
    in_context, steps = _steps(path)
    found: list[object] = [context if in_context else properties]
    for key, is_list in steps:
        found = [
            there[key]
            for there in found
            if isinstance(there, Mapping) and there.get(key) is not None
        ]
        if is_list:
            found = [
                entry
                for there in found
                if isinstance(there, Sequence) and not isinstance(there, str)
                for entry in there
                if entry is not None
            ]
    return found


@cache
def _steps(path: str) -> tuple[bool, tuple[tuple[str, bool], ...]]:
    """Whether the path looks into the context, and its keys with whether each is a list."""
    parts = path.split(".")
    in_context = len(parts) > 1 and parts[0] == "context"
    keys = tuple((part.removesuffix("[]"), part.endswith("[]")) for part in parts[in_context:])
    return in_context, keys
