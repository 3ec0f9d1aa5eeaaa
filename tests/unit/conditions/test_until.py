"""`until` is exact: the first millisecond of another verdict, for every leaf and every tree."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from relance.conditions import Condition, compile_condition
from relance.conditions.facts import DAY, FOREVER, Facts
from relance.conditions.groups import STEPS

from .examples import (
    BY_TIME,
    LEAVES,
    NOW,
    Raw,
    busy,
    canonical_of,
    condition,
    did,
    facts,
    facts_for,
    timed_trees,
    trees,
)

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FAR = 4000 * DAY

fractions = st.lists(st.floats(0, 1), min_size=3, max_size=3)


def assert_exact(asked: Condition, contact: Facts, now: int, shares: list[float]) -> None:
    holds, until = asked.evaluate(contact, now)
    assert until > now
    if until == FOREVER:
        assert [asked.holds(contact, now + round(FAR * share**3)) for share in shares] == [
            holds
        ] * 3
        return
    between = [now + round((until - 1 - now) * share) for share in shares]
    same = {at: asked.holds(contact, at) for at in (now, *between, until - 1)}
    assert set(same.values()) == {holds}
    if until < now + FAR:  # parts that take turns once a year use up the leaps in thirty years
        assert asked.holds(contact, until) is not holds


@pytest.mark.parametrize("kind", BY_TIME)
@settings(max_examples=100, deadline=None)
@given(data=st.data(), shares=fractions)
def test_a_leaf_changes_at_until_and_not_before(
    kind: str, data: st.DataObject, shares: list[float]
) -> None:
    asked, contact = condition(data.draw(LEAVES[kind])), data.draw(facts_for(kind))
    at = NOW
    for _ in range(6):
        assert_exact(asked, contact, at, shares)
        at = asked.evaluate(contact, at)[1]
        if at >= NOW + FAR:
            return


@pytest.mark.parametrize("kind", sorted(set(LEAVES) - set(BY_TIME)))
@settings(max_examples=20, deadline=None)
@given(data=st.data(), shares=fractions)
def test_time_alone_never_changes_the_other_leaves(
    kind: str, data: st.DataObject, shares: list[float]
) -> None:
    asked, contact = condition(data.draw(LEAVES[kind])), data.draw(facts_for(kind))
    assert asked.evaluate(contact, NOW)[1] == FOREVER
    assert_exact(asked, contact, NOW, shares)


@MANY
@given(raw=trees, contact=facts, shares=fractions)
def test_a_tree_changes_at_until_and_not_before(
    raw: Raw, contact: Facts, shares: list[float]
) -> None:
    assert_exact(condition(raw), contact, NOW, shares)


@settings(MANY, max_examples=150)
@given(raw=timed_trees, contact=busy, shares=fractions)
def test_a_tree_that_moves_with_time_changes_at_until_and_not_before(
    raw: Raw, contact: Facts, shares: list[float]
) -> None:
    asked = condition(raw)
    at = NOW
    for _ in range(8):
        assert_exact(asked, contact, at, shares)
        at = asked.evaluate(contact, at)[1]
        if at >= NOW + FAR:
            return


@MANY
@given(raw=trees, contact=facts)
def test_none_is_the_contrary_of_any_and_a_double_negation_is_all(raw: Raw, contact: Facts) -> None:
    holds, until = condition(raw).evaluate(contact, NOW)
    assert condition({"none": [raw]}).evaluate(contact, NOW) == (not holds, until)
    assert condition({"none": [{"none": [raw]}]}).evaluate(contact, NOW) == (holds, until)
    assert condition({"all": [raw, raw]}).evaluate(contact, NOW) == (holds, until)


@MANY
@given(raw=trees, contact=facts)
def test_the_canonical_form_is_json_and_means_the_same_when_read_back(
    raw: Raw, contact: Facts
) -> None:
    canonical = canonical_of(raw)
    again = json.loads(json.dumps(canonical))
    assert again == canonical
    assert compile_condition(again).evaluate(contact, NOW) == condition(raw).evaluate(contact, NOW)


@MANY
@given(raw=trees, contact=facts)
def test_a_timeless_condition_is_never_changed_by_time(raw: Raw, contact: Facts) -> None:
    asked = condition(raw)
    if asked.timeless:
        assert asked.evaluate(contact, NOW)[1] == FOREVER


def test_beyond_so_many_leaps_the_instant_reached_is_given_and_is_never_too_late() -> None:
    """Two windows that are never full together: every leap lands where the other fails."""
    acts = [NOW - 300 * DAY + index * DAY for index in range(3 * STEPS)]
    contact = Facts(behaviours={"visited": did(*acts[::2]), "ordered": did(*acts[1::2])})
    part = {"between": ["301 days ago", "300 days ago"]}
    asked = condition(
        {"all": [{"did": "visited", **part}, {"did": "ordered", **part}, {"everyone": True}]}
    )
    holds, until = asked.evaluate(contact, NOW)
    assert not holds
    while until < FOREVER:
        assert not asked.holds(contact, until)
        again = asked.evaluate(contact, until)[1]
        assert again > until
        until = again
