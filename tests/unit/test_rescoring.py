"""Who is behind the rules, what it costs to score them anew, and the event that does it."""

from datetime import UTC, datetime, timedelta

import pytest
from relance.register import new_register
from relance.rescoring import Found, duration, everybody, in_words, price, rules_changed
from relance.storage import Item, Put, Table

from local.memory import MemoryStore

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
CONTACT = "01KE6P4Z0NWNGTPJXJR5ESJA98"


@pytest.mark.parametrize(
    ("contacts", "said"),
    [
        (1, "less than a cent"),
        (10_000, "about $0.12"),
        (1_000_000, "about $12.00"),
        (250_000_000, "about $3,000.00"),
    ],
)
def test_a_price_is_said_in_dollars_and_cents(contacts: int, said: str) -> None:
    assert price(contacts) == said


@pytest.mark.parametrize(
    ("contacts", "said"),
    [(1, "a minute"), (6_001, "2 minutes"), (600_000, "100 minutes"), (1_000_000, "3 hours")],
)
def test_a_duration_is_said_in_minutes_or_hours(contacts: int, said: str) -> None:
    assert duration(contacts) == said


def test_one_is_a_contact_and_more_are_contacts() -> None:
    assert (in_words(1), in_words(0), in_words(1234)) == (
        "1 contact",
        "0 contacts",
        "1,234 contacts",
    )


def test_a_contact_is_told_once_for_a_profile_and_rules_whenever_it_is_told() -> None:
    first = rules_changed(CONTACT, 3, "a", NOW)
    assert rules_changed(CONTACT, 3, "a", NOW + timedelta(days=1)).event_id == first.event_id
    others = [
        rules_changed(CONTACT, 4, "a", NOW),
        rules_changed(CONTACT, 3, "b", NOW),
        rules_changed(CONTACT[:-1] + "9", 3, "a", NOW),
    ]
    assert len({first.event_id, *(each.event_id for each in others)}) == 4


def test_everybody_is_found_with_the_rules_of_the_profile_but_no_one_who_is_erased() -> None:
    store = MemoryStore()
    for contact in ("A", "B", "C", "D"):
        store.write(Put(Table.CONTACTS, new_register(contact, address=None)))
    for contact, rules in (("A", "new"), ("B", "old")):
        key: Item = {"contact_id": contact, "record": "now#profile"}
        store.write(Put(Table.CONTACTS, {**key, "version": 2, "rules": rules}))
    erased = {**new_register("D", address=None), "erased_at": "2026-01-05T09:00:00.000Z"}
    store.write(Put(Table.CONTACTS, erased))
    found = list(everybody(store))
    assert found == [Found("A", 2, "new"), Found("B", 2, "old"), Found("C", 0, "")]
    assert [each.contact_id for each in found if each.is_behind("new")] == ["B"]
    assert list(everybody(store, after="A")) == found[1:]
