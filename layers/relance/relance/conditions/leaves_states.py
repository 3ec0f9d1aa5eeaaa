"""`has_been`: in a stage, a segment, a list, a persona or a qualification for so long."""

from collections.abc import Callable

from relance.conditions.facts import Facts
from relance.conditions.needs import Needs
from relance.conditions.node import ALWAYS, NEVER, Canonical, Node, Verdict, text, whole


def been(leaf: Canonical) -> Node:
    """`has_been: {stage: lead}`, `for: 14 days` or `for_less_than: 14 days`."""
    what, name = text(leaf, "what"), text(leaf, "name")
    since, needs = _SINCE[what](name)
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
