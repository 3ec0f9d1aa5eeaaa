"""Suppressed addresses: found again by their hash, told to nobody."""

from datetime import UTC, datetime

import pytest
from relance.register import SuppressionReason
from relance.storage import Table
from relance.suppression import Suppressions

from local.memory import MemoryStore

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
OLD, NEW = {"1": "first-secret"}, {"1": "first-secret", "2": "second-secret"}


@pytest.fixture
def store() -> MemoryStore:
    """A store in which one address is suppressed."""
    store = MemoryStore()
    suppressions = Suppressions(store, secrets=OLD, current="1")
    store.write(suppressions.suppress("Ana@Example.com", SuppressionReason.ERASED, at=NOW))
    return store


def test_an_address_is_found_however_it_is_written_and_another_is_not(store: MemoryStore) -> None:
    suppressions = Suppressions(store, secrets=OLD, current="1")
    assert suppressions.reason(" ana@example.com") is SuppressionReason.ERASED
    assert suppressions.reason("ben@example.com") is None


def test_what_a_former_key_hashed_is_still_found(store: MemoryStore) -> None:
    suppressions = Suppressions(store, secrets=NEW, current="2")
    assert suppressions.reason("ana@example.com") is SuppressionReason.ERASED
    store.write(suppressions.suppress("ben@example.com", SuppressionReason.COMPLAINED, at=NOW))
    assert suppressions.reason("ben@example.com") is SuppressionReason.COMPLAINED


def test_nobody_without_the_key_finds_the_address(store: MemoryStore) -> None:
    others = Suppressions(store, secrets={"1": "guessed"}, current="1")
    assert others.reason("ana@example.com") is None


def test_the_address_is_not_in_what_is_stored() -> None:
    write = Suppressions(MemoryStore(), secrets=OLD, current="1").suppress(
        "ana@example.com", SuppressionReason.BOUNCED, at=NOW
    )
    assert write.table is Table.IDENTITIES
    assert "ana" not in str(write.item).lower()
    assert str(write.item["identity"]).startswith("suppressed:")
