"""How fast the interpreter is on its own, and what an expression costs in either library."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jsonatapy
from jsonata import Jsonata as SlowJsonata

from local.states.jsonata import Jsonata
from tests.bench.figures import Figure
from tests.local.states.simulation import Simulation, SmallHub

EXECUTIONS = 500
ROUNDS = 10
EXPRESSION = "$view.scores.engagement >= 10 and 'hot' in $view.segments"
VIEW = {
    "contact": "01J0000000000000000000",
    "stage": "lead",
    "persona": "buyer",
    "segments": ["hot", "new"],
    "lists": ["newsletter"],
    "scores": {"engagement": 12.5, "fit": 3},
    "consents": {"newsletter": {"state": "granted", "at": "2026-01-01T00:00:00Z"}},
}


def _call(payload: dict[str, object], goes_to: str, **fields: object) -> dict[str, object]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": "view", "Payload": payload},
        "TimeoutSeconds": 60,
        "Output": {},
        "Next": goes_to,
        **fields,
    }


MACHINE: dict[str, object] = {
    "StartAt": "Let them in",
    "States": {
        "Let them in": _call(
            {"contact": "{% $states.input.contact %}"},
            "Enough?",
            Assign={"view": "{% $states.result.Payload %}", "round": 0},
        ),
        "Enough?": {
            "Type": "Choice",
            "Choices": [{"Condition": f"{{% $round >= {ROUNDS} %}}", "Next": "Done"}],
            "Default": "Send",
        },
        "Send": _call(
            {"contact": "{% $view.contact %}", "round": "{% $round %}"},
            "Enough?",
            Assign={"view": "{% $states.result.Payload %}", "round": "{% $round + 1 %}"},
        ),
        "Done": {"Type": "Succeed", "Output": {"summary": "{% $view.contact & ' is done.' %}"}},
    },
}


class _Scope:
    variables: Mapping[str, object] = MappingProxyType({"view": VIEW})

    def states(self, field: str) -> object:
        return None


def measure() -> tuple[Figure, ...]:
    """Return the speed of the interpreter, and of JSONata in the library used and in another."""
    slow = SlowJsonata(EXPRESSION)
    frame = slow.create_frame()
    frame.bind("view", VIEW)
    query = Jsonata(SmallHub()).evaluator(EXPRESSION)
    scope = _Scope()
    return (
        Figure("Transitions", _transitions_per_second(), "transitions/s", 5_000),
        Figure(
            "JSONata evaluations (jsonatapy, which is used)",
            _per_second(lambda: query(scope), 20_000),
            "/s",
        ),
        Figure(
            "JSONata evaluations (jsonata-python)",
            _per_second(lambda: slow.evaluate(None, frame), 1_000),
            "/s",
        ),
        Figure(
            "JSONata compilations (jsonatapy, which is used)",
            _per_second(lambda: jsonatapy.compile(EXPRESSION), 5_000),
            "/s",
        ),
        Figure(
            "JSONata compilations (jsonata-python)",
            _per_second(lambda: SlowJsonata(EXPRESSION), 200),
            "/s",
        ),
    )


def _transitions_per_second() -> float:
    simulation = Simulation({"view": lambda payload: VIEW})
    arn = simulation.create(MACHINE)
    for number in range(EXECUTIONS):
        simulation.machines.start_execution(arn, f"e{number}", '{"contact": "c"}')
    began = time.perf_counter()
    simulation.hub.run()
    return sum(simulation.transitions.values()) / (time.perf_counter() - began)


def _per_second(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return times / (time.perf_counter() - began)


if __name__ == "__main__":
    print(*measure(), sep="\n")
