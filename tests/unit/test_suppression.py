"""Suppressed addresses: found again by their hash, told to nobody."""

from datetime import UTC, datetime

import pytest
from relance.errors import ConditionFailed
from relance.register import Scope, SuppressionReason, weaker_than
from relance.storage import Table
from relance.suppression import Suppressions

from local.memory import MemoryStore

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
OLD, NEW = {"1": "first-secret"}, {"1": "first-secret", "2": "second-secret"}


def reason(suppressions: Suppressions, address: str) -> SuppressionReason | None:
    entry = suppressions.entry(address)
    return entry.reason if entry else None


@pytest.fixture
def store() -> MemoryStore:
    """A store in which one address is suppressed."""
    store = MemoryStore()
    suppressions = Suppressions(store, secrets=OLD, current="1")
    store.transact(suppressions.suppress("Ana@Example.com", SuppressionReason.ERASED, at=NOW))
    return store


def test_an_address_is_found_however_it_is_written_and_another_is_not(store: MemoryStore) -> None:
    suppressions = Suppressions(store, secrets=OLD, current="1")
    assert reason(suppressions, " ana@example.com") is SuppressionReason.ERASED
    assert reason(suppressions, "ben@example.com") is None


def test_what_a_former_key_hashed_is_still_found(store: MemoryStore) -> None:
    suppressions = Suppressions(store, secrets=NEW, current="2")
    assert reason(suppressions, "ana@example.com") is SuppressionReason.ERASED
    store.transact(suppressions.suppress("ben@example.com", SuppressionReason.COMPLAINED, at=NOW))
    assert reason(suppressions, "ben@example.com") is SuppressionReason.COMPLAINED


def test_nobody_without_the_key_finds_the_address(store: MemoryStore) -> None:
    others = Suppressions(store, secrets={"1": "guessed"}, current="1")
    assert others.entry("ana@example.com") is None


def test_the_address_is_not_in_what_is_stored() -> None:
    (write,) = Suppressions(MemoryStore(), secrets=OLD, current="1").suppress(
        "ana@example.com", SuppressionReason.BOUNCED, at=NOW
    )
    assert write.table is Table.IDENTITIES
    assert "ana" not in str(write.item).lower()
    assert str(write.item["identity"]).startswith("suppressed:")


@pytest.mark.parametrize("there", list(SuppressionReason))
def test_an_erasure_leaves_a_stronger_reason_and_widens_a_narrower_one(
    there: SuppressionReason,
) -> None:
    store = MemoryStore()
    suppressions = Suppressions(store, secrets=OLD, current="1")
    store.write(suppressions.add("ana@example.com", there, at=NOW, scope=Scope.MARKETING))
    store.transact(suppressions.suppress("ana@example.com", SuppressionReason.ERASED, at=NOW))
    entry = suppressions.entry("ana@example.com")
    assert entry is not None
    assert entry.scope is Scope.ALL
    is_stronger = SuppressionReason.ERASED in weaker_than(there)
    assert entry.reason is (there if is_stronger else SuppressionReason.ERASED)
    assert suppressions.suppress("ana@example.com", SuppressionReason.ERASED, at=NOW) == []


def test_an_erasure_is_refused_if_the_owner_complained_in_between() -> None:
    store = MemoryStore()
    suppressions = Suppressions(store, secrets=OLD, current="1")
    writes = suppressions.suppress("ana@example.com", SuppressionReason.ERASED, at=NOW)
    store.write(suppressions.add("ana@example.com", SuppressionReason.COMPLAINED, at=NOW))
    with pytest.raises(ConditionFailed):
        store.transact(writes)
    assert reason(suppressions, "ana@example.com") is SuppressionReason.COMPLAINED


def test_of_entries_under_several_keys_the_strongest_counts(store: MemoryStore) -> None:
    suppressions = Suppressions(store, secrets=NEW, current="2")
    store.write(suppressions.add("ana@example.com", SuppressionReason.BOUNCED, at=NOW))
    assert reason(suppressions, "ana@example.com") is SuppressionReason.BOUNCED


def test_all_that_is_remembered_of_identities_is_read_with_one_call(store: MemoryStore) -> None:
    suppressions = Suppressions(store, secrets=NEW, current="2")
    store.write(suppressions.forget("user:7", at=NOW))
    identities = ["email:ana@example.com", "user:7", "email:ben@example.com"]
    items = store.get_many(Table.IDENTITIES, suppressions.keys(identities))
    entry = suppressions.entry_in(items, "Ana@example.com")
    assert entry == suppressions.entry("ana@example.com") is not None
    assert suppressions.entry_in(items, "ben@example.com") is None
    assert suppressions.forgotten_in(items, identities) == {"user:7": NOW}
    assert suppressions.forgotten(identities) == {"user:7": NOW}
