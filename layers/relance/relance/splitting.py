"""Splitting contacts over branches: by chance, the same way every time, or towards the better one.

The chance is a hash of a name and the contact, so a plain split needs no memory. An adaptive one is
Thompson sampling (Thompson 1933; Chapelle and Li 2011): of how often each branch leads to the goal
there is a Beta distribution, from Beta(1, 1) on; a rate is drawn of each, and the greatest wins. So
a branch is tried as often as it may still be the best one.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from relance.storage import Item, Store, Table, Update

SHARDS = 4
"""Over how many records a branch is counted: many journeys begin at once."""


def chance_of(name: str, contact_id: str) -> float:
    """A number in [0, 1) that belongs to a contact for a name: evenly spread, always the same."""
    digest = hashlib.sha256(f"{name}#{contact_id}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def weighted(weights: Mapping[str, float], chance: float) -> str:
    """The branch in whose share of the whole the chance lies, in the order they are written.

    Raises:
        ValueError: no branch has any weight.
    """
    total, so_far, last = sum(weights.values()), 0.0, ""
    for branch, weight in weights.items():
        so_far += weight / total if total else 0.0
        if chance < so_far:
            return branch
        last = branch if weight else last
    if not last:
        raise ValueError("at least one branch must have a weight")
    return last  # the shares add up to a hair less than one


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were sent down a branch, and how many of them reached the goal."""

    tried: int = 0
    reached: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.tried + other.tried, self.reached + other.reached)


def best_drawn(tallies: Mapping[str, Tally], seed: str) -> str:
    """The branch whose drawn rate is the greatest; the same `seed` draws the same."""
    drawn = {branch: _rate(tally, f"{seed}#{branch}") for branch, tally in tallies.items()}
    return max(drawn, key=lambda branch: drawn[branch])


def read_tallies(store: Store, split: str, branches: Iterable[str]) -> dict[str, Tally]:
    """What was counted of each branch, over its shards."""
    found = {}
    for branch in branches:
        items = (store.get(Table.SENDS, _key(split, branch, shard)) for shard in range(SHARDS))
        found[branch] = sum(map(_tally, items), Tally())
    return found


def counted(split: str, branch: str, contact_id: str, what: str) -> Update:
    """The write that counts a contact: as `tried`, or as having `reached` the goal."""
    shard = int(chance_of("shard", contact_id) * SHARDS)
    return Update(Table.SENDS, _key(split, branch, shard), add={what: 1})


def _tally(item: Item | None) -> Tally:
    said = item or {}
    return Tally(int(str(said.get("tried", 0))), int(str(said.get("reached", 0))))


def _key(split: str, branch: str, shard: int) -> tuple[str]:
    return (f"split:{split}:{branch}:{shard}",)


_POINTS = 512


def _rate(tally: Tally, seed: str) -> float:
    """A value of Beta(1 + reached, 1 + not reached), by inverting the distribution on a grid.

    The density is taken in logarithms over eight deviations around the mean, so that a million
    trials are as exact as one.
    """
    a, b = 1 + min(tally.reached, tally.tried), 1 + max(0, tally.tried - tally.reached)
    mean = a / (a + b)
    spread = 8 * math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    low, high = max(0.0, mean - spread), min(1.0, mean + spread)
    points = [low + (high - low) * (at + 0.5) / _POINTS for at in range(_POINTS)]
    logs = [(a - 1) * math.log(x) + (b - 1) * math.log1p(-x) for x in points]
    top = max(logs)
    return _quantile(points, [math.exp(each - top) for each in logs], chance_of("rate", seed))


def _quantile(points: Sequence[float], density: Sequence[float], chance: float) -> float:
    left = chance * sum(density)
    for point, mass in zip(points, density, strict=True):
        left -= mass
        if left < 0:
            return point
    return points[-1]
