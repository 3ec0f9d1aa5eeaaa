"""Slots of the company's web pages: what is shown there, to whom. Standard library only.

A slot is an element of a page, `<div data-relance-slot="hero">`, that `relance.js` fills. What it
shows is the same for everybody who sees that variant: nothing about a person stands in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from relance.content.jsonable import decode, encode
from relance.content.score_rules import Canonical


@dataclass(frozen=True, slots=True)
class SlotVariant:
    """What those see for whom the condition holds, as HTML."""

    condition: Canonical = field(hash=False)
    html: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot: of its variants the first whose condition holds is shown.

    `default` is for everybody else; without one the page keeps what stands in it.
    """

    name: str
    title: str
    variants: tuple[SlotVariant, ...] = ()
    default: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return the values as JSON types; `from_json` is the inverse."""
        written = encode(self)
        assert isinstance(written, dict)  # noqa: S101 - a dataclass becomes an object
        return written

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what `to_json` wrote; a `version` beside it is left alone."""
        return decode(cls, {name: each for name, each in raw.items() if name != "version"})
