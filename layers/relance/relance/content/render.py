"""Rendering one mail: substitution only; everything else was done by the build."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from relance.content.compiled import Message, Variant
from relance.content.locales import PLAIN, Locale
from relance.content.templates import IMAGE_BASE, URL_NAMES, Fields, ValueUnknown, environment
from relance.errors import ContentInvalid

_LINK = re.compile(r"\{\{ link\((\d+)\) \}\}")
_BY_NAME = r"{{ link_\1 }}"
"""A link is signed once, though HTML and text both show it; a name costs less than a call."""
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


class MailUrls(Protocol):
    """The addresses of one mail, made and signed by whoever sends it."""

    @property
    def unsubscribe_url(self) -> str:
        """The page that unsubscribes."""

    @property
    def preferences_url(self) -> str:
        """The page on which one chooses what one gets."""

    @property
    def confirm_url(self) -> str:
        """The page that confirms."""

    @property
    def file_url(self) -> str:
        """Where the file is that the person was promised."""

    @property
    def view_url(self) -> str:
        """The page that shows the mail in a browser."""

    @property
    def image_base(self) -> str:
        """Below which its pictures are, without a slash at the end."""

    @property
    def pixel(self) -> str:
        """Markup of the tracking pixel, or an empty text where it is not allowed."""

    def link(self, n: int, /) -> str:
        """Return where link `n` of the message leads: `Message.links[n]`, or its tracked form."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail as one contact gets it. `persona` tells the variant: None is everybody's."""

    subject: str
    preheader: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    persona: str | None
    language: str


def render(
    message: Message,
    *,
    variables: Mapping[str, object],
    urls: MailUrls,
    persona: str | None,
    language: str | None,
) -> Rendered:
    """Return the mail.

    `variables` holds `contact` (traits; what is missing or None is not known), `company`
    (Company.variables) and, where a workflow has one, `event` (its properties). Raises
    ContentInvalid when a required trait is missing or a template prints what is not known; its
    text names the message and never a contact's value.
    """
    variant = message.variant(persona=persona, language=language)
    templates = _templates(message, variant)
    contact = _fields(variables, "contact")
    lacking = [name for name in message.requires if contact.get(name) is None]
    if lacking:
        raise ContentInvalid(
            f'The message "{message.name}" needs the trait {lacking[0]}, which is not known.'
        )
    seen = {
        "contact": Fields({name: contact.get(name) for name in message.uses}),
        "company": Fields(_fields(variables, "company")),
        "event": Fields(_fields(variables, "event")),
        **{f"link_{n}": urls.link(n) for n in templates.links},
        **{name: getattr(urls, name) for name in templates.urls},
    }
    if templates.has_pixel:
        seen["pixel"] = Markup(urls.pixel)  # noqa: S704 - our own markup
    try:
        seen["subject"] = subject = _one_line(templates.subject(seen))
        seen["preheader"] = preheader = _one_line(templates.preheader(seen))
        html = templates.html.render(seen)
        text = templates.text.render(seen)
    except ValueUnknown:
        raise _invalid(message, "prints a value that is not known") from None
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise _invalid(message, f"cannot be rendered ({type(error).__name__})") from None
    return Rendered(
        subject=subject,
        preheader=preheader,
        html=html,
        text=_BLANK_LINES.sub("\n\n", text).strip() + "\n",
        persona=variant.persona,
        language=variant.language,
    )


@dataclass(frozen=True, slots=True)
class _Templates:
    subject: Callable[[Mapping[str, object]], str]
    preheader: Callable[[Mapping[str, object]], str]
    html: Template
    text: Template
    urls: tuple[str, ...]
    links: tuple[int, ...]
    has_pixel: bool


@lru_cache(maxsize=64)
def _environment(part: str, locale: Locale) -> ImmutableSandboxedEnvironment:
    return environment(html=part == "html", locale=locale)


def _templates(message: Message, variant: Variant) -> _Templates:
    key = (message.name, message.version, variant.persona, variant.language)
    found = _CACHE.get(key)
    if found is None:
        locale = message.locales.get(variant.language, PLAIN)
        plain = _environment("text", locale)
        found = _Templates(
            subject=_line(plain, variant.subject),
            preheader=_line(plain, variant.preheader),
            html=_environment("html", locale).from_string(_LINK.sub(_BY_NAME, variant.html)),
            text=plain.from_string(_LINK.sub(_BY_NAME, variant.text)),
            urls=tuple(name for name in _ADDRESSES if name in variant.html + variant.text),
            links=tuple(sorted({int(n) for n in _LINK.findall(variant.html + variant.text)})),
            has_pixel="pixel" in variant.html,
        )
        if len(_CACHE) >= _CACHE_SIZE:
            _CACHE.clear()
        _CACHE[key] = found
    return found


def _line(plain: ImmutableSandboxedEnvironment, text: str) -> Callable[[Mapping[str, object]], str]:
    """What renders a line; most of them say the same to everybody."""
    return plain.from_string(text).render if "{" in text else lambda _: text


_ADDRESSES = sorted(URL_NAMES | {IMAGE_BASE})
_CACHE: dict[tuple[str, str, str | None, str], _Templates] = {}
_CACHE_SIZE = 256


def _fields(variables: Mapping[str, object], name: str) -> dict[str, object]:
    value = variables.get(name) or {}
    if not isinstance(value, Mapping):
        raise TypeError(f"the variable {name} holds named values")
    return dict(value)


def _one_line(text: str) -> str:
    """Make one line of it: a header must not be split by what a person typed as a name."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


def _invalid(message: Message, what: str) -> ContentInvalid:
    return ContentInvalid(f'The message "{message.name}" (version {message.version}) {what}.')
