"""How fast conditions are: a condition of four leaves, horizon included, beside its rivals.

The rivals answer the same question about the same contacts, each in the form that suits it best:
prepared once, values ready in a flat mapping. None of them says until when its answer holds. The
hand-written closure is what a programmer would write for this one condition, without horizon; with
it, what the engine's answer costs at least. `rule-engine` and `cel-python` are left out where they
are not installed.
"""

import importlib.util
import time
from collections.abc import Callable, Mapping, Sequence
from math import log2
from typing import Any, TypeAlias

from relance.conditions import compile_condition
from relance.conditions.facts import DAY, FOREVER, Done, Facts
from relance.conditions.node import EQUAL

from tests.bench.figures import Figure, short

NOW = 1_794_000_000_000
CONTACTS = 500
SECONDS = 0.4
ROUNDS = 5

FOUR_LEAVES: Mapping[str, object] = {
    "all": [
        {"leaf": "trait", "trait": "country", "test": {"in": ["FR", "PT", "DE"]}},
        {
            "leaf": "count", "behaviour": "viewed_pricing", "at_least": 3,
            "far": 30 * DAY, "near": 0,
        },
        {"leaf": "score", "score": "intent", "at_least": 50},
        {"leaf": "count", "behaviour": "ordered", "at_most": 0, "far": 90 * DAY, "near": 0},
    ]
}  # fmt: skip
"""Lives in one of three countries, looked at the prices three times in 30 days, has an intent of
50 or more (half-life 36 hours), ordered nothing in 90 days."""

HALF_LIFE = DAY * 3 // 2
Facade: TypeAlias = Mapping[str, object]
Rival: TypeAlias = tuple[Callable[[Any], object], Sequence[object]]
"""A question, and what it is asked about, in the form that suits it."""


def contacts() -> list[Facts]:
    """Contacts of all sorts: for one in three every leaf has to be looked at and holds."""
    made = []
    for index in range(CONTACTS):
        views = tuple(
            (NOW - (4 - each) * DAY * (index % 9 + 1), str(each), {}) for each in range(4)
        )
        behaviours = {"viewed_pricing": Done(4, views[0][0], views[-1][0], views)}
        if index % 5 == 0:
            behaviours["ordered"] = Done(1, NOW - 20 * DAY, NOW - 20 * DAY)
        made.append(
            Facts(
                contact_id=str(index),
                traits={"country": ("FR", "PT", "DE", "IT")[index % 4]},
                behaviours=behaviours,
                scores={"intent": (60.0 + index % 40, NOW - DAY // 6, HALF_LIFE)},
            )
        )
    return made


def by_hand(facts: Facts, now: int) -> bool:
    """The same condition as a programmer would write it, for now alone."""
    if facts.traits.get("country") not in {"FR", "PT", "DE"}:
        return False
    views = facts.behaviours.get("viewed_pricing")
    if views is None or len(views.newest) < 3 or views.newest[-3][0] + 30 * DAY <= now:
        return False
    amount, at, half_life = facts.scores.get("intent", (0.0, now, HALF_LIFE))
    if amount * 2.0 ** ((at - now) / half_life) < 50 - EQUAL:
        return False
    orders = facts.behaviours.get("ordered")
    return orders is None or orders.last + 90 * DAY <= now


def by_hand_with_horizon(facts: Facts, now: int) -> tuple[bool, int]:
    """The same, with the horizon of what holds (of what does not hold it is left out)."""
    if not by_hand(facts, now):
        return False, FOREVER
    views = facts.behaviours["viewed_pricing"].newest[-3][0] + 30 * DAY
    amount, at, half_life = facts.scores["intent"]
    return True, min(views, int(at + half_life * log2(amount / (50 - EQUAL))) + 1)


def flat(facts: Facts, now: int) -> dict[str, object]:
    """What the rivals are given: their languages know neither windows nor half-lives."""
    amount, at, half_life = facts.scores["intent"]
    orders = facts.behaviours.get("ordered")
    return {
        "country": facts.traits["country"],
        "views": sum(act[0] > now - 30 * DAY for act in facts.behaviours["viewed_pricing"].newest),
        "intent": amount * 2.0 ** ((at - now) / half_life),
        "orders": int(orders is not None and orders.last > now - 90 * DAY),
    }


def rates(question: Callable[[Any], object], asked: Sequence[object]) -> float:
    """Evaluations in a second of CPU, the best of several rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        done, begun = 0, time.process_time()
        while (took := time.process_time() - begun) < SECONDS:
            for each in asked:
                question(each)
            done += len(asked)
        best = max(best, done / took)
    return best


def measure() -> list[Figure]:
    """Evaluations of the four-leaf condition in a second, by what answers, and ours beside it."""
    asked = contacts()
    condition = compile_condition(FOUR_LEAVES)
    evaluate = condition.evaluate
    assert [condition.holds(each, NOW) for each in asked] == [by_hand(each, NOW) for each in asked]
    ours = rates(lambda it: evaluate(it, NOW), asked)
    flat_facts = [flat(each, NOW) for each in asked]
    others = {
        "a closure by hand, with horizon": rates(lambda it: by_hand_with_horizon(it, NOW), asked),
        "a closure by hand, without": rates(lambda it: by_hand(it, NOW), asked),
    }
    wanted = [by_hand(each, NOW) for each in asked]
    for name, rival in _rivals().items():
        ask, ready = rival(flat_facts)
        assert [bool(ask(each)) for each in ready] == wanted
        others[f"{name}, without windows and horizon"] = rates(ask, ready)
    return [
        Figure("four leaves, horizon included", ours, "/s", at_least=300_000),
        *(Figure(name, rate, f"/s, ours {short(ours / rate)} ×") for name, rate in others.items()),
    ]


def _rivals() -> Mapping[str, Callable[[Sequence[Facade]], Rival]]:
    """The rivals that are installed."""
    all_of_them = {
        "rule-engine": ("rule_engine", _rule_engine),
        "cel-python": ("celpy", _cel),
    }
    return {
        name: rival
        for name, (module, rival) in all_of_them.items()
        if importlib.util.find_spec(module)
    }


def _rule_engine(facts: Sequence[Facade]) -> Rival:
    import rule_engine  # noqa: PLC0415 - a rival, which need not be there

    rule = rule_engine.Rule(
        'country in ["FR", "PT", "DE"] and views >= 3 and intent >= 50 and orders == 0'
    )
    return rule.matches, facts


def _cel(facts: Sequence[Facade]) -> Rival:
    import celpy  # noqa: PLC0415 - a rival, which need not be there

    environment = celpy.Environment()
    program = environment.program(
        environment.compile(
            "country in ['FR', 'PT', 'DE'] && views >= 3 && intent >= 50.0 && orders == 0"
        )
    )
    ready = [{name: celpy.json_to_cel(it) for name, it in each.items()} for each in facts]
    return program.evaluate, ready


if __name__ == "__main__":
    print(*measure(), sep="\n")
