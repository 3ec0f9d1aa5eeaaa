"""The compiled content: what the build wrote and functions read. Standard library only.

A content folder holds

```
content.json                 version, company, what there is
rules.json                   everything declared about people (see rules.py)
messages/<name>.json         one message: variants, links, version
forms/<name>.<language>.json one form with its pages, in each language that it is written in
landing/<name>.<language>.json one landing page
sending.json                 when and how much may be sent
slots/<name>.json            one slot of a web page
imports/<name>.json          one mapping of files to import
hooks/<name>.json            one hook: how it is signed, what its payloads mean
pages/<name>.<language>.html   each page in every language that the company declares
images/<hash>.<kind>         the pictures of messages
source/…                     declarations, layouts and blocks as written, to check drafts by
```

Opening a folder reads nothing; each file is read once, when it is first asked for.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from relance.content.forms import Form
from relance.content.hooks import Hook
from relance.content.jsonable import decode
from relance.content.landing_pages import Landing
from relance.content.locales import Locale
from relance.content.names import closest, either
from relance.content.rules import Rules
from relance.content.sending_rules import Hours, Priority, SendingRules
from relance.content.slots import Slot
from relance.content.stage_rules import Intent
from relance.errors import InvalidInput
from relance.landing import on_website

FORMAT = 5
"""Counts up when a folder built before can no longer be read."""


class MessageClass(StrEnum):
    """Whether the law sees a message as advertising."""

    TRANSACTIONAL = "transactional"
    MARKETING = "marketing"


class MessageUnknown(InvalidInput):
    """No message of this name; `closest` holds the names that look like it."""

    def __init__(self, name: str, alike: tuple[str, ...]) -> None:
        hint = f" Did you mean {either(alike)}?" if alike else ""
        super().__init__(f'There is no message "{name}".{hint}')
        self.name = name
        self.closest = alike


@dataclass(frozen=True, slots=True)
class Company:
    """Who sends: the values of `company.yaml` that texts and settings use."""

    name: str
    sender_name: str
    postal_address: str
    website: str
    languages: tuple[str, ...]
    topics: Mapping[str, str] = field(hash=False)
    fall_back: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    channels: tuple[str, ...] = ("email",)
    allowed_redirects: tuple[str, ...] = ()

    def chain(self, *spoken: str | None) -> tuple[str, ...]:
        """The declared languages for whoever speaks these, the best first; never empty.

        Of each the language itself, then without its region, then what `fall_back` names for it;
        at last the first language of all.
        """
        wanted: list[str] = []
        for each in spoken:
            plain = (each or "").partition("-")[0]
            wanted += (each or "", plain, *self._instead(each), *self._instead(plain))
        found = [each for each in wanted if each in self.languages]
        return tuple(dict.fromkeys((*found, self.languages[0])))

    def language_for(self, *spoken: str | None) -> str:
        """The language to show a page in to whoever speaks these, the preferred first."""
        return self.chain(*spoken)[0]

    def _instead(self, spoken: str | None) -> tuple[str, ...]:
        return self.fall_back.get(spoken or "", ())

    def leads_to(self, address: str) -> bool:
        """Whether we may lead people to this page: on the company's own hosts, or those it names.

        Never without https, and to no address that a browser and we could read differently.
        """
        parts = urlsplit(address)
        plain = "\\" not in address and not parts.username
        return parts.scheme == "https" and plain and self.owns(address)

    def owns(self, address: str) -> bool:
        """Whether an address or origin is on the company's own hosts, or on those it names."""
        more = (f"https://{each}" for each in self.allowed_redirects)
        return any(on_website(address, own) for own in (self.website, *more))

    def variables(
        self, *, postal_address: str | None = None, brand: "Brand | None" = None
    ) -> dict[str, str]:
        """Return what templates see as `company`.

        A given postal address replaces the written one; what a brand says replaces both.
        """
        written = {
            "name": self.name,
            "sender_name": self.sender_name,
            "postal_address": postal_address or self.postal_address,
            "website": self.website,
        }
        if brand is None:
            return written
        own = {
            "name": brand.name,
            "sender_name": brand.sender_name or brand.name,
            "postal_address": brand.postal_address,
            "website": brand.website,
        }
        return written | {name: value for name, value in own.items() if value}


@dataclass(frozen=True, slots=True)
class Brand:
    """Who sends a message in place of the company; None is as the stack says."""

    name: str
    sender_address: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    website: str | None = None
    link_domain: str | None = None
    postal_address: str | None = None


@dataclass(frozen=True, slots=True)
class GatedFile:
    """A file that people get for filling in a form; `key` is its place in the bucket."""

    name: str
    key: str
    title: str

    @property
    def id(self) -> str:
        """How links name it: 12 hex digits."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:12]

    @property
    def saved_as(self) -> str:
        """The name under which a browser saves it."""
        return self.key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Variant:
    """A message as one persona and language gets it; four Jinja templates."""

    persona: str | None
    language: str
    subject: str
    preheader: str
    html: str
    text: str


_OF_AN_EVENT = re.compile(r"\{[{%][^{}]*\bevent\.")


@dataclass(frozen=True, slots=True)
class Message:
    """One message, ready to be rendered.

    `version` is a hash of the content (12 hex digits): equal content, equal version. `links[n]`
    is where `link(n)` leads. `uses` names the traits that its templates look at, `requires` those
    without which it must not be sent. The first variant is the fall-back. `locales` says how the
    languages of its variants write dates, numbers and money, where it writes any. `hours`,
    `priority` and `if_late` (the longest that it may wait) are None where it says nothing of them.
    `images` are the files that it shows below `image_base`, called after their content.
    """

    name: str
    version: str
    message_class: MessageClass
    intent: Intent
    topic: str | None
    at_most_per_day: int | None
    requires: tuple[str, ...]
    uses: tuple[str, ...]
    links: tuple[str, ...]
    variants: tuple[Variant, ...]
    locales: Mapping[str, Locale] = field(default_factory=dict, hash=False, compare=False)
    hours: Hours | None = None
    priority: Priority | None = None
    if_late: timedelta | None = None
    brand: Brand | None = None
    images: tuple[str, ...] = ()

    @property
    def tells_of_its_event(self) -> bool:
        """Whether it says something of the event that began a workflow."""
        return any(
            _OF_AN_EVENT.search(text)
            for each in self.variants
            for text in (each.html, each.subject, each.preheader)
        )

    def language_for(self, chain: Sequence[str]) -> str | None:
        """The first language of a chain in which it is written; None if it is in none of them."""
        written = {each.language for each in self.variants}
        return next((each for each in chain if each in written), None)

    def variant(self, *, persona: str | None, language: str | None) -> Variant:
        """Return the best variant: the contact's language first, then its persona.

        Without the language the fall-back's language is taken; without the persona, the variant
        for everybody.
        """
        default = self.variants[0]
        by_key = {(each.language, each.persona): each for each in self.variants}
        for spoken in (language, default.language):
            for buyer in (persona, None):
                found = by_key.get((spoken or default.language, buyer))
                if found:
                    return found
        return default

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what the build wrote; it has checked it.

        Versions are kept for years: what a later build writes besides is passed over.
        """
        values = {name: raw[name] for name in _MESSAGE & raw.keys()}
        values["message_class"] = MessageClass(str(values.pop("class")))
        values["intent"] = Intent(str(raw["intent"]))
        for name in ("requires", "uses", "links", "images"):
            values[name] = _texts(raw.get(name, []))
        values["brand"] = decode(Brand, raw["brand"]) if raw.get("brand") else None
        values["variants"] = tuple(_variant(_dict(each)) for each in _list(raw["variants"]))
        values["locales"] = {
            language: Locale.from_json(_dict(each))
            for language, each in _dict(raw["locales"]).items()
        }
        values["hours"] = Hours(str(raw["hours"])) if raw.get("hours") else None
        values["priority"] = Priority(str(raw["priority"])) if raw.get("priority") else None
        late = raw.get("if_late")
        values["if_late"] = timedelta(seconds=float(str(late))) if late else None
        return cls(**values)  # type: ignore[arg-type] # the build wrote these very fields


class Content:
    """A compiled content folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._messages: dict[str, Message] = {}
        self._forms: dict[str, Form] = {}
        self._landings: dict[str, Landing] = {}
        self._slots: dict[str, Slot] = {}
        self._hooks: dict[str, Hook] = {}
        self._pages: dict[tuple[str, str], str] = {}

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Return the content in `folder`, of which nothing is read yet."""
        return cls(folder)

    @property
    def version(self) -> str:
        """The hash of everything in the folder (12 hex digits)."""
        return str(self._manifest["version"])

    @cached_property
    def rules(self) -> Rules:
        """Everything declared about people."""
        return Rules.from_json(self._read("rules.json"))

    @cached_property
    def sending(self) -> SendingRules:
        """When and how much may be sent."""
        return SendingRules.from_json(self._read("sending.json"))

    @cached_property
    def company(self) -> Company:
        """Who sends."""
        raw = _dict(self._manifest["company"])
        return Company(
            name=str(raw["name"]),
            sender_name=str(raw["sender_name"]),
            postal_address=str(raw["postal_address"]),
            website=str(raw["website"]),
            languages=_texts(raw["languages"]),
            topics={name: str(title) for name, title in _dict(raw["topics"]).items()},
            fall_back={
                spoken: _texts(instead) for spoken, instead in _dict(raw["fall_back"]).items()
            },
            channels=_texts(raw["channels"]),
            allowed_redirects=_texts(raw["allowed_redirects"]),
        )

    @cached_property
    def files(self) -> Mapping[str, GatedFile]:
        """The files that forms give, by name."""
        written = _dict(self._manifest["files"])
        return {
            name: GatedFile(name, str(_dict(each)["key"]), str(_dict(each)["title"]))
            for name, each in written.items()
        }

    @property
    def messages(self) -> tuple[str, ...]:
        """The names of all messages."""
        return self._names("messages")

    @property
    def forms(self) -> tuple[str, ...]:
        """The names of all forms."""
        return tuple(_dict(self._manifest["forms"]))

    @property
    def slots(self) -> tuple[str, ...]:
        """The names of all slots."""
        return self._names("slots")

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of all hooks."""
        return self._names("hooks")

    def message(self, name: str) -> Message:
        """Return a message. Raises MessageUnknown with the closest names."""
        if name not in self._messages:
            if name not in self.messages:
                raise MessageUnknown(name, closest(name, self.messages))
            self._messages[name] = Message.from_json(self._read(f"messages/{name}.json"))
        return self._messages[name]

    def compiled_message(self, name: str) -> Mapping[str, object] | None:
        """Return a message as the build wrote it, or None when there is none of this name."""
        return self._read(f"messages/{name}.json") if name in self.messages else None

    def image(self, name: str) -> bytes | None:
        """Return a picture of a message by its name, or None; the name must be a picture's."""
        try:
            return (self._folder / "images" / name).read_bytes()
        except FileNotFoundError:
            return None

    @property
    def source(self) -> Path:
        """What was written, as far as a message that is published needs it to be checked."""
        return self._folder / "source"

    def form(self, name: str, *spoken: str | None) -> Form | None:
        """Return a form in the first of these languages that it is written in.

        None when there is no form of this name.
        """
        languages = _dict(self._manifest["forms"]).get(name)
        if languages is None:
            return None
        written = _texts(languages)
        # The first is the form's own.
        language = next((each for each in self._spoken(spoken) if each in written), written[0])
        key = f"{name}.{language}"
        if key not in self._forms:
            self._forms[key] = Form.from_json(self._read(f"forms/{key}.json"))
        return self._forms[key]

    @property
    def landings(self) -> tuple[str, ...]:
        """The names of all landing pages."""
        return tuple(_dict(self._manifest["landings"]))

    def landing(self, name: str, *spoken: str | None) -> Landing | None:
        """Return a landing page in the first of these languages that it is written in, or None."""
        languages = _dict(self._manifest["landings"]).get(name)
        if languages is None:
            return None
        written = _texts(languages)
        language = next((each for each in self._spoken(spoken) if each in written), written[0])
        key = f"{name}.{language}"
        if key not in self._landings:
            self._landings[key] = Landing.from_json(self._read(f"landing/{key}.json"))
        return self._landings[key]

    def _spoken(self, spoken: tuple[str | None, ...]) -> tuple[str, ...]:
        return self.company.chain(*spoken) if any(spoken) else ()

    def slot(self, name: str) -> Slot | None:
        """Return a slot, or None when there is none of this name."""
        if name not in self._slots:
            if name not in self.slots:
                return None
            self._slots[name] = Slot.from_json(self._read(f"slots/{name}.json"))
        return self._slots[name]

    @property
    def imports(self) -> tuple[str, ...]:
        """The names of all mappings of files to import."""
        return self._names("imports")

    def import_mapping(self, name: str) -> Mapping[str, object] | None:
        """Return a mapping as it was written, or None when there is none of this name."""
        return self._read(f"imports/{name}.json") if name in self.imports else None

    def hook(self, name: str) -> Hook | None:
        """Return a hook, or None when there is none of this name."""
        if name not in self._hooks:
            if name not in self.hooks:
                return None
            self._hooks[name] = Hook.from_json(self._read(f"hooks/{name}.json"))
        return self._hooks[name]

    def page(self, name: str, *spoken: str | None) -> str:
        """Return a page in the first of these languages that there is; marks not yet filled.

        Raises KeyError for a page that the suite does not have (pages.PAGES).
        """
        language = self.company.language_for(*spoken)
        if (name, language) not in self._pages:
            if language not in _dict(_dict(self._manifest["pages"])[name]):
                raise KeyError(name)
            path = self._folder / "pages" / f"{name}.{language}.html"
            self._pages[name, language] = path.read_text(encoding="utf-8")
        return self._pages[name, language]

    def page_version(self, name: str, *spoken: str | None) -> str:
        """The hash (12 hex digits) of the page that `page` returns: which text somebody saw."""
        language = self.company.language_for(*spoken)
        return str(_dict(_dict(self._manifest["pages"])[name])[language])

    @cached_property
    def _manifest(self) -> dict[str, object]:
        manifest = self._read("content.json")
        if manifest["format"] != FORMAT:
            raise RuntimeError(f"{self._folder} was built by another version: build it again")
        return manifest

    def _names(self, kind: str) -> tuple[str, ...]:
        return _texts(self._manifest[kind])

    def _read(self, name: str) -> dict[str, object]:
        raw: dict[str, object] = json.loads((self._folder / name).read_text(encoding="utf-8"))
        return raw


_MESSAGE = frozenset(each.name for each in fields(Message)) | {"class"}


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError("a list was expected")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(each) for each in _list(value))


def _variant(raw: Mapping[str, object]) -> Variant:
    return Variant(
        persona=None if raw["persona"] is None else str(raw["persona"]),
        language=str(raw["language"]),
        subject=str(raw["subject"]),
        preheader=str(raw["preheader"]),
        html=str(raw["html"]),
        text=str(raw["text"]),
    )


def _dict(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError("an object was expected")
    return value
