"""In which order conditions are decided, and how much of the past they need together.

What is decided (fits, potentials, the persona, the stage, segments, qualifications) may look at
what else is decided, as long as nothing comes back to itself: then there is an order in which each
comes after what it looks at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce

from relance.conditions.needs import Depth, Needs
from relance.conditions.places import Place


@dataclass(frozen=True, slots=True)
class Decided:
    """Something that conditions decide: its key in `Rules.order`, and what a sentence calls it.

    `parts` are its conditions: where each stands and what it needs.
    """

    key: str
    shown: str
    parts: tuple[tuple[Place, Needs], ...]

    def looks_at(self) -> list[str]:
        """The keys of what it looks at, sorted."""
        return sorted({key for _, needs in self.parts for key in looked_at(needs)})

    def where(self, key: str) -> Place:
        """The place of the first condition that looks at `key`."""
        return next(place for place, needs in self.parts if key in looked_at(needs))


def in_order(decided: Sequence[Decided]) -> tuple[str, ...]:
    """The keys, each after those it looks at, else as written; loops are noted where they begin."""
    by_key = {each.key: each for each in decided}
    done: dict[str, None] = {}

    def visit(key: str, way: tuple[str, ...]) -> None:
        if key in way:
            _note([by_key[each] for each in way[way.index(key) :]])
        elif key not in done:
            for next_key in by_key[key].looks_at():
                if next_key in by_key:
                    visit(next_key, (*way, key))
            done[key] = None

    for each in decided:
        visit(each.key, ())
    return tuple(done)


def looked_at(needs: Needs) -> set[str]:
    """The keys of what a condition looks at."""
    named = {
        "fit": needs.grades,
        "potential": needs.potentials,
        "segment": needs.segments,
        "qualification": needs.qualifications,
    }
    found = {f"{kind}:{name}" for kind, names in named.items() for name in names}
    if needs.persona:
        found.add("persona")
    if needs.stages:
        found.add("stage")
    return found


def depths(needs: Iterable[Needs]) -> dict[str, Depth]:
    """How much of each behaviour's past all of them together need, by name."""
    together = reduce(lambda one, other: one | other, needs, Needs())
    return dict(sorted(together.behaviours.items()))


def _note(loop: Sequence[Decided]) -> None:
    first, second = loop[0], loop[1 % len(loop)]
    if first is second:
        first.where(first.key).wrong(f"{first.shown} looks at itself. Take this line out.")
        return
    way = ", which looks at ".join([*(each.shown for each in loop[1:]), first.shown])
    first.where(second.key).wrong(
        f"{first.shown} looks at {way}: this goes round in a circle. Take one of the lines out."
    )
