"""Landing pages as the build leaves them: an offer, one form, one or several variants.

Standard library only.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class PageVariant:
    """One way to put the offer; `page` has the marks of the form."""

    name: str
    weight: int
    page: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trial:
    """How variants are compared.

    There is a winner when it is best with the probability `sure` after every variant was signed up
    for or confirmed (`counts`) `at_least` times. `id` changes with what is compared.
    """

    id: str
    sure: float
    at_least: int
    counts: str


@dataclass(frozen=True, slots=True)
class Landing:
    """A landing page in one language. `images` are the hosts that its pictures may come from."""

    name: str
    language: str
    form: str
    images: tuple[str, ...]
    is_listed: bool
    variants: tuple[PageVariant, ...]
    trial: Trial

    @classmethod
    def from_json(cls, raw: Mapping[str, object]) -> Self:
        """Read what the build wrote; it has checked it."""
        variants, trial, images = raw["variants"], raw["trial"], raw["images"]
        if not (
            isinstance(variants, list) and isinstance(trial, dict) and isinstance(images, list)
        ):
            raise TypeError("a compiled landing page was expected")
        return cls(
            name=str(raw["name"]),
            language=str(raw["language"]),
            form=str(raw["form"]),
            images=tuple(str(each) for each in images),
            is_listed=raw["is_listed"] is True,
            variants=tuple(PageVariant(**each) for each in variants),
            trial=Trial(**trial),
        )

    def variant(self, name: str) -> PageVariant | None:
        """The variant of this name."""
        return next((each for each in self.variants if each.name == name), None)

    def drawn(self, chance: bytes) -> PageVariant:
        """The variant that falls to whoever has this chance (8 bytes), by their weights."""
        share = int.from_bytes(chance[:8], "big") % sum(each.weight for each in self.variants)
        for each in self.variants:
            share -= each.weight
            if share < 0:
                return each
        raise AssertionError("weights are positive")

    def chance_of(self, who: str) -> bytes:
        """The chance of somebody who is known here: the same at each visit."""
        return hashlib.sha256(f"{self.name}\0{self.trial.id}\0{who}".encode()).digest()[:8]
