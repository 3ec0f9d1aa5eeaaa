"""Which addresses mail can be sent to, and what is kept of them."""

import pytest
from relance.addresses import address_to_send_to
from relance.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("Ana@Example.COM", "Ana@example.com", id="upper case"),
        pytest.param(
            "ana@bücher.example.com", "ana@xn--bcher-kva.example.com", id="a domain in it"
        ),
        pytest.param("ana@xn--bcher-kva.de", "ana@xn--bcher-kva.de", id="Punycode already"),
        pytest.param("ana@例え.jp", "ana@xn--r8jz45g.jp", id="another script"),
    ],
)
def test_what_is_kept_is_what_ses_takes(given: str, kept: str) -> None:
    assert address_to_send_to(given) == kept
    assert kept.isascii()


@pytest.mark.parametrize("given", ["", "ana", "ana@", "@example.com", "ana@example", "a b@x.com"])
def test_what_is_no_address_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(InvalidInput, match=r"should look like name@example\.com"):
        address_to_send_to(given)


@pytest.mark.parametrize("given", ["jörg@example.com", "用户@example.com", "\ud800@example.com"])
def test_an_address_that_ses_would_refuse_is_refused_with_its_reason(given: str) -> None:
    with pytest.raises(InvalidInput, match="letters such as ä before the @"):
        address_to_send_to(given)
