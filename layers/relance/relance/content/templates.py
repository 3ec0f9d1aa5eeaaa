"""The Jinja2 dialect that content is written in: small, sandboxed, strict.

The same environments parse at the build and render at sending, so what the build accepts is what
can be sent. The rules, for people in docs/writing-content.md:

- A name that nobody declared is an error, not an empty text (StrictUndefined).
- A trait that is not known of a contact is None. It can be tested and replaced
  (`contact.first_name or "there"`), but printing it is an error: no mail says "Hello None".
- In HTML every value is escaped, and there is no filter that switches this off.
"""

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

from jinja2 import StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from relance.content.locales import PLAIN, Locale

FILTERS = frozenset(
    [
        "abs",
        "capitalize",
        "d",
        "date",
        "default",
        "e",
        "escape",
        "first",
        "float",
        "int",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "max",
        "min",
        "money",
        "number",
        "replace",
        "reverse",
        "round",
        "sort",
        "sum",
        "title",
        "trim",
        "truncate",
        "unique",
        "upper",
        "wordcount",
    ]
)
NAMES = frozenset({"contact", "company", "event", "subject", "preheader"})
"""What every template may look at; `link`, the URL_NAMES and `pixel` besides."""
URL_NAMES = frozenset({"confirm_url", "file_url", "preferences_url", "unsubscribe_url", "view_url"})
IMAGE_BASE = "image_base"
"""Below which the pictures of a mail are; the build writes it, nobody else."""

Missing: TypeAlias = Callable[[int], None]
"""Told the compiled line in which an unknown value was about to be printed."""


class ValueUnknown(Exception):
    """A template was about to print a value that is not known."""


def environment(
    *, html: bool, missing: Missing | None = None, locale: Locale = PLAIN
) -> ImmutableSandboxedEnvironment:
    """Return the dialect for the HTML part, or for subject, preheader and text part."""

    def printable(value: Any) -> Any:
        if value is None:
            if missing is None:
                raise ValueUnknown
            missing(sys._getframe(1).f_lineno)  # noqa: SLF001 - the only way to the template's line
            return ""
        return value

    made = ImmutableSandboxedEnvironment(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=html,
        lstrip_blocks=html,
        keep_trailing_newline=True,
    )
    made.globals.clear()
    ours = {"date": locale.day, "money": locale.in_currency, "number": locale.number}
    made.filters = {name: ours.get(name) or made.filters[name] for name in FILTERS}
    if not html:
        made.filters["e"] = made.filters["escape"] = str
    return made


class Fields:
    """Named values for a template: `contact.first_name`. Has no attributes of its own."""

    __slots__ = ("_values",)

    def __init__(self, values: dict[str, object]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> object:
        return self._values[name]


__all__ = [
    "FILTERS",
    "IMAGE_BASE",
    "NAMES",
    "URL_NAMES",
    "Fields",
    "Markup",
    "Missing",
    "Undefined",
    "ValueUnknown",
    "environment",
]
