"""Mail in another brand's name: what it changes, and what it does not."""

from collections.abc import Callable
from pathlib import Path

from relance.content.build import build
from relance.content.compiled import Brand, Content

from .conftest import SMALL, Writer

Opener = Callable[..., Content]
YAML = "messages/hello/message.yaml"
BRANDED = SMALL[YAML] + "brand: roastery\n"
ROASTERY = """name: The Roastery
sender_address: hello@roastery.example
reply_to: care@roastery.example
website: https://roastery.example
link_domain: links.roastery.example
postal_address: Roastery, 2 Side Street, Lyon
layout: warm
colours: {accent: "#123456"}
"""
WARM = SMALL["layouts/mail.html.j2"].replace(
    "color: red", "color: var(--accent, #777777); border-color: var( --line,#eeeeee )"
)
FILES = {YAML: BRANDED, "brands/roastery.yaml": ROASTERY, "layouts/warm.html.j2": WARM}


def test_a_message_carries_its_brand(built: Opener) -> None:
    assert built(FILES).message("hello").brand == Brand(
        name="The Roastery",
        sender_address="hello@roastery.example",
        reply_to="care@roastery.example",
        website="https://roastery.example",
        link_domain="links.roastery.example",
        postal_address="Roastery, 2 Side Street, Lyon",
    )


def test_a_brand_has_its_layout_its_colours_and_its_website(built: Opener) -> None:
    message = built(FILES).message("hello")
    html = message.variants[0].html
    assert "color: #123456" in html
    assert "border-color: #eeeeee" in html
    assert "var(" not in html
    assert message.links == ("https://roastery.example/shop?a=1&b=2",)


def test_what_a_brand_does_not_say_is_as_the_company_says(built: Opener) -> None:
    content = built({YAML: BRANDED, "brands/roastery.yaml": "name: The Roastery\n"})
    message = content.message("hello")
    assert message.brand == Brand(name="The Roastery")
    said = content.company.variables(postal_address="9 Other Street", brand=message.brand)
    assert said == {
        "name": "The Roastery",
        "sender_name": "The Roastery",
        "postal_address": "9 Other Street",
        "website": "https://www.example.com",
    }


def test_a_layout_that_names_colours_stands_without_a_brand(built: Opener) -> None:
    html = built({"layouts/mail.html.j2": WARM}).message("hello").variants[0].html
    assert "color: #777777" in html


def test_two_brands_share_a_layout_each_in_its_colours(built: Opener) -> None:
    second = ROASTERY.replace("#123456", "#654321").replace("Roastery", "Mill")
    content = built(
        {
            **FILES,
            "brands/mill.yaml": second,
            "messages/other/message.yaml": BRANDED.replace("roastery", "mill"),
            "messages/other/body.html.j2": SMALL["messages/hello/body.html.j2"],
        }
    )
    assert "#123456" in content.message("hello").variants[0].html
    assert "#654321" in content.message("other").variants[0].html


def test_a_brand_whose_layout_is_missing_is_told_where_it_says_so(
    write: Writer, tmp_path: Path
) -> None:
    files = {**FILES, "brands/roastery.yaml": ROASTERY.replace("warm", "wram")}
    report = build(write(files), tmp_path / "target")
    assert [str(each) for each in report.mistakes] == [
        'brands/roastery.yaml: layout: there is no layout "wram". Did you mean warm?'
    ]
