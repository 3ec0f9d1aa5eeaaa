"""A condition typed into the console may name whatever one in a file may."""

from collections.abc import Callable, Mapping

import pytest
from relance.content.compiled import Content
from relance.errors import InvalidInput
from relance.usecases.questions import Operation
from relance.usecases.read_question import read_question

Opener = Callable[..., Content]

OWN = {"events.yaml": "machine_rented: {title: Rented a machine}\n"}


def asked(content: Content, condition: Mapping[str, object]) -> Mapping[str, object] | None:
    question = read_question(Operation.PREVIEW_SEGMENT, {"condition": condition}, content)
    assert question is not None
    return question.condition


@pytest.mark.parametrize(
    "name",
    ["cart_viewed", "machine_rented", "viewed_pricing"],
    ids=["an event that no rule looks at", "an event of one's own", "a behaviour"],
)
def test_every_known_event_may_be_named(name: str, built: Opener) -> None:
    content = built(OWN)
    assert name not in content.rules.depths or name == "viewed_pricing"
    assert asked(content, {"did": name}) == {"leaf": "count", "behaviour": name, "at_least": 1}


def test_an_event_that_nobody_declared_is_refused_with_the_closest(built: Opener) -> None:
    with pytest.raises(InvalidInput, match="Did you mean machine_rented"):
        asked(built(OWN), {"did": "machine_rentd"})


def test_an_event_more_makes_no_profile_be_folded_again(built: Opener) -> None:
    before, after = built().rules, built(OWN).rules
    assert (before.events, after.events) == ((), ("machine_rented",))
    assert before.version == after.version
