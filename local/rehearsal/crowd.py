"""The simulated audience of a rehearsal: it reads mail as its manners say, in its own hours.

What it does with a mail it does as the demo's audience does: it presses the buttons and follows
the links that stand in it, at the product's own API.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from local import ses_events
from local.audience import Audience, Habits, Letter, Reader, Spawn
from local.demo.browser import Web, links, pictures
from local.demo.people import Person
from local.hub import Hub
from local.mailbox import Mail
from local.rehearsal.habits import Manner
from local.ses_events import Fate

_HOUR = 3600.0
_OURS = re.compile(r"https?://[^/]+/[cokuf]/")
_NOT_CONTENT = re.compile(r"/[kpu]/")


@dataclass(slots=True)
class Guest(Reader):
    """A reader with manners; `got` counts the mails that were on their way to it."""

    manner: Manner | None = None
    got: int = 0


class Crowd(Audience):
    """Everybody in a shard."""

    def __init__(self, hub: Hub, spawn: Spawn, web: Web, *, seed: int) -> None:
        super().__init__(hub, spawn, web, seed=seed)
        self._hub = hub
        self._guests: dict[str, Guest] = {}

    def join(self, person: Person, manner: Manner) -> Guest:
        """Make a person a guest."""
        habits = Habits(
            mailbox=manner.mailbox,
            confirms=manner.confirms,
            clicks="soon",
            loads_pictures=True,
            allows_tracking=manner.allows_tracking,
            unsubscribes="by link" if manner.by_link else "by provider",
            complains=False,
            behind_scanner=manner.behind_scanner,
            signs_up_twice=manner.signs_up_twice,
            double_clicks=False,
        )
        guest = Guest(person, habits, manner=manner)
        self._guests[person.email.casefold()] = guest
        return guest

    def fate(self, _mail: Mail, recipient: str) -> Fate:
        """Say what becomes of a mail on its way to this recipient."""
        guest = self._guests.get(recipient.casefold())
        if guest is None or guest.manner is None:
            return ses_events.DELIVERED
        guest.got += 1
        if guest.manner.mailbox == "gone":
            return ses_events.HARD_BOUNCE
        if guest.manner.mailbox == "full":
            return ses_events.FULL_FOR_HOURS
        chance = guest.person.chance(self._seed, f"fate {guest.got}")
        spam = chance.random() < guest.manner.complains
        return ses_events.REPORTED_AS_SPAM if spam else ses_events.DELIVERED

    def receive(self, mail: Mail, recipient: str) -> None:
        """Put a delivered mail before its reader, who acts on it in its own time."""
        guest = self._guests.get(recipient.casefold())
        letter = letter_of(mail)
        mail.draft = replace(mail.draft, html=None, text=None)
        if guest is None or guest.manner is None:
            return
        chance = guest.person.chance(self._seed, f"mail {guest.asked + guest.read}")
        if guest.manner.behind_scanner:
            self._later(chance.uniform(1, 8), lambda: self._scan(letter))
        if letter.confirm is not None:
            self._ask(guest, letter, guest.manner)
        else:
            self._address(guest, letter, guest.manner)

    def _ask(self, guest: Guest, letter: Letter, manner: Manner) -> None:
        guest.asked += 1
        if manner.confirms == "never" or guest.confirmed:
            return
        if manner.confirms == "after the reminder" and guest.asked == 1:
            return
        chance = guest.person.chance(self._seed, f"asked {guest.asked}")
        patience = min(chance.lognormvariate(0.0, 1.4) * _HOUR, 36 * _HOUR)
        self._at(
            manner.next_moment(self._hub.now + patience, chance),
            lambda: self._confirm(guest, letter),
        )

    def _address(self, guest: Guest, letter: Letter, manner: Manner) -> None:
        guest.read += 1
        chance = guest.person.chance(self._seed, f"read {guest.read}")
        clicks, opens = chance.random() < manner.clicks, chance.random() < manner.opens
        leaves = chance.random() < manner.unsubscribes
        if not (clicks or opens or leaves):
            return
        patience = min(chance.lognormvariate(1.2, 1.1) * _HOUR, 72 * _HOUR)
        at = manner.next_moment(self._hub.now + patience, chance)
        if opens:
            self._at(at, lambda: self._load(letter))
        if clicks and letter.content:
            url = next((u for u in letter.content if _OURS.match(u)), letter.content[0])
            self._at(at + chance.uniform(5, 90), lambda: self._follow(guest, url))
        if leaves:
            self._at(at + chance.uniform(100, 900), lambda: self._leave(guest, letter))

    def _at(self, when: float, errand: object) -> None:
        assert callable(errand)  # noqa: S101
        self._later(max(0.0, when - self._hub.now), errand)


def letter_of(mail: Mail) -> Letter:
    """What the reader sees of a mail, read from the request that SES got: no MIME in between."""
    html, headers = mail.draft.html or "", dict(mail.draft.headers)
    everything = tuple(link.url for link in links(html))
    by_path = {
        mark: next((url for url in everything if f"/{mark}/" in url), None) for mark in ("k", "u")
    }
    targets = [each.strip(" \r\n\t<>") for each in headers.get("List-Unsubscribe", "").split(",")]
    https = next((each for each in targets if each.startswith(("https://", "http://"))), None)
    post = headers.get("List-Unsubscribe-Post", "").strip()
    return Letter(
        confirm=by_path["k"],
        unsubscribe=by_path["u"],
        content=tuple(url for url in everything if not _NOT_CONTENT.search(url)),
        everything=tuple(url for url in everything if _OURS.match(url)),
        pictures=tuple(pictures(html)),
        one_click=https if post == "List-Unsubscribe=One-Click" else None,
    )
