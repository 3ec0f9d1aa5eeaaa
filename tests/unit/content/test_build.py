"""What the build makes of right content."""

import re
from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from relance.content.build import build
from relance.content.build.trials import parsed, trial
from relance.content.build.yaml_source import composed
from relance.content.compiled import Content, MessageClass, MessageUnknown
from relance.content.pages import PAGES
from relance.content.sending_rules import SendingRules
from relance.content.stage_rules import Intent

from .conftest import ROOT, SHIPPED, SMALL, Writer

Opener = Callable[..., Content]
BODY = "messages/hello/body.html.j2"


def _bytes(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in sorted(folder.rglob("*"))
        if each.is_file()
    }


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    first = build(SHIPPED, tmp_path / "a")
    for remembered in (composed, parsed, trial):
        remembered.cache_clear()
    second = build(SHIPPED, tmp_path / "b")
    again = build(SHIPPED, tmp_path / "a")
    assert first.version == second.version == again.version
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


def test_the_shipped_content_has_what_the_welcome_journey_sends(shipped: Content) -> None:
    sent = {"confirm", "confirm-reminder", "first-steps", "welcome", "welcome-again"}
    assert sent <= set(shipped.messages)
    confirm, welcome = shipped.message("confirm"), shipped.message("welcome")
    assert confirm.message_class is MessageClass.TRANSACTIONAL
    assert confirm.links == ()
    assert confirm.at_most_per_day == 1
    assert welcome.message_class is MessageClass.MARKETING
    assert welcome.intent is Intent.INFORM
    personas = {(each.language, each.persona) for each in welcome.variants}
    assert personas == set(product(("en", "fr", "pt"), (None, "profit", "steering", "ease")))
    assert all(shipped.message(name).requires == () for name in shipped.messages)


def test_the_letters_of_the_journeys_are_there_in_three_languages(shipped: Content) -> None:
    machines = (ROOT / "statemachines" / "journeys").glob("*.asl.json")
    names = {
        name
        for path in machines
        for said in re.findall(r'"message": "(.+)"', path.read_text("utf-8"))
        for name in re.findall(r"^[a-z-]+$|(?<=')[a-z-]+(?=')", said)
    }
    assert len(names) == 36
    for name in names:
        spoken = {each.language for each in shipped.message(name).variants}
        assert spoken == {"en", "fr", "pt"}, name


def test_every_page_that_the_suite_shows_is_there(shipped: Content) -> None:
    for name in PAGES:
        page = shipped.page(name, "en")
        assert page.startswith("<!doctype html>")
        assert "src=" not in page
        assert "@import" not in page


def test_a_change_of_one_message_changes_its_version_and_no_other(built: Opener) -> None:
    before = built()
    hello, ask, rules = before.message("hello"), before.message("ask"), before.rules
    after = built({BODY: SMALL[BODY].replace("Dear", "Hello")})
    assert after.message("hello").version != hello.version
    assert after.message("ask") == ask
    assert after.rules == rules
    assert after.version != before.version
    assert len(hello.version) == 12


def test_a_change_of_a_score_changes_the_version_of_the_rules(built: Opener) -> None:
    before = built().rules.version
    score = SMALL["scores/engagement.yaml"].replace("points: 5", "points: 6")
    assert built({"scores/engagement.yaml": score}).rules.version != before


@pytest.mark.parametrize(
    ("file", "written", "instead"),
    [
        ("segments/hot.yaml", "title: Hot", "title: Very hot"),
        ("personas.yaml", "asks: What does it cost?", "asks: How much?"),
        ("stages.yaml", "title: Visitor", "title: Guest\n  intents: [inform]"),
        ("qualifications/sales.yaml", "Grade {grade.fit}", "Fit {grade.fit}"),
        ("company.yaml", "opens: none", "opens: full"),
        ("lists.yaml", "Engaged", "Still engaged"),
        ("messages/ask/message.yaml", "One press", "One click"),
    ],
)
def test_a_change_of_words_or_permissions_folds_no_profile_again(
    built: Opener, file: str, written: str, instead: str
) -> None:
    before = built()
    version, whole = before.rules.version, before.version
    assert written in SMALL[file]
    after = built({file: SMALL[file].replace(written, instead)})
    assert after.rules.version == version
    assert after.version != whole


def test_links_are_numbered_and_keep_their_number_over_variants(built: Opener) -> None:
    other = '<a href="https://www.example.com/other">o</a>' + SMALL[BODY]
    yaml = SMALL["messages/hello/message.yaml"] + "    body: body.profit.html.j2\n"
    content = built(
        {"messages/hello/body.profit.html.j2": other, "messages/hello/message.yaml": yaml}
    )
    message = content.message("hello")
    assert message.links == (
        "https://www.example.com/shop?a=1&b=2",
        "https://www.example.com/other",
    )
    assert 'href="{{ link(0) }}"' in message.variants[0].html
    assert 'href="{{ link(0) }}"' in message.variants[1].html
    assert 'href="{{ link(1) }}"' in message.variants[1].html
    assert "o: {{ link(1) }}" in message.variants[1].text


def test_the_second_link_to_an_address_has_its_own_number(built: Opener) -> None:
    twice = '<p><a href="https://a.example/">one</a> <a href="https://a.example/">two</a></p>'
    assert built({BODY: twice}).message("hello").links == ("https://a.example/",) * 2


def test_css_is_inlined_and_jinja_survives_it(built: Opener) -> None:
    body = (
        "<table>{% for n in [1, 2] %}<tr><td class='button'>{{ n }} {{ 'a' if n < 2 else 'b' }}"
        "</td></tr>{% endfor %}</table>"
    )
    html = built({BODY: body}).message("hello").variants[0].html
    assert 'style="color: red;"' in html
    assert "{{ 'a' if n < 2 else 'b' }}" in html
    assert html.index("<table>") < html.index("{% for") < html.index("<tr>")


def test_the_text_part_has_paragraphs_lists_and_addresses(built: Opener) -> None:
    body = (
        "<h1>Title</h1><p>One<br>two &amp; three</p><ul><li>a</li><li>b</li></ul>"
        '<p>See <a href="https://a.example/x">this</a> now.</p>'
        '<p><a href="https://a.example/y">A button</a></p>'
        "<p>{% if contact.first_name %}Hi {{ contact.first_name }}{% endif %}</p><p>End</p>"
    )
    assert built({BODY: body}).message("hello").variants[0].text == (
        "Title\n\nOne\ntwo & three\n\n- a\n- b\n\nSee this ({{ link(0) }}) now.\n\n"
        "A button: {{ link(1) }}\n\n"
        "{% if contact.first_name %}Hi {{ contact.first_name }}{% endif %}\n\nEnd\n\n"
        "Unsubscribe: {{ unsubscribe_url }}, {{ company.postal_address }}\n\n"
        "Choose: {{ preferences_url }}\n"
    )


def test_an_unknown_message_is_answered_with_the_closest_names(shipped: Content) -> None:
    with pytest.raises(MessageUnknown, match="Did you mean welcome or welcome-again") as raised:
        shipped.message("welcom")
    assert raised.value.closest == ("welcome", "welcome-again")


def test_a_page_falls_back_to_the_first_language(built: Opener, write: Writer) -> None:
    french = SMALL["pages/confirm.html.j2"].replace("A page", "Une page")
    content = built({"pages/confirm.fr.html.j2": french})
    assert "Une page" in content.page("confirm", "fr")
    assert "A page" in content.page("confirm", "de")
    assert "A page" in content.page("confirmed", "fr")
    assert content.form("newslettr") is None
    with pytest.raises(KeyError):
        content.page("nowhere", "en")


def test_holidays_are_written_down_for_the_year_of_the_build_and_two_more(
    write: Writer, tmp_path: Path
) -> None:
    report = build(write(), tmp_path / "target", year=2028)
    assert report.ok
    rules = Content.open(tmp_path / "target").sending
    assert {each[:4] for each in rules.holidays["FR"]} == {"2028", "2029", "2030"}
    assert "2028-07-14" in rules.holidays["FR"]
    assert rules.closed("DE") >= {date(2028, 10, 3)}
    assert rules.closed("JP") == rules.closed("FR"), "as at home"
    assert SendingRules.from_json(rules.to_json()) == rules


def test_without_the_file_nothing_is_bounded(built: Opener) -> None:
    ask = SMALL["messages/ask/message.yaml"].replace("hours: business\n", "")
    bare = built({"sending.yaml": None, "messages/ask/message.yaml": ask})
    assert bare.sending == SendingRules()


def test_a_cap_of_none_is_warned_of(write: Writer, tmp_path: Path) -> None:
    none = SMALL["sending.yaml"].replace("per_day: 2", "per_day: 0")
    report = build(write({"sending.yaml": none}), tmp_path / "target")
    assert report.ok
    assert "no marketing mail goes out" in str(report)


def test_a_message_in_another_language_alone_has_no_other(built: Opener) -> None:
    text = SMALL["messages/hello/message.yaml"].replace("topic:", "language: fr\ntopic:")
    hello = built({"messages/hello/message.yaml": text}).message("hello")
    assert {each.language for each in hello.variants} == {"fr"}
