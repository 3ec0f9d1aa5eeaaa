"""The fold: any order, any repetition, the same profile; and a replay gives it again."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.content.rules import (
    ContactList,
    OpenTracking,
    PointRule,
    Rules,
    Score,
    Tracking,
    Trait,
)
from relance.events import Event
from relance.ids import event_id, milliseconds
from relance.profiles import Profile, fold, from_text, replay, to_text
from relance.scoring import NeedsHistory

DAY_0 = datetime(2026, 1, 5, tzinfo=UTC)
RULES = Rules(
    version="rules-1",
    scores=(
        Score(
            "engagement",
            timedelta(days=30),
            (
                PointRule("email_clicked", 5.0, None, 2),
                PointRule("order_completed", 20.0, None, None),
                PointRule("points_awarded", None, "points", None),
            ),
        ),
        Score("intent", timedelta(hours=6), (PointRule("page_viewed", 1.0, None, 3),)),
    ),
    personas=(),
    traits=(Trait("role", "text", personal=False, visible_to_workflows=True),),
    lists=(ContactList("engaged", "Engaged"),),
    tracking_default=Tracking(OpenTracking.NONE, clicks=True),
    time_zone="UTC",
    languages=("en",),
)

NAMES = ("email_clicked", "order_completed", "page_viewed", "points_awarded", "identified",
         "list_joined", "list_left", "workflow_entered")  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    events = []
    for number in range(draw(st.integers(1, 25))):
        received = DAY_0 + timedelta(minutes=draw(st.integers(0, 12 * 24 * 60)))
        late = timedelta(minutes=draw(st.sampled_from([0, 0, 0, 1, 90, 1500, 9000])))
        name = draw(st.sampled_from(NAMES))
        properties: dict[str, object] = {"list": "engaged", "points": draw(st.integers(-5, 30))}
        if name == "identified":
            properties = {"traits": {"role": draw(st.sampled_from(["owner", "manager", None]))}}
        occurred = received - late
        events.append(
            Event(
                contact_id="c",
                event_id=event_id(milliseconds(occurred), "test", str(number)),
                name=name,
                occurred_at=occurred,
                received_at=received,
                source="test",
                properties=properties,  # type: ignore[arg-type]
            )
        )
    return events


def fold_as_delivered(batches: Sequence[Sequence[Event]], history: Sequence[Event]) -> Profile:
    """What update_contact does: fold, and where that is not enough, replay what has arrived.

    An event is in the history from the moment its batch is delivered.
    """
    profile, arrived = Profile("c"), []
    for batch in batches:
        arrived += batch
        try:
            fold(profile, batch, RULES)
        except NeedsHistory:
            profile = replay("c", arrived, RULES, version=profile.version)
        profile = from_text("c", to_text(profile), profile.version + 1)
    assert {event.event_id for event in arrived} == {event.event_id for event in history}
    return profile


def assert_same(one: Profile, other: Profile) -> None:
    assert one.traits == other.traits
    assert one.lists == other.lists
    assert one.seen == other.seen
    assert one.recent == other.recent
    assert one.newest == other.newest
    for name in one.scores.keys() | other.scores.keys():
        mine, theirs = one.scores[name], other.scores[name]
        assert mine.days == theirs.days
        # The instant that a sum is kept at may differ; what it amounts to at any time may not.
        half_life = next(each.half_life for each in RULES.scores if each.name == name)
        at = max(mine.total.at, theirs.total.at)
        values = [each.total.value(at, half_life.total_seconds() * 1000) for each in (mine, theirs)]
        assert values[0] == pytest.approx(values[1], rel=1e-9, abs=1e-9)


@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_profile_of_a_replay(
    history: list[Event], chance: random.Random
) -> None:
    deliveries = [*history, *chance.choices(history, k=chance.randint(0, 10))]
    chance.shuffle(deliveries)
    batches = []
    while deliveries:
        size = chance.randint(1, 6)
        batches.append(deliveries[:size])
        deliveries = deliveries[size:]
    expected = replay("c", history, RULES, version=0)
    if any(event.folded for event in history):
        assert_same(fold_as_delivered(batches, history), expected)


@settings(max_examples=100, deadline=None)
@given(histories())
def test_a_stored_profile_reads_back_as_it_was(history: list[Event]) -> None:
    profile = replay("c", history, RULES, version=4)
    assert from_text("c", to_text(profile), 4) == profile


def happened(name: str, at: datetime, number: int = 0, **properties: object) -> Event:
    return Event(
        contact_id="c",
        event_id=event_id(milliseconds(at), "test", f"{name}{number}"),
        name=name,
        occurred_at=at,
        received_at=at,
        source="test",
        properties=properties,  # type: ignore[arg-type]
    )


def test_points_halve_every_half_life() -> None:
    profile = replay("c", [happened("order_completed", DAY_0)], RULES, version=0)
    assert profile.score_values(RULES, DAY_0)["engagement"] == 20.0
    assert profile.score_values(RULES, DAY_0 + timedelta(days=30))["engagement"] == 10.0
    assert profile.score_values(RULES, DAY_0 + timedelta(days=90))["engagement"] == 2.5


def test_only_the_first_of_a_day_count_and_the_next_day_counts_anew() -> None:
    clicks = [happened("email_clicked", DAY_0 + timedelta(hours=h), h) for h in (1, 2, 3, 25)]
    score = Score("s", timedelta(days=10**6), RULES.scores[0].points)
    rules = Rules(**{**{f: getattr(RULES, f) for f in RULES.__slots__}, "scores": (score,)})
    profile = replay("c", clicks, rules, version=0)
    assert profile.score_values(rules, DAY_0 + timedelta(days=2))["s"] == pytest.approx(15.0)


def test_a_late_event_pushes_the_last_of_its_day_out() -> None:
    on_time = [happened("email_clicked", DAY_0 + timedelta(hours=h), h) for h in (10, 11)]
    late = happened("email_clicked", DAY_0 + timedelta(hours=1), 1)
    profile = Profile("c")
    fold(profile, on_time, RULES)
    fold(profile, [late], RULES)
    counted = profile.scores["engagement"].days["0/2026-01-05"]
    assert [at for at, _, _ in counted] == [
        milliseconds(DAY_0 + timedelta(hours=h)) for h in (1, 10)
    ]


def test_an_event_is_folded_once() -> None:
    order = happened("order_completed", DAY_0)
    profile = Profile("c")
    assert fold(profile, [order, order], RULES) == 1
    assert fold(profile, [order], RULES) == 0
    assert profile.seen["order_completed"].times == 1


def test_an_event_older_than_what_is_remembered_asks_for_the_history() -> None:
    profile = Profile("c")
    fold(profile, [happened("order_completed", DAY_0 + timedelta(days=3))], RULES)
    with pytest.raises(NeedsHistory):
        fold(profile, [happened("order_completed", DAY_0, 1)], RULES)


def test_changed_rules_fold_the_history_anew() -> None:
    profile = replay("c", [happened("order_completed", DAY_0)], RULES, version=1)
    other = Rules(**{**{f: getattr(RULES, f) for f in RULES.__slots__}, "version": "rules-2"})
    with pytest.raises(NeedsHistory):
        fold(profile, [happened("order_completed", DAY_0, 1)], other)


def test_the_last_writer_of_a_trait_wins_whatever_comes_last() -> None:
    newer = happened("identified", DAY_0 + timedelta(hours=2), traits={"role": "owner"})
    older = happened("identified", DAY_0 + timedelta(hours=1), 1, traits={"role": "manager"})
    profile = Profile("c")
    fold(profile, [newer], RULES)
    fold(profile, [older], RULES)
    assert profile.trait_values() == {"role": "owner"}


def test_a_trait_taken_back_is_gone() -> None:
    profile = Profile("c")
    fold(profile, [happened("identified", DAY_0, traits={"role": "owner"})], RULES)
    taken = happened("identified", DAY_0 + timedelta(hours=1), 1, traits={"role": None})
    fold(profile, [taken], RULES)
    assert profile.trait_values() == {}
