"""What is wrong with the HTML of a mail, told with its line."""

import re
from html.parser import HTMLParser

from relance.content.build.images import Pictures
from relance.content.build.links import LinkRefused, destination
from relance.content.build.mail_css import check_css
from relance.content.build.masks import TOKEN, Masked
from relance.content.build.mistakes import Findings

_FORBIDDEN = frozenset(
    [
        "applet",
        "audio",
        "base",
        "button",
        "canvas",
        "embed",
        "form",
        "frame",
        "iframe",
        "input",
        "object",
        "script",
        "select",
        "svg",
        "textarea",
        "video",
    ]
)
_FULL_ADDRESS = re.compile(r"https?://[^\s/]+\S*")


class HtmlCheck(HTMLParser):
    """Notes the mistakes of one file. Feed it the masked source."""

    def __init__(
        self, findings: Findings, file: str, masked: Masked, website: str, pictures: Pictures
    ) -> None:
        super().__init__(convert_charrefs=True)
        self._pictures = pictures
        self._findings = findings
        self._file = file
        self._masked = masked
        self._website = website
        self._in_style = False
        self.destinations: list[tuple[int, str]] = []
        self.specials: set[str] = set()

    def run(self) -> None:
        """Read the whole file."""
        self.feed(self._masked.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element."""
        self._in_style = tag == "style"
        given = {name: value or "" for name, value in attrs}
        if tag in _FORBIDDEN:
            self._wrong(f"<{tag}> does not work in mail programs. Link to a page instead.")
        for name, value in given.items():
            if re.fullmatch(r"on[a-z]+", name):
                self._wrong(f"{name}=… does not work in mail programs. Leave it out.")
            if name == "style" and TOKEN.search(value):
                self._wrong("a style cannot differ from person to person. Use {% if %} around it.")
            if name == "style":
                check_css(self._findings, self._file, value, line=self.getpos()[0])
        if given.get("background"):
            self._findings.warn(
                self._file,
                self.getpos()[0],
                "Outlook shows no background picture. Text on it needs a bgcolor as well.",
            )
        if tag == "a":
            self._link(given)
        if tag == "img":
            self._image(given)

    def handle_endtag(self, tag: str) -> None:
        """Leave a style sheet."""
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        """Look into a style sheet."""
        if self._in_style:
            check_css(self._findings, self._file, data, line=self.getpos()[0])
        if self._in_style and TOKEN.search(data):
            self._wrong("a style sheet cannot differ from person to person.")

    def _link(self, given: dict[str, str]) -> None:
        if not given.get("href"):
            self._wrong('a link leads nowhere. Write <a href="https://…">.')
            return
        special = self._masked.expression(given["href"])
        if special:
            self.specials.add(special)
        try:
            address = destination(given["href"], self._masked, self._website)
        except LinkRefused as refused:
            self._wrong(str(refused))
            return
        if address:
            self.destinations.append((self.getpos()[0], address))

    def _image(self, given: dict[str, str]) -> None:
        source = self._masked.reveal(given.get("src", ""))
        if "alt" not in given:
            self._wrong(
                f'the image "{source}" has no description. Write alt="…" with what it shows, or '
                'alt="" if it only decorates.'
            )
        folded = self._masked.fold(given.get("src", ""), {"company.website": self._website})
        if folded.startswith("images/"):
            sentence = self._pictures.wrong(self._file, folded)
            if sentence:
                self._wrong(sentence)
        elif folded.startswith("http:"):
            self._wrong(
                f'the image "{source}" would come without encryption, and mail programs leave it '
                "out. Write https://…"
            )
        elif not _FULL_ADDRESS.fullmatch(folded) or TOKEN.search(folded):
            self._wrong(
                f'the image "{source}" has no full web address. Write for example '
                'src="https://www.example.com/cup.png", or put the file into images/ and write '
                'src="images/cup.png".'
            )

    def _wrong(self, sentence: str) -> None:
        self._findings.wrong(self._file, self.getpos()[0], sentence)
