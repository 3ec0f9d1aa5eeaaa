"""A split that learns: more and more go down the branch that leads to the goal."""

from collections.abc import Iterator
from typing import Any

import pytest
from relance.splitting import Tally, read_tallies

from local.world import World
from tests.workflows.journeys import Tale, tale_of
from tests.workflows.story import MONDAY

BRANCHES = {"short": 50, "long": 50, "off": 0}


@pytest.fixture
def tale() -> Iterator[Tale]:
    """A world in which carts start their journey."""
    with World.build(start=MONDAY, seed=1, parameters={"JourneysStart": "by-themselves"}) as world:
        yield tale_of(world, "cart_recovery")


def splits(tale: Tale, name: str, entry: str, towards: str = "bought") -> Any:
    """Run the step for somebody in the journey."""
    about = {"workflow": "cart_recovery", "contact": tale.contact(f"{name}@example.com")}
    asked = {"split": "subject", "branches": BRANCHES, "towards": towards}
    step = {**about, "entry": entry, "step": "which_subject", "round": 1, **asked}
    return tale.world.invoke("split_contacts", step).body()


def test_a_branch_is_kept_counted_once_and_learnt_from(tale: Tale) -> None:
    ways: dict[str, list[str]] = {"short": [], "long": []}
    for number in range(24):
        name = f"person{number}"
        tale.arrives(name)
        cart = tale.happens(name, "product_added", cart_id=name)
        way = splits(tale, name, cart)["decision"]
        assert splits(tale, name, cart)["decision"] == way  # a repeated step says the same
        ways[way].append(name)
        if way == "short":  # whoever gets the short subject orders
            tale.happens(name, "order_completed", cart_id=name)
    tallies = read_tallies(tale.store, "subject", BRANCHES)
    assert tallies["short"] == Tally(len(ways["short"]), len(ways["short"]))
    assert tallies["long"] == Tally(len(ways["long"]), 0)
    assert tallies["off"] == Tally()
    late = [way for way, names in ways.items() for n in names if int(n.removeprefix("person")) > 8]
    assert late.count("short") > 4 * late.count("long")


def test_a_goal_that_the_journey_does_not_have_is_told(tale: Tale) -> None:
    tale.arrives("ana")
    cart = tale.happens("ana", "product_added", cart_id="a")
    told = str(splits(tale, "ana", cart, towards="bougth"))
    assert 'there is no goal "bougth". The journey has "bought".' in told.replace("\\", "")


def test_whoever_has_left_goes_by_chance_and_is_not_counted(tale: Tale) -> None:
    tale.arrives("ana")
    assert splits(tale, "ana", "manual-1")["decision"] in {"short", "long"}
    assert read_tallies(tale.store, "subject", BRANCHES)["short"] == Tally()
