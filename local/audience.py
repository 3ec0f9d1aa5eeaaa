"""The audience: simulated people who read the mail that the mail box delivers.

Everything they do, they do as people and mailbox providers do: they parse the MIME message, follow
the links and pictures of its HTML part over HTTP on 127.0.0.1, fill in the forms they find there,
and press the buttons. A provider's "unsubscribe" POSTs what RFC 8058 asks for to the address in the
List-Unsubscribe header. A company's security scanner asks for every link (HEAD, then GET) seconds
after delivery, the confirmation and unsubscribe links included.

What a person is like is drawn once, from the seed and the person's id, by the shares in HABITS; no
person's chance depends on another's. These shares are made up, in the region of what mailing
services report; nothing in the product knows them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from local import ses_events
from local.demo.browser import Answer, Web, forms, links, pictures
from local.demo.people import Person
from local.mailbox import Mail, Mailbox
from local.ses_events import Fate

_HOUR = 3600.0
_DAY = 24 * _HOUR

# habit: (what it says on the screen, share of all people)
HABITS: dict[str, tuple[str, float]] = {
    "gone": ("their mailbox does not exist (hard bounce)", 0.02),
    "full": ("their mailbox is full (soft bounce after hours)", 0.01),
    "confirms": ("confirm within hours", 0.68),
    "confirms_late": ("confirm only after the reminder", 0.13),
    "loads_pictures": ("let the mail client load pictures", 0.55),
    "allows_tracking": ("tick the box that allows tracking, if there is one", 0.60),
    "clicks": ("click in the first welcome mail", 0.30),
    "clicks_late": ("click in a later mail only", 0.15),
    "unsubscribes_by_provider": ("unsubscribe with their provider's one-click button", 0.04),
    "unsubscribes_by_link": ("unsubscribe by the link in the mail and its button", 0.04),
    "complains": ("press 'this is spam'", 0.005),
    "behind_scanner": ("sit behind a scanner that fetches every link", 0.08),
    "signs_up_twice": ("sign up a second time, days later", 0.03),
    "double_clicks": ("click twice on the form's button", 0.05),
}

# What the audience is counted doing, and how that is said of one.
DEEDS: dict[str, str] = {
    "links fetched by scanners": "link fetched by a scanner",
    "mails opened with pictures": "mail opened with pictures",
    "links clicked": "link clicked",
    "links clicked that are not followed (no consent)": (
        "link clicked that is not followed (no consent)"
    ),
    "addresses confirmed": "address confirmed",
    "one-click unsubscriptions": "one-click unsubscription",
    "unsubscriptions by link and button": "unsubscription by link and button",
}

_PERSON = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_PICTURE_PROXY = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
)
_SCANNER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/109.0 Safari/537.36"
)

# A link that leads to the product's own API; anything else is somebody's website.
_OURS = re.compile(r"https?://[^/]+/[cokuf]/")

Answering = Literal["soon", "after the reminder", "never"]


@dataclass(frozen=True, slots=True)
class Habits:
    """What one person does with mail."""

    mailbox: Literal["fine", "gone", "full"]
    confirms: Answering
    clicks: Answering
    loads_pictures: bool
    allows_tracking: bool
    unsubscribes: Literal["no", "by provider", "by link"]
    complains: bool
    behind_scanner: bool
    signs_up_twice: bool
    double_clicks: bool


class Timers(Protocol):
    """What the audience needs of the hub."""

    def after(self, delay: float, action: Callable[[], None]) -> object:
        """Run `action` in `delay` seconds."""
        ...


class Spawn(Protocol):
    """Run an errand of HTTP requests in a greenlet of its own."""

    def __call__(self, errand: Callable[[], None]) -> None:
        """Start it; a failure of it ends the run."""
        ...


def habits_of(person: Person, seed: int) -> Habits:
    """Draw what a person is like."""
    chance = person.chance(seed, "habits")

    def one_of(*names: str) -> str | None:
        drawn = chance.random()
        for name in names:
            drawn -= HABITS[name][1]
            if drawn < 0:
                return name
        return None

    mailbox = one_of("gone", "full")
    confirms = one_of("confirms", "confirms_late")
    clicks = one_of("clicks", "clicks_late")
    unsubscribes = one_of("unsubscribes_by_provider", "unsubscribes_by_link")
    answering: dict[str | None, Answering] = {
        "confirms": "soon",
        "clicks": "soon",
        "confirms_late": "after the reminder",
        "clicks_late": "after the reminder",
        None: "never",
    }
    return Habits(
        mailbox="gone" if mailbox == "gone" else "full" if mailbox == "full" else "fine",
        confirms=answering[confirms],
        clicks=answering[clicks],
        loads_pictures=one_of("loads_pictures") is not None,
        allows_tracking=one_of("allows_tracking") is not None,
        unsubscribes={
            "unsubscribes_by_provider": "by provider",
            "unsubscribes_by_link": "by link",
        }.get(unsubscribes or "", "no"),  # type: ignore[arg-type]
        complains=one_of("complains") is not None,
        behind_scanner=one_of("behind_scanner") is not None,
        signs_up_twice=one_of("signs_up_twice") is not None,
        double_clicks=one_of("double_clicks") is not None,
    )


@dataclass(slots=True)
class Reader:
    """A person with habits, and what mail has reached them so far."""

    person: Person
    habits: Habits
    asked: int = 0
    read: int = 0
    confirmed: bool = False
    left: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as its reader sees it."""

    confirm: str | None
    unsubscribe: str | None
    content: tuple[str, ...]
    everything: tuple[str, ...]
    pictures: tuple[str, ...]
    one_click: str | None


class Audience:
    """Everybody who can receive mail in a run. Register with `attach` before the first sign-up."""

    def __init__(self, timers: Timers, spawn: Spawn, web: Web, *, seed: int) -> None:
        self._timers = timers
        self._spawn = spawn
        self._web = web
        self._seed = seed
        self._readers: dict[str, Reader] = {}
        self.deeds: dict[str, int] = {}
        self.surprises: list[str] = []

    def attach(self, mailbox: Mailbox) -> None:
        """Let the mail box ask us what becomes of a mail, and deliver to us."""
        mailbox.receiver = self.fate
        mailbox.on_delivered.append(self.receive)

    def add(self, person: Person) -> Reader:
        """Make a person a reader; the same person stays the same reader."""
        key = person.email.casefold()
        if key not in self._readers:
            self._readers[key] = Reader(person, habits_of(person, self._seed))
        return self._readers[key]

    def readers(self) -> list[Reader]:
        """Return everybody, in the order in which they came."""
        return list(self._readers.values())

    def fate(self, _mail: Mail, recipient: str) -> Fate:
        """Say what becomes of a mail on its way to this recipient."""
        reader = self._readers.get(recipient.casefold())
        if reader is None:
            return ses_events.DELIVERED
        if reader.habits.mailbox == "gone":
            return ses_events.HARD_BOUNCE
        if reader.habits.mailbox == "full":
            return ses_events.FULL_FOR_HOURS
        spam = reader.habits.complains and reader.confirmed
        return ses_events.REPORTED_AS_SPAM if spam else ses_events.DELIVERED

    def receive(self, mail: Mail, recipient: str) -> None:
        """Put a delivered mail before its reader, who acts on it in their own time."""
        reader = self._readers.get(recipient.casefold())
        if reader is None:
            return
        letter = read_letter(mail)
        mail.release()
        chance = reader.person.chance(self._seed, f"mail {reader.asked + reader.read}")
        if reader.habits.behind_scanner:
            self._later(chance.uniform(1, 8), lambda: self._scan(letter))
        if letter.confirm is not None:
            self._asked(reader, letter, chance)
        else:
            self._addressed(reader, letter, chance)

    def _asked(self, reader: Reader, letter: Letter, chance: random.Random) -> None:
        reader.asked += 1
        patience = min(chance.lognormvariate(1.0, 1.0) * _HOUR, 36 * _HOUR)
        if reader.habits.confirms == "never" or reader.confirmed:
            return
        if reader.habits.confirms == "after the reminder" and reader.asked == 1:
            return
        self._later(patience, lambda: self._confirm(reader, letter))

    def _addressed(self, reader: Reader, letter: Letter, chance: random.Random) -> None:
        reader.read += 1
        habits = reader.habits
        opened = min(chance.lognormvariate(1.2, 1.1) * _HOUR, 3 * _DAY)
        reads = chance.random() < 0.7 or habits.clicks != "never"
        if reads and habits.loads_pictures:
            self._later(opened, lambda: self._load(letter))
        clicks = {"soon": reader.read <= 2, "after the reminder": reader.read == 2, "never": False}
        if clicks[habits.clicks] and letter.content:
            url = next((u for u in letter.content if _OURS.match(u)), letter.content[0])
            self._later(opened + chance.uniform(5, 90), lambda: self._follow(reader, url))
        if habits.unsubscribes != "no" and reader.read == chance.choice((1, 2)):
            self._later(opened + chance.uniform(100, 900), lambda: self._leave(reader, letter))

    # -- errands: each is a few HTTP requests in a greenlet -----------------------------------

    def _scan(self, letter: Letter) -> None:
        for method in ("HEAD", "GET"):
            for url in letter.everything:
                self._fetch(method, url, _SCANNER)
        self._did("links fetched by scanners", 2 * len(letter.everything))

    def _load(self, letter: Letter) -> None:
        for url in letter.pictures:
            self._fetch("GET", url, _PICTURE_PROXY)
        self._did("mails opened with pictures")

    def _follow(self, reader: Reader, url: str) -> None:
        if reader.left:
            return
        if not _OURS.match(url):
            self._did("links clicked that are not followed (no consent)")
            return
        answer = self._fetch("GET", url, _PERSON)
        if answer.status not in {301, 302, 303, 307}:
            self._surprised(f"a link answered {answer.status}")
        self._did("links clicked")

    def _confirm(self, reader: Reader, letter: Letter) -> None:
        if letter.confirm is not None and not reader.confirmed:
            reader.confirmed = True
            self._press(letter.confirm, "a confirmation link")
            self._did("addresses confirmed")

    def _leave(self, reader: Reader, letter: Letter) -> None:
        if reader.left:
            return
        if reader.habits.unsubscribes == "by provider" and letter.one_click:
            reader.left = True
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._web("POST", letter.one_click, headers, b"List-Unsubscribe=One-Click")
            if answer.status != 200:
                self._surprised(f"a one-click unsubscription answered {answer.status}")
            self._did("one-click unsubscriptions")
        elif reader.habits.unsubscribes == "by link" and letter.unsubscribe:
            reader.left = True
            self._press(letter.unsubscribe, "an unsubscribe link")
            self._did("unsubscriptions by link and button")

    def _press(self, url: str, what: str) -> None:
        """Open a page and press the button of its first form that posts."""
        page = self._fetch("GET", url, _PERSON)
        posting = [form for form in forms(page.text, url) if form.method == "POST"]
        if page.status != 200 or not posting:
            self._surprised(f"{what} answered {page.status} without a button")
            return
        form = posting[0]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "User-Agent": _PERSON,
        }
        answer = self._web("POST", form.action, headers, form.fill({}))
        if answer.status not in {200, 302, 303}:
            self._surprised(f"the button behind {what} answered {answer.status}")

    def _fetch(self, method: str, url: str, user_agent: str) -> Answer:
        return self._web(method, url, {"User-Agent": user_agent, "Accept": "*/*"}, b"")

    def _later(self, delay: float, errand: Callable[[], None]) -> None:
        self._timers.after(round(delay, 3), lambda: self._spawn(errand))

    def _did(self, deed: str, times: int = 1) -> None:
        self.deeds[deed] = self.deeds.get(deed, 0) + times

    def _surprised(self, sentence: str) -> None:
        self.surprises.append(sentence)


def read_letter(mail: Mail) -> Letter:
    """Parse the wire form of a mail into what its reader sees."""
    message, html, _text = mail.parts()
    everything = tuple(link.url for link in links(html or ""))
    by_path = {
        mark: next((url for url in everything if f"/{mark}/" in url), None) for mark in ("k", "u")
    }
    content = tuple(url for url in everything if not re.search(r"/[kpu]/", url))
    header = str(message["List-Unsubscribe"] or "")
    post = str(message["List-Unsubscribe-Post"] or "")
    targets = [part.strip(" \r\n\t<>") for part in header.split(",")]
    https = next((t for t in targets if t.startswith(("https://", "http://"))), None)
    return Letter(
        confirm=by_path["k"],
        unsubscribe=by_path["u"],
        content=content,
        everything=tuple(url for url in everything if _OURS.match(url)),
        pictures=tuple(pictures(html or "")),
        one_click=https if post.strip() == "List-Unsubscribe=One-Click" else None,
    )
