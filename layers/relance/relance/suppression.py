"""What is remembered of the erased: addresses that get nothing, and what led to them; as hashes.

The table Identities holds `suppressed:<hash>` with the reason and the day. The hash tells nobody
the address: it is an HMAC with a secret of the stack, so that not even who reads the table can try
addresses out. It outlives the contact: whoever gains the address later, by a form, a server or an
import, begins suppressed for the same reason.

| reason | comes of | what lifts it |
|---|---|---|
| `complained` | a complaint | nothing: the person said so to the provider |
| `bounced` | a hard bounce | somebody who looks after the list, and says why |
| `unreachable` | soft bounces in a row (`relance.feedback`) | likewise |
| `by_hand`, `imported` | somebody, a file or SES's own list | likewise |
| `erased` | an erasure | the person, who signs up anew and confirms it |

An entry also says for what (`scope`: `all`, or `marketing`, so that receipts still go out), since
when, and of what was done by hand who did it and why. A stronger reason replaces a weaker one.
There is no scope for a topic: leaving a topic is a consent that is withdrawn.

Until then an erased address is asked to confirm by the double opt-in mail and gets nothing else.

`forgotten:<hash>` stands for thirty days for each identity (address, user id, browser) that led to
somebody who was erased, with the instant of the erasure. What happened before that and comes late
(from a queue, from a library that was off line) is dropped by it, and makes nobody anew.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.moments import from_text, to_text
from relance.register import Scope, SuppressionReason, weaker_than
from relance.storage import Absent, AnyOf, Delete, Equals, Item, Put, Store, Table

LATE = timedelta(days=30)
"""How long after an erasure something may still come late; the collector's queue keeps 14 days."""

Items = Mapping[tuple[str, ...], Item]
"""Items of the table Identities, by key."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the list. `identity` is its key, from which nobody finds the address."""

    identity: str
    reason: SuppressionReason
    scope: Scope
    since: str


class Suppressions:
    """The suppressed addresses, and the forgotten identities, in a store.

    `secrets` maps key ids to secrets; `current` hashes what is written, all of them what is looked
    up, so that a key can be replaced.
    """

    def __init__(self, store: Store, *, secrets: Mapping[str, str], current: str) -> None:
        self._store = store
        self._keys = {
            key_id: hmac.digest(secret.encode(), b"relance/SUPPRESSED", "sha256")
            for key_id, secret in secrets.items()
        }
        self._forgetting = {
            key_id: hmac.digest(secret.encode(), b"relance/FORGOTTEN", "sha256")
            for key_id, secret in secrets.items()
        }
        self._current = current

    def entry(self, address: str) -> Entry | None:
        """What the list says of the address, None if it is not on it."""
        names = [_suppressed(address, key) for key in self._keys.values()]
        items = (self._store.get(Table.IDENTITIES, (name,)) for name in names)
        return _strongest(filter(None, items))

    def keys(self, identities: Iterable[str]) -> list[tuple[str, ...]]:
        """Where something may be remembered of these identities: to be read together with them."""
        asked = list(identities)
        addresses = [each.removeprefix("email:") for each in asked if each.startswith("email:")]
        listed = (_suppressed(each, key) for each in addresses for key in self._keys.values())
        gone = (_forgotten(each, key) for each in asked for key in self._forgetting.values())
        return [(name,) for name in (*listed, *gone)]

    def entry_in(self, items: Items, address: str) -> Entry | None:
        """What the list says of the address, by items that were read at `keys`."""
        names = [_suppressed(address, key) for key in self._keys.values()]
        return _strongest(items[(name,)] for name in names if (name,) in items)

    def add(
        self,
        address: str,
        reason: SuppressionReason,
        *,
        at: datetime,
        scope: Scope = Scope.ALL,
        by: str = "",
        why: str = "",
    ) -> Put:
        """The write that puts the address on the list, refused where a stronger reason stands."""
        weaker = tuple(Equals("reason", each.value) for each in weaker_than(reason))
        item = {
            "identity": _suppressed(address, self._keys[self._current]),
            "reason": reason.value,
            "since": to_text(at),
            **({} if scope is Scope.ALL else {"scope": scope.value}),
            **({"by": by} if by else {}),
            **({"why": why} if why else {}),
        }
        return Put(Table.IDENTITIES, item, when=AnyOf((Absent(), *weaker)))

    def remove(self, entry: Entry) -> Delete:
        """The write that takes an address off the list, unless another reason stands by now."""
        return Delete(
            Table.IDENTITIES, (entry.identity,), when=Equals("reason", entry.reason.value)
        )

    def suppress(self, address: str, reason: SuppressionReason, *, at: datetime) -> list[Put]:
        """The write by which nothing at all is sent to the address; none, if that is so already.

        A stronger reason stays, and the write is refused if another stands by now.
        """
        there = self.entry(address)
        if there and reason in weaker_than(there.reason):
            reason = there.reason
        if there and (there.reason, there.scope) == (reason, Scope.ALL):
            return []
        item = {
            "identity": _suppressed(address, self._keys[self._current]),
            "reason": reason.value,
            "since": to_text(at),
        }
        when = AnyOf((Absent(), Equals("reason", there.reason.value))) if there else Absent()
        return [Put(Table.IDENTITIES, item, when=when)]

    def forget(self, identity: str, *, at: datetime) -> Put:
        """The write that remembers, for a while, that an identity led to somebody erased."""
        key = _forgotten(identity, self._forgetting[self._current])
        expires = int((at + LATE).timestamp())
        return Put(
            Table.IDENTITIES, {"identity": key, "erased_at": to_text(at), "expires_at": expires}
        )

    def forgotten(self, identities: Iterable[str]) -> dict[str, datetime]:
        """When whoever these identities led to was erased, for those of which it is remembered.

        Raises:
            StoreBusy: this cannot be told now.
        """
        asked = list(identities)
        keys = [(_forgotten(each, key),) for each in asked for key in self._forgetting.values()]
        return self.forgotten_in(self._store.get_many(Table.IDENTITIES, keys), asked)

    def forgotten_in(self, items: Items, identities: Iterable[str]) -> dict[str, datetime]:
        """The same by items that were read at `keys`."""
        return {
            identity: from_text(str(items[name,]["erased_at"]))
            for identity in identities
            for name in (_forgotten(identity, key) for key in self._forgetting.values())
            if (name,) in items
        }


def _strongest(items: Iterable[Item]) -> Entry | None:
    """The entry that counts, where keys were replaced and there are several."""
    entries = [_entry_of(each) for each in items]
    return max(entries, key=lambda each: len(weaker_than(each.reason)), default=None)


def _entry_of(item: Item) -> Entry:
    return Entry(
        identity=str(item["identity"]),
        reason=SuppressionReason(str(item["reason"])),
        scope=Scope(str(item.get("scope") or Scope.ALL)),
        since=str(item["since"]),
    )


def _suppressed(address: str, key: bytes) -> str:
    return f"suppressed:{_hashed(address.strip().lower(), key)}"


def _forgotten(identity: str, key: bytes) -> str:
    return f"forgotten:{_hashed(identity, key)}"


def _hashed(text: str, key: bytes) -> str:
    digest = hmac.digest(key, text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
