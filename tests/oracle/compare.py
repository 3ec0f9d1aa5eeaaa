"""The oracle beside an engine: the same history, the same rules, who is in which segment when.

    run(deliveries, world, until) -> changes

An engine takes the events as they are delivered (some twice), each at its `received_at`; between
them, and on to `until`, a sweep wakes the contact within the minute after the instant at which it
said that time alone would change something. What an event changes is compared at the event's
`received_at`, what time changes at the first whole minute from then on: at those instants both
must say the same of every segment.
"""

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from relance.events import Event

from tests.oracle.cases import Case, World
from tests.oracle.disagreements import Disagreement
from tests.oracle.generate import case_of
from tests.oracle.histories import deliveries
from tests.oracle.instants import MINUTE, Instants, Truth, moment, ms
from tests.oracle.timeline import Timeline, timeline


class Change(NamedTuple):
    """A membership that began or ended. `at`: the instant (ms), or the minute of the sweep (ms)."""

    at: int
    segment: str
    entered: bool


class Engine(Protocol):
    """What is held against the oracle."""

    def run(self, history: Sequence[Event], world: World, until: int) -> Sequence[Change]:
        """The changes of every membership, from the first event to `until` (ms), in order."""
        ...


def compare(seed: int, engine: Engine, precision: int = MINUTE) -> list[Disagreement]:
    """What the engine says otherwise than the oracle of this seed's case; each segment once.

    `precision` in ms: what time changes is compared at the next multiple of it.
    """
    return compare_case(case_of(seed), engine, precision)


def compare_case(case: Case, engine: Engine, precision: int = MINUTE) -> list[Disagreement]:
    """What the engine says otherwise than the oracle of a case; each segment once."""
    truth = timeline(case.history, case.world)
    delivered = deliveries(case.history, random.Random(case.seed))
    changes = engine.run(delivered, case.world, int(truth.instants[-1]))
    seen = _compared(truth, case.history, precision)
    return list(_differences(case, truth, changes, seen))


def _compared(truth: Timeline, history: Sequence[Event], precision: int) -> Instants:
    """Which of the oracle's instants are compared (their indexes)."""
    arrivals = [ms(event.received_at) for event in history]
    chosen = (truth.instants % precision == 0) | np.isin(truth.instants, arrivals)
    return np.flatnonzero(chosen)


def _differences(
    case: Case, truth: Timeline, changes: Sequence[Change], seen: Instants
) -> Iterator[Disagreement]:
    instants = truth.instants[seen]
    for name in case.world.segments:
        rule = f"segment:{name}"
        expected = truth.rules[rule][seen]
        found = _states([each for each in changes if each.segment == name], instants)
        wrong = np.flatnonzero(expected != found)
        if not len(wrong) or truth.doubtful[seen][wrong[0]]:
            continue
        at = int(instants[wrong[0]])
        yield Disagreement(
            case,
            rule,
            at,
            _words(expected, int(wrong[0]), instants),
            _words(found, int(wrong[0]), instants),
        )


def _states(changes: Sequence[Change], instants: Instants) -> Truth:
    """Whether the contact is in, at each instant, as the changes have it."""
    state = np.zeros(len(instants), dtype=np.bool_)
    for at, _, entered in sorted(changes, key=lambda each: each.at):
        state[np.searchsorted(instants, at) :] = entered
    return state


def _words(state: Truth, index: int, instants: Instants) -> str:
    """In or out, since when and until when."""
    same = state == state[index]
    before = np.flatnonzero(~same[:index])
    after = np.flatnonzero(~same[index:])
    since = moment(int(instants[before[-1] + 1])) if len(before) else "the beginning"
    until = moment(int(instants[index + after[0]])) if len(after) else "the end"
    return f"{'in' if state[index] else 'out'} from {since} to {until}"
