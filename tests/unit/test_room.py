"""Room in a contact's day: the last of it is taken once, and by nobody who was told to stop."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from relance.choices import Frequency
from relance.content.sending_rules import Cap
from relance.errors import ConditionFailed
from relance.register import (
    RECORD,
    ConsentState,
    Register,
    Scope,
    SuppressionReason,
    change_consent,
    consent_value,
    counter,
    frequency_value,
    new_register,
    pause_value,
    register_of,
    suppress,
)
from relance.room import MARKETING, Room, old_counts, room_for, room_on, used
from relance.storage import Present, Put, Table, Update, Write

from local.memory import MemoryStore
from tests.unit.test_deciding import OFFER, RECEIPT

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TODAY = date(2026, 1, 5)
ONE_A_DAY = Cap(per_day=1)
KEY = ("c1", RECORD)


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    granted = {"consent#news": consent_value(ConsentState.GRANTED, NOON - timedelta(days=1), "e")}
    store.write(Put(Table.CONTACTS, {**new_register("c1", address="ana@example.com"), **granted}))
    return store


def read(store: MemoryStore) -> Register:
    item = store.get(Table.CONTACTS, KEY)
    assert item is not None
    return register_of(item)


def room(register: Register, send_id: str = "S1", cap: Cap = ONE_A_DAY) -> Room:
    return room_for(OFFER, register, cap, send_id=send_id, day=TODAY)


def test_of_two_senders_with_room_for_one_one_takes_it(store: MemoryStore) -> None:
    first, second = read(store), read(store)
    store.write(room(first, "S1").take(first))
    with pytest.raises(ConditionFailed):
        store.write(room(second, "S2").take(second))
    assert room_on(read(store), ONE_A_DAY, TODAY) == 0


def test_without_bounds_nobody_stands_in_anybodys_way(store: MemoryStore) -> None:
    first, second = read(store), read(store)
    store.write(room(first, "S1", Cap()).take(first))
    store.write(room(second, "S2", Cap()).take(second))
    assert used(read(store), MARKETING, TODAY) == 2


def changes() -> list[tuple[str, Write]]:
    contacts = Table.CONTACTS
    withdrawn = change_consent("c1", "news", ConsentState.WITHDRAWN, at=NOON, by="e")
    pause = {"pause": pause_value(NOON + timedelta(days=30), NOON, "e")}
    weekly = {"frequency": frequency_value(Frequency.WEEKLY, NOON, "e")}
    return [
        ("unsubscribed", withdrawn),
        ("reported it as spam", suppress("c1", SuppressionReason.COMPLAINED, at=NOON)),
        ("asked for a pause", Update(contacts, KEY, set=pause, when=Present())),
        ("asked for few mails", Update(contacts, KEY, set=weekly, when=Present())),
        ("was erased", Update(contacts, KEY, set={"erased_at": "2026-01-05"}, when=Present())),
        ("was joined to somebody", Update(contacts, KEY, set={"joined_to": "c2"}, when=Present())),
    ]


@pytest.mark.parametrize(("_", "change"), changes(), ids=[name for name, _ in changes()])
def test_whoever_changed_since_the_read_is_read_again(
    store: MemoryStore, _: str, change: Update
) -> None:
    before = read(store)
    store.write(change)
    with pytest.raises(ConditionFailed):
        store.write(room(before, cap=Cap()).take(before))


BOUNDED = replace(RECEIPT, at_most_per_day=5)
"""What somebody asked for, and counts."""


@pytest.mark.parametrize("was_there", [True, False], ids=["before the read", "since the read"])
def test_who_gets_no_marketing_still_gets_what_was_asked_for(
    store: MemoryStore, *, was_there: bool
) -> None:
    by_hand = suppress("c1", SuppressionReason.BY_HAND, at=NOON, scope=Scope.MARKETING)
    before = read(store)
    store.write(by_hand)
    register = read(store) if was_there else before
    store.write(room_for(BOUNDED, register, Cap(), send_id="S1", day=TODAY).take(register))
    with pytest.raises(ConditionFailed):
        store.write(room(before, "S2", Cap()).take(before))


@pytest.mark.parametrize("scope", [Scope.MARKETING, None], ids=["some mail", "all mail"])
def test_a_suppression_that_stops_more_is_not_passed_over(
    store: MemoryStore, scope: Scope | None
) -> None:
    if scope:
        store.write(suppress("c1", SuppressionReason.BY_HAND, at=NOON, scope=scope))
    before = read(store)
    store.write(suppress("c1", SuppressionReason.BOUNCED, at=NOON))
    with pytest.raises(ConditionFailed):
        store.write(room_for(BOUNDED, before, Cap(), send_id="S1", day=TODAY).take(before))


def test_an_erased_address_that_is_asked_to_confirm_has_not_complained_since(
    store: MemoryStore,
) -> None:
    store.write(suppress("c1", SuppressionReason.ERASED, at=NOON))
    before = read(store)
    asks = room_for(BOUNDED, before, Cap(), send_id="S1", day=TODAY)
    store.write(asks.take(before))
    before = read(store)
    store.write(suppress("c1", SuppressionReason.COMPLAINED, at=NOON))
    with pytest.raises(ConditionFailed):
        store.write(asks.take(before))


def test_room_that_was_not_used_is_given_back(store: MemoryStore) -> None:
    register = read(store)
    taken = room(register)
    store.write(taken.take(register))
    store.write(taken.give_back("c1"))
    assert room_on(read(store), ONE_A_DAY, TODAY) == 1


def test_a_contact_that_wants_few_mails_has_its_turn_noted(store: MemoryStore) -> None:
    weekly = {"frequency": frequency_value(Frequency.WEEKLY, NOON, "e")}
    store.write(Update(Table.CONTACTS, KEY, set=weekly))
    store.write(room(read(store), cap=Cap()).take(read(store)))
    turn = read(store).turn
    assert turn is not None
    assert (turn.day, turn.send_id) == ("2026-01-05", "S1")
    assert read(store).marketing_day == "2026-01-05"


def test_what_people_asked_for_takes_no_room_unless_it_bounds_itself(store: MemoryStore) -> None:
    register = read(store)
    free = room_for(RECEIPT, register, Cap(), send_id="S1", day=TODAY)
    assert (free.counts, free.bounded) == ((), False)
    once = room_for(replace(RECEIPT, at_most_per_day=1), register, Cap(), send_id="S1", day=TODAY)
    assert (once.counts, once.bounded) == (("email/receipt",), True)


def test_counts_are_dropped_when_no_week_looks_at_them_any_more() -> None:
    days = ("2025-12-26", "2025-12-27", "2026-01-05")
    register = Register("c1", counters={counter(MARKETING, day): 1 for day in days})
    assert old_counts(register, NOON) == [counter(MARKETING, "2025-12-26")]
