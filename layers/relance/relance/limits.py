"""How often forms may be sent: counters that refuse what is too much and expire by themselves.

Items of the table Identities, each with `count` and `expires_at`:

| `identity` | counts | at most |
|---|---|---|
| `limit:network:<form>:<hash>:<window>` | submissions of one form from one network | 30 in 10 min |
| `limit:address:<hash>:<day>` | sign-ups of one address, whatever the form | 5 in a day (UTC) |

A network is 24 bits of an IPv4 address or 48 of an IPv6 address: one computer may have all of it,
and a whole office shares it. The hashes keep what is counted from being read by chance; what was
signed up stands beside them in plain.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.ids import milliseconds
from relance.moments import day_of
from relance.storage import AnyOf, Below, Missing, Table, Update

FROM_A_NETWORK = 30
"""Submissions of a form that one network may make within a window."""

WINDOW = timedelta(minutes=10)

OF_AN_ADDRESS = 5
"""Sign-ups of one address within a day: so many double opt-in mails can anybody
cause at most, where content sets no lower bound (`at_most: 1 per day`)."""

QUICKEST = timedelta(seconds=2)
"""Nobody reads a form and fills it in faster; programs do."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A counter: where it stands, how far it may go, and when it is forgotten."""

    key: str
    most: int
    expires_at: datetime

    def count(self) -> Update:
        """The write that counts one more; its condition fails once there were enough."""
        return Update(
            Table.IDENTITIES,
            (self.key,),
            set={"expires_at": int(self.expires_at.timestamp())},
            add={"count": 1},
            when=AnyOf((Missing("count"), Below("count", self.most))),
        )


def of_network(form: str, network: str, now: datetime) -> Limit:
    """The counter of what a network submits of a form in the window that `now` lies in."""
    window = milliseconds(now) // _WINDOW_MS
    key = f"limit:network:{form}:{_hash(network)}:{window}"
    return Limit(key, FROM_A_NETWORK, now + timedelta(seconds=seconds_left(now)) + WINDOW)


def of_address(identity: str, now: datetime) -> Limit:
    """The counter of what is signed up for the address that this is the identity of, today."""
    day = day_of(now)
    return Limit(f"limit:address:{_hash(identity)}:{day}", OF_AN_ADDRESS, now + timedelta(days=2))


def seconds_left(now: datetime) -> int:
    """Whole seconds until the window ends that `now` lies in; at least one."""
    return (_WINDOW_MS - milliseconds(now) % _WINDOW_MS + 999) // 1000


_WINDOW_MS = int(WINDOW.total_seconds()) * 1000


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
