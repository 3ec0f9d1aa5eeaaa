"""What is remembered of the erased: addresses that get nothing, and what led to them; as hashes.

The table Identities holds `suppressed:<hash>` with the reason and the day. The hash tells nobody
the address: it is an HMAC with a secret of the stack, so that not even who reads the table can try
addresses out. It outlives the contact: whoever gains the address later, by a form, a server or an
import, begins suppressed for the same reason.

| reason | what lifts it |
|---|---|
| `bounced`, `complained` | nothing |
| `erased` | the person itself: it signs up anew and confirms that (`manage_subscription.confirm`) |

Until then an erased address is asked to confirm by the double opt-in mail and gets nothing else.

`forgotten:<hash>` stands for thirty days for each identity (address, user id, browser) that led to
somebody who was erased, with the instant of the erasure. What happened before that and comes late
(from a queue, from a library that was off line) is dropped by it, and makes nobody anew.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from relance.moments import from_text, to_text
from relance.register import SuppressionReason
from relance.storage import Put, Store, Table

LATE = timedelta(days=30)
"""How long after an erasure something may still come late; the collector's queue keeps 14 days."""


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

    def reason(self, address: str) -> SuppressionReason | None:
        """Why the address is suppressed, None if it is not."""
        for key in self._keys.values():
            item = self._store.get(Table.IDENTITIES, (_suppressed(address, key),))
            if item:
                return SuppressionReason(str(item["reason"]))
        return None

    def suppress(self, address: str, reason: SuppressionReason, *, at: datetime) -> Put:
        """The write that suppresses the address."""
        identity = _suppressed(address, self._keys[self._current])
        item = {"identity": identity, "reason": reason.value, "since": to_text(at)}
        return Put(Table.IDENTITIES, item)

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
        keys: dict[tuple[str, ...], str] = {
            (_forgotten(identity, key),): identity
            for identity in identities
            for key in self._forgetting.values()
        }
        found = self._store.get_many(Table.IDENTITIES, keys)
        return {keys[key]: from_text(str(item["erased_at"])) for key, item in found.items()}


def _suppressed(address: str, key: bytes) -> str:
    return f"suppressed:{_hashed(address.strip().lower(), key)}"


def _forgotten(identity: str, key: bytes) -> str:
    return f"forgotten:{_hashed(identity, key)}"


def _hashed(text: str, key: bytes) -> str:
    digest = hmac.digest(key, text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
