"""A mail in a brand's name: who it comes from, where its links lead, who answers get."""

from dataclasses import replace

import pytest
from relance.content.compiled import Brand, Message
from relance.errors import ContentInvalid
from relance.ports import Mail, Sender
from relance.sending import compose_mail, link_base

from tests.mail.letters import SEND, SENDER, SIGNER, content, reader

ROASTERY = Brand(
    name="Northbank Roastery",
    sender_address="hello@roastery.example",
    sender_name="Café & Co",
    reply_to="care@roastery.example",
    link_domain="links.roastery.example",
    postal_address="8 Mill Street, Lyon",
)
ALLOWED = replace(SENDER, brand_addresses=("hello@roastery.example",))


def branded(brand: Brand) -> Message:
    return replace(content().message("welcome"), brand=brand)


def composed(brand: Brand, sender: Sender = ALLOWED) -> Mail:
    message = branded(brand)
    return compose_mail(
        message,
        reader(message),
        send_id=SEND,
        rules=content().rules,
        company=content().company,
        sender=sender,
        signer=SIGNER,
        workflow="welcome",
    )


def test_it_comes_from_the_brand_and_answers_go_to_it() -> None:
    mail = composed(ROASTERY)
    assert mail.sender == "=?utf-8?q?Caf=C3=A9_=26_Co?= <hello@roastery.example>"
    assert mail.reply_to == "care@roastery.example"


def test_its_links_and_its_list_are_on_the_brands_host() -> None:
    mail = composed(ROASTERY)
    assert link_base(branded(ROASTERY), SENDER) == "https://links.roastery.example"
    assert "https://links.roastery.example/c/" in mail.html
    assert "northbank.example" not in mail.html
    assert mail.headers["List-Id"].endswith("<newsletter.links.roastery.example>")


def test_the_brands_postal_address_goes_before_the_stacks() -> None:
    mail = composed(ROASTERY)
    assert "8 Mill Street, Lyon" in mail.text
    assert "12 Example Street" not in mail.text


def test_an_address_that_the_stack_may_not_send_from_is_refused_before_ses_is_asked() -> None:
    with pytest.raises(ContentInvalid, match="BrandAddresses"):
        composed(ROASTERY, SENDER)


def test_a_brand_without_an_address_comes_from_the_stacks_own() -> None:
    mail = composed(Brand(name="The Roastery"), SENDER)
    assert mail.sender == "The Roastery <hello@northbank.example>"
