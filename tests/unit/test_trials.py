"""Which variant is the best, and how sure that is."""

import random
from math import exp, lgamma

import pytest
from relance.trials import Counts, chances_to_be_best, judge


def exactly(a: Counts, b: Counts) -> float:
    """P(b better than a) in closed form: Evan Miller, Formulas for Bayesian A/B Testing."""
    a1, b1 = 1 + a.leads, 1 + a.visits - a.leads
    a2, b2 = 1 + b.leads, 1 + b.visits - b.leads

    def beta(x: float, y: float) -> float:
        return lgamma(x) + lgamma(y) - lgamma(x + y)

    return sum(
        exp(beta(a1 + i, b1 + b2) - beta(1 + i, b2) - beta(a1, b1)) / (b2 + i) for i in range(a2)
    )


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (Counts(0, 0), Counts(0, 0)),
        (Counts(10, 1), Counts(10, 2)),
        (Counts(1000, 100), Counts(1000, 125)),
        (Counts(5000, 40), Counts(5200, 70)),
        (Counts(90, 90), Counts(90, 89)),
    ],
)
def test_the_probability_is_that_of_the_closed_form(a: Counts, b: Counts) -> None:
    assert chances_to_be_best([a, b])[1] == pytest.approx(exactly(a, b), abs=1e-4)


def test_the_probabilities_of_several_variants_add_up_and_equals_are_equal() -> None:
    found = chances_to_be_best([Counts(500, 50)] * 4)
    assert found == pytest.approx([0.25] * 4, abs=1e-6)


def test_more_sign_ups_than_visits_break_nothing() -> None:
    assert sum(chances_to_be_best([Counts(3, 5), Counts(0, 2)])) == pytest.approx(1)


@pytest.mark.parametrize(
    ("short", "winner", "reason"),
    [
        (Counts(1000, 40), None, "Too early: every variant needs 50 leads, not 40."),
        (Counts(1000, 95), None, "Not sure yet: 95% was asked for."),
        (Counts(1000, 160), "short", "It wins."),
    ],
    ids=["too early", "not sure", "wins"],
)
def test_there_is_a_winner_once_it_is_sure(short: Counts, winner: str | None, reason: str) -> None:
    standing = judge({"short": short, "long": Counts(1000, 90)}, sure=0.95, at_least=50)
    assert standing.winner == winner
    assert standing.reason.endswith(reason)


def test_equal_variants_looked_at_once_seldom_have_a_winner() -> None:
    chance = random.Random(3)

    def seen() -> Counts:
        return Counts(800, sum(chance.random() < 0.1 for _ in range(800)))

    wins = sum(
        judge({"a": seen(), "b": seen()}, sure=0.95, at_least=50).winner is not None
        for _ in range(60)
    )
    assert wins <= 12  # one in ten: either of two, each with one in twenty
