"""Leaves about amounts: `score` and `interest`, which fade, `potential`, and a company's score.

A score at t is amount · 2^(−(t − at) / half-life). It moves towards 0 only, so it crosses a bound
x at most once, at at + half-life · log2(amount / x); that is moved to the whole millisecond at
which the comparison itself turns. A score that nobody gave points to is 0.
"""

from math import ceil, log2

from relance.conditions.facts import FOREVER, Facts, Fading
from relance.conditions.needs import Needs
from relance.conditions.node import (
    ALWAYS,
    NEVER,
    Canonical,
    Node,
    Verdict,
    bounds,
    text,
    timeless,
)


def score(leaf: Canonical) -> Node:
    """`score: intent`, `at_least: 50`; also `offer:` and `interest:`."""
    name = text(leaf, "score")
    low, high = bounds(leaf)
    without = ALWAYS if low <= 0 < high else NEVER

    def evaluate(facts: Facts, now: int) -> Verdict:
        fading = facts.scores.get(name)
        return without if fading is None else within(fading, low, high, now)

    return Node(evaluate, Needs(scores=frozenset({name})), cost=4)


def company_score(leaf: Canonical) -> Node:
    """`company: score`: over the members of the contact's company; without one it does not hold."""
    low, high = bounds(leaf)

    def evaluate(facts: Facts, now: int) -> Verdict:
        fading = facts.company_score
        return NEVER if fading is None else within(fading, low, high, now)

    return Node(evaluate, Needs(company=True), cost=4)


def potential(leaf: Canonical) -> Node:
    """`potential: yearly`, `at_least: 5000`: an amount of money that does not fade."""
    name = text(leaf, "potential")
    low, high = bounds(leaf)

    def test(facts: Facts) -> bool:
        amount = facts.potentials.get(name)
        return amount is not None and low <= amount < high

    return timeless(test, Needs(potentials=frozenset({name})))


def value_at(fading: Fading, now: int) -> float:
    """The amount at `now`, which is not before the instant it is true of."""
    amount, at, half_life = fading
    if not half_life:
        return amount
    faded: float = amount * 2.0 ** ((at - now) / half_life)
    return faded


def within(fading: Fading, low: float, high: float, now: int) -> Verdict:
    """Whether low ≤ amount < high, and until when."""
    amount, at, half_life = fading
    if not half_life:
        return ALWAYS if low <= amount < high else NEVER
    value = amount * 2.0 ** ((at - now) / half_life)
    if value < low:
        # Too low: below 0 it rises to `low` if that is below 0, and may leap to beyond `high`.
        if low >= 0.0 or value >= 0.0:
            return NEVER
        until = crossing(fading, low, now)
        return False, until if value_at(fading, until) < high else FOREVER
    if value >= high:
        if high <= 0.0 or value <= 0.0:
            return NEVER
        until = crossing(fading, high, now)
        return False, until if value_at(fading, until) >= low else FOREVER
    if low > 0.0:
        return True, crossing(fading, low, now)
    if high < 0.0:
        return True, crossing(fading, high, now)
    return ALWAYS


def crossing(fading: Fading, bound: float, now: int) -> int:
    """The first millisecond after `now` on the other side of `bound`, which lies nearer to 0.

    On the near side of it the amount is at least `bound` if that is positive, else below it.
    """
    amount, at, half_life = fading
    until = ceil(at + half_life * log2(amount / bound))
    if until <= now:
        until = now + 1
    before = bound > 0.0
    while until > now + 1 and (amount * 2.0 ** ((at - until + 1) / half_life) >= bound) != before:
        until -= 1
    while (amount * 2.0 ** ((at - until) / half_life) >= bound) == before:
        until += 1
    return until
