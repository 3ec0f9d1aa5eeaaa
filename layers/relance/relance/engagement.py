"""Opens and clicks between the request and the history: what a queue carries, what a mail got.

A request is answered at once. What it was is noted beside the mail and waits in a queue for some
seconds; then it is judged together with everything else that the mail got (`relance.machines`).

The item `fetches<send id>` of the table Sends notes what was asked for: act, instant and number of
the link, for a day. The user agent and the network (never the whole address) travel in the queue
alone and are gone once it is judged.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from relance.errors import InvalidInput
from relance.ids import milliseconds, moment_of
from relance.machines import Act, Fetch
from relance.storage import AnyOf, Below, Item, Missing, Table, Update

NOTED = timedelta(days=1)
"""How long it is noted what a mail got."""

MOST_NOTED = 200
"""Requests noted of one mail: no person makes so many."""

USER_AGENT = 512
"""Characters of a user agent that are looked at."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request for a mail's picture or link, on its way to be judged.

    `link` and `version` say which link of which version of the message; `network` is the part of
    the address that is looked at.
    """

    act: Act
    send_id: str
    at: datetime
    request_id: str
    user_agent: str
    network: str
    link: int = -1
    version: str = ""

    @property
    def fetch(self) -> Fetch:
        """What was asked for, and when."""
        return Fetch(self.act, self.at, self.link)

    def to_body(self) -> str:
        """As the queue carries it, in ASCII."""
        return json.dumps({**asdict(self), "at": milliseconds(self.at)}, separators=(",", ":"))

    def note(self) -> Update:
        """The write that notes it beside the mail; refused when enough is noted."""
        name = hashlib.sha256(f"{self.act}#{self.request_id}".encode()).hexdigest()[:16]
        return Update(
            Table.SENDS,
            notes_of(self.send_id),
            set={
                f"f_{name}": [self.act.value, milliseconds(self.at), self.link],
                "expires_at": round((self.at + NOTED).timestamp()),
            },
            add={"noted": 1},
            when=AnyOf((Missing("noted"), Below("noted", MOST_NOTED))),
        )


def request_of(body: str) -> Request:
    """The request that a message of the queue carries.

    Raises:
        InvalidInput: `to_body` did not write it.
    """
    try:
        told = json.loads(body)
        return Request(**{**told, "act": Act(told["act"]), "at": moment_of(told["at"])})
    except (ValueError, KeyError, TypeError):
        raise InvalidInput("this is no open and no click") from None


def notes_of(send_id: str) -> tuple[str]:
    """The key under which it is noted what a mail got."""
    return (f"fetches{send_id}",)


def noted(item: Item | None) -> list[Fetch]:
    """What a mail got, as far as it is noted."""
    found = []
    for name, value in (item or {}).items():
        if name.startswith("f_") and isinstance(value, list | tuple):
            act, ms, link = value
            found.append(Fetch(Act(str(act)), moment_of(int(str(ms))), int(str(link))))
    return found


def delivered_at(item: Mapping[str, object]) -> str:
    """When the mail of a record of the ledger was delivered or, if that is not known, sent."""
    return str(item.get("delivered_at") or item.get("sent_at") or item["claimed_at"])
