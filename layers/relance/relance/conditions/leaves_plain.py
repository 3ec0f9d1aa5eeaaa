"""Leaves that time alone never changes: traits, memberships, grades, consent, chance, company."""

from collections.abc import Callable, Collection
from hashlib import sha256

from relance.conditions.comparing import compile_test
from relance.conditions.facts import Facts
from relance.conditions.needs import Needs
from relance.conditions.node import Canonical, Node, ratio, text, texts, timeless


def everyone(_: Canonical) -> Node:
    """`everyone: yes`."""
    return timeless(lambda _: True, Needs())


def trait(leaf: Canonical) -> Node:
    """`trait: country` with a test of its value; dates are `leaves_days`."""
    name, test = text(leaf, "trait"), _test(leaf)
    return timeless(lambda facts: test(facts.traits.get(name)), Needs(traits=frozenset({name})))


def company(leaf: Canonical) -> Node:
    """`company: members` with a test; for somebody without a company every value is missing."""
    name, test = text(leaf, "about"), _test(leaf)

    def holds(facts: Facts) -> bool:
        return test(facts.company.get(name) if facts.company is not None else None)

    return timeless(holds, Needs(company=True))


def grade(leaf: Canonical) -> Node:
    """`grade: fit`, `in: [A, B]`."""
    name, wanted = text(leaf, "grade"), frozenset(texts(leaf, "in"))
    return timeless(lambda facts: facts.grades.get(name) in wanted, Needs(grades=frozenset({name})))


def stage(leaf: Canonical) -> Node:
    """`stage: lead`."""
    wanted = frozenset(texts(leaf, "in"))
    return timeless(lambda facts: facts.stage in wanted, Needs(stages=True))


def persona(leaf: Canonical) -> Node:
    """`persona: profit`."""
    wanted = frozenset(texts(leaf, "in"))
    return timeless(lambda facts: facts.persona in wanted, Needs(persona=True))


def segment(leaf: Canonical) -> Node:
    """`in_segment: hot`; of several, one is enough."""
    wanted = frozenset(texts(leaf, "in"))
    return timeless(_any_in(wanted, lambda facts: facts.segments), Needs(segments=wanted))


def contact_list(leaf: Canonical) -> Node:
    """`in_list: newsletter`; of several, one is enough."""
    wanted = frozenset(texts(leaf, "in"))
    return timeless(_any_in(wanted, lambda facts: facts.lists), Needs(lists=wanted))


def qualified(leaf: Canonical) -> Node:
    """`qualified: sales`; of several, one is enough."""
    wanted = frozenset(texts(leaf, "in"))
    needs = Needs(qualifications=wanted)
    return timeless(_any_in(wanted, lambda facts: facts.qualifications), needs)


def consent(leaf: Canonical) -> Node:
    """`consent: newsletter`, granted unless another state is named."""
    topic, state = text(leaf, "topic"), text(leaf, "is")
    return timeless(
        lambda facts: facts.consents.get(topic) == state, Needs(consents=frozenset({topic}))
    )


def random(leaf: Canonical) -> Node:
    """`random: 10%`, `named: holdout`: the same contacts for the same name, for ever."""
    above, below = ratio(leaf, "share")
    named = text(leaf, "named")
    bound = above * 2**64 // below
    return timeless(lambda facts: place(named, facts.contact_id) < bound, Needs())


def place(named: str, contact_id: str) -> int:
    """Where a contact falls among 2^64 places: the first 8 bytes of SHA-256 of name, NUL, id."""
    return int.from_bytes(sha256(f"{named}\0{contact_id}".encode()).digest()[:8], "big")


def _test(leaf: Canonical) -> Callable[[object], bool]:
    test = leaf["test"]
    if not isinstance(test, dict):
        raise TypeError("test: an object was expected")
    return compile_test(test)


def _any_in(
    wanted: frozenset[str], there: Callable[[Facts], Collection[str]]
) -> Callable[[Facts], bool]:
    if len(wanted) == 1:
        (only,) = wanted
        return lambda facts: only in there(facts)
    return lambda facts: not wanted.isdisjoint(there(facts))
