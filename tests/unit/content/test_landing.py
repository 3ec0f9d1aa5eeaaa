"""Landing pages: what the build makes of them, and what it says of mistakes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from relance.content.build import build
from relance.content.compiled import Content

PAGE = {
    "landing/cup/page.yaml": """title: A cup
description: "Quotes: \\"here\\" <b>"
form: newsletter
variants:
  - {name: short, weight: 3}
  - {name: long, title: A long cup}
winner: {sure: 95%, at_least: 50, counts: signed_up}
""",
    "landing/cup/body.short.html.j2": "<h1>{{ company.name }}</h1>{{ form }}",
    "landing/cup/body.long.html.j2": "<h1>Long</h1>{{ form }}",
    "landing/cup/page.fr.yaml": "title: Une tasse\nvariants: {long: {title: Grande}}\n",
    "landing/cup/body.short.fr.html.j2": "<h1>Court</h1>{{ form }}",
    "landing/cup/body.long.fr.html.j2": "<h1>Long</h1>{{ form }}",
}
Builds = Callable[..., Content]
Writes = Callable[..., Path]


def test_each_variant_has_a_page_in_each_language(built: Builds) -> None:
    content = built(PAGE)
    page = content.landing("cup")
    assert page is not None
    assert [(each.name, each.weight) for each in page.variants] == [("short", 3), ("long", 1)]
    assert "<h1>Acme &amp; Sons</h1>" in page.variants[0].page
    assert "<title>" not in page.variants[0].page or "A cup" in page.variants[0].page
    assert (page.trial.sure, page.trial.at_least) == (0.95, 50)
    french = content.landing("cup", "fr-CA")
    assert french is not None
    assert french.language == "fr"
    assert "Court" in french.variants[0].page
    assert french.trial.id == page.trial.id


def test_shares_follow_weights_and_somebody_known_sees_the_same_again(built: Builds) -> None:
    page = built(PAGE).landing("cup")
    assert page is not None
    drawn = [page.drawn(page.chance_of(f"visitor {number}")).name for number in range(4000)]
    assert 0.72 < drawn.count("short") / len(drawn) < 0.78
    assert drawn == [page.drawn(page.chance_of(f"visitor {n}")).name for n in range(4000)]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"landing/cup/page.yaml": "title: A\nform: newsleter\n"},
            'form: there is no form "newsleter". Did you mean newsletter?',
        ),
        (
            {"landing/cup/body.short.html.j2": "<h1>No form</h1>"},
            "has no place for its form. Write {{ form }} where it shall stand.",
        ),
        (
            {"landing/cup/body.short.html.j2": "{{ form }}{{ form }}"},
            "the form stands here twice. Take one {{ form }} out.",
        ),
        (
            {"landing/cup/body.short.html.j2": "{{ form }}%%NAME%%"},
            "landing/cup/body.short.html.j2: nothing fills %%NAME%% on this page.",
        ),
        ({"landing/cup/body.long.fr.html.j2": None}, "body.long.fr.html.j2: this file is missing."),
        (
            {"landing/cup/body.shrt.html.j2": "{{ form }}"},
            "landing/cup/body.shrt.html.j2: nothing reads this. Did you mean body.short.html.j2",
        ),
        (
            {"landing/cup/page.de.yaml": "title: Eine Tasse\n"},
            'the language "de" is not declared in company.yaml.',
        ),
        ({"landing/cup/page.yaml": "title: A\nform: newsletter\nwinner: {sure: 40%}\n"}, '"40%"'),
        (
            {"landing/cup/page.yaml": "title: A\nform: newsletter\nvariants: [{name: a}]\n"},
            "variants need two names or more, each another.",
        ),
        ({"landing/Cup/page.yaml": "title: A\n"}, '"Cup" is no name for a page.'),
    ],
    ids=[
        "form", "no place", "two places", "mark", "no body", "mistyped body", "language", "sure",
        "one variant", "name",
    ],
)  # fmt: skip
def test_a_mistake_is_told(
    write: Writes, tmp_path: Path, changes: Mapping[str, str | None], sentence: str
) -> None:
    report = build(write({**PAGE, **changes}), tmp_path / "target")
    assert any(sentence in str(each) for each in report.mistakes), str(report)
