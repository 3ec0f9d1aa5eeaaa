"""What two functions that lease from one record read and write."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from relance.content.pace_rules import PaceRules
from relance.limiter import Limiter
from relance.pace import AccountState

from local.memory import MemoryStore

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
ACCOUNT = AccountState(
    per_second=14,
    per_day=None,
    sent=0,
    production=True,
    enabled=True,
    enforcement="HEALTHY",
    verified=True,
)


class Account:
    """SES, which always says the same."""

    def state(self) -> AccountState:
        return ACCOUNT


class Counted(MemoryStore):
    """A store that counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def get(self, *given: Any) -> Any:
        self.calls["read"] += 1
        return super().get(*given)

    def transact(self, *given: Any) -> None:
        self.calls["write"] += 1
        super().transact(*given)


class Time:
    """A clock that stands still but for pauses."""

    def __init__(self) -> None:
        self.now = MONDAY

    def pause(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def limiter(store: MemoryStore, time: Time) -> Limiter:
    return Limiter(
        store,
        Account,
        PaceRules(),
        live=True,
        sender="news@example.com",
        now=lambda: time.now,
        pause=time.pause,
        chance=lambda: 0.5,
    )


def test_a_lease_that_is_turned_away_is_not_read_after() -> None:
    store, time = Counted(), Time()
    first, second = limiter(store, time), limiter(store, time)
    first.wait_for_one(marketing=True)
    second.wait_for_one(marketing=True)
    time.pause(30)
    first.wait_for_one(marketing=True)
    store.calls.clear()
    # What the second saw is old by now: its write is refused, and brings what is true.
    second.wait_for_one(marketing=True)
    assert store.calls == {"write": 2}
    # Half a minute later it thinks the others are still there; after that it comes alone.
    time.pause(30)
    second.wait_for_one(marketing=True)
    store.calls.clear()
    time.pause(30)
    second.wait_for_one(marketing=True)
    assert store.calls == {"write": 1}
