"""What links carry for web statistics, and which links carry it."""

from collections.abc import Callable

import pytest
from relance.content.build.utm import Tags
from relance.content.compiled import Content

from .conftest import SMALL

Opener = Callable[..., Content]
YAML, BODY = "messages/hello/message.yaml", "messages/hello/body.html.j2"
COMPANY = SMALL["company.yaml"] + "utm: {source: letters, hosts: [events.example.org]}\n"

TAGS = Tags({"utm_source": "n", "utm_medium": "email"}, ("https://www.example.com",))


@pytest.mark.parametrize(
    ("address", "tagged"),
    [
        ("https://www.example.com/a", "https://www.example.com/a?utm_source=n&utm_medium=email"),
        ("https://shop.example.com", "https://shop.example.com?utm_source=n&utm_medium=email"),
        (
            "https://www.example.com/a?b=1#part",
            "https://www.example.com/a?b=1&utm_source=n&utm_medium=email#part",
        ),
        (
            "https://www.example.com/?utm_source=mine",
            "https://www.example.com/?utm_source=mine&utm_medium=email",
        ),
        (
            "https://www.example.com/?utm_source=&utm_medium=x",
            "https://www.example.com/?utm_source=&utm_medium=x",
        ),
        ("https://www.example.com/?q=a%20b+c", None),
        ("https://other.example/a", "https://other.example/a"),
        ("https://notexample.com/a", "https://notexample.com/a"),
    ],
    ids=[
        "a page", "a host below", "before the fragment", "what is written stays",
        "even without a value", "what stands there is not written anew", "of others", "alike",
    ],
)  # fmt: skip
def test_links_to_own_pages_are_tagged(address: str, tagged: str | None) -> None:
    assert TAGS.on(address) == (tagged or f"{address}&utm_source=n&utm_medium=email")


def test_a_mail_carries_its_name_as_the_campaign(built: Opener) -> None:
    body = (
        SMALL[BODY]
        + '<a href="https://events.example.org/x">x</a> <a href="https://o.example">o</a>\n'
    )
    message = built({"company.yaml": COMPANY, BODY: body}).message("hello")
    tags = "utm_source=letters&utm_medium=email&utm_campaign=hello"
    assert message.links == (
        f"https://www.example.com/shop?a=1&b=2&{tags}",
        f"https://events.example.org/x?{tags}",
        "https://o.example",
    )
    assert all("utm_" not in each.html for each in message.variants)


def test_a_message_says_it_otherwise(built: Opener) -> None:
    own = SMALL[YAML] + "utm: {source: spring, medium: mail, campaign: s26, content: button}\n"
    (link,) = built({YAML: own}).message("hello").links
    assert link.endswith("&utm_source=spring&utm_medium=mail&utm_campaign=s26&utm_content=button")


def test_without_a_word_about_it_links_stay_as_they_are(built: Opener) -> None:
    assert built().message("hello").links == ("https://www.example.com/shop?a=1&b=2",)
