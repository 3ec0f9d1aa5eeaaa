"""The oracle: for every instant it looks at, which rules hold.

Brute force. At each arrival everything that has arrived is looked at afresh; until the next one
every condition is evaluated every minute for a day around each boundary and event, and every hour
elsewhere. A boundary is an event plus a duration that some rule names, and any change found: it is
narrowed down to the millisecond, and looked at closely in another round. So has_been counts from
the very instant, and what lasts for less than a minute is not missed.

Events that arrive at the same instant are seen together: the oracle sees an event from its
`received_at` on, and there is one verdict for each instant.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from relance.events import Event

from tests.oracle import leaves
from tests.oracle.cases import Fit, Source, World
from tests.oracle.instants import DAY, Instants, Truth, grid, ms
from tests.oracle.known import CONCLUDED, Known, duration
from tests.oracle.leaves import names

AFTERWARDS = 40 * DAY
"""How long the contact is looked at after everything that its last event can lead to."""

_ROUNDS = 6
"""How often the grid is refined at most: changes that follow from changes that follow …"""


@dataclass(frozen=True)
class Timeline:
    """What held when: for every instant one truth value for each rule.

    `rules` names them `segment:hot`, `stage:lead`, `persona:profit`, `qualified:sales`;
    `doubtful` is where the last digits of a fading amount decide. `since` says since when a rule
    that holds has held, without a break (ms).
    """

    instants: Instants
    rules: Mapping[str, Truth]
    since: Mapping[str, Instants]
    doubtful: Truth
    stretches: Sequence[tuple[Known, slice]] = field(repr=False)
    grades: Mapping[str, NDArray[np.str_]] = field(default_factory=dict, repr=False)

    def held(self, rule: str) -> Iterator[tuple[int, bool]]:
        """The instants (ms) at which the rule began or ceased to hold, and which of them."""
        holds = self.rules[rule]
        before = np.concatenate(([False], holds[:-1]))
        for index in np.flatnonzero(holds != before):
            yield int(self.instants[index]), bool(holds[index])


def timeline(history: Sequence[Event], world: World, end: int | None = None) -> Timeline:
    """What held when, from the first arrival to `end` (ms): by default until nothing can follow."""
    unique = {event.event_id: event for event in history if event.name not in CONCLUDED}
    events = sorted(unique.values(), key=lambda event: (event.occurred_at, event.event_id))
    arrivals = sorted({ms(event.received_at) for event in events})
    known = [
        Known(events[0].contact_id, [e for e in events if ms(e.received_at) <= at], world)
        for at in arrivals
    ]
    conditions = list(_conditions(world))
    lengths = {0, *_durations(conditions)}
    last = end or arrivals[-1] + max(lengths) + AFTERWARDS
    boundaries = {ms(event.occurred_at) + length for event in events for length in lengths}
    boundaries.update(arrivals)
    look = _Look(world, known, arrivals, sorted(_been_for(conditions)))
    for _ in range(_ROUNDS):
        inside = {at for at in boundaries if arrivals[0] <= at <= last}
        look.at(grid(arrivals[0], last, inside))
        found = look.boundaries() - boundaries
        if not found:
            break
        boundaries |= found
    return look.timeline()


class _Look:
    """One round: every rule at every instant of a grid."""

    def __init__(
        self,
        world: World,
        known: Sequence[Known],
        arrivals: Sequence[int],
        lengths: Sequence[int],
    ) -> None:
        self.world = world
        self.known = known
        self.arrivals = np.array(arrivals, dtype=np.int64)
        self.lengths = lengths

    def at(self, instants: Instants) -> None:
        """Evaluate everything at these instants."""
        self.instants = instants
        edges = [*np.searchsorted(instants, self.arrivals), len(instants)]
        self.stretches = [
            (known, slice(int(edges[number]), int(edges[number + 1])))
            for number, known in enumerate(self.known)
        ]
        self.found: dict[str, Truth] = {}
        self.leaves: dict[str, tuple[Source, Truth]] = {}
        self.doubtful = np.zeros(len(instants), dtype=np.bool_)
        for name, condition in self.world.segments.items():
            self._rule(f"segment:{name}", condition)
        for name, condition in self.world.qualifications.items():
            self._rule(f"qualified:{name}", condition)
        for stage in self.world.stages:
            self._in_stage(stage.name)
        for name, _ in self.world.personas:
            self._is_persona(name)

    def timeline(self) -> Timeline:
        """What was found."""
        return Timeline(
            instants=self.instants,
            rules=self.found,
            since={name: _since(holds, self.instants) for name, holds in self.found.items()},
            doubtful=self.doubtful,
            stretches=self.stretches,
            grades={name: self._letters(fit) for name, fit in self.world.fits.items()},
        )

    def boundaries(self) -> set[int]:
        """The changes of leaves, to the millisecond, and each change of a rule plus durations."""
        found: set[int] = set()
        for leaf, truth in self.leaves.values():
            changed = np.flatnonzero(truth[1:] != truth[:-1])
            wide = changed[self.instants[changed + 1] - self.instants[changed] > 1]
            found.update(
                self._narrowed(leaf, int(index))
                for index in wide
                if self.instants[index + 1] not in self.arrivals
            )
        for truth in self.found.values():
            changed = np.flatnonzero(truth[1:] != truth[:-1]) + 1
            starts = [*self.instants[changed], self.instants[0]]
            found.update(int(at) + length for at in starts for length in self.lengths)
        return {at for at in found if self.instants[0] <= at <= self.instants[-1]}

    def _narrowed(self, leaf: Source, index: int) -> int:
        """The first millisecond at which the leaf is what it is at the next instant."""
        low, high = int(self.instants[index]), int(self.instants[index + 1])
        known = self.known[int(np.searchsorted(self.arrivals, low, side="right")) - 1]
        kind = leaves.LEAVES[_kind(leaf)]
        now = bool(kind(leaf, known, np.array([low]))[0])
        while high - low > 1:
            middle = (low + high) // 2
            same = bool(kind(leaf, known, np.array([middle]))[0]) == now
            low, high = (middle, high) if same else (low, middle)
        return high

    def _rule(self, name: str, condition: Source) -> Truth:
        if name not in self.found:
            self.found[name] = self._holds(condition)
        return self.found[name]

    def _holds(self, condition: Source) -> Truth:
        for name, joined in _GROUPS.items():
            if name in condition:
                parts = condition[name]
                assert isinstance(parts, list | tuple)
                return joined([self._holds(part) for part in parts])
        kind = _kind(condition)
        if kind in leaves.LEAVES:
            return self._leaf(condition)
        return getattr(self, f"_{kind}")(condition)  # type: ignore[no-any-return] # see _KINDS

    def _leaf(self, leaf: Source) -> Truth:
        key = json.dumps(leaf, sort_keys=True)
        if key not in self.leaves:
            kind = leaves.LEAVES[_kind(leaf)]
            parts = [(known, self.instants[part]) for known, part in self.stretches]
            truth = np.concatenate([kind(leaf, known, part) for known, part in parts])
            self.leaves[key] = (leaf, truth)
            self.doubtful |= np.concatenate(
                [leaves.doubtful(leaf, known, part) for known, part in parts]
            )
        return self.leaves[key][1]

    def _in_segment(self, leaf: Source) -> Truth:
        return _any([self._segment(name) for name in names(leaf["in_segment"])])

    def _segment(self, name: str) -> Truth:
        return self._rule(f"segment:{name}", self.world.segments[name])

    def _qualified(self, leaf: Source) -> Truth:
        found = self.world.qualifications
        return _any([self._rule(f"qualified:{n}", found[n]) for n in names(leaf["qualified"])])

    def _stage(self, leaf: Source) -> Truth:
        return _any([self._in_stage(name) for name in names(leaf["stage"])])

    def _in_stage(self, name: str) -> Truth:
        """On the furthest rung whose criterion holds, if no stage stands instead of that."""
        key = f"stage:{name}"
        if key not in self.found:
            stage = next(each for each in self.world.stages if each.name == name)
            rungs = [each for each in self.world.stages if not each.instead_of]
            replacing = [each for each in self.world.stages if each.instead_of]
            furthest = {}
            free = np.ones(len(self.instants), dtype=np.bool_)
            for rung in reversed(rungs):
                holds = free if rung.criterion is None else free & self._holds(rung.criterion)
                furthest[rung.name] = holds
                free = free & ~holds
            instead = {}
            for each in reversed(replacing):
                assert each.criterion is not None
                on_one = _any([furthest[rung] for rung in each.instead_of])
                holds = on_one & self._holds(each.criterion)
                instead[each.name] = holds
                furthest = {rung: truth & ~holds for rung, truth in furthest.items()}
            self.found[key] = {**furthest, **instead}[stage.name]
        return self.found[key]

    def _persona(self, leaf: Source) -> Truth:
        return _any([self._is_persona(name) for name in names(leaf["persona"])])

    def _is_persona(self, name: str) -> Truth:
        """The first, as declared, whose condition holds."""
        key = f"persona:{name}"
        if key not in self.found:
            free = np.ones(len(self.instants), dtype=np.bool_)
            for each, condition in self.world.personas:
                holds = free & self._holds(condition)
                free = free & ~holds
                if each == name:
                    self.found[key] = holds
        return self.found[key]

    def _grade(self, leaf: Source) -> Truth:
        """A is the best."""
        letters = self._letters(self.world.fits[str(leaf["grade"])])
        holds = np.ones(len(self.instants), dtype=np.bool_)
        if "equals" in leaf:
            holds &= letters == str(leaf["equals"])
        if "in" in leaf:
            holds &= np.isin(letters, names(leaf["in"]))
        if "at_least" in leaf:
            holds &= letters <= str(leaf["at_least"])
        if "at_most" in leaf:
            holds &= letters >= str(leaf["at_most"])
        return holds

    def _letters(self, fit: Fit) -> NDArray[np.str_]:
        points = np.zeros(len(self.instants))
        for condition, worth in fit.rules:
            points = points + worth * self._holds(condition)
        letters = np.full(len(self.instants), "D")
        for letter, bound in reversed(fit.grades):
            letters[points >= bound] = letter
        return letters

    def _has_been(self, leaf: Source) -> Truth:
        """Without a break since an instant that lies so long ago, or that was the last act."""
        state = leaf["has_been"]
        assert isinstance(state, Mapping)
        ((kind, name),) = state.items()
        if kind == "list":
            since = np.concatenate(
                [np.full(len(self.instants[part]), known.lists.get(str(name), _NEVER))
                 for known, part in self.stretches]
            )  # fmt: skip
        else:
            holds = self._holds({"in_segment" if kind == "segment" else kind: name})
            since = _since(holds, self.instants)
        there = since != _NEVER
        if "without" in leaf:
            last = np.concatenate(
                [np.full(len(self.instants[part]), known.last(str(leaf["without"]), _NEVER))
                 for known, part in self.stretches]
            )  # fmt: skip
            quiet: Truth = there & (last <= since)
            return quiet
        lasted = self.instants - since
        if "for" in leaf:
            long_enough: Truth = there & (lasted >= duration(leaf["for"]))
            return long_enough
        short_enough: Truth = there & (lasted < duration(leaf["for_less_than"]))
        return short_enough


_NEVER = np.int64(-(2**62))


def _since(holds: Truth, instants: Instants) -> Instants:
    """Since when it has held without a break; where it does not, never."""
    before = np.concatenate(([False], holds[:-1]))
    began = np.maximum.accumulate(np.where(holds & ~before, instants, _NEVER))
    return np.where(holds, began, _NEVER)


def _any(parts: Sequence[Truth]) -> Truth:
    found: Truth = np.logical_or.reduce(parts)
    return found


def _all(parts: Sequence[Truth]) -> Truth:
    found: Truth = np.logical_and.reduce(parts)
    return found


_GROUPS: Mapping[str, Callable[[Sequence[Truth]], Truth]] = {
    "all": _all,
    "any": _any,
    "none": lambda parts: ~_any(parts),
}

_KINDS = (*leaves.LEAVES, "in_segment", "has_been", "stage", "persona", "grade", "qualified")


def _kind(leaf: Source) -> str:
    """What a leaf is about: the key that makes it one."""
    return next(key for key in leaf if key in _KINDS)


def _conditions(world: World) -> Iterator[Source]:
    """Every condition of the rules."""
    yield from world.segments.values()
    yield from world.qualifications.values()
    yield from (condition for fit in world.fits.values() for condition, _ in fit.rules)
    yield from (stage.criterion for stage in world.stages if stage.criterion is not None)
    yield from (condition for _, condition in world.personas)


def _been_for(value: object) -> Iterator[int]:
    """How long states must last, wherever has_been is written."""
    if isinstance(value, Mapping):
        if "has_been" in value and "without" not in value:
            yield duration(value.get("for", value.get("for_less_than")))
        for each in value.values():
            yield from _been_for(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _been_for(each)


def _durations(value: object) -> Iterator[int]:
    """Every duration that is written anywhere in conditions; for habits, twice that too."""
    if isinstance(value, Mapping):
        if "at_least_times_usual" in value or "at_most_times_usual" in value:
            yield 2 * duration(value["within"])
        for each in value.values():
            yield from _durations(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _durations(each)
    elif isinstance(value, str):
        text = value.removesuffix(" ago").removeprefix("in ")
        if text[:1].isdigit() and text.count(" ") == 1:
            yield duration(text)
