"""Public pages: built to plain HTML with %%MARKS%%, filled here. Standard library only.

A mark is filled once, in one pass, and what fills it is escaped unless it is `SafeHtml`; so a
person's input can neither become markup nor smuggle in a mark of its own. The pages post to the
address they were fetched from, so most of them have no mark at all.
"""

import html
import re
from collections.abc import Mapping

MARK = re.compile(r"%%([A-Z]+(?::[A-Za-z0-9_-]+)*)%%")

PAGES: Mapping[str, frozenset[str]] = {
    "confirm": frozenset(),
    "confirmed": frozenset({"FILE"}),
    "file-expired": frozenset({"FORM"}),
    "unsubscribe": frozenset({"PREFERENCES"}),
    "unsubscribed": frozenset({"PREFERENCES"}),
    "link-invalid": frozenset(),
    "lead": frozenset(),
    "lead-accepted": frozenset(),
    "lead-refused": frozenset(),
    "lead-late": frozenset(),
    "busy": frozenset(),
    "no-form": frozenset(),
    "too-large": frozenset(),
    "unreadable": frozenset(),
}
"""Every page that the suite shows, and the marks that it fills on it. The marks of the preference
page follow from what the company declares (`preference_page`)."""

SECURITY_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
"""What every page is sent with: it needs no script, image or font, and its address stays here."""


class SafeHtml(str):
    """Markup made by us; it is not escaped again."""

    __slots__ = ()


def file_link(address: str | None, title: str) -> SafeHtml:
    """What stands in the place of a file's link: nothing, if there is no file."""
    if not address:
        return SafeHtml("")
    shown = f'<a class="button" href="{html.escape(address)}">{html.escape(title)}</a>'
    return SafeHtml(f'<p class="file">{shown}</p>')


def fill(page: str, values: Mapping[str, str]) -> str:
    """Return the page with every mark filled. A mark without a value is a KeyError."""

    def one(found: re.Match[str]) -> str:
        value = values[found[1]]
        return value if isinstance(value, SafeHtml) else html.escape(value)

    return MARK.sub(one, page)
