"""A mail written in MJML: what is wrong with it, told with its line, and its HTML.

mrml (Rust, without Node) makes the HTML. It takes any element and drops what it does not expect, so
what it would pass over in silence is refused here.
"""

import re

from mjml import mjml2html

from relance.content.build.html_checks import HtmlCheck
from relance.content.build.images import Pictures
from relance.content.build.mail_css import check_css, check_fonts
from relance.content.build.masks import TOKEN, Masked, token
from relance.content.build.mistakes import Findings
from relance.content.names import suggestion

_HOLDERS = frozenset(
    [
        "mjml", "mj-head", "mj-body", "mj-section", "mj-column", "mj-group", "mj-wrapper",
        "mj-hero", "mj-social", "mj-navbar", "mj-accordion", "mj-accordion-element",
        "mj-carousel", "mj-attributes",
    ]
)  # fmt: skip
"""Elements that hold others, and no text of their own."""
_ELEMENTS = _HOLDERS | frozenset(
    [
        "mj-title", "mj-preview", "mj-style", "mj-font", "mj-breakpoint", "mj-all", "mj-class",
        "mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-raw",
        "mj-social-element", "mj-navbar-link", "mj-accordion-title", "mj-accordion-text",
        "mj-carousel-image",
    ]
)  # fmt: skip
_WORD = re.compile("qzjinja([0-9]+)zq")


class MjmlRefused(ValueError):
    """The MJML cannot become a mail. `line` is 0 where it is not known."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(sentence)
        self.line = line


class MjmlCheck(HtmlCheck):
    """Notes the mistakes of one MJML file. Feed it the masked source."""

    def __init__(
        self, findings: Findings, file: str, masked: Masked, website: str, pictures: Pictures
    ) -> None:
        super().__init__(findings, file, masked, website, pictures)
        self._open: list[tuple[str, int]] = []

    def run(self) -> None:
        """Read the whole file."""
        super().run()
        for each in self._open:
            self._never_closed(*each)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element."""
        if not tag.startswith("mj"):
            super().handle_starttag(tag, attrs)
            return
        if tag == "mj-include":
            self._wrong('MJML files are not included. Write {% include "name" %} for a block.')
            return
        if tag not in _ELEMENTS and not self._gives_styles():
            self._wrong(f"<{tag}> is no element of MJML. {suggestion(tag, _ELEMENTS)}")
        of_content = not self._gives_styles()
        self._open.append((tag, self.getpos()[0]))
        given = {name: value or "" for name, value in attrs}
        if given.get("font-family"):
            fonts, line = given["font-family"], self.getpos()[0]
            check_fonts(self._findings, self._file, fonts, line=line)
        if of_content and (tag == "mj-button" or given.get("href")):
            self._link(given)
        if of_content and tag in {"mj-image", "mj-carousel-image"}:
            self._image(given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check `<mj-… />`."""
        self.handle_starttag(tag, attrs)
        if self._open and self._open[-1] == (tag, self.getpos()[0]):
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Check that what ends has begun."""
        super().handle_endtag(tag)
        if not tag.startswith("mj"):
            return
        if tag not in {each for each, _ in self._open}:
            self._wrong(f"</{tag}> closes nothing that is open here. Delete it.")
            return
        while (last := self._open.pop())[0] != tag:
            self._never_closed(*last)

    def handle_data(self, data: str) -> None:
        """Check that no text stands where MJML has no place for it."""
        super().handle_data(data)
        if self._open and self._open[-1][0] == "mj-style":
            check_css(self._findings, self._file, data, line=self.getpos()[0])
        if data.strip() and self._open and self._open[-1][0] in _HOLDERS:
            self._wrong(f"a text stands in <{self._open[-1][0]}>. Put it into <mj-text>.")

    def _never_closed(self, tag: str, line: int) -> None:
        self._findings.wrong(self._file, line, f"<{tag}> is never closed. Add </{tag}>.")

    def _gives_styles(self) -> bool:
        return any(tag == "mj-attributes" for tag, _ in self._open)


def mjml_page(masked: Masked) -> str:
    """Return the HTML of a checked MJML mail, its Jinja still hidden. Raises MjmlRefused."""
    # mrml writes private-use characters in attributes as escapes; it leaves words alone.
    written = TOKEN.sub(lambda found: f"qzjinja{found[1]}zq", masked.html)
    try:
        # Without its table of web fonts: nothing is fetched from another site.
        page: str = mjml2html(written, fonts={})
    except ValueError as error:
        raise _refused(str(error), written) from None
    page = _WORD.sub(lambda found: token(int(found[1])), page)
    kept = set(TOKEN.findall(page))
    for found in TOKEN.finditer(masked.html):
        if found[1] not in kept:
            piece = masked.pieces[int(found[1])]
            raise MjmlRefused(
                f"{piece} stands where MJML would drop it. Put it around a whole <mj-section>, or "
                "into <mj-text> or <mj-raw>.",
                masked.html.count("\n", 0, found.start()) + 1,
            )
    return page


def _refused(said: str, written: str) -> MjmlRefused:
    """What mrml says of a mail that it cannot read; it counts bytes."""
    what, _, position = said.partition(" in root template at position ")
    start = position.partition(":")[0]
    line = written.encode()[: int(start)].count(b"\n") + 1 if start.isdigit() else 0
    return MjmlRefused(
        f"this is no valid MJML ({what}). Look at the element that stands here, and put {{% if %}} "
        "around whole elements only.",
        line,
    )
