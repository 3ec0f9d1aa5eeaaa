"""Splitting contacts over branches: by chance, and the same way every time.

The chance is a hash of a name and the contact, so it needs no memory.
"""

import hashlib
from collections.abc import Mapping


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
