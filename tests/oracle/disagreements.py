"""Disagreements: what they say, in words that can be followed, and the smallest case that has one.

`smallest` leaves out events, rules and parts of conditions for as long as the case still shows the
same disagreement, so that what is reported is short.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from relance.events import Event

from tests.oracle.cases import Case, Source, World
from tests.oracle.instants import moment


@dataclass(frozen=True)
class Disagreement:
    """Where something says otherwise than the oracle of one rule (`segment:hot`) at an instant."""

    case: Case
    rule: str
    at: int
    expected: str
    found: str

    @property
    def size(self) -> tuple[int, int]:
        """Smaller is easier to read."""
        return len(self.case.history), len(str(self.case.world.segments))

    def __str__(self) -> str:
        lines = [
            f"seed {self.case.seed}: {self.rule} at {moment(self.at)}",
            f"  oracle: {self.expected}",
            f"  found:  {self.found}",
            f"  zone:   {self.case.world.zone} (company)",
            *(f"  {event_line(event)}" for event in self.case.history),
            *(f"  {name}: {_plain(source)}" for name, source in _shown(self.case.world)),
        ]
        return "\n".join(lines)


Check: TypeAlias = Callable[[Case], list[Disagreement]]


def smallest(found: Disagreement, check: Check, patience: int = 400) -> Disagreement:
    """The same kind of disagreement in a smaller case, after at most so many tries."""
    for _ in range(patience):
        smaller = _step(found, check, patience)
        if smaller is None:
            break
        found = smaller
    return found


def event_line(event: Event) -> str:
    """One event: when it happened, when it arrived, what it says."""
    late = "" if event.received_at == event.occurred_at else f" (arrived {event.received_at})"
    return f"{event.occurred_at}{late} {event.name} {dict(event.properties) or ''}".rstrip()


def _step(found: Disagreement, check: Check, patience: int) -> Disagreement | None:
    for tries, case in enumerate(_smaller(found.case)):
        if tries >= patience:
            break
        try:
            again = check(case)
        except (KeyError, StopIteration, ValueError):
            continue  # what is left out is needed
        same = [each for each in again if each.rule == found.rule]
        if same:
            return same[0]
    return None


def _smaller(case: Case) -> Iterator[Case]:
    history, world = list(case.history), case.world
    for many in (len(history) // 2, 1):
        for start in range(0, len(history), max(many, 1)):
            rest = history[:start] + history[start + max(many, 1) :]
            if rest:
                yield dataclasses.replace(case, history=rest)
    for name in world.segments:
        rest_of = {other: source for other, source in world.segments.items() if other != name}
        yield dataclasses.replace(case, world=dataclasses.replace(world, segments=rest_of))
        for simpler in _simpler(world.segments[name]):
            segments = {**world.segments, name: simpler}
            yield dataclasses.replace(case, world=dataclasses.replace(world, segments=segments))
    for simpler_world in (
        dataclasses.replace(world, population={}),
        dataclasses.replace(world, zone="UTC"),
    ):
        if simpler_world != world:
            yield dataclasses.replace(case, world=simpler_world)


def _simpler(source: Source) -> Iterator[Source]:
    for kind in ("all", "any", "none"):
        parts = source.get(kind)
        if isinstance(parts, list):
            yield from parts
            for number, part in enumerate(parts):
                rest = parts[:number] + parts[number + 1 :]
                if rest:
                    yield {kind: rest}
                for simpler in _simpler(part):
                    yield {kind: [*parts[:number], simpler, *parts[number + 1 :]]}


def _shown(world: World) -> Iterator[tuple[str, object]]:
    """The rules that matter for the segments left, as far as one can tell by their names."""
    yield from world.segments.items()
    words = str(world.segments)
    for kind, name in (("stages", "stage"), ("fits", "grade"), ("personas", "persona"),
                       ("population", "overdue_by")):  # fmt: skip
        if f"'{name}'" in words:
            yield kind, getattr(world, kind)
    for name, score in {**world.scores, **world.interests}.items():
        if f"'{name}'" in words:
            yield name, score


def _plain(value: object) -> str:
    return str(dict(value)) if isinstance(value, Mapping) else str(value)
