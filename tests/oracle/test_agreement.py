"""The engine and the compiled conditions against the oracle, on random histories and rules."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from relance.engine import Plan
from relance.events import Event
from relance.profiles import to_text

from tests.oracle.cases import World
from tests.oracle.compare import Change, compare
from tests.oracle.engine import rules_of
from tests.oracle.generate import case_of
from tests.oracle.histories import shuffled
from tests.oracle.incremental import Fed, Incremental
from tests.oracle.instants import MINUTE, ms
from tests.oracle.plain import Tally, compare_plain

CHUNK = 50
SHORT = range(0, 200, CHUNK)
LONG = range(0, 10_000, CHUNK)


def chunk(first: int) -> range:
    return range(first, first + CHUNK)


@pytest.mark.parametrize("first", SHORT)
def test_the_engine_has_the_same_memberships_at_the_same_minute(first: int) -> None:
    found = [each for seed in chunk(first) for each in compare(seed, Incremental())]
    assert not found, "\n\n".join(map(str, found[:3]))


@pytest.mark.parametrize("first", SHORT)
def test_conditions_give_the_oracle_s_verdict_and_know_until_when(first: int) -> None:
    tally = Tally()
    found = [each for seed in chunk(first) for each in compare_plain(seed, tally)]
    assert not found, "\n\n".join(map(str, found[:3]))
    assert tally.untils > 5_000
    assert tally.early <= tally.untils // 1_000, tally.examples


@pytest.mark.parametrize("first", SHORT)
def test_a_history_gives_the_same_profile_in_whatever_order_it_is_delivered(first: int) -> None:
    for seed in chunk(first):
        case = case_of(seed)
        plan = Plan(rules_of(case.world), ZoneInfo(case.world.zone))
        mixed = shuffled(case.history, random.Random(seed))
        assert alike(profile(case.history, plan), profile(mixed, plan)), seed


def profile(history: Sequence[Event], plan: Plan) -> object:
    fed = Fed(history[0].contact_id, plan)
    for event in history:
        fed.take(event)
    return json.loads(to_text(fed.profile))


def alike(one: object, other: object) -> bool:
    """Equal, fading amounts to 1e-9."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return one == other


@pytest.mark.long
@pytest.mark.parametrize("first", LONG)
def test_the_engine_agrees_on_ten_thousand_cases(first: int) -> None:
    found = [each for seed in chunk(first) for each in compare(seed, Incremental())]
    assert not found, "\n\n".join(map(str, found[:3]))


@pytest.mark.long
@pytest.mark.parametrize("first", LONG)
def test_conditions_agree_on_ten_thousand_cases(first: int) -> None:
    found = [each for seed in chunk(first) for each in compare_plain(seed)]
    assert not found, "\n\n".join(map(str, found[:3]))


class _AMinuteLate:
    """An engine whose sweep is a minute late."""

    def run(self, history: Sequence[Event], world: World, until: int) -> Sequence[Change]:
        arrivals = {ms(event.received_at) for event in history}
        changes = Incremental().run(history, world, until)
        return [
            each if each.at in arrivals else each._replace(at=each.at + MINUTE) for each in changes
        ]


class _Deaf:
    """An engine that never hears of the last event."""

    def run(self, history: Sequence[Event], world: World, until: int) -> Sequence[Change]:
        last = history[-1]
        rest = [event for event in history if event.event_id != last.event_id]
        return Incremental().run(rest, world, until) if rest else []


@pytest.mark.parametrize("engine", [_AMinuteLate(), _Deaf()], ids=["a minute late", "deaf"])
def test_an_engine_that_is_wrong_is_found(engine: _AMinuteLate | _Deaf) -> None:
    assert len({each.case.seed for seed in range(60) for each in compare(seed, engine)}) > 5


def test_a_seed_gives_the_same_case_for_ever() -> None:
    assert case_of(17) == case_of(17)
    assert replace(case_of(17), seed=18) != case_of(18)
