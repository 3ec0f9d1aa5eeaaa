"""What a shop reports, and what journeys make of it: stories from Monday 5 January 2026, 9:00."""

import pytest
from relance.storage import Value

from tests.workflows.journeys import Tale, Tell
from tests.workflows.test_hooks import give_secrets, send

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


def test_a_checkout_that_shopify_reports_is_reminded_of_until_it_is_emptied(tell: Tell) -> None:
    tale = tell("cart_recovery")
    tale.arrives("ana")
    give_secrets(tale.world)
    assert send(tale.world, "shop/checkout_updated").status == 200
    tale.hour(1.2)
    assert tale.got("ana") == ["cart-reminder"]
    assert "Huila, 1 kg is still in the cart" in tale.page("ana")
    assert send(tale.world, "shop/checkout_emptied").status == 200
    tale.hour(1.3)
    assert tale.ends("ana") == ["left: emptied"]


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


def test_the_letter_after_a_day_says_what_it_cost_and_how_many_there_were(tell: Tell) -> None:
    tale = tell("cart_recovery")
    bag: dict[str, Value] = {"name": "Huila, 1 kg", "price": 24.9, "currency": "EUR"}
    said: dict[str, dict[str, Value]] = {
        "ana": {**bag, "stock": 1200},
        "ben": {**bag, "stock": 0},
        "cleo": {"name": "Huila, 1 kg", "price": "24.90 or so", "currency": "euro"},
    }
    for name, language in (("ana", "en"), ("ben", "fr"), ("cleo", "en")):
        tale.arrives(name, language=language)
        tale.happens(name, "product_added", cart_id=name, product_id="huila", **said[name])
    tale.day(1.1)
    assert tale.got("ana") == tale.got("cleo") == ["cart-reminder", "cart-proof"]
    assert "Huila, 1 kg cost €24.90, and we had 1,200 in stock." in tale.page("ana")
    assert "Huila, 1 kg coûtait 24,90\xa0€." in tale.page("ben")
    assert "When you put it" not in tale.page("cleo")  # who cannot be told a price, is told none


# -- After a purchase ------------------------------------------------------------------------------


def test_what_goes_with_an_order_follows_from_what_was_ordered(tell: Tell) -> None:
    tale = tell("after_purchase")
    ordered: dict[str, Value] = {
        "ana": [{"name": "Huila", "category": "Coffee"}, {"name": "Lever", "category": "Machines"}],
        "ben": [{"name": "Cup"}, {"name": "Huila", "category": "coffee"}, {"category": "beans"}],
        "cleo": [{"name": "Scale", "category": "accessories"}],
        "dan": None,
        "eve": "a bag of coffee",
    }
    for name, products in ordered.items():
        tale.arrives(name)
        tale.happens(name, "order_completed", order_id=name, products=products)
        tale.happens(name, "order_delivered", order_id=name)
    tale.day(10.1)
    pages = {name: tale.page(name) for name in ordered}
    assert all(tale.got(name) == ["after-review", "after-next"] for name in ordered)
    assert {name: page.count("You ordered") for name, page in pages.items()} == {
        "ana": 1, "ben": 1, "cleo": 0, "dan": 0, "eve": 0,
    }  # fmt: skip
    assert "You ordered a machine or a grinder" in pages["ana"]
    assert "You ordered coffee" in pages["ben"]
    for name in ("cleo", "dan", "eve"):
        assert "have a look at what goes with it" in pages[name]


# -- Looked around ---------------------------------------------------------------------------------


def test_whoever_looks_at_one_coffee_three_times_is_not_told_of_several(tell: Tell) -> None:
    tale = tell("browse_recovery")
    tale.arrives("ana")
    for _ in range(3):
        tale.happens("ana", "product_viewed", product_id="espresso")
    tale.hour(4.1)
    assert tale.got("ana") == ["browse-again"]
    assert "You came back to our coffees" in tale.page("ana")
    assert "several" not in tale.page("ana")


def test_whoever_has_begun_to_pay_is_not_helped_to_choose(tell: Tell) -> None:
    tale = tell("browse_recovery")
    for name in ("ana", "ben"):
        tale.arrives(name)
    tale.happens("ben", "checkout_started", cart_id="b")
    for name in ("ana", "ben"):
        for _ in range(3):
            tale.happens(name, "product_viewed", product_id="espresso")
    tale.hour(2)
    tale.happens("ana", "checkout_started", cart_id="a")
    tale.hour(4.1)
    assert tale.ends("ana")[0] == "chose something"
    assert set(tale.ends("ben")) == {"not eligible"}
    assert "browse-again" not in tale.got("ana") + tale.got("ben")


# -- Buy again -------------------------------------------------------------------------------------


def asked_on(tale: Tale, name: str) -> list[str]:
    """On which days somebody was asked to buy again."""
    letters = [each for each in tale.sends(tale.address(name)) if each["message"] == "replenish"]
    return [each["claimed_at"][:10] for each in letters]


def test_whoever_orders_in_a_rhythm_is_asked_in_it(tell: Tell) -> None:
    tale = tell("replenishment")
    for name in ("ana", "ben"):
        tale.arrives(name)
    # Ana orders every six weeks, Ben every ten days; both for the third time on 5 January or later.
    for day, name in ((0, "ana"), (42, "ana"), (64, "ben"), (74, "ben"), (84, "ana"), (84, "ben")):
        tale.day(day)
        tale.happens(name, "order_completed", order_id=f"{name}-{day}")
    tale.day(84 + 60)
    # 25 days after an order, until the rhythm is known: then 42 days, and 10.
    assert asked_on(tale, "ana") == ["2026-02-03", "2026-03-17", "2026-05-12"]
    assert asked_on(tale, "ben") == ["2026-04-09"]


def test_an_order_that_says_how_long_it_lasts_is_asked_about_then(tell: Tell) -> None:
    tale = tell("replenishment")
    lasts: dict[str, Value] = {"ana": 60, "ben": "long", "cleo": 4000, "dan": True}
    for name, days in lasts.items():
        tale.arrives(name)
        tale.happens(name, "order_completed", order_id=name, lasts_days=days)
    tale.day(80)
    assert asked_on(tale, "ana") == ["2026-03-10"]
    for name in ("ben", "cleo", "dan"):
        assert asked_on(tale, name) == ["2026-02-03"]


def test_whoever_sends_it_back_is_not_asked_for_more(tell: Tell) -> None:
    tale = tell("replenishment")
    for name in ("ana", "ben", "cleo"):
        tale.arrives(name)
        tale.happens(name, "order_completed", order_id=name)
    tale.day(5)
    tale.happens("ana", "order_refunded", order_id="ana")
    tale.happens("ben", "order_cancelled", order_id="ben")
    tale.happens("cleo", "order_refunded", order_id="another")
    assert (tale.ends("ana"), tale.ends("ben")) == (["left: sent_back"], ["left: cancelled"])
    tale.day(40)
    assert asked_on(tale, "ana") == asked_on(tale, "ben") == []
    assert asked_on(tale, "cleo") == ["2026-02-03"]
    assert "Your last order was some time ago" in tale.page("cleo")
