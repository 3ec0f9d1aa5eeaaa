"""Hides Jinja from tools that read HTML, and brings it back afterwards.

In text a statement becomes a comment, which may stand anywhere in HTML, even between the rows of
a table; what prints, and everything inside a tag, becomes a word of private-use characters.
"""

import re
from dataclasses import dataclass, field

JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_LEFT_OVER = re.compile(r"\{\{|\{%|%\}")
_OPEN, _CLOSE = "\ue000", "\ue001"
TOKEN = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_HIDDEN = re.compile(f'<!--{_OPEN}([0-9]+){_CLOSE}-->|{_OPEN}([0-9]+){_CLOSE}(?:="")?')
_PRINTED = re.compile(r"\{\{-?\s*([a-z_]+(?:\.[a-z0-9_]+)*)\s*-?\}\}")


def token(number: int) -> str:
    """Return the word that stands for the piece of that number."""
    return f"{_OPEN}{number}{_CLOSE}"


@dataclass(slots=True)
class Masked:
    """A text without Jinja, and the Jinja."""

    html: str
    pieces: list[str] = field(default_factory=list)

    def reveal(self, html: str) -> str:
        """Return the text with the Jinja back in its places."""
        return _HIDDEN.sub(lambda found: self.pieces[int(found[1] or found[2])], html)

    def hide(self, piece: str) -> str:
        """Hide one more piece; the word that stands for it."""
        self.pieces.append(piece)
        return token(len(self.pieces) - 1)

    def expression(self, text: str) -> str | None:
        """Return `unsubscribe_url` where the text is nothing but `{{ unsubscribe_url }}`."""
        found = TOKEN.fullmatch(text.strip())
        printed = _PRINTED.fullmatch(self.pieces[int(found[1])]) if found else None
        return printed[1] if printed else None

    def prints_company(self, token: str) -> bool:
        """Tell whether a token prints a field of the company."""
        return (self.expression(token) or "").startswith("company.")

    def fold(self, text: str, known: dict[str, str]) -> str:
        """Replace what prints one of the known names by its value."""

        def one(found: re.Match[str]) -> str:
            printed = _PRINTED.fullmatch(self.pieces[int(found[1])])
            return known.get(printed[1], found[0]) if printed else found[0]

        return TOKEN.sub(one, text)


def mask(source: str) -> Masked:
    """Hide the Jinja of a template. Line breaks inside it are kept, so that lines stay right."""
    masked = Masked("")
    parts: list[str] = []
    end = 0
    inside = False
    for found in JINJA.finditer(source):
        between = source[end : found.start()]
        inside = _ends_in_tag(between, inside=inside)
        parts.append(between)
        parts.append(_stand_in(masked, found[0], inside=inside))
        end = found.end()
    parts.append(source[end:])
    masked.html = "".join(parts)
    return masked


def is_too_tangled(masked: Masked) -> bool:
    """Tell whether braces are left that no pair explains."""
    return bool(_LEFT_OVER.search(masked.html))


def _stand_in(masked: Masked, piece: str, *, inside: bool) -> str:
    breaks = "\n" * piece.count("\n")
    if piece.startswith("{#"):
        return breaks
    masked.pieces.append(piece)
    word = token(len(masked.pieces) - 1)
    return breaks + (word if inside or piece.startswith("{{") else f"<!--{word}-->")


def _ends_in_tag(text: str, *, inside: bool) -> bool:
    """Tell whether an HTML tag is open at the end of the text."""
    quote = ""
    for index, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif inside and sign in "\"'":
            quote = sign
        elif inside:
            inside = sign != ">"
        elif sign == "<":
            inside = text[index + 1 : index + 2].isalpha() or text[index + 1 : index + 2] in {
                "/",
                "!",
            }
    return inside
