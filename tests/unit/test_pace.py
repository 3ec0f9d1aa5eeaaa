"""The pace of all senders, as pure arithmetic: no second ever holds more than the quota."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relance.content.pace_rules import Brake, PaceRules, WarmUp
from relance.content.sending_rules import SendingRules
from relance.pace import (
    LANES_LAST,
    LATE,
    MINUTE,
    MOST_IN_A_TICK,
    SECOND,
    SPACING,
    STALE,
    AccountState,
    Grid,
    Pace,
    Problem,
    first_pace,
    problem_of,
    renewed,
    slower,
)

NOW = 1_767_600_000_000
FINE = Problem()


def state(**changes: object) -> AccountState:
    said = AccountState(
        per_second=14,
        per_day=50_000,
        sent=0,
        production=True,
        enabled=True,
        enforcement="HEALTHY",
        verified=True,
    )
    return replace(said, **changes)  # type: ignore[arg-type]


def pace(**changes: object) -> Pace:
    begun = first_pace(state(), now=NOW, most=None, problem=FINE)
    return replace(begun, **changes)  # type: ignore[arg-type]


@given(rate=st.floats(0.1, 3_000), begins=st.integers(0, 5_000))
def test_no_second_holds_more_than_the_rate_even_if_calls_are_late(
    rate: float, begins: int
) -> None:
    grid = Grid.of_rate(rate, origin=NOW)
    assert grid.cap <= MOST_IN_A_TICK
    first = grid.first_slot(NOW + begins)
    # Calls reach SES up to LATE and the rest of what SPACING leaves behind their tick.
    within = [
        slot
        for slot in range(first, first + int(3 * rate) + 3)
        if NOW + begins <= grid.time_of(slot) < NOW + begins + SPACING
    ]
    assert len(within) <= max(1, rate)
    assert LATE < SPACING - SECOND


@given(rate=st.floats(1, 3_000))
def test_hardly_any_of_the_rate_is_left(rate: float) -> None:
    grid = Grid.of_rate(rate, origin=0)
    assert grid.cap * SECOND / grid.spacing >= int(rate) / SPACING * SECOND * 0.9


@given(rate=st.floats(0.3, 500), start=st.integers(0, 3_000), count=st.integers(1, 500))
def test_a_lease_is_cut_into_its_ticks(rate: float, start: int, count: int) -> None:
    grid = Grid.of_rate(rate, origin=NOW)
    ticks = list(grid.ticks(range(start, start + count)))
    assert sum(each.count for each in ticks) == count
    assert all(1 <= each.count <= grid.cap for each in ticks)
    assert [each.at for each in ticks] == sorted(
        {grid.time_of(n) for n in range(start, start + count)}
    )


def test_a_record_comes_back_as_it_went_in() -> None:
    there = pace(next=17, problem="why", rate=14.5)
    assert Pace.of({"send_id": "rate:account", "renewing": 5, **there.to_item()}) == there


def test_what_a_renewal_changes_begins_behind_all_that_was_leased() -> None:
    old = pace(next=14 * 20 + 3)
    new = renewed(old, state(per_second=50), now=NOW + 2_000, most=None, problem=FINE)
    assert new.cap == 50
    assert new.origin >= old.grid.time_of(old.next - 1) + SPACING
    assert new.next == 0


def test_a_renewal_that_finds_the_same_touches_no_tick() -> None:
    old = pace(next=283, used=283)
    new = renewed(old, state(sent=283), now=NOW + MINUTE, most=None, problem=FINE)
    assert (new.grid, new.next, new.used) == (old.grid, 283, 0)
    assert new.room == 50_000 - 283


@pytest.mark.parametrize(
    ("singles", "lanes", "cap"),
    [
        pytest.param(0, 0, 14, id="a campaign alone has all of it"),
        pytest.param(1, 1, 13, id="one lane for a few"),
        pytest.param(400, 7, 7, id="at most half of it is lanes"),
    ],
)
def test_single_mails_get_lanes_and_a_campaign_the_rest(singles: int, lanes: int, cap: int) -> None:
    old = pace(singles=singles, used=100)
    new = renewed(old, state(), now=NOW + MINUTE, most=None, problem=FINE)
    assert (new.lanes, new.cap) == (lanes, cap)
    assert new.lanes_from >= NOW + MINUTE + SPACING or not lanes


def test_lanes_that_nobody_took_are_given_back() -> None:
    old = pace(lanes=7, lanes_taken=2, lanes_id=1, lanes_until=NOW + LANES_LAST, cap=7)
    running = renewed(old, state(), now=NOW + MINUTE, most=None, problem=FINE)
    assert running.lanes == 7
    ended = renewed(old, state(), now=NOW + LANES_LAST, most=None, problem=FINE)
    assert (ended.lanes, ended.lanes_taken, ended.lanes_id, ended.cap) == (2, 0, 2, 12)


def test_when_ses_throttles_the_rate_falls_at_once_and_comes_back_little_by_little() -> None:
    first = slower(pace(), now=NOW + SECOND * 5)
    assert first is not None
    assert (first.slowed, first.cap) == (70, 9)
    assert slower(first, now=NOW + SECOND * 6) is None, "calls under way together are one event"
    second = slower(first, now=NOW + SECOND * 8)
    assert second is not None
    assert (second.slowed, second.cap) == (49, 6)
    caps, each = [], second
    for minute in range(1, 7):
        at = NOW + SECOND * 8 + minute * MINUTE
        assert each.is_due(at)
        each = renewed(each, state(), now=at, most=None, problem=FINE)
        caps.append(each.cap)
    assert caps == [8, 9, 11, 12, 13, 14]


def test_ses_is_asked_again_after_a_minute_in_which_mail_left_or_something_is_wrong() -> None:
    later = NOW + MINUTE
    assert not pace(used=100).is_due(later - 1)
    assert pace(used=100).is_due(later)
    assert not pace(used=3).is_due(later)
    assert pace(used=3).is_due(NOW + STALE)
    assert pace(problem="paused").is_due(later)
    assert pace(room=10, marketing_room=0).is_due(later)


@pytest.mark.parametrize(
    ("said", "most", "rooms"),
    [
        pytest.param({"sent": 10_000}, None, (40_000, 37_500), id="the rest of the quota"),
        pytest.param(
            {"sent": 49_000}, None, (1_000, 0), id="what is left is for the transactional"
        ),
        pytest.param({"per_day": None}, None, (10**12, 10**12), id="no bound"),
        pytest.param({"sent": 150}, 200, (49_850, 50), id="a warm-up bounds marketing"),
    ],
)
def test_the_quota_of_24_hours_leaves_room(
    said: dict[str, object], most: int | None, rooms: tuple[int, int]
) -> None:
    found = first_pace(state(**said), now=NOW, most=most, problem=FINE)
    assert (found.room, found.marketing_room) == rooms
    assert replace(found, used=10**13).room_for(marketing=True) == 0


def test_a_warm_up_grows_by_the_day_and_ends() -> None:
    plan = WarmUp(since="2026-11-30", first_day=200, growth=1.5, days=10)
    days = [date(2026, 11, 29), *(date(2026, 12, day) for day in (1, 2, 9, 10, 31))]
    assert [plan.most(day) for day in days] == [200, 300, 450, 7_688, None, None]


PROBLEMS = {
    "paused": ({"enabled": False}, "paused", False),
    "shut down": ({"enforcement": "SHUTDOWN"}, "paused", False),
    "not verified": ({"verified": False}, "not verified example.com", True),
    "sandbox": ({"production": False}, "sandbox", True),
}


@pytest.mark.parametrize(("said", "words", "lasting"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_keeps_mail_from_leaving_is_told_in_a_sentence(
    said: dict[str, object], words: str, lasting: bool
) -> None:
    found = problem_of(state(**said), live=True, sender="example.com")
    assert words in found.sentence
    assert found.lasting is lasting


def test_the_sandbox_is_no_problem_for_an_allow_list_nor_is_an_identity_nobody_could_ask() -> None:
    assert problem_of(state(production=False), live=False, sender="x") == FINE
    assert problem_of(state(verified=None), live=True, sender="x") == FINE


def test_the_rules_of_content_come_back_as_they_went_in() -> None:
    warm_up = WarmUp(since="2026-11-30", first_day=200, growth=1.5, days=10)
    rules = PaceRules(warm_up=warm_up, per_domain={"gmail.com": 5.0}, brake=Brake(bounces=0.03))
    assert SendingRules.from_json(SendingRules(pace=rules).to_json()).pace == rules
    assert rules.paced("Ada@GMail.com") == "gmail.com"
    assert rules.paced("ada@example.org") is None
