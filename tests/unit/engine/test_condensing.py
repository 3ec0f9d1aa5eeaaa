"""What expires is condensed: the replay of the day after gives the profile of the day before."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from relance.conditions.needs import Depth
from relance.content.behaviours import plain
from relance.content.known_events import KEPT
from relance.content.people_rules import Segment
from relance.content.score_rules import EngagementScore, PointRule
from relance.engine import NeedsHistory, Plan, fold, replay
from relance.engine.condensed import condensed_of, expires, standing
from relance.engine.condensing import condense
from relance.engine.folding import CONDENSED_EVERY
from relance.events import Event
from relance.ids import milliseconds
from relance.profiles import from_text, to_text

from tests.unit.engine.test_engine import (
    NAMES,
    RULES,
    assert_same,
    day,
    did,
    drawn,
    happened,
)

KEPT_DAYS = 60
BOUNDED = ("email_clicked", "email_clicked", "page_viewed") * 6
"""What counts for some scores but so often a day."""

SHORT = replace(RULES, kept=timedelta(days=KEPT_DAYS), version="short-1")
PLAN = Plan(SHORT, UTC)


@st.composite
def long_histories(draw: st.DrawFn) -> list[Event]:
    events = []
    for number in range(draw(st.integers(1, 40))):
        # Few days, so that many acts meet on the same day, however late they come.
        received = day(14 * draw(st.integers(0, 10))) + timedelta(minutes=draw(st.integers(0, 9)))
        late = timedelta(days=draw(st.sampled_from([0, 0, 14, 14, 28, 42, 56, 70, 140])))
        events.append(drawn(draw, number, (*NAMES, *BOUNDED), received, late))
    return events


def condensed(there: Sequence[Event], on: float, *, plan: Plan = PLAN) -> list[Event]:
    """The history after it was condensed on a day, with what expired removed."""
    cut = milliseconds(day(on)) - plan.kept
    found = condense({"c"}, standing(there, {"c"}), plan, cut=cut)
    if found is None:
        return list(there)
    return [
        found.event("c"),
        *(each for each in there if each.name in KEPT or milliseconds(each.received_at) >= cut),
    ]


def up_to(history: Sequence[Event], on: float) -> list[Event]:
    return [each for each in history if each.received_at < day(on)]


@settings(max_examples=120, deadline=None)
@given(long_histories(), st.integers(61, 130), st.integers(1, 60))
def test_the_replay_after_expiry_gives_the_same_profile_and_goes_on_giving_it(
    history: list[Event], first: int, later: int
) -> None:
    if not any(event.folded for event in history):
        return
    second = first + later
    arrived = condensed(up_to(history, first), first)
    assert_same(replay("c", standing(arrived, {"c"}), PLAN, version=0),
                replay("c", up_to(history, first), PLAN, version=0))  # fmt: skip
    arrived += [each for each in up_to(history, second) if each.received_at >= day(first)]
    arrived = condensed(arrived, second)
    arrived += [each for each in history if each.received_at >= day(second)]
    cut = milliseconds(day(second)) - PLAN.kept
    assert not [
        each for each in arrived
        if expires(each) and milliseconds(each.received_at) < cut
    ]  # fmt: skip
    assert_same(
        replay("c", standing(arrived, {"c"}), PLAN, version=0),
        replay("c", history, PLAN, version=0),
    )


@settings(max_examples=60, deadline=None)
@given(long_histories(), st.integers(61, 130), st.randoms(use_true_random=False))
def test_what_is_folded_after_expiry_gives_the_profile_of_the_whole_history(
    history: list[Event], on: int, chance: random.Random
) -> None:
    before, after = up_to(history, on), [each for each in history if each.received_at >= day(on)]
    if not any(event.folded for event in before):
        return
    arrived = condensed(before, on)
    profile = replay("c", standing(arrived, {"c"}), PLAN, version=1)
    chance.shuffle(after)
    for event in after:
        arrived.append(event)
        try:
            fold(profile, [event], PLAN)
        except NeedsHistory:
            profile = replay("c", standing(arrived, {"c"}), PLAN, version=1)
        profile = from_text("c", to_text(profile), 1)
    assert_same(profile, replay("c", history, PLAN, version=1))


def test_what_was_condensed_counts_once_while_it_is_still_there() -> None:
    history = [happened("page_viewed", day(number), number, offer="moka") for number in range(50)]
    found = condense({"c"}, history, PLAN, cut=milliseconds(day(20)))
    assert found is not None
    event = found.event("c")
    left = standing([*history, event], {"c"})
    assert len(left) == 31
    assert standing([*left, *history[:5]], {"c"}) == left
    assert condensed_of(event) == replace(found, profile=condensed_of(event).profile)


def test_nothing_is_condensed_of_who_only_bought_and_agreed() -> None:
    history = [happened("order_completed", day(0)), happened("confirmed", day(1), topic="n")]
    assert condense({"c"}, history, PLAN, cut=milliseconds(day(30))) is None
    assert replay("c", history, PLAN, version=0).condense_at == 0


def test_it_is_condensed_when_the_first_of_it_has_expired_for_a_month() -> None:
    history = [
        happened("order_completed", day(0)), happened("page_viewed", day(3), offer="moka"),
        happened("page_viewed", day(9), offer="moka"),
    ]  # fmt: skip
    profile = replay("c", history, PLAN, version=0)
    assert profile.condense_at == milliseconds(day(3 + KEPT_DAYS)) + CONDENSED_EVERY
    assert profile.wake_at <= profile.condense_at


def test_after_a_change_of_rules_what_lasts_is_read_anew_and_the_rest_as_it_was_seen() -> None:
    history = [
        happened("order_completed", day(0), revenue=20.0),
        *(happened("email_clicked", day(number), number) for number in range(1, 6)),
        happened("post_liked", day(4)),
        happened("post_liked", day(150), 1),
        happened("email_clicked", day(151), 9),
    ]
    arrived = condensed(history, 152)
    ever = {"leaf": "count", "behaviour": "post_liked", "at_least": 2}
    liked = EngagementScore("liked", timedelta(days=30), (PointRule(plain("post_liked"), 4.0),))
    other = replace(
        SHORT,
        version="short-2",
        segments=(*SHORT.segments, Segment("fans", "Fans", ever),
                  Segment("two-orders", "Two", did("order_completed", 1))),
        order=(*SHORT.order, "segment:fans", "segment:two-orders"),
        depths={**SHORT.depths, "post_liked": Depth(),
                "order_completed": Depth(newest=3, sums=frozenset({"revenue"}))},
        scores=(*SHORT.scores, liked),
    )  # fmt: skip
    profile = replay("c", standing(arrived, {"c"}), Plan(other, PLAN.zone), version=0)
    anew = replay("c", history, Plan(other, PLAN.zone), version=0)
    assert profile.behaviours == anew.behaviours  # orders with sums, and how often anything was
    assert profile.segments().keys() == anew.segments().keys()
    assert profile.fading["liked"][0] == 4.0  # of the new score what came after the cut
    assert profile.fading["engagement"][0] > 5.0
