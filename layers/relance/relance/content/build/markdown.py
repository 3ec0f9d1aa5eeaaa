"""A mail's body written in Markdown (CommonMark and tables), as HTML whose lines match the file's.

Jinja in it is hidden first: a statement that stands alone on its line may stand between
paragraphs, everything else belongs to its sentence. A paragraph that is nothing but a bold link
becomes a button.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from relance.content.build.masks import JINJA, Masked, token


class JinjaOverLines(ValueError):
    """A {{ … }} or {% … %} goes on in the next line; `line` is where it begins."""

    def __init__(self, line: int) -> None:
        super().__init__("a {{ … }} or {% … %} goes on in the next line. Write it on one line.")
        self.line = line


def markdown_page(source: str) -> Masked:
    """Return the HTML of a body, its Jinja hidden. Raises JinjaOverLines."""
    masked = _masked(source)
    masked.html = _MARKDOWN.render(masked.html)
    return masked


def _masked(source: str) -> Masked:
    masked = Masked("")

    def one(found: re.Match[str]) -> str:
        piece = found[0]
        if piece.startswith("{#"):
            return "\n" * piece.count("\n")
        if "\n" in piece:
            raise JinjaOverLines(source.count("\n", 0, found.start()) + 1)
        masked.pieces.append(piece)
        hidden = token(len(masked.pieces) - 1)
        return f"<!--{hidden}-->" if piece.startswith("{%") and _alone(found) else hidden

    masked.html = JINJA.sub(one, source)
    return masked


def _alone(found: re.Match[str]) -> bool:
    """Tell whether a statement has its line for itself."""
    text = found.string
    before = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
    after = text[found.end() :].partition("\n")[0]
    return not before.strip() and not after.strip()


class _Renderer(RendererHTML):
    """Writes every block in the line in which the file has it, so that mistakes are found there."""

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: EnvType) -> str:
        """Return the HTML of a whole file."""
        out: list[str] = []
        line = 0
        _make_buttons(tokens)
        for index, each in enumerate(tokens):
            if each.map and each.nesting >= 0:
                out.append("\n" * max(0, each.map[0] - line))
                line = max(line, each.map[0])
            out.append(self._piece(tokens, index, options, env).rstrip("\n"))
            line += out[-1].count("\n")
        return "".join(out) + "\n"

    def _piece(
        self, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
    ) -> str:
        each = tokens[index]
        if each.type == "inline":
            return self.renderInline(each.children or [], options, env)
        if each.type in self.rules:
            return str(self.rules[each.type](tokens, index, options, env))
        return self.renderToken(tokens, index, options, env)


def _make_buttons(tokens: Sequence[Token]) -> None:
    for opening, inline in pairwise(tokens):
        inside = [each for each in inline.children or [] if each.type != "text" or each.content]
        if opening.type != "paragraph_open" or not _is_bold_link(inside):
            continue
        opening.attrSet("class", "action")
        inside[1].attrSet("class", "button")
        inline.children = inside[1:-1]


def _is_bold_link(inside: Sequence[Token]) -> bool:
    kinds = [each.type for each in inside]
    return (
        kinds[:2] == ["strong_open", "link_open"]
        and kinds[-2:] == ["link_close", "strong_close"]
        and kinds.count("link_open") == kinds.count("strong_open") == 1
    )


class _Markdown(MarkdownIt):
    """Leaves addresses as they are: what is wrong with one is said by the check of links."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the library's name
        """Return the address itself."""
        return url

    def validateLink(self, url: str) -> bool:  # noqa: ARG002, N802 - the library's name
        """Take every address."""
        return True


_MARKDOWN = (
    _Markdown("commonmark", {"html": True}, renderer_cls=_Renderer).enable("table").disable("code")
)
