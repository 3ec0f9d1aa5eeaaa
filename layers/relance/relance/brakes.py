"""The brake: a marketing message that too many bounce or complain about is stopped by itself.

One record for each message in the table Sends, `brake:<message>`, with `delivered`, `bounced` and
`complained`, and once it was braked `braked_at` and `because`. Senders read that off the record of
the pace (`braked:<message>`), which they see anyway: it costs no call. Bounces and complaints are
counted once each, by a mark in the ledger. Deliveries, which are many, are added up in memory and
written once for a batch of reports; those that are lost with a function that dies make the brake a
little quicker. What a person asked for is never braked.

A brake is released by a person (`check_setup` with `release`), and the counts begin anew.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from relance.content.pace_rules import Brake
from relance.errors import ConditionFailed, Retryable
from relance.limiter import KEY, mark_of
from relance.moments import to_text
from relance.storage import AtLeast, Item, Missing, Present, Store, Table, Update

BOUNCED = "bounced"
COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class Braked:
    """A message that was stopped, and why in a sentence."""

    message: str
    because: str


def too_many(item: Item, rules: Brake) -> str | None:
    """Why a message with these counts has to be stopped, in a sentence; None if it need not."""
    delivered, bounced, complained = (
        int(str(item.get(name, 0))) for name in ("delivered", BOUNCED, COMPLAINED)
    )
    mails = max(1, delivered + bounced)
    for count, bound, after, words in (
        (bounced, rules.bounces, rules.bounces_after, "came back for good"),
        (complained, rules.complaints, rules.complaints_after, "were reported as spam"),
    ):
        if mails >= after and count / mails >= bound:
            share, allowed = f"{count / mails:.2%}", f"{bound:.2%}"
            return f"{count} of {mails} mails {words}: {share}, where {allowed} stops a message."
    return None


class Brakes:
    """The brakes, as one warm function sees them."""

    def __init__(self, store: Store, rules: Brake, *, now: Callable[[], datetime]) -> None:
        self._store = store
        self._rules = rules
        self._now = now
        self._delivered: Counter[str] = Counter()
        self._suspected: set[str] = set()

    def delivered(self, message: str) -> None:
        """A mail arrived; written with the next `flush`."""
        self._delivered[message] += 1

    def went_wrong(self, message: str, send_id: str, kind: str) -> None:
        """A mail came back for good (`BOUNCED`) or was reported as spam (`COMPLAINED`); once each.

        Raises:
            StoreBusy: try again; nothing is counted twice.
        """
        mark = f"{kind}_counted"
        with suppress(ConditionFailed):  # counted before
            self._store.transact(
                [
                    Update(Table.SENDS, (send_id,), set={mark: True}, when=Missing(mark)),
                    Update(Table.SENDS, _key(message), add={kind: 1}),
                ]
            )
        self._suspected.add(message)

    def flush(self) -> list[Braked]:
        """Write what was added up, and brake: at the end of each batch of reports.

        Returns the messages that were stopped just now.

        Raises:
            StoreBusy: try again.
        """
        for message, count in self._delivered.items():
            with suppress(Retryable):  # lost, which makes the brake a little quicker
                self._store.write(Update(Table.SENDS, _key(message), add={"delivered": count}))
        self._delivered.clear()
        suspected, self._suspected = self._suspected, set()
        return [braked for each in sorted(suspected) if (braked := self._brake_if_needed(each))]

    def release(self, message: str) -> bool:
        """Let a message go on and count anew; whether it was stopped.

        Raises:
            StoreBusy: try again.
        """
        gone = ("braked_at", "because", "delivered", BOUNCED, COMPLAINED)
        stopped = AtLeast("because", "")
        try:
            self._store.transact(
                [
                    Update(Table.SENDS, _key(message), remove=gone, when=stopped),
                    Update(Table.SENDS, KEY, remove=(mark_of(message),)),
                ]
            )
        except ConditionFailed:
            return False
        return True

    def _brake_if_needed(self, message: str) -> Braked | None:
        item = self._store.get(Table.SENDS, _key(message)) or {}
        because = too_many(item, self._rules)
        if because is None or "because" in item:
            return None
        brake = {"braked_at": to_text(self._now()), "because": because}
        try:
            self._store.transact(
                [
                    Update(Table.SENDS, _key(message), set=brake, when=Missing("because")),
                    Update(Table.SENDS, KEY, set={mark_of(message): because}, when=Present()),
                ]
            )
        except ConditionFailed:  # another function did it just now, and tells of it
            return None
        return Braked(message, because)


def _key(message: str) -> tuple[str]:
    return (f"brake:{message}",)
