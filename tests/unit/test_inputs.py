"""What a person may type to start an execution."""

import time

import pytest
from relance.errors import InvalidInput
from relance.usecases.inputs import ADDRESS, FIND_FIRST, MOST_TYPED, parse_start

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
