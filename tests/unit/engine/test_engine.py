"""The engine: what holds of a contact, kept up to date event by event and instant by instant."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.conditions.compile import compile_condition
from relance.conditions.needs import Depth
from relance.content.behaviours import Behaviour, plain
from relance.content.people_rules import Segment
from relance.content.rules import ContactList, OpenTracking, Rules, Tracking
from relance.content.score_rules import EngagementScore, Per, PointRule
from relance.content.stage_rules import Family, Stage
from relance.engine import Conclusion, NeedsHistory, Plan, advance, difference, fold, refold, replay
from relance.events import Event, Name
from relance.ids import event_id, milliseconds
from relance.profiles import Profile, from_text, to_text

DAY_0 = datetime(2026, 1, 5, tzinfo=UTC)
DAY = 86_400_000

CLICKED, ORDERED, SEEN = (
    Behaviour("clicked", ("email_clicked",)),
    plain("order_completed"),
    plain("page_viewed"),
)


def did(behaviour: str, at_least: int = 1, days: int | None = None) -> dict[str, object]:
    window = {} if days is None else {"far": days * DAY, "near": 0}
    return {"leaf": "count", "behaviour": behaviour, "at_least": at_least, **window}


CONDITIONS: Mapping[str, Mapping[str, object]] = {
    "clickers": did("clicked", 3, days=30),
    "buyers": did("order_completed"),
    "warm": {"leaf": "score", "score": "engagement", "at_least": 20},
    "warm-buyers": {"all": [
        {"leaf": "segment", "in": ["buyers"]}, {"leaf": "segment", "in": ["warm"]}]},
    "settled": {"leaf": "been", "what": "stage", "name": "customer", "for": 14 * DAY},
}  # fmt: skip
STAGES = (
    Stage("visitor", "Visitor", Family.ACQUISITION, None),
    Stage("lead", "Lead", Family.ACQUISITION, did("email_clicked")),
    Stage("customer", "Customer", Family.MONETISATION, did("order_completed")),
    Stage("at_risk", "At risk", Family.RETENTION,
          {"none": [did("order_completed", days=60)]}, instead_of=("customer",)),
)  # fmt: skip


def depths() -> dict[str, Depth]:
    found: dict[str, Depth] = {}
    criteria = [stage.criterion for stage in STAGES if stage.criterion]
    for canonical in [*CONDITIONS.values(), *criteria]:
        for name, depth in compile_condition(canonical).needs.behaviours.items():
            found[name] = found.get(name, Depth()) | depth
    return found


RULES = Rules(
    version="rules-1",
    traits=(),
    lists=(ContactList("engaged", "Engaged"),),
    tracking_default=Tracking(OpenTracking.NONE, clicks=True),
    languages=("en",),
    behaviours=(CLICKED, ORDERED, SEEN),
    scores=(
        EngagementScore(
            "engagement",
            timedelta(days=30),
            (PointRule(CLICKED, 5.0, None, 2), PointRule(ORDERED, 20.0)),
        ),
        EngagementScore(
            "intent",
            timedelta(hours=36),
            (PointRule(SEEN, 5.0, None, 2), PointRule(CLICKED, 3.0)),
            per=Per("offer", newest=2),
        ),
    ),
    stages=STAGES,
    segments=tuple(Segment(name, name, condition) for name, condition in CONDITIONS.items()),
    order=(
        "stage", "segment:clickers", "segment:buyers", "segment:warm",
        "segment:warm-buyers", "segment:settled",
    ),
    depths=depths(),
)  # fmt: skip
PLAN = Plan(RULES, UTC)


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


def day(number: float) -> datetime:
    return DAY_0 + timedelta(days=number)


def told(conclusions: Sequence[Conclusion]) -> list[tuple[str, float, str]]:
    """What changed, on which day, and about what."""
    return [
        (
            each.name.value,
            (each.at - milliseconds(DAY_0)) / DAY,
            str(next(iter(each.properties.values()))),
        )
        for each in conclusions
    ]


def test_a_contact_enters_a_segment_at_the_event_and_leaves_it_at_the_instant() -> None:
    profile = Profile("c")
    for number in (0, 1, 2):
        conclusions = fold(profile, [happened("email_clicked", day(number))], PLAN)
    assert ("segment_entered", 2.0, "clickers") in told(conclusions)
    # The first of three clicks leaves its 30 days: nobody has to do anything for it.
    assert profile.decided["segment:clickers"].until == milliseconds(day(30))
    assert told(advance(profile, milliseconds(day(30)) - 1, PLAN)) == []
    assert told(advance(profile, milliseconds(day(30)), PLAN)) == [
        ("segment_left", 30.0, "clickers")
    ]


def test_what_time_changed_is_concluded_at_its_instant_when_the_next_event_comes() -> None:
    profile = Profile("c")
    fold(profile, [happened("order_completed", day(0))], PLAN)
    conclusions = fold(profile, [happened("page_viewed", day(40))], PLAN)
    # 20 points fade below 20 at once; 14 days a customer makes settled.
    assert ("segment_entered", 14.0, "settled") in told(conclusions)


def test_a_leap_records_each_step_at_the_same_instant() -> None:
    conclusions = fold(Profile("c"), [happened("order_completed", day(0))], PLAN)
    steps = [each for each in conclusions if each.name == Name.STAGE_ADVANCED]
    assert [each.properties["stage"] for each in steps] == ["lead", "customer"]
    assert {each.at for each in steps} == {milliseconds(day(0))}


def test_a_customer_who_stays_away_falls_back_and_returns() -> None:
    profile = Profile("c")
    fold(profile, [happened("order_completed", day(0))], PLAN)
    fallen = fold(profile, [happened("page_viewed", day(61))], PLAN)
    assert ("stage_fell_back", 60.0, "at_risk") in told(fallen)
    back = fold(profile, [happened("order_completed", day(70))], PLAN)
    assert [each.properties["stage"] for each in back if each.name == Name.STAGE_ADVANCED] == [
        "customer"
    ]


def test_a_segment_of_segments_follows_at_the_same_instant() -> None:
    conclusions = fold(Profile("c"), [happened("order_completed", day(0))], PLAN)
    entered = {each.properties["segment"] for each in conclusions if "segment" in each.properties}
    assert entered == {"buyers", "warm", "warm-buyers"}


def test_an_event_out_of_order_asks_for_the_history() -> None:
    profile = Profile("c")
    fold(profile, [happened("email_clicked", day(2))], PLAN)
    with pytest.raises(NeedsHistory):
        fold(profile, [happened("email_clicked", day(1))], PLAN)


def test_changed_rules_ask_for_the_history_and_the_difference_is_told() -> None:
    events = [happened("order_completed", day(0))]
    before = replay("c", events, Plan(RULES, UTC), version=3)
    fewer = tuple(each for each in RULES.segments if each.name != "buyers")
    only = {f: getattr(RULES, f) for f in RULES.__slots__}
    order = tuple(
        each for each in RULES.order if each not in ("segment:buyers", "segment:warm-buyers")
    )
    changed = Plan(Rules(**{**only, "version": "rules-2", "segments": fewer, "order": order}), UTC)
    with pytest.raises(NeedsHistory):
        fold(before, [happened("rules_changed", day(1))], changed)
    after = replay("c", events, changed, version=3)
    assert told(difference(before, after, changed)) == [
        ("segment_left", 0.0, "buyers"),
        ("segment_left", 0.0, "warm-buyers"),
    ]
    assert told(difference(Profile("c"), after, changed))[0][0] == "stage_advanced"


def test_what_other_rules_change_is_told_apart_from_what_an_event_does() -> None:
    history = [happened("page_viewed", day(0)), happened("order_completed", day(20))]
    only = {f: getattr(RULES, f) for f in RULES.__slots__}
    older = Plan(Rules(**{**only, "version": "rules-0", "order": ("stage",)}), UTC)
    before = replay("c", history, older, version=1)
    fresh = happened("email_clicked", day(40))
    now, changed = refold(before, [*history, fresh], PLAN, up_to=milliseconds(day(40)) - 1)
    assert [each[:2] for each in told(changed)] == [
        ("segment_entered", 20.0), ("segment_entered", 34.0)
    ]  # fmt: skip
    assert {each.cause for each in changed} == {"rules_changed"}
    followed = fold(now, [fresh, happened("order_completed", day(40.5))], PLAN)
    assert {each.cause for each in followed} == {None}
    assert_same(now, replay("c", [*history, fresh, happened("order_completed", day(40.5))], PLAN,
                            version=1))  # fmt: skip


def test_what_happens_at_one_instant_is_one_moment() -> None:
    profile = Profile("c")
    fold(profile, [happened("email_clicked", day(number)) for number in (0, 1, 2)], PLAN)
    # The first click leaves its 30 days at the instant of the fourth: nobody left or entered.
    conclusions = fold(profile, [happened("email_clicked", day(30))], PLAN)
    assert ("segment_left", 30.0, "clickers") not in told(conclusions)
    assert profile.decided["segment:clickers"].since == milliseconds(day(2))


def test_what_is_pushed_out_of_its_day_is_taken_from_its_own_offer() -> None:
    profile = Profile("c")
    seen = [happened("page_viewed", day(h / 24), offer=offer)
            for h, offer in ((10, "filter"), (11, "espresso"))]  # fmt: skip
    fold(profile, seen, PLAN)
    early = Event(**{**{f: getattr(seen[0], f) for f in Event.__slots__},
                     "event_id": event_id(1, "test", "early"), "properties": {"offer": "moka"},
                     "occurred_at": day(1 / 24), "received_at": day(0.5)})  # fmt: skip
    fold(profile, [early], PLAN)
    assert_same(profile, replay("c", [*seen, early], PLAN, version=0))
    assert profile.fading["intent"][0] > 5
    assert "intent/espresso" not in profile.fading or profile.fading["intent/espresso"][0] == 0


def test_an_offer_that_was_pushed_out_begins_anew() -> None:
    profile = Profile("c")
    offers = ("filter", "espresso", "moka", "filter")
    history = [
        happened("email_clicked", day(number), offer=offer) for number, offer in enumerate(offers)
    ]
    for event in history:
        fold(profile, [event], PLAN)
    assert sorted(key for key in profile.fading if key.startswith("intent/")) == [
        "intent/filter", "intent/moka"
    ]  # fmt: skip
    assert profile.fading["intent/filter"][0] == 3.0
    assert_same(profile, replay("c", history, PLAN, version=0))


def test_an_event_is_taken_once() -> None:
    order = happened("order_completed", day(0))
    profile = Profile("c")
    fold(profile, [order, order], PLAN)
    assert fold(profile, [order], PLAN) == []
    assert profile.behaviours["order_completed"].times == 1


def test_only_the_first_of_a_day_count_and_a_late_one_pushes_the_last_out() -> None:
    clicks = [happened("email_clicked", day(h / 24), h) for h in (10, 11)]
    late = Event(**{**{f: getattr(clicks[0], f) for f in Event.__slots__},
                    "event_id": event_id(1, "test", "late"),
                    "occurred_at": day(1 / 24), "received_at": day(0.5)})  # fmt: skip
    profile = Profile("c")
    fold(profile, clicks, PLAN)
    fold(profile, [late], PLAN)
    counted = profile.days["engagement/0/2026-01-05"]
    assert [at for at, *_ in counted] == [milliseconds(day(h / 24)) for h in (1, 10)]


NAMES = ("email_clicked", "order_completed", "page_viewed", "identified", "list_joined",
         "list_left", "workflow_entered", "time_passed", "confirmed", "unsubscribed",
         "email_delivered")  # fmt: skip


def drawn(
    draw: st.DrawFn, number: int, names: Sequence[str], received: datetime, late: timedelta
) -> Event:
    """One event of a random history, by its number, that arrived so late."""
    name = draw(st.sampled_from(names))
    offer = draw(st.sampled_from(["filter", "espresso", "moka", "kettle"]))
    properties: dict[str, object] = {"list": "engaged", "topic": "newsletter", "offer": offer}
    if name == "identified":
        properties = {"traits": {"role": draw(st.sampled_from(["owner", "manager", None]))}}
    occurred = received - late
    return Event(
        contact_id="c",
        event_id=event_id(milliseconds(occurred), "test", str(number)),
        name=name,
        occurred_at=occurred,
        received_at=received,
        source="test",
        properties=properties,  # type: ignore[arg-type]
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    events = []
    for number in range(draw(st.integers(1, 25))):
        received = DAY_0 + timedelta(minutes=draw(st.integers(0, 90 * 24 * 60)))
        late = timedelta(minutes=draw(st.sampled_from([0, 0, 0, 1, 90, 1500, 90_000])))
        events.append(drawn(draw, number, NAMES, received, late))
    return events


def deliver(batches: Sequence[Sequence[Event]]) -> Profile:
    """What update_contact does: fold, and where that is not enough, replay what has arrived."""
    profile, arrived = Profile("c"), []
    for batch in batches:
        arrived += batch
        try:
            fold(profile, batch, PLAN)
        except NeedsHistory:
            profile = replay("c", arrived, PLAN, version=profile.version)
        profile = from_text("c", to_text(profile), profile.version + 1)
    return profile


def assert_same(one: Profile, other: Profile) -> None:
    for name in ("traits", "lists", "consents", "behaviours", "days", "recent", "newest"):
        assert getattr(one, name) == getattr(other, name), name
    assert one.fading.keys() == other.fading.keys()
    for key, (amount, at, half_life) in one.fading.items():
        theirs, their_at, _ = other.fading[key]
        later = max(at, their_at)
        mine = amount * 2.0 ** (-(later - at) / half_life)
        assert mine == pytest.approx(
            theirs * 2.0 ** (-(later - their_at) / half_life), rel=1e-9, abs=1e-9
        )
    assert {key: (it.value, it.since) for key, it in one.decided.items()} == {
        key: (it.value, it.since) for key, it in other.decided.items()
    }
    assert all(abs(it.until - other.decided[key].until) <= 1 for key, it in one.decided.items())


@settings(max_examples=250, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_profile_of_a_replay(
    history: list[Event], chance: random.Random
) -> None:
    deliveries = [*history, *chance.choices(history, k=chance.randint(0, 10))]
    if chance.random() < 0.7:
        chance.shuffle(deliveries)
    else:
        deliveries.sort(key=lambda event: event.order)
    batches = []
    while deliveries:
        size = chance.randint(1, 6)
        batches.append(deliveries[:size])
        deliveries = deliveries[size:]
    if any(event.folded for event in history):
        assert_same(deliver(batches), replay("c", history, PLAN, version=0))


@settings(max_examples=100, deadline=None)
@given(histories())
def test_a_stored_profile_reads_back_as_it_was(history: list[Event]) -> None:
    profile = replay("c", history, PLAN, version=4)
    again = from_text("c", to_text(profile), 4)
    assert again == profile
