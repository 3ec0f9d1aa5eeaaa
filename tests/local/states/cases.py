"""Small machines, at least one for every state type and field, to run in two interpreters.

Where moto's interpreter is at fault, the case says what decides: the Amazon States Language
specification (ASL, https://states-language.net/spec.html) or a page of the Step Functions
developer guide (https://docs.aws.amazon.com/step-functions/latest/dg/<page>), put briefly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from tests.local.states.simulation import Function, Raise

Json = Mapping[str, object]
INVOKE = "arn:aws:states:::lambda:invoke"


@dataclass(frozen=True, slots=True)
class Case:
    """A machine, its input, and how the two interpreters are to be compared."""

    id: str
    states: Json
    input: object = None
    start: str = "A"
    in_any_order: bool = False
    """Branches run in threads in moto: compare how many events of each type, not their order."""
    answer: tuple[str, str] | None = None
    """Answer task tokens: ("success", output) or ("failure", error)."""
    fault: str = ""
    """What moto gets wrong, and what decides. Empty: both must agree."""
    expected: object = None
    """For a fault: what must come of it here: (status, output or error)."""
    top: Json = field(default_factory=dict)

    @property
    def definition(self) -> Json:
        return {"StartAt": self.start, "States": self.states, **self.top}


def functions() -> dict[str, Function]:
    """Return fresh functions: `flaky` fails twice, then answers."""
    calls = count(1)

    def flaky(payload: object) -> object:
        if (attempt := next(calls)) <= 2:
            raise Raise("Flaky", f"attempt {attempt}")
        return {"attempt": attempt}

    def boom(payload: object) -> object:
        raise Raise("Boom", "it broke")

    return {
        "echo": lambda payload: payload,
        "null": lambda payload: None,
        "list": lambda payload: [3, 1, 2],
        "large": lambda payload: "x" * 300_000,
        "boom": boom,
        "flaky": flaky,
    }


def passing(**fields: object) -> Json:
    return {"Type": "Pass", "End": True, **fields}


def task(function: str = "echo", payload: object = None, **fields: object) -> Json:
    arguments = {"FunctionName": function, "Payload": {} if payload is None else payload}
    ending = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": INVOKE, "Arguments": arguments, **ending, **fields}


def output_of(expression: str) -> Json:
    """Return a machine of one Pass that gives one expression."""
    return {"A": passing(Output={"value": "{% " + expression + " %}"})}


SHOW = passing(Output="{% $states.input %}")
CAUGHT = {"ErrorEquals": ["States.ALL"], "Next": "B"}
RETRY = {"ErrorEquals": ["Flaky"], "IntervalSeconds": 1, "BackoffRate": 1}
INPUT = {
    "n": 3,
    "text": "Anna",
    "none": None,
    "list": [3, 1, 2],
    "one": [7],
    "empty": [],
    "objects": [{"v": 1}, {"v": 2}],
    "at": "2026-05-01T10:00:00Z",
    "deep": {"a": {"b": True}},
}
