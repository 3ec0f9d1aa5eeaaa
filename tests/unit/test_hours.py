"""The hours of a contact's own day: windows over midnight, weekdays, holidays, and odd clocks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.content.sending_rules import Window
from relance.hours import Opening, waking_hour

NIGHT = Window(20 * 60, 8 * 60)
OFFICE = Window(9 * 60, 17 * 60 + 30, (0, 1, 2, 3, 4))
MINUTE = timedelta(minutes=1)
WEEK = timedelta(days=7)

ZONES = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "America/Santiago",  # its clock skips midnight
    "Africa/Cairo",  # so does this one
    "Asia/Beirut",
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "Asia/Kathmandu",
    "Pacific/Apia",  # left out 30 December 2011
    "Pacific/Kiritimati",
    "Antarctica/Troll",  # two hours of daylight saving
)


def at(text: str, zone: str = "UTC") -> datetime:
    """A local time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local(moment: datetime | None, zone: str) -> str | None:
    return None if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %z}"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-05 19:59", "2026-01-05 19:59"),
        ("2026-01-05 20:00", "2026-01-06 08:00"),
        ("2026-01-05 23:59", "2026-01-06 08:00"),
        ("2026-01-06 00:00", "2026-01-06 08:00"),
        ("2026-01-06 07:59", "2026-01-06 08:00"),
        ("2026-01-06 08:00", "2026-01-06 08:00"),
        ("2026-12-31 21:00", "2027-01-01 08:00"),
        ("2028-02-28 21:00", "2028-02-29 08:00"),
        ("2027-02-28 21:00", "2027-03-01 08:00"),
    ],
)
def test_a_night_ends_on_the_next_day(now: str, expected: str) -> None:
    zone = "Europe/Paris"
    opening = Opening(ZoneInfo(zone), quiet=(NIGHT,))
    found = opening.next(at(now, zone), latest=at(now, zone) + WEEK)
    assert found == at(expected, zone)


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        # Spring: the clock goes from 02:00 to 03:00.
        ("Europe/Paris", "2026-03-29 01:59", "2026-03-29 03:00 +0200"),
        # Autumn: from 03:00 back to 02:00, so 02:00 comes twice.
        ("Europe/Paris", "2026-10-25 01:59", "2026-10-25 02:00 +0200"),
        # The clock goes from 24:00 to 01:00: the day begins at one.
        ("America/Santiago", "2026-09-05 23:59", "2026-09-06 01:00 -0300"),
        ("Africa/Cairo", "2026-04-23 23:59", "2026-04-24 01:00 +0300"),
        # Half an hour of daylight saving: from 02:00 to 02:30.
        ("Australia/Lord_Howe", "2026-10-04 01:59", "2026-10-04 02:30 +1100"),
    ],
)
def test_where_the_clock_jumps_it_opens_at_the_jump(zone: str, now: str, expected: str) -> None:
    begins = 0 if "23:59" in now else 2 * 60
    shut = Window(begins - 4 * 60 if begins else 20 * 60, begins) if begins == 0 else Window(0, 120)
    opening = Opening(ZoneInfo(zone), quiet=(shut,))
    start = at(now, zone)
    assert local(opening.next(start, latest=start + WEEK), zone) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-05 08:00", "2026-01-05 09:00"),
        ("2026-01-05 17:29", "2026-01-05 17:29"),
        ("2026-01-05 17:30", "2026-01-06 09:00"),
        ("2026-01-09 18:00", "2026-01-12 09:00"),
        ("2026-05-13 18:00", "2026-05-15 09:00"),
    ],
    ids=["before work", "at the last minute", "after work", "over a weekend", "over a holiday"],
)
def test_business_hours_know_weekends_and_holidays(now: str, expected: str) -> None:
    ascension = frozenset({date(2026, 5, 14)})
    opening = Opening(ZoneInfo("Europe/Paris"), work=(OFFICE,), closed=ascension)
    start = at(now, "Europe/Paris")
    assert opening.next(start, latest=start + WEEK) == at(expected, "Europe/Paris")


def test_work_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    bar = Window(18 * 60, 2 * 60, (4, 5))
    opening = Opening(ZoneInfo("UTC"), work=(bar,), closed=frozenset({date(2026, 1, 10)}))
    assert opening.is_open(at("2026-01-10 01:59")), "Friday's evening goes on"
    assert not opening.is_open(at("2026-01-10 18:00")), "Saturday is a holiday"
    assert not opening.is_open(at("2026-01-11 01:00")), "and so has no evening"


def test_an_hour_that_the_clock_skips_is_the_next_one() -> None:
    zone = "Europe/Paris"
    opening = Opening(ZoneInfo(zone), hour=2)
    start = at("2026-03-28 12:00", zone)
    found = opening.next(start, latest=start + WEEK)
    assert local(found, zone) == "2026-03-29 03:00 +0200"
    after = opening.next(at("2026-03-29 04:00", zone), latest=start + WEEK)
    assert local(after, zone) == "2026-03-30 02:00 +0200"


def test_a_day_that_a_zone_left_out_is_no_day_to_wait_for() -> None:
    zone = "Pacific/Apia"
    start = at("2011-12-29 21:00", zone)
    opening = Opening(ZoneInfo(zone), quiet=(NIGHT,), not_before=date(2011, 12, 30))
    assert local(opening.next(start, latest=start + WEEK), zone) == "2011-12-31 08:00 +1400"


def test_a_preferred_hour_in_the_night_is_the_first_waking_one() -> None:
    assert waking_hour(22, (NIGHT,)) == 8
    assert waking_hour(12, (NIGHT,)) == 12
    assert waking_hour(7, (Window(20 * 60, 8 * 60, (5, 6)),)) == 7, "quiet at weekends alone"


def test_what_never_opens_in_time_is_none() -> None:
    opening = Opening(ZoneInfo("UTC"), quiet=(NIGHT,))
    start = at("2026-01-05 20:00")
    assert opening.next(start, latest=start + timedelta(hours=11, minutes=59)) is None
    assert opening.next(start, latest=start + timedelta(hours=12)) == at("2026-01-06 08:00")


minutes = st.integers(0, 24 * 60 - 1)
days = st.lists(st.integers(0, 6), min_size=1, unique=True).map(tuple)
windows = st.builds(Window, minutes, minutes, days).filter(lambda it: it.begins != it.ends)
# The days on which clocks change are where it goes wrong.
near_changes = st.sampled_from(
    [
        datetime(2011, 12, 29, tzinfo=UTC),
        datetime(2026, 3, 8, tzinfo=UTC),
        datetime(2026, 3, 28, 20, tzinfo=UTC),
        datetime(2026, 4, 5, tzinfo=UTC),
        datetime(2026, 4, 23, 18, tzinfo=UTC),
        datetime(2026, 9, 5, 20, tzinfo=UTC),
        datetime(2026, 10, 3, 10, tzinfo=UTC),
        datetime(2026, 10, 24, 20, tzinfo=UTC),
        datetime(2028, 2, 28, 12, tzinfo=UTC),
    ]
)


@st.composite
def openings(draw: st.DrawFn) -> tuple[Opening, datetime]:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    now = draw(near_changes) + timedelta(minutes=draw(st.integers(0, 36 * 60)))
    there = now.astimezone(zone).date()
    opening = Opening(
        zone,
        quiet=draw(st.lists(windows, max_size=2).map(tuple)),
        work=draw(st.none() | st.lists(windows, min_size=1, max_size=2).map(tuple)),
        closed=frozenset({there + timedelta(days=1)}),
        hour=draw(st.none() | st.integers(0, 23)),
        not_before=there + timedelta(days=draw(st.integers(0, 1))),
    )
    return opening, now


@settings(deadline=None, max_examples=60)
@given(openings())
def test_it_is_the_first_instant_that_a_look_at_every_minute_finds(
    case: tuple[Opening, datetime],
) -> None:
    opening, now = case
    latest = now + timedelta(days=2)
    slow = now
    while slow <= latest and not opening.is_open(slow):
        slow += MINUTE
    assert opening.next(now, latest=latest) == (slow if slow <= latest else None)
