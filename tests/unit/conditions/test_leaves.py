"""What each leaf means, at the millisecond where it matters."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from relance.conditions.facts import DAY, FOREVER, Done, Facts
from relance.conditions.leaves_plain import place

from .examples import HOUR, NOW, Raw, condition, did

PARIS = ZoneInfo("Europe/Paris")
NEW_YORK = ZoneInfo("America/New_York")


def ms(text: str, zone: ZoneInfo | None = None) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone or UTC).timestamp()) * 1000


def verdict(raw: Raw, now: int = NOW, **facts: Any) -> tuple[bool, int]:
    return condition(raw).evaluate(Facts(**facts), now)


# -- Windows ---------------------------------------------------------------------------------------


def test_an_event_leaves_its_window_at_exactly_its_instant_plus_the_window() -> None:
    raw = {"did": "ordered", "within": "7 days"}
    there = {"ordered": did(NOW)}
    assert verdict(raw, NOW, behaviours=there) == (True, NOW + 7 * DAY)
    assert verdict(raw, NOW + 7 * DAY - 1, behaviours=there) == (True, NOW + 7 * DAY)
    assert verdict(raw, NOW + 7 * DAY, behaviours=there) == (False, FOREVER)


def test_the_third_newest_act_says_until_when_there_are_three() -> None:
    acts = {"ordered": did(*(NOW - days * DAY for days in (20, 10, 5, 1)))}
    raw = {"did": "ordered", "at_least": 3, "within": "30 days"}
    assert verdict(raw, behaviours=acts) == (True, NOW + 20 * DAY)


def test_a_window_between_two_times_ago_is_entered_and_left() -> None:
    raw = {"did": "ordered", "between": ["30 days ago", "7 days ago"]}
    acts = {"ordered": did(NOW)}
    assert verdict(raw, NOW, behaviours=acts) == (False, NOW + 7 * DAY)
    assert verdict(raw, NOW + 7 * DAY, behaviours=acts) == (True, NOW + 30 * DAY)
    assert verdict(raw, NOW + 30 * DAY, behaviours=acts) == (False, FOREVER)


def test_too_many_become_enough_unless_too_many_leave_at_once() -> None:
    raw = {"did": "ordered", "exactly": 2, "within": "7 days"}
    spread = {"ordered": did(NOW - 3 * DAY, NOW - 2 * DAY, NOW)}
    together = {"ordered": did(NOW - 3 * DAY, NOW - 3 * DAY, NOW)}
    assert verdict(raw, behaviours=spread) == (False, NOW + 4 * DAY)
    assert verdict(raw, NOW + 4 * DAY, behaviours=spread) == (True, NOW + 5 * DAY)
    assert verdict(raw, behaviours=together) == (False, FOREVER)


@pytest.mark.parametrize(
    ("zone", "day_of_order", "holds"),
    [
        (None, "2026-11-30T23:30", True),
        (PARIS, "2026-11-30T23:30", False),
        (PARIS, "2026-11-30T22:59", True),
        (NEW_YORK, "2026-12-01T04:59", True),
        (NEW_YORK, "2026-11-01T03:59", False),
        (NEW_YORK, "2026-11-01T04:00", True),
    ],
)
def test_dates_are_days_where_the_contact_lives(
    zone: ZoneInfo | None, day_of_order: str, *, holds: bool
) -> None:
    raw = {"did": "ordered", "between": ["2026-11-01", "2026-11-30"]}
    acts = {"ordered": did(ms(day_of_order))}
    assert verdict(raw, ms("2027-01-01"), behaviours=acts, zone=zone) == (holds, FOREVER)


def test_nothing_done_is_a_count_and_a_sum_of_nothing_and_no_greatest() -> None:
    assert verdict({"did_not": "ordered"}) == (True, FOREVER)
    assert verdict({"did": "ordered", "at_most": 2, "within": "7 days"}) == (True, FOREVER)
    assert verdict({"did": "ordered", "exactly": 0}) == (True, FOREVER)
    assert verdict({"did": "ordered", "sum": {"of": "revenue", "at_most": 10}}) == (True, FOREVER)
    assert verdict({"did": "ordered", "max": {"of": "revenue", "at_most": 10}}) == (False, FOREVER)


def test_not_done_for_so_long_begins_when_the_last_one_leaves() -> None:
    raw = {"did_not": "ordered", "within": "90 days"}
    acts = {"ordered": did(NOW - 100 * DAY, NOW - 10 * DAY)}
    assert verdict(raw, behaviours=acts) == (False, NOW + 80 * DAY)
    assert verdict(raw, NOW + 80 * DAY, behaviours=acts) == (True, FOREVER)


# -- First and last --------------------------------------------------------------------------------


def test_first_and_last_times_are_told_apart() -> None:
    acts = {"ordered": did(NOW - 50 * DAY, NOW - DAY)}
    assert verdict({"did": "ordered", "first": {"within": "7 days"}}, behaviours=acts)[0] is False
    assert verdict({"did": "ordered", "last": {"within": "7 days"}}, behaviours=acts) == (
        True,
        NOW + 6 * DAY,
    )
    long_ago = {"did": "ordered", "last": {"longer_ago_than": "7 days"}}
    assert verdict(long_ago, behaviours=acts) == (False, NOW + 6 * DAY)
    assert verdict(long_ago, NOW + 6 * DAY, behaviours=acts) == (True, FOREVER)


def test_a_first_time_today_is_one_until_midnight_where_the_contact_lives() -> None:
    raw = {"did": "ordered", "first": {"on": "today"}}
    now = ms("2026-11-06T22:30")
    acts = {"ordered": did(now)}
    assert verdict(raw, now, behaviours=acts, zone=PARIS) == (True, ms("2026-11-06T23:00"))
    assert verdict(raw, now, behaviours=acts, zone=NEW_YORK) == (True, ms("2026-11-07T05:00"))


# -- Sums ------------------------------------------------------------------------------------------


def test_a_sum_falls_when_an_order_leaves_and_rises_when_a_refund_does() -> None:
    acts = {
        "ordered": Done(
            times=3,
            first=NOW - 50 * DAY,
            last=NOW - 10 * DAY,
            newest=(
                (NOW - 50 * DAY, "a", {"revenue": -100.0}),
                (NOW - 20 * DAY, "b", {"revenue": 180.0}),
                (NOW - 10 * DAY, "c", {"revenue": 60.0}),
            ),
        )
    }
    raw = {"did": "ordered", "sum": {"of": "revenue", "at_least": 200}, "within": "60 days"}
    assert verdict(raw, behaviours=acts) == (False, NOW + 10 * DAY)
    assert verdict(raw, NOW + 10 * DAY, behaviours=acts) == (True, NOW + 40 * DAY)
    assert verdict(raw, NOW + 40 * DAY, behaviours=acts) == (False, FOREVER)


def test_sums_of_fractions_are_equal_to_what_they_are_meant_to_be() -> None:
    acts = {"ordered": did(NOW, NOW - 1, NOW - 2, revenue=0.1)}
    raw = {"did": "ordered", "sum": {"of": "revenue", "at_least": 0.3}, "within": "7 days"}
    assert 0.1 + 0.1 + 0.1 != 0.3
    assert verdict(raw, behaviours=acts) == (True, NOW - 2 + 7 * DAY)
    less = {"did": "ordered", "sum": {"of": "revenue", "greater_than": 0.3}, "within": "7 days"}
    assert verdict(less, behaviours=acts) == (False, FOREVER)


def test_the_greatest_of_a_property_is_forgotten_with_its_event() -> None:
    acts = {
        "ordered": Done(
            times=2,
            first=NOW - 5 * DAY,
            last=NOW,
            newest=((NOW - 5 * DAY, "a", {"revenue": 500}), (NOW, "b", {})),
            maxima={"revenue": 900},
        )
    }
    raw = {"did": "ordered", "max": {"of": "revenue", "at_least": 500}, "within": "7 days"}
    assert verdict(raw, behaviours=acts) == (True, NOW + 2 * DAY)
    ever = {"did": "ordered", "max": {"of": "revenue", "greater_than": 800}}
    assert verdict(ever, behaviours=acts) == (True, FOREVER)


# -- Habits ----------------------------------------------------------------------------------------


def test_twice_the_usual_is_measured_against_the_time_before_the_window() -> None:
    """Four visits in 8 weeks before the window: half a visit a week is usual."""
    first = NOW - 63 * DAY
    raw = {"did": "visited", "within": "7 days", "at_least_times_usual": 2}
    before = [first, first + 10 * DAY, first + 20 * DAY, first + 30 * DAY]
    assert verdict(raw, behaviours={"visited": did(*before, NOW)}) == (True, NOW + 7 * DAY)


def test_the_usual_falls_while_nothing_happens_until_the_count_is_enough() -> None:
    """Five visits before the window: one is 1.7 times the usual once they took 59.5 days."""
    first = NOW - 63 * DAY
    acts = did(*(first + days * DAY for days in (0, 10, 20, 30, 40)), NOW)
    raw = {"did": "visited", "within": "7 days", "at_least_times_usual": 1.7}
    at = first + 7 * DAY + int(59.5 * DAY)
    assert verdict(raw, behaviours={"visited": acts}) == (False, at)
    assert verdict(raw, at, behaviours={"visited": acts}) == (True, NOW + 7 * DAY)


def test_at_most_the_usual_holds_at_the_millisecond_at_which_it_is_as_many() -> None:
    """Eight visits in 28 days are two a week; a millisecond later two are more than usual."""
    first = NOW - 32 * DAY
    acts = did(*(first + days * DAY for days in (0, 1, 2, 3, 4, 5, 6, 20, 30, 31)))
    raw = {"did": "visited", "within": "7 days", "at_most_times_usual": 1}
    assert verdict(raw, behaviours={"visited": acts}) == (True, first + 35 * DAY + 1)


def test_without_a_habit_nothing_is_usual() -> None:
    raw = {"did": "visited", "within": "7 days", "at_most_times_usual": 0.5}
    new = {"visited": did(NOW - 10 * DAY, NOW - 9 * DAY)}
    assert verdict(raw, behaviours=new) == (False, NOW + 4 * DAY)
    assert verdict(raw, NOW + 4 * DAY, behaviours=new) == (True, FOREVER)
    assert verdict(raw) == (False, FOREVER)


def test_overdue_is_the_time_since_the_last_against_a_gap_drawn_to_the_population() -> None:
    """Own gaps 10 and 20 days; the population's 30 days count as 2: (60 + 30) / 4 = 22.5 days."""
    acts = {"ordered": did(NOW - 30 * DAY, NOW - 20 * DAY, NOW)}
    raw = {"overdue_by": 1.5, "for": "ordered"}
    usual = {"ordered": (30 * DAY, 2)}
    due = NOW + int(1.5 * 22.5 * DAY)
    assert verdict(raw, behaviours=acts, population=usual) == (False, due)
    assert verdict(raw, due, behaviours=acts, population=usual) == (True, FOREVER)
    assert verdict(raw, behaviours=acts) == (False, NOW + int(1.5 * 15 * DAY))


def test_somebody_with_one_order_is_overdue_by_the_population_alone() -> None:
    raw = {"overdue_by": 1, "for": "ordered"}
    acts = {"ordered": did(NOW)}
    assert verdict(raw, behaviours=acts) == (False, FOREVER)
    assert verdict(raw, behaviours=acts, population={"ordered": (9 * DAY, 1)}) == (
        False,
        NOW + 9 * DAY,
    )


# -- Scores ----------------------------------------------------------------------------------------


def test_a_score_falls_below_its_bound_after_so_many_half_lives() -> None:
    raw = {"score": "intent", "at_least": 50}
    holds, until = verdict(raw, scores={"intent": (200.0, NOW, 36 * HOUR)})
    assert holds
    assert abs(until - (NOW + 72 * HOUR)) < 10


def test_a_score_without_points_is_nought() -> None:
    assert verdict({"score": "intent", "at_most": 0}) == (True, FOREVER)
    assert verdict({"score": "intent", "at_least": 1}) == (False, FOREVER)


def test_a_score_enters_a_range_from_above_and_leaves_it_below() -> None:
    raw = {"score": "intent", "between": [25, 50]}
    scores = {"intent": (100.0, NOW, DAY)}
    holds, enters = verdict(raw, scores=scores)
    assert not holds
    holds, leaves = verdict(raw, enters, scores=scores)
    assert holds
    assert verdict(raw, leaves, scores=scores) == (False, FOREVER)
    assert [round((each - NOW) / DAY, 3) for each in (enters, leaves)] == [1.0, 2.0]


def test_a_score_that_fades_fast_leaps_over_a_single_value() -> None:
    raw = {"score": "intent", "between": [50, 50]}
    assert verdict(raw, scores={"intent": (99.9, NOW, 60_000)}) == (False, FOREVER)
    assert verdict(raw, scores={"intent": (50.0, NOW, 60_000)}) == (True, NOW + 1)


def test_a_negative_score_rises_to_nought() -> None:
    raw = {"score": "intent", "at_least": -10}
    holds, until = verdict(raw, scores={"intent": (-40.0, NOW, DAY)})
    assert not holds
    assert abs(until - (NOW + 2 * DAY)) < 20


def test_a_score_without_a_half_life_stays() -> None:
    raw = {"score": "maturity", "at_least": 50}
    assert verdict(raw, scores={"maturity": (50.0, 0, 0)}) == (True, FOREVER)


def test_points_that_add_up_to_the_bound_reach_it() -> None:
    raw = {"score": "intent", "at_least": 0.3}
    assert verdict(raw, scores={"intent": (0.1 + 0.2, NOW, DAY)})[0]
    assert verdict(raw, scores={"intent": (0.3 - 1e-12, NOW, DAY)})[0]


# -- Days ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "value", "holds", "until"),
    [
        ({"within_next": "7 days"}, "2026-11-06", True, "2026-11-07"),
        ({"within_next": "7 days"}, "2026-11-13", True, "2026-11-14"),
        ({"within_next": "7 days"}, "2026-11-14", False, "2026-11-07"),
        ({"within_next": "7 days"}, "2026-11-05", False, None),
        ({"within_last": "7 days"}, "2026-10-30", True, "2026-11-07"),
        ({"within_last": "7 days"}, "2026-11-07", False, "2026-11-07"),
        ({"on": "today"}, "2026-11-07", False, "2026-11-07"),
        ({"on": "2026-11-07"}, "2026-11-07", True, None),
        ({"before": "today"}, "2026-11-06", False, "2026-11-07"),
        ({"before": "30 days ago"}, "2026-10-06", True, None),
        ({"after": "in 7 days"}, "2026-11-14", True, "2026-11-07"),
        ({"between": ["2026-11-01", "today"]}, "2026-11-08", False, "2026-11-08"),
        ({"before": "2026-11-07"}, "2026-11-06", True, None),
        ({"within_next": "7 days"}, "soon", False, None),
        ({"within_next": "1 day"}, "2026-11-07T23:30:00Z", False, "2026-11-07"),
    ],
    ids=str,
)
def test_a_date_against_today(asked: Raw, value: str, until: str | None, *, holds: bool) -> None:
    """It is 6 November 2026, 21:00 in Paris."""
    changes = FOREVER if until is None else ms(until, PARIS)
    raw = {"trait": "trial_ends", **asked}
    assert verdict(raw, zone=PARIS, traits={"trial_ends": value}) == (holds, changes)


def test_midnight_comes_where_the_contact_lives_on_the_day_the_clocks_change() -> None:
    raw = {"trait": "trial_ends", "on": "today"}
    now = ms("2026-10-25T00:30", PARIS)
    verdict_there = verdict(raw, now, zone=PARIS, traits={"trial_ends": "2026-10-25"})
    assert verdict_there == (True, now + int(24.5 * HOUR))


def test_a_day_begins_after_its_midnight_where_the_clocks_leap_over_it() -> None:
    """Cairo, 24 April 2026: from 00:00 to 01:00."""
    cairo = ZoneInfo("Africa/Cairo")
    raw = {"trait": "trial_ends", "on": "today"}
    now = ms("2026-04-23T12:00", cairo)
    verdict_there = verdict(raw, now, zone=cairo, traits={"trial_ends": "2026-04-24"})
    assert verdict_there == (False, ms("2026-04-24T01:00", cairo))


@pytest.mark.parametrize(
    ("born", "now", "holds", "until"),
    [
        ("1984-02-29", "2027-02-28", True, "2027-03-01"),
        ("1984-02-29", "2028-02-28", False, "2028-02-29"),
        ("1984-02-29", "2028-02-29", True, "2028-03-01"),
        ("1984-02-29", "2100-02-28", True, "2100-03-01"),
        ("1990-12-31", "2026-12-31", True, "2027-01-01"),
        ("1990-12-31", "2027-01-01", False, "2027-12-31"),
        ("2026-11-06", "2026-11-06", False, "2027-11-06"),
    ],
)
def test_an_anniversary_comes_every_year(born: str, now: str, until: str, *, holds: bool) -> None:
    raw = {"trait": "birth_date", "anniversary": "today"}
    found = verdict(raw, ms(now, PARIS) + HOUR, zone=PARIS, traits={"birth_date": born})
    assert found == (holds, ms(until, PARIS))


def test_an_anniversary_next_year_is_within_the_next_days_of_this() -> None:
    raw = {"trait": "birth_date", "anniversary": {"within_next": "7 days"}}
    found = verdict(raw, ms("2026-12-29"), traits={"birth_date": "1990-01-02"})
    assert found == (True, ms("2027-01-03"))
    found = verdict(raw, ms("2027-01-03"), traits={"birth_date": "1990-01-02"})
    assert found == (False, ms("2027-12-26"))


# -- Values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value", "holds"),
    [
        ({"trait": "city", "equals": "Paris"}, " PARIS ", True),
        ({"trait": "city", "equals": "Paris"}, None, False),
        ({"trait": "city", "not": "Paris"}, None, True),
        ({"trait": "city", "not_in": ["Paris"]}, "lyon", True),
        ({"trait": "city", "not": "Paris"}, ["Lyon", "Paris"], False),
        ({"trait": "city", "equals": "Paris"}, ["Lyon", "Paris"], True),
        ({"trait": "city", "contains": "ari"}, "Paris", True),
        ({"trait": "city", "contains": "ari"}, ["Paris"], False),
        ({"trait": "city", "contains": "paris"}, ["Paris"], True),
        ({"trait": "city", "starts_with": "st. p"}, "St. Gallen", False),
        ({"trait": "city", "starts_with": "s"}, "", False),
        ({"trait": "city", "is_set": True}, "  ", False),
        ({"trait": "city", "is_set": False}, [], True),
        ({"trait": "city", "is_set": True}, False, True),
        ({"trait": "city", "matches": "(St\\.|Saint) .+"}, "st. gallen", True),
        ({"trait": "city", "matches": "gallen"}, "St. Gallen", False),
        ({"trait": "city", "matches": "a*"}, "a" * 20_000, False),
        ({"trait": "vip", "equals": True}, 1, False),
        ({"trait": "employees", "equals": 1}, True, False),
        ({"trait": "employees", "equals": 12}, 12.0, True),
        ({"trait": "employees", "at_least": 1}, True, False),
        ({"trait": "employees", "at_least": 1}, "12", False),
        ({"trait": "employees", "between": [1, 12]}, 12, True),
        ({"trait": "employees", "at_least": 1, "less_than": 12}, 12, False),
    ],
    ids=str,
)
def test_values_compare_by_one_rule(raw: Raw, value: object, *, holds: bool) -> None:
    assert verdict(raw, traits={raw["trait"]: value}) == (holds, FOREVER)


def test_a_pattern_takes_no_longer_than_its_text_is_long() -> None:
    raw = {"trait": "city", "matches": "(a+)+b|(a|aa)+$|(.*a){12}x"}
    assert verdict(raw, traits={"city": "a" * 9_000 + "!"}) == (False, FOREVER)


# -- The rest --------------------------------------------------------------------------------------


def test_has_been_begins_and_ends_at_the_instant() -> None:
    long = {"has_been": {"stage": "lead"}, "for": "14 days"}
    short = {"has_been": {"segment": "hot"}, "for_less_than": "14 days"}
    stage: dict[str, Any] = {"stage": "lead", "stage_since": NOW}
    assert verdict(long, **stage) == (False, NOW + 14 * DAY)
    assert verdict(long, NOW + 14 * DAY, **stage) == (True, FOREVER)
    assert verdict(long, stage="customer", stage_since=0) == (False, FOREVER)
    assert verdict(short, segments={"hot": NOW}) == (True, NOW + 14 * DAY)
    assert verdict(short, NOW + 14 * DAY, segments={"hot": NOW}) == (False, FOREVER)


def test_has_been_without_holds_until_it_is_done_and_again_from_the_next_beginning_on() -> None:
    raw = {"has_been": {"list": "newsletter"}, "without": "ordered"}
    assert verdict(raw) == (False, FOREVER)
    assert verdict(raw, lists={"newsletter": NOW}) == (True, FOREVER)
    before = {"ordered": did(NOW - DAY, NOW)}
    assert verdict(raw, lists={"newsletter": NOW}, behaviours=before) == (True, FOREVER)
    after = {"ordered": did(NOW - DAY, NOW + 1)}
    much_later = NOW + 900 * DAY
    assert verdict(raw, much_later, lists={"newsletter": NOW}, behaviours=after) == (
        False,
        FOREVER,
    )
    assert verdict(raw, much_later, lists={"newsletter": NOW + 2}, behaviours=after) == (
        True,
        FOREVER,
    )


def test_a_share_is_stable_and_about_as_large_as_it_says() -> None:
    asked = condition({"random": "10%", "named": "holdout"})
    chosen = {index for index in range(5000) if asked.holds(Facts(contact_id=str(index)), NOW)}
    assert 430 < len(chosen) < 570
    other = condition({"random": "10%", "named": "another"})
    both = {index for index in chosen if other.holds(Facts(contact_id=str(index)), NOW)}
    assert 25 < len(both) < 85
    assert place("holdout", "01ARZ3NDEKTSV4RRFFQ69G5FAV") == 0x027A4D7B89490F29


def test_grades_are_ordered_from_a_to_d() -> None:
    assert verdict({"grade": "fit", "at_least": "B"}, grades={"fit": "A"})[0]
    assert not verdict({"grade": "fit", "at_least": "B"}, grades={"fit": "C"})[0]
    assert verdict({"grade": "fit", "at_most": "C"}, grades={"fit": "D"})[0]
    assert not verdict({"grade": "fit", "at_most": "C"})[0]


def test_of_a_company_that_is_not_there_everything_is_missing() -> None:
    assert not verdict({"company": "members", "at_least": 0})[0]
    assert not verdict({"company": "score", "at_most": 0})[0]
    assert verdict({"company": "roles_missing", "is_set": False})[0]
    there = {"members": 3, "roles_missing": ["finance"]}
    assert verdict({"company": "members", "between": [2, 3]}, company=there)[0]
    assert verdict({"company": "roles_missing", "contains": "Finance"}, company=there)[0]


def test_offers_and_interests_are_scores_of_their_own() -> None:
    scores = {"intent/espresso": (5.0, 0, 0), "interest/brewing": (7.0, 0, 0)}
    assert verdict({"score": "intent", "offer": "espresso", "at_least": 5}, scores=scores)[0]
    assert not verdict({"score": "intent", "at_least": 5}, scores=scores)[0]
    assert verdict({"interest": "brewing", "greater_than": 6}, scores=scores)[0]


def test_consent_is_granted_unless_another_state_is_asked_for() -> None:
    assert verdict({"consent": "news"}, consents={"news": "granted"})[0]
    assert not verdict({"consent": "news"})[0]
    assert verdict({"consent": "news", "is": "withdrawn"}, consents={"news": "withdrawn"})[0]
