"""Slots: what a page shows to whom, and what may not stand in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from relance.content.build import build
from relance.content.compiled import Content
from relance.content.slots import Slot, SlotVariant

from .conftest import Writer

HERO = """title: The first thing people see
variants:
  - when: {in_segment: hot}
    html: <h1>Talk to us</h1>
  - when: {trait: role, equals: owner}
    text: Less than 1 € a cup & more
default:
  text: Welcome
"""


def test_a_slot_keeps_the_order_of_its_variants_and_escapes_texts(
    built: Callable[..., Content],
) -> None:
    content = built({"slots/hero.yaml": HERO})
    slot = content.slot("hero")
    assert slot is not None
    assert [each.html for each in slot.variants] == [
        "<h1>Talk to us</h1>",
        "Less than 1 € a cup &amp; more",
    ]
    assert slot.default == "Welcome"
    assert content.slots == ("hero",)
    assert content.slot("nothing") is None


def test_a_slot_without_a_default_leaves_the_page_as_it_is(built: Callable[..., Content]) -> None:
    slot = built({"slots/hero.yaml": HERO.partition("default")[0]}).slot("hero")
    assert slot is not None
    assert slot.default is None


def test_a_slot_is_read_back_as_it_was_written() -> None:
    slot = Slot("a", "A", (SlotVariant({"leaf": "everyone"}, "<p>"),), "x")
    assert Slot.from_json({"version": "0", **slot.to_json()}) == slot


def test_profiles_keep_what_a_slot_asks_for(built: Callable[..., Content]) -> None:
    asks = HERO.replace("{in_segment: hot}", "{did: viewed_pricing, at_least: 3, within: 20 days}")
    before = built({"slots/hero.yaml": HERO}).rules
    after = built({"slots/hero.yaml": asks}).rules
    assert before.depths["viewed_pricing"] != after.depths["viewed_pricing"]
    assert before.version != after.version


def test_the_words_of_a_slot_make_no_profile_be_folded_again(
    built: Callable[..., Content],
) -> None:
    before = built({"slots/hero.yaml": HERO}).rules.version
    assert built({"slots/hero.yaml": HERO.replace("Welcome", "Hello")}).rules.version == before


@pytest.mark.parametrize(
    ("written", "mistyped", "sentence"),
    [
        (
            "in_segment: hot",
            "in_segment: hott",
            (
                "slots/hero.yaml, line 3: variants[1].when.in_segment: "
                'the segment "hott" is not declared in segments/. Did you mean hot?'
            ),
        ),
        (
            "<h1>",
            "<h1 onclick='x()'>",
            (
                "slots/hero.yaml, line 4: variants[1].html: onclick=… may not stand in a slot. "
                "Leave it out."
            ),
        ),
        (
            "<h1>",
            "<script>x()</script><h1>",
            (
                "slots/hero.yaml, line 4: variants[1].html: <script> may not stand in a slot. "
                "Put it into the page itself."
            ),
        ),
        (
            "<h1>",
            '<a href=" JavaScript:x()">',
            (
                'slots/hero.yaml, line 4: variants[1].html: href=" JavaScript:x()" is no address '
                'of a page. Write "https://…".'
            ),
        ),
        (
            "text: Welcome",
            'text: "Welcome {{ contact.first_name }}"',
            (
                "slots/hero.yaml, line 8: default.text: everybody who sees this sees the same. "
                "Write it without {{ }} and {% %}, and make a variant for whom it should differ."
            ),
        ),
        (
            "    html: <h1>Talk to us</h1>",
            "    html: <h1>Talk to us</h1>\n    text: Talk",
            'slots/hero.yaml, line 3: variants[1]: write either "text:" or "html:".',
        ),
    ],
    ids=["segment", "handler", "script", "address", "jinja", "both"],
)
def test_a_mistake_in_a_slot_is_told(
    write: Writer, tmp_path: Path, written: str, mistyped: str, sentence: str
) -> None:
    assert written in HERO
    source = write({"slots/hero.yaml": HERO.replace(written, mistyped, 1)})
    report = build(source, tmp_path / "target")
    assert [str(each) for each in report.mistakes] == [sentence]


def test_every_shipped_slot_can_be_read(shipped: Content) -> None:
    assert "hero" in shipped.slots
    assert all(shipped.slot(name) for name in shipped.slots)
