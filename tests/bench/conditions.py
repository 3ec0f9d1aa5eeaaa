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

from relance.conditions import compile_condition
from relance.conditions.facts import DAY, FOREVER, Done, Facts
from relance.conditions.node import EQUAL

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
Facade = Mapping[str, object]


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


def rates(question: Callable[[Facts], object], asked: Sequence[Facts]) -> float:
    """Evaluations a second, the best of several rounds."""
    best = 0.0
    for _ in range(ROUNDS):
        done, begun = 0, time.perf_counter()
        while (took := time.perf_counter() - begun) < SECONDS:
            for each in asked:
                question(each)
            done += len(asked)
        best = max(best, done / took)
    return best


def measure() -> dict[str, float]:
    """Evaluations a second of the four-leaf condition on one core, by what answers."""
    asked = contacts()
    condition = compile_condition(FOUR_LEAVES)
    evaluate = condition.evaluate
    assert [condition.holds(each, NOW) for each in asked] == [by_hand(each, NOW) for each in asked]
    found = {
        "evaluations a second, horizon included": rates(lambda it: evaluate(it, NOW), asked),
        "hand-written closure with horizon": rates(lambda it: by_hand_with_horizon(it, NOW), asked),
        "hand-written closure": rates(lambda it: by_hand(it, NOW), asked),
    }
    ready = {id(each): flat(each, NOW) for each in asked}
    wanted = [by_hand(each, NOW) for each in asked]
    if importlib.util.find_spec("rule_engine"):
        ask = _rule_engine()
        assert [ask(ready[id(each)]) for each in asked] == wanted
        found["rule-engine, without windows and horizon"] = rates(
            lambda it: ask(ready[id(it)]), asked
        )
    if importlib.util.find_spec("celpy"):
        ask = _cel()
        assert [bool(ask(ready[id(each)])) for each in asked] == wanted
        found["cel-python, without windows and horizon"] = rates(
            lambda it: ask(ready[id(it)]), asked
        )
    return found


def _rule_engine() -> Callable[[Facade], object]:
    import rule_engine  # noqa: PLC0415 - a rival, which need not be there

    rule = rule_engine.Rule(
        'country in ["FR", "PT", "DE"] and views >= 3 and intent >= 50 and orders == 0'
    )
    matches: Callable[[Facade], object] = rule.matches
    return matches


def _cel() -> Callable[[Facade], object]:
    import celpy  # noqa: PLC0415 - a rival, which need not be there

    environment = celpy.Environment()
    program = environment.program(
        environment.compile(
            "country in ['FR', 'PT', 'DE'] && views >= 3 && intent >= 50.0 && orders == 0"
        )
    )
    return lambda facts: program.evaluate(
        {name: celpy.json_to_cel(it) for name, it in facts.items()}
    )


if __name__ == "__main__":
    for what, figure in measure().items():
        print(f"{what:<52}{figure:>14,.0f}")
