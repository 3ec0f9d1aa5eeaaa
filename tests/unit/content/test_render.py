"""Rendering a mail: right for everybody, safe against everybody."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relance.content.compiled import Content, MessageClass
from relance.content.render import Rendered, render
from relance.errors import ContentInvalid

from .conftest import SMALL

Opener = Callable[..., Content]
YAML, BODY = "messages/hello/message.yaml", "messages/hello/body.html.j2"


@dataclass(frozen=True)
class Urls:
    unsubscribe_url: str = "https://l.example/u/1"
    confirm_url: str = "https://l.example/k/1"
    preferences_url: str = "https://l.example/p/1"
    file_url: str = "https://l.example/d/1"
    view_url: str = "https://l.example/v/1"
    image_base: str = "https://l.example/i"
    pixel: str = '<img src="https://l.example/o/1" alt="" width="1" height="1">'

    def link(self, n: int, /) -> str:
        return f"https://l.example/c/{n}?a&b"


def _rendered(
    content: Content,
    name: str = "hello",
    *,
    persona: str | None = None,
    language: str | None = "en",
    **contact: object,
) -> Rendered:
    return render(
        content.message(name),
        variables={
            "contact": {"email": "ada@example.com", **contact},
            "company": content.company.variables(postal_address="9 Other Street"),
        },
        urls=Urls(),
        persona=persona,
        language=language,
    )


def test_a_mail_has_its_values_links_and_the_deployed_postal_address(built: Opener) -> None:
    mail = _rendered(built(), first_name="Ada")
    assert mail.subject == "Hello Ada"
    assert mail.preheader == "A word from Acme & Sons"
    assert "Dear Ada," in mail.html
    assert 'href="https://l.example/c/0?a&amp;b"' in mail.html
    assert "https://l.example/c/0?a&b" in mail.text
    assert "9 Other Street" in mail.html
    assert "9 Other Street" in mail.text
    assert '<img src="https://l.example/o/1"' in mail.html
    assert "/o/1" not in mail.text


def test_only_the_addresses_that_a_mail_shows_are_made_and_each_once(built: Opener) -> None:
    made: list[str] = []

    class Counting:
        @property
        def unsubscribe_url(self) -> str:
            made.append("unsubscribe")
            return "https://l.example/u/1"

        @property
        def preferences_url(self) -> str:
            return "https://l.example/p/1"

        @property
        def view_url(self) -> str:
            made.append("view")
            return "https://l.example/v/1"

        @property
        def image_base(self) -> str:
            made.append("image")
            return "https://l.example/i"

        @property
        def file_url(self) -> str:
            return "https://l.example/d/1"

        @property
        def confirm_url(self) -> str:
            made.append("confirm")
            return "https://l.example/k/1"

        @property
        def pixel(self) -> str:
            made.append("pixel")
            return ""

        def link(self, n: int, /) -> str:
            made.append(f"link {n}")
            return "https://l.example/c/1"

    content = built()
    for name in ("hello", "ask"):
        render(
            content.message(name),
            variables={"contact": {}, "company": content.company.variables()},
            urls=Counting(),
            persona=None,
            language=None,
        )
    assert sorted(made) == ["confirm", "link 0", "pixel", "unsubscribe"]


def test_a_mail_without_a_first_name_reads_well(shipped: Content) -> None:
    for name in shipped.messages:
        for persona in (None, "profit", "steering", "ease"):
            mail = _rendered(shipped, name, persona=persona)
            assert "None" not in mail.html + mail.text + mail.subject
            assert " ," not in mail.text


def test_every_shipped_marketing_mail_shows_the_way_out_and_the_address(shipped: Content) -> None:
    services = {
        name
        for name in shipped.messages
        if shipped.message(name).message_class is MessageClass.TRANSACTIONAL
    }
    assert services == {"confirm", "confirm-reminder", "event-reminder"}
    for name in shipped.messages:
        mail = _rendered(shipped, name)
        for part in (mail.html, mail.text):
            assert ("https://l.example/u/1" in part) == (name not in services)
            assert "9 Other Street" in part


def test_a_double_opt_in_mail_links_to_the_confirmation_only(shipped: Content) -> None:
    for name in ("confirm", "confirm-reminder"):
        mail = _rendered(shipped, name, first_name="Ada")
        assert set(re.findall(r'(?:href|src)="([^"]*)"', mail.html)) == {"https://l.example/k/1"}


@pytest.mark.parametrize(
    ("persona", "language", "subject"),
    [
        (None, "en", "Hello there"),
        ("profit", "en", "What it costs"),
        ("profit", "fr", "Bonjour"),
        ("ease", "en", "Hello there"),
        ("ease", "fr", "Bonjour"),
        (None, "de", "Hello there"),
        ("profit", None, "What it costs"),
    ],
)
def test_a_variant_is_chosen_by_language_then_persona_then_for_everybody(
    built: Opener, persona: str | None, language: str | None, subject: str
) -> None:
    content = built({YAML: SMALL[YAML] + "  - language: fr\n    subject: Bonjour\n"})
    assert _rendered(content, persona=persona, language=language).subject == subject


def test_a_required_trait_that_is_not_known_stops_the_mail(built: Opener) -> None:
    content = built({YAML: SMALL[YAML] + "requires: [role]\n", BODY: "<p>{{ contact.role }}</p>"})
    with pytest.raises(ContentInvalid, match='"hello" needs the trait role'):
        _rendered(content)
    assert "owner" in _rendered(content, role="owner").text


def test_what_a_template_does_not_look_at_is_not_handed_to_it(built: Opener) -> None:
    assert built().message("hello").uses == ("first_name",)


def test_a_missing_value_stops_the_mail_without_a_word_about_the_contact(built: Opener) -> None:
    message = built().message("hello")
    for template in ("{{ event.order }}", "{{ contact.first_name + 1 }}", "{{ event.order.x }}"):
        variant = replace(message.variants[0], html=f"{{{{ contact.first_name }}}}{template}")
        with pytest.raises(ContentInvalid, match='"hello"') as raised:
            render(
                replace(message, version=str(hash(template)), variants=(variant,)),
                variables={"contact": {"first_name": "Secret"}, "company": {"name": "Acme"}},
                urls=Urls(),
                persona=None,
                language=None,
            )
        assert "Secret" not in str(raised.value)
        assert raised.value.__suppress_context__


def test_a_value_that_is_not_known_is_never_printed_as_none(built: Opener) -> None:
    message = built().message("hello")
    variant = replace(message.variants[0], html="{{ contact.first_name }}")
    with pytest.raises(ContentInvalid, match="prints a value that is not known"):
        render(
            replace(message, version="none", variants=(variant,)),
            variables={"contact": {}, "company": {"name": "Acme"}},
            urls=Urls(),
            persona=None,
            language=None,
        )


def test_a_subject_is_one_line(built: Opener) -> None:
    mail = _rendered(built(), first_name="Ada\r\nBcc: everybody@example.com\x00\u2028x")
    assert mail.subject == "Hello Ada Bcc: everybody@example.com x"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(attrs)))

    def handle_comment(self, data: str) -> None:
        self.seen.append(("!--", ((data, None),)))


def _tags(html: str) -> list[tuple[str, tuple[tuple[str, str | None], ...]]]:
    reader = _Tags()
    reader.feed(html)
    reader.close()
    return reader.seen


_NASTY = st.lists(
    st.sampled_from(
        ["<script>", "</p>", '"', "'", "<!--", "-->", "&lt;b&gt;", "{{ 1 }}", "{% if %}", "{{",
         "<b onclick=x>", "<a href=javascript:x>", "\ue0000\ue001", "]]>", "\x00", "ada"]
    ),
    min_size=1,
    max_size=6,
).map("".join) | st.text(min_size=1, max_size=30)  # fmt: skip


@settings(deadline=None)
@given(name=_NASTY)
def test_what_a_person_typed_never_becomes_markup(shipped: Content, name: str) -> None:
    for message in ("welcome", "first-steps", "confirm"):
        nasty = _rendered(shipped, message, first_name=name)
        plain = _rendered(shipped, message, first_name="Ada")
        assert _tags(nasty.html) == _tags(plain.html)
        assert "\n" not in nasty.subject
        assert "\r" not in nasty.subject
        if "{{ 1 }}" in name:
            assert "{{ 1 }}" in nasty.text
