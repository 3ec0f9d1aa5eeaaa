"""Splits: the same way every time, and in the shares that were asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from relance.splitting import chance_of, weighted


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
