"""Splits: the same way every time, and in the shares that were asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from relance.splitting import Tally, best_drawn, chance_of, weighted


def test_a_contact_goes_the_same_way_every_time() -> None:
    assert {chance_of("subject", "ana") for _ in range(3)} == {0.493809096455994}


@pytest.mark.parametrize(
    "weights", [{"a": 50, "b": 50}, {"a": 10, "b": 90}, {"a": 1, "b": 2, "c": 0}]
)
def test_the_shares_are_those_asked_for(weights: dict[str, float]) -> None:
    ways = [weighted(weights, chance_of("x", str(n))) for n in range(10_000)]
    for branch, weight in weights.items():
        share = weight / sum(weights.values())
        assert abs(ways.count(branch) / 10_000 - share) < 0.02


@given(
    weights=some.dictionaries(some.text(min_size=1), some.floats(0, 1e6), min_size=2, max_size=6),
    chance=some.floats(0, 1, exclude_max=True),
)
def test_nobody_goes_where_there_is_no_weight(weights: dict[str, float], chance: float) -> None:
    if any(weights.values()):
        assert weights[weighted(weights, chance)] > 0
    else:
        with pytest.raises(ValueError, match="must have a weight"):
            weighted(weights, chance)


def drawn(tallies: dict[str, Tally], times: int = 400) -> float:
    """How often the branch `a` is drawn."""
    return [best_drawn(tallies, str(n)) for n in range(times)].count("a") / times


EQUAL = [
    pytest.param({"a": Tally(), "b": Tally()}, id="nothing known"),
    pytest.param({"a": Tally(1000, 100), "b": Tally(1000, 100)}, id="equally good"),
]


@pytest.mark.parametrize("tallies", EQUAL)
def test_branches_that_are_as_good_are_drawn_as_often(tallies: dict[str, Tally]) -> None:
    assert abs(drawn(tallies) - 0.5) < 0.08


def test_a_branch_is_drawn_as_often_as_it_may_be_the_better_one() -> None:
    # P(B > A) of 100/1000 against 120/1000 under Beta(1, 1) is 0.9232.
    share = drawn({"a": Tally(1000, 120), "b": Tally(1000, 100)}, times=3000)
    assert abs(share - 0.9232) < 0.02


@given(tried=some.integers(0, 10**7), share=some.floats(0, 1), seed=some.text(max_size=5))
def test_a_draw_stands_whatever_was_counted(tried: int, share: float, seed: str) -> None:
    tally = Tally(tried, round(tried * share))
    assert best_drawn({"a": tally, "b": tally}, seed) in {"a", "b"}
