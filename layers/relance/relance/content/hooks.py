"""Hooks as the build leaves them: how a provider signs, and what its payloads mean.

Standard library only; `relance.hooks` verifies and maps by these values.

A *path* is a JMESPath expression (https://jmespath.org/specification.html) over one item of the
payload. With `payload:` before it, it looks at the whole payload; `header:X-Shopify-Topic` is a
header of the request.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from relance.content.jsonable import decode, encode


class Encoding(StrEnum):
    """How a signature, or a secret, is written as text."""

    HEX = "hex"
    BASE64 = "base64"
    TEXT = "text"


class Challenge(StrEnum):
    """How a provider asks by GET whether an address is ours."""

    META = "meta"
    LINKEDIN = "linkedin"


class Unit(StrEnum):
    """How a time is written."""

    SECONDS = "seconds"
    MILLISECONDS = "milliseconds"
    ISO = "iso"


class Shape(StrEnum):
    """What is made of a value."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    CURRENCY = "currency"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a provider signs with HMAC SHA-256.

    `signed` is what is signed: a text in which {body}, {timestamp}, {id}, {method} and {url} are
    replaced. `header` holds the signature, or several with spaces between them, each behind
    `prefix`. With `fields`, it is a list like `t=…,v1=…`: their names for the timestamp and the
    signatures. `tolerance` is in seconds, either side. A header that holds the `id` of a delivery
    counts as signed only where `signed` names it.
    """

    header: str
    signed: str = "{body}"
    encoding: Encoding = Encoding.HEX
    prefix: str = ""
    fields: tuple[str, str] | None = None
    timestamp: str | None = None
    unit: Unit = Unit.SECONDS
    tolerance: int = 300
    id: str | None = None
    secret: Encoding = Encoding.TEXT
    challenge: Challenge | None = None

    @property
    def has_timestamp(self) -> bool:
        """Whether the time of signing is signed, so that an old request can be told."""
        return "{timestamp}" in self.signed


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that is taken from the payload, or the constant `value`; `currency` is a path."""

    path: str | None = None
    value: object = None
    shape: Shape | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class When:
    """One thing that a payload must say: a path, and the values that it may have."""

    path: str
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Paths to whom an event is about; `ids` are ids of other systems, by system."""

    user_id: str | None = None
    email: str | None = None
    phone: str | None = None
    ids: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class EventRule:
    """What makes an event of a payload, or of each entry of a list in it.

    `id` are the paths that together tell a repeated delivery from a new event; where there are
    none, the header with the id of the delivery does. Without `time` an event happened when it
    was received.
    """

    event: str
    who: Person
    when: tuple[When, ...] = ()
    for_each: str | None = None
    id: tuple[str, ...] = ()
    time: str | None = None
    unit: Unit = Unit.ISO
    only_known: bool = False
    properties: Mapping[str, Taken] = field(default_factory=dict, hash=False)
    traits: Mapping[str, Taken] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Hook:
    """One address that a provider calls: `POST /hooks/<name>`."""

    name: str
    title: str
    scheme: Scheme
    events: tuple[EventRule, ...]

    def to_json(self) -> dict[str, object]:
        """Return the values as JSON types; `from_json` is the inverse."""
        written = encode(self)
        assert isinstance(written, dict)  # noqa: S101 - a dataclass becomes an object
        return written

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what `to_json` wrote; a `version` beside it is left alone."""
        return decode(cls, {name: each for name, each in raw.items() if name != "version"})
