"""Signed links: what goes in comes out, and nothing else does."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relance.errors import TokenInvalid
from relance.ids import send_id_of, ulid_of
from relance.links import Click, Confirmation, LinkSigner, Preferences, Unsubscribe

SIGNER = LinkSigner(secrets={"1": "a" * 64}, current="1")
SEND = send_id_of(bytes(range(16)))
CONTACT = ulid_of(bytes(range(16)))
SIGNUP = ulid_of(bytes(range(1, 17)))
SIXTEEN = st.binary(min_size=16, max_size=16)


@given(SIXTEEN, st.binary(min_size=6, max_size=6), st.integers(0, 65535))
def test_a_click_token_says_what_it_was_made_for(send: bytes, version: bytes, link: int) -> None:
    click = Click(send_id_of(send), version.hex(), link)
    assert SIGNER.read_click(SIGNER.click_token(click)) == click


@given(SIXTEEN, SIXTEEN)
def test_the_other_tokens_say_what_they_were_made_for(one: bytes, other: bytes) -> None:
    leaving = Unsubscribe(ulid_of(one), send_id_of(other))
    assert SIGNER.read_unsubscribe(SIGNER.unsubscribe_token(leaving)) == leaving
    choosing = Preferences(ulid_of(one), send_id_of(other))
    assert SIGNER.read_preferences(SIGNER.preferences_token(choosing)) == choosing
    confirming = Confirmation(ulid_of(one), ulid_of(other))
    assert SIGNER.read_confirm(SIGNER.confirm_token(confirming)) == confirming
    assert SIGNER.read_open(SIGNER.open_token(send_id_of(one))) == send_id_of(one)


def test_a_token_fits_a_line_of_mail() -> None:
    assert len(SIGNER.open_token(SEND)) <= 46
    assert len(SIGNER.click_token(Click(SEND, "0" * 12, 3))) <= 56
    assert len(SIGNER.unsubscribe_token(Unsubscribe(CONTACT, SEND))) <= 66


def test_every_changed_character_is_told() -> None:
    token = SIGNER.unsubscribe_token(Unsubscribe(CONTACT, SEND))
    for at in range(len(token)):
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(TokenInvalid):
            SIGNER.read_unsubscribe(changed)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="one character"),
        pytest.param("%%%", id="not base64"),
        pytest.param("é" * 60, id="not ascii"),
        pytest.param(SIGNER.open_token(SEND)[:-4], id="cut off"),
        pytest.param(SIGNER.open_token(SEND) + "AAAA", id="made longer"),
        pytest.param(SIGNER.open_token(SEND) + "=", id="padded"),
        pytest.param(SIGNER.confirm_token(Confirmation(CONTACT, SIGNUP)), id="another purpose"),
        pytest.param(base64.urlsafe_b64encode(b"\1" + bytes(32)).decode(), id="no signature"),
    ],
)
def test_what_is_not_ours_is_refused(token: str) -> None:
    with pytest.raises(TokenInvalid):
        SIGNER.read_open(token)


def test_an_unsubscribe_token_confirms_nothing_although_it_is_as_long() -> None:
    with pytest.raises(TokenInvalid):
        SIGNER.read_confirm(SIGNER.unsubscribe_token(Unsubscribe(CONTACT, SEND)))


def test_a_link_to_the_preferences_unsubscribes_nobody_and_the_other_way_round() -> None:
    with pytest.raises(TokenInvalid):
        SIGNER.read_unsubscribe(SIGNER.preferences_token(Preferences(CONTACT, SEND)))
    with pytest.raises(TokenInvalid):
        SIGNER.read_preferences(SIGNER.unsubscribe_token(Unsubscribe(CONTACT, SEND)))


def test_old_links_go_on_working_when_the_key_is_replaced() -> None:
    old = SIGNER.open_token(SEND)
    rotated = LinkSigner(secrets={"1": "a" * 64, "2": "b" * 64}, current="2")
    assert rotated.read_open(old) == SEND
    assert rotated.read_open(rotated.open_token(SEND)) == SEND
    assert rotated.open_token(SEND) != old
    with pytest.raises(TokenInvalid):
        SIGNER.read_open(rotated.open_token(SEND))
