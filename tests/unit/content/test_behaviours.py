"""Filters over events, and the paths into what an event says."""

import pytest
from relance.conditions.acts import greatest_of
from relance.content.behaviours import Behaviour, Filter, numbers, plain, values_at

ORDER = {
    "revenue": 120,
    "paid": True,
    "payment": {"amount": 118.5, "card": None},
    "products": [
        {"category": "machines", "price": 100, "tags": ["new", "big"]},
        {"category": "Beans", "price": 20},
        "a line that is no product",
    ],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("revenue", [120]),
        ("payment.amount", [118.5]),
        ("payment.card", []),
        ("payment.amount.cents", []),
        ("products[].category", ["machines", "Beans"]),
        ("products[].tags[]", ["new", "big"]),
        ("revenue[]", []),
        ("nothing.here", []),
        ("context.page.path", ["/pricing"]),
    ],
)
def test_a_path_leads_to_every_value_that_is_there(path: str, found: list[object]) -> None:
    assert values_at(path, ORDER, {"page": {"path": "/pricing"}}) == found


@pytest.mark.parametrize(
    ("path", "test", "holds"),
    [
        ("revenue", {"at_least": 100}, True),
        ("revenue", {"at_least": 100, "less_than": 120}, False),
        ("products[].category", {"in": ["beans"]}, True),
        ("products[].category", {"not_in": ["beans"]}, False),
        ("products[].category", {"not_in": ["cups"]}, True),
        ("products[].price", {"greater_than": 99}, True),
        ("payment.card", {"is_set": False}, True),
        ("coupon", {"not_in": ["spring"]}, True),
        ("coupon", {"in": ["spring"]}, False),
        ("coupons[]", {"is_set": True}, False),
        ("paid", {"in": [1]}, False),
        ("paid", {"in": [True]}, True),
    ],
)
def test_a_filter_passes_if_one_value_does_and_a_negation_if_none_fails_it(
    path: str, test: dict[str, object], holds: bool
) -> None:
    assert Filter(path, test).holds(ORDER) is holds


def test_a_behaviour_is_one_of_its_events_that_passes_every_filter() -> None:
    bought = Behaviour(
        "bought",
        ("order_completed", "bought_in_shop"),
        (Filter("revenue", {"at_least": 100}), Filter("products[].category", {"in": ["beans"]})),
    )
    assert bought.matches("order_completed", ORDER)
    assert bought.matches("bought_in_shop", ORDER)
    assert not bought.matches("order_refunded", ORDER)
    assert not bought.matches("order_completed", {**ORDER, "revenue": 99})


def test_a_behaviour_may_look_at_where_an_event_came_from() -> None:
    came = Behaviour("came", ("page_viewed",), (Filter("context.campaign.name", {"in": ["fair"]}),))
    assert came.matches("page_viewed", {}, {"campaign": {"name": "Fair"}})
    assert not came.matches("page_viewed", {"campaign": {"name": "fair"}})


def test_numbers_are_added_up_over_the_entries_of_a_list() -> None:
    paths = ("revenue", "products[].price", "paid", "coupon")
    assert numbers(ORDER, paths) == {"revenue": 120.0, "products[].price": 120.0}


def test_equal_behaviours_are_equal_however_they_were_made() -> None:
    one = Behaviour("x", ("y",), (Filter("z", {"in": [1]}),))
    assert one == Behaviour("x", ("y",), (Filter("z", {"in": [1]}),))
    assert hash(one) == hash(Behaviour("x", ("y",), (Filter("z", {"in": [1]}),)))
    assert plain("a") != plain("b")


def test_the_greatest_over_the_entries_of_a_list_has_a_name_of_its_own() -> None:
    greatest = greatest_of("products[].price")
    assert greatest != "products[].price"
    assert greatest_of("revenue") == "revenue"
    found = numbers(ORDER, ["products[].price", greatest])
    assert found == {"products[].price": 120.0, greatest: 100.0}
