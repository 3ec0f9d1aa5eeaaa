"""`has_been`: in a stage, a segment, a list, a persona or a qualification for so long.

Or since then `without` doing something: what was done at that very instant was done before it.
"""

from collections.abc import Callable

from relance.conditions.facts import Facts
from relance.conditions.needs import Depth, Needs
from relance.conditions.node import (
    ALWAYS,
    NEVER,
    Canonical,
    Node,
    Verdict,
    text,
    timeless,
    whole,
)


def been(leaf: Canonical) -> Node:
    """`has_been: {stage: lead}`, `for: 14 days`, `for_less_than: 14 days`, `without: ordered`."""
    what, name = text(leaf, "what"), text(leaf, "name")
    since, needs = _SINCE[what](name)
    if "without" in leaf:
        return _without(text(leaf, "without"), since, needs)
    if "less_than" in leaf:
        short = whole(leaf, "less_than")

        def new(facts: Facts, now: int) -> Verdict:
            at = since(facts)
            return NEVER if at is None or now >= at + short else (True, at + short)

        return Node(new, needs)
    long = whole(leaf, "for")

    def settled(facts: Facts, now: int) -> Verdict:
        at = since(facts)
        if at is None:
            return NEVER
        return ALWAYS if now >= at + long else (False, at + long)

    return Node(settled, needs)


def _without(behaviour: str, since: Callable[[Facts], int | None], needs: Needs) -> Node:
    """Only what is done changes it, so time alone never does."""

    def quiet(facts: Facts) -> bool:
        at, done = since(facts), facts.behaviours.get(behaviour)
        return at is not None and (done is None or not done.times or done.last <= at)

    return timeless(quiet, needs | Needs(behaviours={behaviour: Depth()}))


def _stage(name: str) -> tuple[Callable[[Facts], int | None], Needs]:
    return lambda facts: facts.stage_since if facts.stage == name else None, Needs(stages=True)


def _persona(name: str) -> tuple[Callable[[Facts], int | None], Needs]:
    return (
        lambda facts: facts.persona_since if facts.persona == name else None,
        Needs(persona=True),
    )


_SINCE: dict[str, Callable[[str], tuple[Callable[[Facts], int | None], Needs]]] = {
    "stage": _stage,
    "persona": _persona,
    "segment": lambda name: (
        lambda facts: facts.segments.get(name),
        Needs(segments=frozenset({name})),
    ),
    "list": lambda name: (lambda facts: facts.lists.get(name), Needs(lists=frozenset({name}))),
    "qualified": lambda name: (
        lambda facts: facts.qualifications.get(name),
        Needs(qualifications=frozenset({name})),
    ),
}
