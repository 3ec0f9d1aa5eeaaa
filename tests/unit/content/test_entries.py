"""What an event says in a list: filters, points, sums and greatest values look at every entry."""

from collections.abc import Callable

import pytest
from relance.content.compiled import Content

from .people import happened, known

Opener = Callable[..., Content]

BASKETS = (
    happened("order_completed", 40, products=[{"price": 30}, {"price": 500}, {"price": "free"}]),
    happened("order_completed", 10, products=[{"price": 20}, {"price": 70}]),
    happened("order_completed", 5, products=[]),
)


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        ("sum: {of: 'products[].price', between: [620, 620]}", True),
        ("sum: {of: 'products[].price', between: [90, 90]}, within: 30 days", True),
        ("sum: {of: 'products[].price', at_least: 1}, within: 7 days", False),
        ("max: {of: 'products[].price', between: [500, 500]}", True),
        ("max: {of: 'products[].price', between: [70, 70]}, within: 30 days", True),
        ("max: {of: 'products[].price', at_least: 0}, within: 7 days", False),
    ],
)
def test_sum_and_max_look_at_every_entry(asked: str, built: Opener, *, holds: bool) -> None:
    content = built({"segments/asked.yaml": f"title: Asked\nmembers: {{did: ordered, {asked}}}\n"})
    assert ("asked" in known(content, *BASKETS).segments()) == holds


def test_sum_and_max_of_one_path_are_kept_apart(built: Opener) -> None:
    members = """title: Asked
members:
  all:
    - {did: ordered, sum: {of: 'products[].price', at_least: 620}}
    - {did: ordered, max: {of: 'products[].price', at_most: 500}}
    - {did: ordered, sum: {of: 'products[].price', at_most: 90}, within: 30 days}
    - {did: ordered, max: {of: 'products[].price', at_most: 70}, within: 30 days}
"""
    assert "asked" in known(built({"segments/asked.yaml": members}), *BASKETS).segments()
