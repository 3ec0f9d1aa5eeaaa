"""What a shop reports, and what journeys make of it: stories from Monday 5 January 2026, 9:00."""

from collections.abc import Callable, Iterator

import pytest

from local.world import World
from tests.workflows.journeys import Tale, tale_of
from tests.workflows.story import MONDAY
from tests.workflows.test_journeys import SWITCHED_ON

Tell = Callable[[str], Tale]


@pytest.fixture
def tell() -> Iterator[Tell]:
    """Begins a story about a journey."""
    worlds: list[World] = []

    def begin(journey: str) -> Tale:
        worlds.append(World.build(start=MONDAY, seed=1, parameters=SWITCHED_ON))
        return tale_of(worlds[-1], journey)

    yield begin
    for world in worlds:
        world.close()


# -- The abandoned cart ----------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["checkout_started", "cart_updated"])
def test_a_checkout_that_is_abandoned_begins_it_where_no_product_was_reported(
    tell: Tell, event: str
) -> None:
    tale = tell("cart_recovery")
    tale.arrives("ana")
    tale.happens("ana", event, cart_id="1", name="Huila, 1 kg", price=24.9, currency="EUR")
    tale.hour(1.1)
    assert tale.got("ana") == ["cart-reminder"]
    assert "Huila, 1 kg is still in the cart" in tale.page("ana")


def test_whoever_goes_on_shopping_is_reminded_an_hour_after_the_last_change(tell: Tell) -> None:
    tale = tell("cart_recovery")
    for name in ("ana", "ben"):
        tale.arrives(name)
        tale.happens(name, "product_added", cart_id=name, product_id="espresso")
    # Ana goes on until half past ten; Ben is away.
    for minutes in (30, 60 - 5, 90):
        tale.hour(minutes / 60)
        tale.happens("ana", "product_added", cart_id="ana", product_id=f"filter-{minutes}")
    tale.hour(2.2)
    assert (tale.got("ana"), tale.got("ben")) == ([], ["cart-reminder"])
    tale.hour(3.2)
    assert tale.got("ana") == ["cart-reminder"]


def test_whoever_never_stops_shopping_is_reminded_after_six_hours(tell: Tell) -> None:
    tale = tell("cart_recovery")
    tale.arrives("ana")
    for half_hour in range(15):
        tale.hour(half_hour / 2)
        tale.happens("ana", "cart_updated", cart_id="a")
        assert tale.got("ana") == (["cart-reminder"] if half_hour > 12 else [])


def test_an_emptied_cart_is_let_be(tell: Tell) -> None:
    tale = tell("cart_recovery")
    for name in ("ana", "ben", "cleo", "dan"):
        tale.arrives(name)
    for name in ("ana", "ben", "cleo"):
        tale.happens(name, "product_added", cart_id=name, product_id="espresso")
    tale.happens("dan", "checkout_started", cart_id="dan")
    # Ana empties hers; Ben takes out what he put in, Cleo another bag; Dan one of several.
    tale.hour(0.5)
    tale.happens("ana", "cart_emptied", cart_id="ana")
    tale.happens("ben", "product_removed", cart_id="ben", product_id="espresso")
    tale.happens("cleo", "product_removed", cart_id="cleo", product_id="filter")
    tale.happens("dan", "product_removed", cart_id="dan", product_id="filter")
    tale.happens("cleo", "cart_emptied", cart_id="another")
    assert (tale.ends("ana"), tale.ends("ben")) == (["left: emptied"], ["left: taken_out"])
    tale.day(4)
    assert (tale.got("ana"), tale.got("ben")) == ([], [])
    assert tale.got("cleo")[:2] == tale.got("dan")[:2] == ["cart-reminder", "cart-proof"]


def test_a_journey_that_goes_on_after_weeks_reminds_nobody_of_an_old_cart(tell: Tell) -> None:
    tale = tell("cart_recovery")
    tale.arrives("ana")
    tale.arrives("ben")
    tale.world.start("operation-control", {"journey": "cart_recovery", "do": "pause"})
    tale.day(0.1)
    tale.happens("ana", "product_added", cart_id="a", product_id="espresso")
    tale.day(19.9)
    tale.happens("ben", "product_added", cart_id="b", product_id="espresso")
    tale.day(20)
    tale.world.start("operation-control", {"journey": "cart_recovery", "do": "resume"})
    tale.day(21)
    assert (tale.ends("ana"), tale.got("ana")) == (["held", "not eligible"], [])
    assert tale.got("ben") == ["cart-reminder"]
