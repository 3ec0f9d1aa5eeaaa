"""Who is let into a workflow: by a condition, left out for comparison, once for each thing."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.world import World
from tests.workflows.journeys import Tale, tale_of
from tests.workflows.story import MONDAY

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:relance-journey-welcome:"


@pytest.fixture
def tale() -> Iterator[Tale]:
    """An empty world."""
    with World.build(start=MONDAY, seed=1) as world:
        yield tale_of(world, "welcome")


def asks(tale: Tale, name: str, entry: str = "", **rules: Any) -> Any:
    """Somebody asks to be let in by these rules."""
    contact = tale.contact(f"{name}@example.com")
    event = {
        "workflow": "try",
        "execution": f"{EXECUTION}{name}{entry}",
        "input": {"contact": contact, **({"entry": entry} if entry else {})},
        "rules": {"re_entry": "always", "exits": [], "lease_days": 5, **rules},
    }
    return tale.world.invoke("enter_workflow", event).body()


CONDITIONS = [
    pytest.param("regulars", "not_eligible", id="a segment"),
    pytest.param({"trait": "role", "equals": "owner"}, "entered", id="a trait"),
    pytest.param({"all": [{"did": "ordered"}]}, "not_eligible", id="what was not done"),
    pytest.param(
        {"did": "page_viewed", "at_least": 2, "within": "90 days"}, "entered", id="by history"
    ),
]


@pytest.mark.parametrize(("condition", "decision"), CONDITIONS)
def test_whoever_a_condition_holds_for_is_let_in(
    tale: Tale, condition: object, decision: str
) -> None:
    tale.arrives("ana", role="owner")
    for path in ("/a", "/b"):
        tale.happens("ana", "page_viewed", path=path)
    assert asks(tale, "ana", only=condition)["decision"] == decision


def test_a_condition_that_names_nothing_is_told(tale: Tale) -> None:
    tale.arrives("ana")
    told = asks(tale, "ana", only={"in_segment": "regular"})
    assert told["errorType"] == "InvalidInput"
    assert "regulars" in told["errorMessage"]


def test_some_are_held_out_always_the_same_and_the_history_says_so(tale: Tale) -> None:
    names = [f"person{n}" for n in range(30)]
    for name in names:
        tale.arrives(name)
    first = {name: asks(tale, name, "one", hold_out=50)["decision"] for name in names}
    held = [name for name in names if first[name] == "held_out"]
    assert 8 <= len(held) <= 22
    again = [asks(tale, name, "two", hold_out=50)["decision"] for name in held]
    assert set(again) == {"held_out"}
    assert tale.names(f"{held[0]}@example.com").count("held_out") == 2
    assert asks(tale, held[0], "three", hold_out=0)["decision"] == "entered"


def test_whoever_comes_long_after_what_began_it_is_not_let_in(tale: Tale) -> None:
    tale.arrives("ana")
    entry = tale.happens("ana", "product_added", cart_id="a")
    tale.hour(30)
    told = asks(tale, "ana", entry, too_late_after_hours=24)
    assert told["decision"] == "not_eligible"
    assert told["reason"].startswith("too late: let in until 2026-01-06T09:00:")
    assert asks(tale, "ana", too_late_after_hours=24)["decision"] == "entered", "by hand"
    assert asks(tale, "ana", entry, per="cart_id", too_late_after_hours=48)["decision"] == "entered"


def test_once_is_once_for_each_thing(tale: Tale) -> None:
    tale.arrives("ana")
    rules = {"re_entry": "once", "per": "cart_id"}
    first = tale.happens("ana", "product_added", cart_id="a")
    other = tale.happens("ana", "product_added", cart_id="b")
    nothing = tale.happens("ana", "product_added")
    assert [asks(tale, "ana", each, **rules)["decision"] for each in (first, other, nothing)] == [
        "entered",
        "entered",
        "entered",
    ]
    assert asks(tale, "ana", first, **rules)["about"]["cart_id"] == "a"
    # Nobody runs them, so the next let-in closes what it finds open, and says that it was once.
    again = tale.happens("ana", "product_added", cart_id="a")
    assert asks(tale, "ana", again, **rules)["decision"] == "not_again"
