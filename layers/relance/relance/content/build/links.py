"""What stands in `href`: numbered, left alone, or refused."""

import html
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from relance.content.build.masks import TOKEN, Masked
from relance.content.build.utm import NO_TAGS, Tags
from relance.content.templates import URL_NAMES

_HREF = re.compile(r'(<a(?:\s+[^\s=>"]+(?:="[^"]*")?)*?\s+href=")([^"]*)(")')


class LinkRefused(ValueError):
    """A link cannot be used in a mail; the text says why and what to write."""


def destination(href: str, masked: Masked, website: str) -> str | None:
    """Return the address that a link leads to, None where it is not to be numbered.

    Raises LinkRefused.
    """
    special = masked.expression(href)
    if special in URL_NAMES:
        return None
    address = masked.fold(href, {"company.website": website}).strip()
    shown = TOKEN.sub(lambda found: masked.pieces[int(found[1])], address)
    if any(masked.prints_company(found[0]) for found in TOKEN.finditer(address)):
        return None  # the check of the template has said that there is no such field
    if TOKEN.search(address):
        raise LinkRefused(
            f'the link "{shown}" differs from person to person and could not be counted. Only '
            "{{ company.website }}, {{ unsubscribe_url }}, {{ preferences_url }}, "
            "{{ confirm_url }} and {{ file_url }} may stand in one."
        )
    parts = urlsplit(address)
    if parts.scheme in {"mailto", "tel"}:
        return None
    if parts.scheme in {"http", "https"} and parts.netloc and " " not in address:
        return address
    if parts.scheme in {"", "http", "https"}:
        raise LinkRefused(
            f'the link "{shown}" is not a full web address. Write for example '
            '"https://www.example.com/shop".'
        )
    raise LinkRefused(
        f'a link that begins with "{parts.scheme}:" does not work in a mail. Link to a web '
        'address, for example "https://www.example.com/shop".'
    )


@dataclass(slots=True)
class LinkTable:
    """The links of one message over all its variants.

    The second link to an address has a number of its own, so that a report can tell the picture
    from the button; the same place in another variant has the same number.
    """

    tags: Tags = NO_TAGS
    _numbers: dict[tuple[str, int], int] = field(default_factory=dict)

    @property
    def links(self) -> tuple[str, ...]:
        """Where each number leads."""
        return tuple(self.tags.on(address) for address, _ in self._numbers)

    def number(self, page: str, masked: Masked, website: str) -> str:
        """Return an inlined page in which every link that counts is `{{ link(n) }}`."""
        seen: dict[str, int] = {}

        def one(found: re.Match[str]) -> str:
            try:
                address = destination(html.unescape(found[2]), masked, website)
            except LinkRefused:
                return found[0]
            if address is None:
                return found[0]
            seen[address] = seen.get(address, 0) + 1
            number = self._numbers.setdefault((address, seen[address]), len(self._numbers))
            masked.pieces.append(f"{{{{ link({number}) }}}}")
            return f"{found[1]}\ue000{len(masked.pieces) - 1}\ue001{found[3]}"

        return _HREF.sub(one, page)
