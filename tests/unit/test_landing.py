"""The token that goes along to the company's own pages, and to nobody else's."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relance.errors import TokenInvalid
from relance.ids import send_id_of, ulid_of
from relance.landing import on_website, with_token
from relance.links import Landing, LinkSigner, Unsubscribe

SIGNER = LinkSigner(secrets={"1": "a" * 64}, current="1")
NOW = datetime(2026, 1, 5, 9, 0, 40, tzinfo=UTC)
LANDING = Landing(ulid_of(bytes(range(16))), send_id_of(bytes(range(16))), NOW)
SIXTEEN = st.binary(min_size=16, max_size=16)


@given(SIXTEEN, SIXTEEN, st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_token_says_whose_link_was_followed_when(
    contact: bytes, send: bytes, at: datetime
) -> None:
    minute = at.replace(second=0, microsecond=0, tzinfo=UTC)
    landing = Landing(ulid_of(contact), send_id_of(send), minute)
    assert SIGNER.read_landing(SIGNER.landing_token(landing)) == landing


def test_a_token_has_the_length_by_which_the_script_tells_it() -> None:
    assert len(SIGNER.landing_token(LANDING)) == 71


def test_a_token_of_another_purpose_is_none() -> None:
    token = SIGNER.unsubscribe_token(Unsubscribe(LANDING.contact_id, LANDING.send_id))
    with pytest.raises(TokenInvalid):
        SIGNER.read_landing(token)


@pytest.mark.parametrize(
    ("later", "tells"),
    [(0, True), (59, True), (61, False), (-1, True), (-5, False)],
)
def test_a_token_tells_who_is_there_for_an_hour(later: int, tells: bool) -> None:
    landing = SIGNER.read_landing(SIGNER.landing_token(LANDING))
    assert landing.tells(landing.at + timedelta(minutes=later)) is tells


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("https://www.example.com/", True),
        ("https://example.com/shop?a=1", True),
        ("https://shop.example.com/", True),
        ("https://EXAMPLE.com/", True),
        ("https://example.com.evil.org/", False),
        ("https://notexample.com/", False),
        ("https://example.com@evil.org/", False),
        ("mailto:us@example.com", False),
    ],
)
def test_only_the_company_s_own_pages_learn_who_came(address: str, own: bool) -> None:
    assert on_website(address, "https://www.example.com") is own


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.com", "https://example.com?rl=T"),
        ("https://example.com/a?b=1&c=%20d#e", "https://example.com/a?b=1&c=%20d&rl=T#e"),
    ],
)
def test_what_stands_in_an_address_stays(address: str, expected: str) -> None:
    assert with_token(address, "T") == expected
