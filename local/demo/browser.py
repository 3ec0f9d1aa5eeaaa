"""What a simulated person sees of a page or a mail: links, pictures and forms to fill in.

Reads HTML as it comes; nothing is known here about the product's pages, so that a page which lost
its button or its nonce is a page on which nobody can press the button.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Protocol
from urllib.parse import urlencode, urljoin

_LINK = re.compile(
    r"<a\b[^>]*?\bhref\s*=\s*(\"[^\"]*\"|'[^']*')[^>]*>(.*?)</a\s*>", re.IGNORECASE | re.DOTALL
)
_PICTURE = re.compile(r"<img\b[^>]*?\bsrc\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)
_FORM = re.compile(r"<form\b.*?</form\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as the browser got it."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")


class Web(Protocol):
    """One HTTP request over the loopback interface; called inside a greenlet of the hub."""

    def __call__(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Send a request and suspend until it is answered; redirects are not followed."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """A link with the words a person clicks."""

    words: str
    url: str


@dataclass(slots=True)
class Field:
    """An input of a form: its kind (`email`, `select`, `checkbox` …) and what may be chosen."""

    name: str
    kind: str
    value: str = ""
    choices: list[str] = field(default_factory=list)
    needed: bool = False


@dataclass(slots=True)
class Form:
    """A form: where it goes and what can be filled in."""

    method: str
    action: str
    fields: list[Field] = field(default_factory=list)

    def fill(self, answers: dict[str, str]) -> bytes:
        """Return the body a browser posts: hidden values as they stand, answers by field name."""
        pairs = []
        for item in self.fields:
            if item.name in answers:
                pairs.append((item.name, answers[item.name]))
            elif item.kind == "hidden" or (item.kind not in {"checkbox", "radio", "submit"}):
                pairs.append((item.name, item.value))
        return urlencode(pairs).encode()


def links(html: str) -> list[Link]:
    """Return the http(s) links in the order of the text."""
    found = []
    for match in _LINK.finditer(html):
        url = unescape(match[1][1:-1]).strip()
        if url.startswith(("http://", "https://")):
            found.append(Link(" ".join(unescape(_TAG.sub(" ", match[2])).split()), url))
    return found


def pictures(html: str) -> list[str]:
    """Return the addresses of the pictures a mail client would fetch."""
    found = (unescape(match[1][1:-1]).strip() for match in _PICTURE.finditer(html))
    return [url for url in found if url.startswith(("http://", "https://"))]


def forms(html: str, page_url: str) -> list[Form]:
    """Return the page's forms, actions made absolute."""
    found = []
    for match in _FORM.finditer(html):
        reader = _FormReader()
        reader.feed(match[0])
        if reader.form is not None:
            reader.form.action = urljoin(page_url, reader.form.action or page_url)
            found.append(reader.form)
    return found


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.form: Form | None = None
        self._choosing: Field | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(given.get("method", "get").upper(), given.get("action", ""))
        elif self.form is None:
            return
        elif tag == "option" and self._choosing is not None:
            if "disabled" not in given and given.get("value", "") != "":
                self._choosing.choices.append(given["value"])
            if "selected" in given:
                self._choosing.value = given.get("value", "")
        elif tag in {"input", "select", "textarea", "button"} and given.get("name"):
            kinds = {"input": given.get("type", "text").lower(), "button": "submit"}
            item = Field(given["name"], kinds.get(tag, tag), needed="required" in given)
            item.value = given.get("value", "on" if item.kind == "checkbox" else "")
            self.form.fields.append(item)
            self._choosing = item if tag == "select" else None
