"""Reads the files whose text goes into mails: HTML, Markdown or MJML, and the blocks they share."""

import re
from dataclasses import dataclass, replace

from relance.content.build.colours import with_colours
from relance.content.build.html_checks import HtmlCheck
from relance.content.build.images import Pictures, marked
from relance.content.build.markdown import JinjaOverLines, markdown_page
from relance.content.build.masks import Masked, is_too_tangled, mask
from relance.content.build.mistakes import Findings
from relance.content.build.mjml_body import MjmlCheck, MjmlRefused, mjml_page
from relance.content.build.reading import Reader
from relance.content.build.template_checks import TemplateCheck, Vocabulary
from relance.content.names import suggestion

BODIES = ("*.html.j2", "body*.md", "*.mjml")
"""What a message's text may be called in its folder."""

_INCLUDE = re.compile(r"""\{%-?\s*include\s+(["'])([^"'{}\n]*)\1\s*-?%\}""")
_ADDRESS = re.compile(r"\{\{[^}]*company\.postal_address")
_MARKUP, _MJML = (".html.j2", ".md"), (".mjml",)


@dataclass(frozen=True, slots=True)
class Part:
    """A file that goes into mails as HTML, and what its check found; `blocks` stand in it.

    `whole` is a mail that needs no layout.
    """

    file: str
    source: str
    destinations: tuple[tuple[int, str], ...] = ()
    specials: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    prints_address: bool = False
    blocks: tuple["Part", ...] = ()
    whole: bool = False

    @property
    def files(self) -> tuple["Part", ...]:
        """The part itself and its blocks."""
        return (self, *self.blocks)


class PartReader:
    """Reads and checks parts, each in the words of the message or layout that it belongs to."""

    def __init__(self, reader: Reader, findings: Findings, pictures: Pictures) -> None:
        self._reader = reader
        self._findings = findings
        self._pictures = pictures
        self._blocks = sorted(
            file for kind in (*_MARKUP, *_MJML) for file in reader.names("blocks", f"*{kind}")
        )
        self._used: set[str] = set()

    def read(self, file: str, words: Vocabulary) -> Part | None:
        """Return a body or a layout as HTML, or None after noting the mistakes."""
        before = len(self._findings.mistakes)
        part = self._checked(file, words, blocks=self._inside(file, words))
        return part if len(self._findings.mistakes) == before else None

    def warn_of_unused(self) -> None:
        """Note the blocks that stand in no text."""
        for file in self._blocks:
            if file not in self._used:
                name = _name(file)
                sentence = (
                    f'no text holds this block. Write {{% include "{name}" %}} where it goes.'
                )
                self._findings.warn(file, 0, sentence)

    def _inside(self, file: str, words: Vocabulary) -> dict[str, Part]:
        """The blocks that a file holds, by name, after noting what is wrong with them."""
        text = self._reader.text(file) or ""
        found: dict[str, Part] = {}
        for each in _INCLUDE.finditer(text):
            line = text.count("\n", 0, each.start()) + 1
            block = self._block(each[2], file, line)
            if block:
                part = self._checked(block, replace(words, blocks=False), blocks=None)
                found[each[2]] = part or Part(block, "")
        return found

    def _block(self, name: str, file: str, line: int) -> str | None:
        kinds = _MJML if file.endswith(_MJML) else _MARKUP
        fitting = {_name(each): each for each in self._blocks if each.endswith(kinds)}
        if name in fitting:
            self._used.add(fitting[name])
            return fitting[name]
        sort = "MJML block" if kinds == _MJML else "block"
        hint = suggestion(name, fitting) if fitting else f"Write blocks/{name}{kinds[0]}."
        self._findings.wrong(file, line, f'there is no {sort} "{name}". {hint}')
        return None

    def _checked(
        self, file: str, words: Vocabulary, *, blocks: dict[str, Part] | None
    ) -> Part | None:
        """Check a file; `blocks` is None in a block, which holds no other."""
        read = self._reader.text(file)
        if read is None:
            return None
        text = with_colours(read, words.colours)
        before = len(self._findings.mistakes)
        templates = TemplateCheck(self._findings, words)
        alone = text if blocks is None else _INCLUDE.sub("", text)
        templates.check(alone, file, html=True)
        clean = len(self._findings.mistakes) == before
        masked = self._masked(file, alone)
        if masked is None:
            return None
        if is_too_tangled(masked) and clean:
            self._findings.wrong(file, 0, "holds braces that no {{ … }} or {% … %} explains.")
        kind = MjmlCheck if file.endswith(_MJML) else HtmlCheck
        page = kind(self._findings, file, masked, words.company["website"], self._pictures)
        page.run()
        if len(self._findings.mistakes) > before:
            return None
        source = self._source(file, text, blocks or {}, is_block=blocks is None)
        if source is None:
            return None
        return _with_blocks(
            Part(
                file=file,
                source=source,
                destinations=tuple(page.destinations),
                specials=frozenset(page.specials),
                uses=frozenset(templates.uses),
                prints_address=_ADDRESS.search(text) is not None,
                whole=file.endswith(_MJML),
            ),
            tuple((blocks or {}).values()),
        )

    def _masked(self, file: str, text: str) -> Masked | None:
        if not file.endswith(".md"):
            return mask(text)
        try:
            return markdown_page(text)
        except JinjaOverLines as error:
            self._findings.wrong(file, error.line, str(error))
            return None

    def _source(
        self, file: str, text: str, blocks: dict[str, Part], *, is_block: bool
    ) -> str | None:
        """Return the HTML with its Jinja; a block of MJML stays MJML until it is in its mail."""

        def filled(source: str) -> str:
            return _INCLUDE.sub(
                lambda found: blocks[found[2]].source if found[2] in blocks else "",
                marked(source, file),
            )

        if file.endswith(".md"):
            masked = markdown_page(text)
            return filled(masked.reveal(masked.html))
        if not file.endswith(_MJML) or is_block:
            return filled(text)
        masked = mask(filled(text))
        try:
            return masked.reveal(mjml_page(masked))
        except MjmlRefused as refused:
            self._findings.wrong(file, 0 if blocks else refused.line, str(refused))
            return None


def _with_blocks(part: Part, blocks: tuple[Part, ...]) -> Part:
    return replace(
        part,
        specials=part.specials.union(*(each.specials for each in blocks)),
        uses=part.uses.union(*(each.uses for each in blocks)),
        prints_address=any(each.prints_address for each in (part, *blocks)),
        blocks=blocks,
    )


def _name(block: str) -> str:
    return block.rpartition("/")[2].partition(".")[0]
