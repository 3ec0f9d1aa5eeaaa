"""Where somebody came from: a touch is source, medium and campaign, and the page with the form.

It is read from the address of the page with the form (`utm_source=…`), else from the site that led
there, and travels in hidden fields of the form, so that a page that was sent says what the page
that was shown said. Everybody can write what they like into an address: what is kept is short, in
one line, without capitals, and holds no e-mail address. The ids by which advertisers know a click
(`gclid=…`) are never kept; that there was one tells who was paid.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self
from urllib.parse import urlsplit

from relance.storage import Value

LONGEST = 80
"""Characters of each part that are kept."""

DIRECT = "(direct)"
"""The source of who came from nowhere that is known."""

_UTM = {f"utm_{part}": part for part in ("source", "medium", "campaign", "term", "content")}

_CLICK_IDS: Mapping[str, tuple[str, str]] = {
    "gclid": ("google", "cpc"),
    "gbraid": ("google", "cpc"),
    "wbraid": ("google", "cpc"),
    "msclkid": ("bing", "cpc"),
    "li_fat_id": ("linkedin", "paid"),
    "ttclid": ("tiktok", "paid"),
    "twclid": ("x", "paid"),
    "fbclid": ("facebook", "social"),
}
"""The parameters by which advertisers know a click, and what follows from one without `utm_…`."""

_SEARCH = re.compile(r"(?:^|\.)(google|bing|duckduckgo|ecosia|qwant|yahoo|baidu|yandex)\.")
_PLACE = re.compile(r"[A-Za-z0-9._~/%-]{1,120}")
_VARIANT = re.compile(r"[a-z][a-z0-9_-]{0,59}")

TOUCH_FIELDS = (*_UTM, "came_from", "paid_by", "landing", "variant")
"""The hidden fields of a form in which the touch of its page travels."""

ASKED = (*_UTM, *_CLICK_IDS)
"""The parameters of a page's address that say where somebody came from."""


@dataclass(frozen=True, slots=True)
class Touch:
    """Where somebody came from, and what they were shown; what is not known is empty.

    `referrer` is the host that led here. `paid_by` says whose click id there was. `landing` is
    the page with the form: `l/coffee`, `f/newsletter`, or host and path of the company's own page.
    """

    source: str = ""
    medium: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    referrer: str = ""
    paid_by: str = ""
    landing: str = ""
    variant: str = ""

    @classmethod
    def of(cls, said: Mapping[str, str], *, landing: str = "", variant: str = "") -> Self:
        """The touch that the parameters of a page, or the hidden fields of its form, tell.

        `landing` and `variant` hold whatever is said.
        """
        utm = {part: _short(said.get(name, "")) for name, part in _UTM.items()}
        referrer = _host(said.get("came_from", ""))
        clicked = next((name for name in _CLICK_IDS if said.get(name)), "")
        paid_by = clicked or _one_of(said.get("paid_by", ""))
        source, medium = utm["source"], utm["medium"]
        if not source:
            source, known = _guessed(referrer, paid_by)
            medium = medium or known
        rest = {part: utm[part] for part in ("campaign", "term", "content")}
        return cls(
            source=source,
            medium=medium,
            **rest,
            referrer=referrer,
            paid_by=paid_by,
            landing=landing or _matching(_PLACE, said.get("landing", "")),
            variant=variant or _matching(_VARIANT, said.get("variant", "")),
        )

    def fields(self) -> dict[str, str]:
        """The hidden fields that tell the same touch again."""
        utm = {name: str(getattr(self, part)) for name, part in _UTM.items()}
        own = {"came_from": self.referrer, "paid_by": self.paid_by}
        found = {**utm, **own, "landing": self.landing, "variant": self.variant}
        return {name: value for name, value in found.items() if value}

    def about(self) -> dict[str, Value]:
        """The touch as it stands in an event: what is known."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def told(self) -> str:
        """In one line: `google / cpc / spring`."""
        return " / ".join(each for each in (self.source, self.medium, self.campaign) if each)


NOWHERE = Touch(source=DIRECT)
"""The touch of somebody of whom nothing is known."""


def touch_in(about: object) -> Touch:
    """The touch that an event holds, as `about` wrote it."""
    if not isinstance(about, Mapping):
        return NOWHERE
    known = {name: str(value) for name, value in about.items() if name in Touch.__slots__}
    return Touch(**known)


def referring(header: str, own: tuple[str, ...]) -> str:
    """The host that a Referer header names, unless it is one of the suite's own."""
    host = _host(header)
    return "" if host in own else host


def _guessed(referrer: str, paid_by: str) -> tuple[str, str]:
    if paid_by:
        return _CLICK_IDS[paid_by]
    if not referrer:
        return DIRECT, ""
    engine = _SEARCH.search(referrer)
    return (engine[1], "organic") if engine else (referrer, "referral")


def _short(text: str) -> str:
    """One line of at most `LONGEST` characters in small letters; nothing if it names an address."""
    line = " ".join(text.split()).lower()
    is_plain = all(character.isprintable() for character in line)
    return line[:LONGEST] if is_plain and "@" not in line and "%40" not in line else ""


def _host(address: str) -> str:
    try:
        found = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    name = found.removeprefix("www.")
    return name if re.fullmatch(r"[a-z0-9.-]{1,100}", name) else ""


def _one_of(name: str) -> str:
    return name if name in _CLICK_IDS else ""


def _matching(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""
