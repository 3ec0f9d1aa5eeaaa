"""The text part of a mail, made from its HTML: paragraphs, lists, and links as "text: address"."""

import re
from html.parser import HTMLParser

from relance.content.build.masks import TOKEN

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "div",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "header",
        "hr",
        "main",
        "ol",
        "p",
        "section",
        "table",
        "ul",
    ]
)
_LINES = frozenset(["br", "dt", "dd", "li", "tr", "td", "th"])
_SILENT = frozenset(["head", "script", "style", "title"])
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    ]
)
_NOT_DISPLAYED = re.compile(r"display\s*:\s*none")


def text_part(page: str) -> str:
    """Return the text of an inlined page; hidden Jinja stays hidden."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._silent = 0
        self._address = ""
        self._anchor = 0

    def text(self) -> str:
        whole = "".join(self._parts)
        whole = re.sub(r"[ \t]*\n[ \t]*", "\n", whole)
        return re.sub(r"\n{3,}", "\n\n", whole).strip() + "\n"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._silent or tag in _SILENT or _NOT_DISPLAYED.search(given.get("style", "")):
            self._silent += tag not in _VOID
            return
        self._break(tag)
        if tag == "li":
            self._parts.append("- ")
        elif tag == "hr":
            self._parts.append("--\n\n")
        elif tag == "img" and given.get("alt"):
            self._parts.append(given["alt"])
        elif tag == "a":
            self._address = given.get("href", "")
            self._anchor = len(self._parts)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            self._silent -= tag not in _VOID
            return
        if tag == "a" and self._address:
            self._parts.append(self._after_label())
            self._address = ""
        if tag not in {"li", "td", "th", "tr"}:
            self._break(tag)

    def _after_label(self) -> str:
        """Return the address as it follows the link's text: alone in its line, or in a sentence."""
        label = "".join(self._parts[self._anchor :]).strip()
        address = self._address.removeprefix("mailto:").removeprefix("tel:")
        if label in {"", address}:
            return "" if label else address
        line = "".join(self._parts[: self._anchor]).rpartition("\n")[2]
        return f" ({address})" if line.strip(" -") else f": {address}"

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        text = re.sub(r"[ \t\r\n\xa0]+", " ", data)
        if not self._parts or self._parts[-1].endswith(("\n", " ")):
            text = text.lstrip(" ")
        if text:
            self._parts.append(text)

    def handle_comment(self, data: str) -> None:
        if TOKEN.fullmatch(data) and not self._silent:
            self._parts.append(f"<!--{data}-->")

    def _break(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._parts.append("\n\n")
        elif tag in _LINES:
            self._parts.append("\n")
