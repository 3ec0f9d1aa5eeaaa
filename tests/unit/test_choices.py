"""A choice: what gives us less always counts, what gives us more only from a page that is fresh."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relance.choices import Change, Choice, Frequency, Known, Standing, difference, leave_all
from relance.content.rules import OpenTracking, Tracking
from relance.errors import ConditionFailed
from relance.register import RECORD, give_turn_back, new_register, register_of, take_turn
from relance.storage import Item, Put, Table, Update

from local.memory import MemoryStore

KEYS = ("newsletter", "sms/newsletter")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
trackings = st.builds(Tracking, st.sampled_from(OpenTracking), st.booleans(), st.booleans())
consents = st.sets(st.sampled_from(KEYS)).map(frozenset)
standings = st.builds(
    Standing,
    consents=consents,
    frequency=st.sampled_from(Frequency),
    paused_until=st.sampled_from((None, "2026-04-01T00:00:00.000Z")),
    tracking=trackings,
    language=st.sampled_from(("en", "fr")),
)
choices = st.builds(
    Choice,
    consents=consents,
    frequency=st.sampled_from((None, *Frequency)),
    pause=st.booleans(),
    tracking=trackings,
    language=st.sampled_from((None, "en", "fr")),
    made_at=st.sampled_from((0, 5, 20)),
)
CHANGED = dict.fromkeys((*KEYS, "frequency", "pause", "tracking"), 10)


def known(standing: Standing) -> Known:
    return Known(standing, frozenset(KEYS), frozenset(KEYS), CHANGED)


@given(standings, choices)
def test_a_page_older_than_the_last_change_gives_us_nothing_more(
    standing: Standing, choice: Choice
) -> None:
    change = difference(known(standing), replace(choice, made_at=5))
    assert change.granted == ()
    assert change.pause is None
    assert change.frequency is None or standing.frequency is not Frequency.MONTHLY
    if change.tracking:
        assert change.tracking.clicks <= standing.tracking.clicks
        assert bool(change.tracking.web) <= bool(standing.tracking.web)


@given(standings, choices)
def test_what_is_unticked_is_withdrawn_however_old_the_page_is(
    standing: Standing, choice: Choice
) -> None:
    change = difference(known(standing), choice)
    assert set(change.withdrawn) == standing.consents - choice.consents


@given(standings, choices)
def test_from_a_fresh_page_everything_counts_and_the_same_again_is_no_change(
    standing: Standing, choice: Choice
) -> None:
    fresh = replace(choice, made_at=20)
    change = difference(known(standing), fresh)
    assert not change.is_stale
    after = replace(
        standing,
        consents=(standing.consents | set(change.granted)) - set(change.withdrawn),
        frequency=change.frequency or standing.frequency,
        paused_until=("later" if choice.pause else None),
        tracking=change.tracking or standing.tracking,
        language=change.language or standing.language,
    )
    assert after.consents == choice.consents
    assert difference(known(after), fresh).is_none


def test_no_letters_at_all_ends_every_consent_that_is_open() -> None:
    standing = Standing(frozenset(), Frequency.ALL, None, Tracking(OpenTracking.NONE, True), "en")
    assert leave_all(known(standing)) == Change(withdrawn=KEYS)


@pytest.mark.parametrize(
    ("frequency", "days", "is_free"),
    [
        (Frequency.WEEKLY, 0, False),
        (Frequency.WEEKLY, 6, False),
        (Frequency.WEEKLY, 7, True),
        (Frequency.MONTHLY, 29, False),
        (Frequency.MONTHLY, 30, True),
    ],
)
def test_a_mail_takes_its_turn_once_the_days_are_over(
    frequency: Frequency, days: int, is_free: bool
) -> None:
    store, first = MemoryStore(), date(2026, 3, 1)
    store.write(Put(Table.CONTACTS, new_register("c1", address="ana@example.com")))
    store.write(take_turn("c1", "A", day=first, frequency=frequency))
    assert takes(store, take_turn("c1", "A", day=first, frequency=frequency))  # a retry
    later = take_turn("c1", "B", day=first + timedelta(days=days), frequency=frequency)
    assert takes(store, later) is is_free


def test_a_mail_that_was_refused_leaves_its_turn_to_the_next() -> None:
    store, day = MemoryStore(), date(2026, 3, 1)
    store.write(Put(Table.CONTACTS, new_register("c1", address="ana@example.com")))
    store.write(take_turn("c1", "A", day=day, frequency=Frequency.WEEKLY))
    assert not takes(store, give_turn_back("c1", "B"))
    assert takes(store, give_turn_back("c1", "A"))
    assert takes(store, take_turn("c1", "B", day=day, frequency=Frequency.WEEKLY))


def takes(store: MemoryStore, write: Update) -> bool:
    try:
        store.write(write)
    except ConditionFailed:
        return False
    return True


def test_a_pause_is_over_at_its_very_instant() -> None:
    item: Item = {
        **new_register("c1", address=None),
        "record": RECORD,
        "pause": {"until": "2026-03-01T12:00:00.000Z", "at": "2026-01-30T12:00:00.000Z", "by": "E"},
    }
    register = register_of(item)
    assert register.is_paused(NOON - timedelta(milliseconds=1))
    assert not register.is_paused(NOON)
