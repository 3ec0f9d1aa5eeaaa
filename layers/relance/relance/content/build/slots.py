"""Slots of web pages: from slots/<name>.yaml to frozen values.

What stands in a slot goes into the company's pages as it is, so nothing may stand in it that
runs there or that would differ from person to person.
"""

import re
from html import escape
from html.parser import HTMLParser

from pydantic import Field, model_validator

from relance.conditions.needs import Needs
from relance.conditions.places import Place
from relance.content.build.models import Model, Text
from relance.content.build.rule_context import Context
from relance.content.build.rule_models import Condition
from relance.content.build.selection import Read, Selection
from relance.content.slots import Slot, SlotVariant

_FORBIDDEN = frozenset(
    ["base", "embed", "frame", "iframe", "link", "meta", "object", "script", "style"]
)
_ADDRESSES = frozenset(["action", "formaction", "href", "src", "xlink:href"])
_RUNS = re.compile(r"[\s\x00-\x1f]*(?:javascript|data|vbscript)\s*:", re.IGNORECASE)
_JINJA = re.compile(r"\{\{|\{%")


class ShownSource(Model):
    """What a slot shows: HTML, or a text as it is."""

    html: Text | None = None
    text: Text | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> "ShownSource":
        if (self.html is None) == (self.text is None):
            raise ValueError('write either "text:" or "html:".')
        return self

    @property
    def markup(self) -> str:
        """The HTML that goes into the page."""
        return escape(self.text) if self.text is not None else (self.html or "")


class SlotVariantSource(ShownSource):
    """One variant of a slot."""

    when: Condition


class SlotSource(Model):
    """slots/<name>.yaml."""

    title: Text
    variants: list[SlotVariantSource] = Field(min_length=1, max_length=50)
    default: ShownSource | None = None


def build_slots(selection: Selection, context: Context) -> tuple[tuple[Slot, ...], list[Needs]]:
    """The slots, and what of the past their conditions need; every mistake is noted."""
    found, needs = [], []
    for read in selection.folder("slots", SlotSource, "slot"):
        slot, needed = _slot(read, context)
        found.append(slot)
        needs += needed
    return tuple(found), needs


def _slot(read: Read[SlotSource], context: Context) -> tuple[Slot, list[Needs]]:
    written, top = read.written, context.place(read.source)
    variants, needs = [], []
    for index, each in enumerate(written.variants):
        where = top / "variants" / index
        _check(each, where)
        condition = context.condition(each.when, where / "when")
        if condition:
            variants.append(SlotVariant(condition[0], each.markup))
            needs.append(condition[1])
    if written.default:
        _check(written.default, top / "default")
    default = written.default.markup if written.default else None
    return Slot(read.name, written.title, tuple(variants), default), needs


def _check(shown: ShownSource, where: Place) -> None:
    """Note what may not stand in a page of everybody's."""
    if _JINJA.search(shown.html or shown.text or ""):
        (where / ("text" if shown.html is None else "html")).wrong(
            "everybody who sees this sees the same. Write it without {{ }} and {% %}, and make a "
            "variant for whom it should differ."
        )
    if shown.html is not None:
        check = _HtmlCheck(where / "html")
        check.feed(shown.html)
        check.close()


class _HtmlCheck(HTMLParser):
    """Notes elements and attributes that would run something in the page."""

    def __init__(self, where: Place) -> None:
        super().__init__(convert_charrefs=True)
        self._where = where

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element."""
        if tag in _FORBIDDEN:
            self._where.wrong(f"<{tag}> may not stand in a slot. Put it into the page itself.")
        for name, value in attrs:
            if name.startswith("on"):
                self._where.wrong(f"{name}=… may not stand in a slot. Leave it out.")
            if name in _ADDRESSES and _RUNS.match(value or ""):
                self._where.wrong(f'{name}="{value}" is no address of a page. Write "https://…".')
