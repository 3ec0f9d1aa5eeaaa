"""What a condition depends on: which facts, and how much of the past they must hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from relance.conditions.facts import FOREVER

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Depth:
    """How much of a behaviour's past must be kept. Count, first and last time are always kept.

    An event is kept if any of these asks for it: it is among the `newest` so many, it happened in
    the last `window` ms, or at `since` or later (ms since 1970; FOREVER: never mind). Each kept
    event carries the properties `numbers`. `sums` and `maxima` name the properties of which the
    total and the greatest over all time are kept.
    """

    newest: int = 0
    window: int = 0
    since: int = FOREVER
    numbers: frozenset[str] = _NONE
    sums: frozenset[str] = _NONE
    maxima: frozenset[str] = _NONE

    def __or__(self, other: "Depth") -> "Depth":
        """Enough for both."""
        return Depth(
            newest=max(self.newest, other.newest),
            window=max(self.window, other.window),
            since=min(self.since, other.since),
            numbers=self.numbers | other.numbers,
            sums=self.sums | other.sums,
            maxima=self.maxima | other.maxima,
        )


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything that a condition depends on, by name; a change elsewhere cannot change it.

    `zone`: the contact's time zone matters. The names of `scores` are the keys of `Facts.scores`.
    """

    behaviours: Mapping[str, Depth] = field(default_factory=dict)
    traits: frozenset[str] = _NONE
    scores: frozenset[str] = _NONE
    grades: frozenset[str] = _NONE
    potentials: frozenset[str] = _NONE
    segments: frozenset[str] = _NONE
    qualifications: frozenset[str] = _NONE
    lists: frozenset[str] = _NONE
    consents: frozenset[str] = _NONE
    population: frozenset[str] = _NONE
    stages: bool = False
    persona: bool = False
    company: bool = False
    zone: bool = False

    def __or__(self, other: "Needs") -> "Needs":
        """Both together."""
        joined = {
            each.name: getattr(self, each.name) | getattr(other, each.name)
            for each in fields(self)
            if each.name != "behaviours"
        }
        deeper = dict(self.behaviours)
        for name, depth in other.behaviours.items():
            deeper[name] = deeper[name] | depth if name in deeper else depth
        return Needs(behaviours=deeper, **joined)
