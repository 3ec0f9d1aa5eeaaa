"""Until when a journey waits: hours where people live, weekdays, anniversaries."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from relance.instants import Weekday, Wish, next_anniversary, on_the_date, some_days_after

PARIS, LISBON = ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Lisbon")
AUCKLAND, CAIRO = ZoneInfo("Pacific/Auckland"), ZoneInfo("Africa/Cairo")
ZONES = (PARIS, LISBON, AUCKLAND, CAIRO, ZoneInfo("America/Sao_Paulo"), ZoneInfo("Asia/Kolkata"))
YEAR = datetime(2024, 1, 1, tzinfo=UTC)
NINE = Wish(at=time(9))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


BIRTHDAYS = [
    pytest.param("1984-11-30", PARIS, "2026-01-05T09:00", "2026-11-30T08:00", id="later this year"),
    pytest.param("1984-01-05", PARIS, "2026-01-05T08:30", "2027-01-05T08:00", id="over for today"),
    pytest.param("1984-01-05", PARIS, "2026-01-05T07:30", "2026-01-05T08:00", id="today at nine"),
    pytest.param("1984-07-01", PARIS, "2026-01-05T09:00", "2026-07-01T07:00", id="in summer time"),
    pytest.param("2000-02-29", PARIS, "2026-01-05T09:00", "2026-02-28T08:00", id="29 February"),
    pytest.param("2000-02-29", PARIS, "2028-01-05T09:00", "2028-02-29T08:00", id="a leap year"),
    pytest.param("1984-01-06", AUCKLAND, "2026-01-05T09:00", "2026-01-05T20:00", id="a day ahead"),
    pytest.param("2026-01-06", PARIS, "2026-01-05T09:00", "2027-01-06T08:00", id="just born"),
]


@pytest.mark.parametrize(("born", "zone", "now", "at"), BIRTHDAYS)
def test_nine_in_the_morning_of_a_birthday(born: str, zone: ZoneInfo, now: str, at: str) -> None:
    assert next_anniversary(born, NINE, zone, after=utc(now)) == utc(at)


@pytest.mark.parametrize("value", [None, 7, "", "soon", "1984-13-40"])
def test_what_is_no_date_has_no_anniversary(value: object) -> None:
    assert next_anniversary(value, NINE, PARIS, after=utc("2026-01-05T09:00")) is None
    assert on_the_date(value, NINE, PARIS) is None


DATES = [
    pytest.param("2026-03-20", Wish(days=-14, at=time(9)), "2026-03-06T08:00", id="before a date"),
    pytest.param("2026-03-20T18:00:00Z", Wish(days=-1), "2026-03-19T18:00", id="before a time"),
    pytest.param("2026-03-29", Wish(at=time(2, 30)), "2026-03-29T01:30", id="an hour leapt over"),
    pytest.param("2026-10-25", Wish(at=time(2, 30)), "2026-10-25T00:30", id="an hour twice"),
    pytest.param(
        "2026-03-20", Wish(on=frozenset({Weekday.MONDAY})), "2026-03-22T23:00", id="the next Monday"
    ),
]


@pytest.mark.parametrize(("value", "wish", "at"), DATES)
def test_an_hour_near_a_date(value: str, wish: Wish, at: str) -> None:
    assert on_the_date(value, wish, PARIS) == utc(at)


@given(
    start=some.integers(0, 6 * 365 * 86400).map(lambda n: YEAR + timedelta(seconds=n)),
    days=some.integers(0, 60),
    hour=some.times(),
    on=some.frozensets(some.sampled_from(Weekday), max_size=3),
    zone=some.sampled_from(ZONES),
)
def test_so_many_days_later_is_never_before_and_never_a_fortnight_late(
    start: datetime, days: int, hour: time, on: frozenset[Weekday], zone: ZoneInfo
) -> None:
    wish = Wish(days, hour, on)
    found = some_days_after(start, wish, zone)
    local = found.astimezone(zone)
    assert start - timedelta(milliseconds=1) <= found <= start + timedelta(days=days + 15)
    assert not on or list(Weekday)[local.weekday()] in on
