"""Which variant of a page is the best, by what was counted, and how sure that is.

The share of visits that lead to a sign-up is taken as unknown beforehand: of each variant it is
Beta(1 + sign-ups, 1 + other visits). The probability of being the best is

    P(i) = ∫ pdf_i(x) · Π_{j≠i} cdf_j(x) dx

worked out on a grid, so that the same counts give the same answer.
https://www.evanmiller.org/bayesian-ab-testing.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, log1p, sqrt

_STEPS = 4000
_SPREAD = 9.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How often a variant was seen, and how often that led to a lead."""

    visits: int
    leads: int

    @property
    def rate(self) -> float:
        """The share of visits that led to a lead."""
        return self.leads / self.visits if self.visits else 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How a comparison stands. `winner` is None until it is sure enough; `reason` says why."""

    winner: str | None
    best: Mapping[str, float]
    reason: str


def judge(counts: Mapping[str, Counts], *, sure: float, at_least: int) -> Standing:
    """Who wins: best with the probability `sure`, after `at_least` leads of every variant."""
    names = sorted(counts)
    chances = dict(zip(names, chances_to_be_best([counts[each] for each in names]), strict=True))
    leader = max(names, key=lambda name: (chances[name], name))
    rate = f"{leader} leads with {counts[leader].rate:.1%} of its visits"
    told = f"{rate}; the probability that it is the best is {chances[leader]:.1%}"
    fewest = min(each.leads for each in counts.values())
    if fewest < at_least:
        return Standing(
            None, chances, f"{told}. Too early: every variant needs {at_least} leads, not {fewest}."
        )
    if chances[leader] < sure:
        return Standing(None, chances, f"{told}. Not sure yet: {sure:.0%} was asked for.")
    return Standing(leader, chances, f"{told}, and {sure:.0%} was asked for. It wins.")


def chances_to_be_best(counts: Sequence[Counts]) -> list[float]:
    """The probability of each to have the greatest share; they add up to one."""
    shapes = [(1 + each.leads, 1 + max(0, each.visits - each.leads)) for each in counts]
    spans = [_span(*shape) for shape in shapes]
    low, high = min(span[0] for span in spans), max(span[1] for span in spans)
    width = (high - low) / _STEPS
    points = [low + (step + 0.5) * width for step in range(_STEPS)]
    densities = [[_density(x, *shape) * width for x in points] for shape in shapes]
    below = [_sums(each) for each in densities]
    found = []
    for index, density in enumerate(densities):
        total = 0.0
        for step, weight in enumerate(density):
            product = weight
            for other, sums in enumerate(below):
                if other != index:
                    product *= sums[step]
            total += product
        found.append(total)
    whole = sum(found)
    return [each / whole for each in found]


def _span(a: int, b: int) -> tuple[float, float]:
    """Where nearly all of Beta(a, b) lies."""
    mean = a / (a + b)
    spread = _SPREAD * sqrt(mean * (1 - mean) / (a + b + 1)) + _SPREAD / (a + b)
    return max(0.0, mean - spread), min(1.0, mean + spread)


def _density(x: float, a: int, b: int) -> float:
    return exp((a - 1) * log(x) + (b - 1) * log1p(-x) + lgamma(a + b) - lgamma(a) - lgamma(b))


def _sums(density: Sequence[float]) -> list[float]:
    """The cumulated density up to the middle of each step."""
    found, so_far = [], 0.0
    for each in density:
        found.append(so_far + each / 2)
        so_far += each
    return found
