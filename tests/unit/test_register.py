"""Consent: the last writer wins, at a tie the withdrawal, and a public form never grants."""

from datetime import UTC, datetime, timedelta

import pytest
from relance.errors import ConditionFailed
from relance.register import (
    RECORD,
    ConsentState,
    Register,
    SuppressionReason,
    change_consent,
    new_register,
    register_of,
    suppress,
)
from relance.storage import Put, Table

from local.memory import MemoryStore

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PENDING, GRANTED, WITHDRAWN = ConsentState.PENDING, ConsentState.GRANTED, ConsentState.WITHDRAWN


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.write(Put(Table.CONTACTS, new_register("c1", address="ana@example.com")))
    return store


def read(store: MemoryStore) -> Register:
    item = store.get(Table.CONTACTS, ("c1", RECORD))
    assert item is not None
    return register_of(item)


def change(store: MemoryStore, state: ConsentState, minutes: int) -> bool:
    at = NOON + timedelta(minutes=minutes)
    try:
        store.write(change_consent("c1", "newsletter", state, at=at, by=f"E{minutes}"))
    except ConditionFailed:
        return False
    return True


CASES = [
    pytest.param([(PENDING, 0), (GRANTED, 5)], GRANTED, id="asked, then confirmed"),
    pytest.param([(GRANTED, 5), (PENDING, 9)], GRANTED, id="a form takes nothing away"),
    pytest.param([(GRANTED, 5), (WITHDRAWN, 9)], WITHDRAWN, id="withdrawn"),
    pytest.param([(WITHDRAWN, 9), (GRANTED, 5)], WITHDRAWN, id="an older grant comes late"),
    pytest.param([(GRANTED, 5), (WITHDRAWN, 5)], WITHDRAWN, id="a tie is a withdrawal"),
    pytest.param([(WITHDRAWN, 5), (GRANTED, 5)], WITHDRAWN, id="a tie the other way round"),
    pytest.param([(WITHDRAWN, 5), (PENDING, 9)], PENDING, id="asked again after leaving"),
    pytest.param([(WITHDRAWN, 5), (PENDING, 9), (GRANTED, 10)], GRANTED, id="came back"),
]


@pytest.mark.parametrize(("changes", "expected"), CASES)
def test_the_last_word_on_a_consent_counts(
    store: MemoryStore, changes: list[tuple[ConsentState, int]], expected: ConsentState
) -> None:
    for state, minutes in changes:
        change(store, state, minutes)
    assert read(store).consent_to("newsletter") is expected


def test_an_erased_contact_consents_to_nothing(store: MemoryStore) -> None:
    store.write(
        Put(
            Table.CONTACTS,
            {**new_register("c1", address=None), "erased_at": "2026-03-01T11:00:00.000Z"},
        )
    )
    assert not change(store, GRANTED, 1)


def test_there_is_no_consent_without_a_contact() -> None:
    assert not change(MemoryStore(), GRANTED, 1)


def test_the_first_reason_of_a_suppression_stays(store: MemoryStore) -> None:
    store.write(suppress("c1", SuppressionReason.COMPLAINED, at=NOON))
    with pytest.raises(ConditionFailed):
        store.write(suppress("c1", SuppressionReason.BOUNCED, at=NOON))
    assert read(store).suppressed is SuppressionReason.COMPLAINED
