"""Tryouts: how long their days take, and what they say that they did not do."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relance.errors import InvalidInput
from relance.events import Name
from relance.tryouts import DAY, Tryout, in_words, is_tryout, length, tryout_of, would
from relance.usecases.inputs import parse_start

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
CONTACT = "01KE6P4Z0NWNGTPJXJR5ESJA98"


@pytest.mark.parametrize(
    ("typed", "minutes", "words"),
    [
        ("1 minute", 1, "1 minute"),
        (" 10 Minutes ", 10, "10 minutes"),
        ("90 minutes", 90, "90 minutes"),
        ("60 minutes", 60, "1 hour"),
        ("1 day", 1440, "1 day"),
    ],
)
def test_a_day_takes_as_long_as_is_said(typed: str, minutes: int, words: str) -> None:
    assert length(typed) == timedelta(minutes=minutes)
    assert in_words(length(typed)) == words


@pytest.mark.parametrize(
    "typed", ["", "0 minutes", "30 seconds", "2 days", "25 hours", "1", "a day", "1 week"]
)
def test_anything_else_is_told_what_to_write(typed: str) -> None:
    with pytest.raises(ValueError, match='Write for example "1 minute"'):
        length(typed)


@given(
    minutes=st.integers(1, 1440),
    days=st.floats(0, 400, allow_nan=False),
    ahead=st.floats(0, 30, allow_nan=False),
)
def test_the_calendar_of_a_tryout_runs_by_its_own_days(
    minutes: int, days: float, ahead: float
) -> None:
    tryout = Tryout(timedelta(minutes=minutes))
    told = MONDAY + timedelta(days=days)
    at = tryout.shortened(told, since=MONDAY)
    assert abs((at - MONDAY) - timedelta(minutes=days * minutes)) < timedelta(milliseconds=1)
    close = timedelta(milliseconds=2) * (DAY / tryout.one_day)
    assert abs(tryout.told(at, since=MONDAY) - told) <= close
    # Whatever lies behind another moment in the calendar lies behind it in the tryout.
    assert tryout.shortened(told + timedelta(days=ahead), since=MONDAY) >= at


def test_an_hour_of_every_tryout_is_whole_milliseconds() -> None:
    for minutes in range(1, 1441):
        assert length(f"{minutes} minutes") // timedelta(milliseconds=1) % 24 == 0


def test_a_record_is_read_as_it_was_written() -> None:
    tryout = Tryout(timedelta(minutes=2), CONTACT, ("confirmed", "email_clicked"))
    assert tryout_of(tryout.to_value()) == tryout
    assert tryout_of(None) is None


@pytest.mark.parametrize("name", list(Name))
def test_whatever_a_step_would_do_is_told_as_not_done(name: Name) -> None:
    said = would(
        name,
        {
            "points": 5.0,
            "score": "engagement",
            "list": "asleep",
            "branch": "long",
            "traits": {"household": "family"},
            "journey": "welcome",
            "to": "sales",
            "service": "loyalty",
        },
    )
    assert said.startswith("A tryout: ")
    assert "None" not in said
    assert "family" not in said


def test_what_is_meant_and_what_is_tried_are_told_apart() -> None:
    start = parse_start({"contact": CONTACT, "one_day": "1 minute", "entry": "tryout-A"})
    assert start is not None
    assert start.tryout == Tryout(timedelta(minutes=1))
    assert is_tryout(start.entry or "")
    meant = parse_start({"contact": CONTACT, "entry": "manual-A"})
    assert meant is not None
    assert meant.tryout is None


@pytest.mark.parametrize(
    "typed",
    [
        {"entry": "tryout-A"},
        {"entry": "manual-A", "one_day": "1 minute"},
        {"happens": ["confirmed"]},
        {"began": CONTACT},
        {"one_day": "1 month"},
        {"one_day": "1 minute", "happens": ["no name"]},
    ],
    ids=str,
)
def test_nothing_between_the_two_is_taken(typed: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        parse_start({"contact": CONTACT, **typed})
