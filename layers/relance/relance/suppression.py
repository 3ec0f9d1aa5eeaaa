"""Addresses that get nothing any more, whoever they belong to: kept as a keyed hash.

The table Identities holds `suppressed:<hash>` with the reason and the day. The hash tells nobody
the address: it is an HMAC with a secret of the stack, so that not even who reads the table can try
addresses out. It outlives the contact: whoever gains the address later, by a form, a server or an
import, begins suppressed for the same reason.

| reason | what lifts it |
|---|---|
| `bounced`, `complained` | nothing |
| `erased` | the person itself: it signs up anew and confirms that (`manage_subscription.confirm`) |

Until then an erased address is asked to confirm by the double opt-in mail and gets nothing else.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime

from relance.moments import to_text
from relance.register import SuppressionReason
from relance.storage import Put, Store, Table


class Suppressions:
    """The suppressed addresses in a store.

    `secrets` maps key ids to secrets; `current` hashes what is written, all of them what is looked
    up, so that a key can be replaced.
    """

    def __init__(self, store: Store, *, secrets: Mapping[str, str], current: str) -> None:
        self._store = store
        self._keys = {
            key_id: hmac.digest(secret.encode(), b"relance/SUPPRESSED", "sha256")
            for key_id, secret in secrets.items()
        }
        self._current = current

    def reason(self, address: str) -> SuppressionReason | None:
        """Why the address is suppressed, None if it is not."""
        for key_id in self._keys:
            item = self._store.get(Table.IDENTITIES, (self._identity(address, key_id),))
            if item:
                return SuppressionReason(str(item["reason"]))
        return None

    def suppress(self, address: str, reason: SuppressionReason, *, at: datetime) -> Put:
        """The write that suppresses the address."""
        identity = self._identity(address, self._current)
        item = {"identity": identity, "reason": reason.value, "since": to_text(at)}
        return Put(Table.IDENTITIES, item)

    def _identity(self, address: str, key_id: str) -> str:
        digest = hmac.digest(self._keys[key_id], address.strip().lower().encode(), "sha256")
        return f"suppressed:{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"
