"""What a person may type to start an execution."""

import time

import pytest
from relance.errors import InvalidInput
from relance.usecases.confirming import is_confirmed, wrong_number
from relance.usecases.inputs import ADDRESS, FIND_FIRST, MOST_TYPED, parse, parse_start
from relance.usecases.list_starts import Typed as Starts

CONTACT = "01KE6P4Z0NWNGTPJXJR5ESJA98"


@pytest.mark.parametrize(
    "typed",
    ["ana@example.com", "{'a': 'x y ana@example.com.'}", "a@b.c", "<ana@mail.example.com>"],
)
def test_an_address_is_refused_wherever_it_stands(typed: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_start({"contact": CONTACT, "entry": typed})
    assert str(refused.value) == FIND_FIRST


@pytest.mark.parametrize("typed", ["ana@example", "@example.com", "a @ b.c", "a@.", "example.com"])
def test_what_is_no_address_is_not_taken_for_one(typed: str) -> None:
    assert ADDRESS.search(typed) is None


def test_what_is_too_long_to_be_typed_is_refused_in_a_sentence() -> None:
    with pytest.raises(InvalidInput, match=r"longer than 2,000 characters\. Paste for example"):
        parse_start({"contact": "a" * MOST_TYPED})


@pytest.mark.parametrize("text", ["a" * 200_000, "a@" * 100_000, "a@" + "b" * 200_000])
def test_an_address_is_looked_for_in_linear_time(text: str) -> None:
    began = time.perf_counter()
    assert ADDRESS.search(text) is None
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("typed", [CONTACT.lower(), f" {CONTACT}", f"{CONTACT}\n"])
def test_a_contact_id_is_taken_in_small_letters_and_with_spaces_around(typed: str) -> None:
    start = parse_start({"contact": typed})
    assert start is not None
    assert start.contact == CONTACT


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"contact": None}, '"contact" must be a text in quotation marks'),
        ({"contact": 7}, '"contact" must be a text in quotation marks'),
        ({"contact": CONTACT, "entry": "a b"}, '"entry" is a name of letters, digits, _ and -'),
        (
            {"contact": CONTACT, "one_day": "1 minute", "happens": "confirmed"},
            '"happens" must be a list in brackets, for example ["confirmed"]',
        ),
        ({"contact": CONTACT, "one_day": "m" * 50}, '"one_day" is longer than 40 characters'),
    ],
)
def test_what_is_of_the_wrong_kind_is_told_in_plain_words(
    typed: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_start(typed)
    assert said in str(refused.value)
    assert "nput should" not in str(refused.value)


@pytest.mark.parametrize("to", ["engaged", ["engaged"], 7])
def test_an_audience_that_is_a_bare_name_is_answered_with_how_to_write_it(to: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(Starts, {"journey": "welcome", "to": to})
    assert str(refused.value) == (
        '"to" is a segment, a list or a condition: {"segment": "engaged"} or {"list": "engaged"}.'
    )


def test_a_misspelt_field_is_mended_in_what_to_paste() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_start({"contct": CONTACT, "entry": "mine"})
    assert str(refused.value).endswith(
        f'Paste for example {{"contact": "{CONTACT}", "entry": "mine"}}.'
    )


@pytest.mark.parametrize(
    ("counted", "confirmed", "said"),
    [
        (1, 0, ""),
        (1, 1, ""),
        (1, 12, ""),
        (1, 13, "That is far fewer than the 13 confirmed."),
        (1, 99, "That is far fewer than the 99 confirmed."),
        (1000, 2010, ""),
        (1000, 999, "That is more than the 999 confirmed."),
    ],
)
def test_a_number_is_taken_for_as_many_at_most_unless_it_is_far_too_large(
    counted: int, confirmed: int, said: str
) -> None:
    assert wrong_number(counted, confirmed) == said
    assert is_confirmed(counted, confirmed) is (not said and confirmed > 0)
