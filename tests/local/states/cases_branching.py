"""Machines of Parallel and Map states."""

from __future__ import annotations

from tests.local.states.cases import CAUGHT, INPUT, RETRY, SHOW, Case, Json, passing, task


def _branch(**states: Json) -> Json:
    return {"StartAt": next(iter(states)), "States": states}


def _parallel(*branches: Json, **fields: object) -> Json:
    ending = {} if "Next" in fields else {"End": True}
    return {"Type": "Parallel", "Branches": list(branches), **ending, **fields}


def _each(processor: Json, **fields: object) -> Json:
    ending = {} if "Next" in fields else {"End": True}
    config = {"ProcessorConfig": {"Mode": "INLINE"}}
    return {
        "Type": "Map",
        "ItemProcessor": {**config, **processor},
        "MaxConcurrency": 1,
        **ending,
        **fields,
    }


BRANCHING_CASES = [
    Case(
        "parallel gives an array",
        {"A": _parallel(_branch(B=passing(Output="b")), _branch(C=passing()))},
        {"a": 1},
        in_any_order=True,
    ),
    Case(
        "parallel with arguments and output",
        {
            "A": _parallel(
                _branch(B=passing(Output="{% $states.input.x %}")),
                Arguments={"x": "{% $states.input.n %}"},
                Assign={"r": "{% $states.result[0] %}"},
                Output={"all": "{% $states.result %}"},
                Next="Z",
            ),
            "Z": passing(Output=["{% $r %}", "{% $states.input %}"]),
        },
        INPUT,
    ),
    Case(
        "a branch reads the variables outside and keeps its own",
        {
            "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"},
            "B": _parallel(
                _branch(
                    C={"Type": "Pass", "Assign": {"y": "{% $x + 1 %}"}, "Next": "D"},
                    D=passing(Output=["{% $x %}", "{% $y %}"]),
                )
            ),
        },
    ),
    Case(
        "a branch fails and is caught",
        {"A": _parallel(_branch(B=task("boom")), Catch=[{**CAUGHT, "Next": "Z"}]), "Z": SHOW},
    ),
    Case(
        "a branch fails and is not caught",
        {"A": _parallel(_branch(B={"Type": "Fail", "Error": "Bad", "Cause": "c"}))},
    ),
    Case(
        "a parallel is retried",
        {
            "A": _parallel(
                _branch(B=task("flaky", Output="{% $states.result.Payload %}")), Retry=[RETRY]
            )
        },
    ),
    Case(
        "map over the input",
        {"A": _each(_branch(B=passing(Output="{% $states.input * 2 %}")))},
        [1, 2, 3],
    ),
    Case(
        "map over items",
        {"A": _each(_branch(B=passing()), Items="{% $states.input.list %}")},
        INPUT,
    ),
    Case("map over constants", {"A": _each(_branch(B=passing()), Items=[1, "{% 1 + 1 %}"])}),
    Case("map over nothing", {"A": _each(_branch(B=passing()), Items=[])}),
    Case(
        "map selects",
        {
            "A": _each(
                _branch(B=passing()),
                Items="{% $states.input.list %}",
                ItemSelector={
                    "index": "{% $states.context.Map.Item.Index %}",
                    "value": "{% $states.context.Map.Item.Value %}",
                    "whole": "{% $states.input.text %}",
                },
                Output="{% $states.result %}",
            )
        },
        INPUT,
    ),
    Case(
        "map runs several at once",
        {
            "A": _each(
                _branch(B=task(payload={"v": "{% $states.input %}"}, Next="C"), C=passing()),
                Items=[1, 2, 3],
                MaxConcurrency=0,
            )
        },
        in_any_order=True,
    ),
    Case(
        "an iteration fails and is caught",
        {
            "A": _each(_branch(B=task("boom")), Items=[1], Catch=[{**CAUGHT, "Next": "Z"}]),
            "Z": SHOW,
        },
    ),
    Case(
        "an iteration fails and is not caught", {"A": _each(_branch(B=task("boom")), Items=[1, 2])}
    ),
    Case(
        "map over what is no array",
        {"A": _each(_branch(B=passing()), Items="{% $states.input.n %}")},
        INPUT,
    ),
    Case(
        "map in parallel",
        {
            "A": _parallel(
                _branch(B=_each(_branch(C=passing(Output="{% $states.input + 1 %}")), Items=[1, 2]))
            )
        },
    ),
]
