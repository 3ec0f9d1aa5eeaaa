"""The rules of the house: each broken once, in a machine that keeps all the others."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import pytest
from relance.states_language import check, parse
from relance.states_language.rules import Kind

from local.states.jsonata import Jsonata
from tests.local.states.simulation import SmallHub

RETRY = {
    "ErrorEquals": ["Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"],
    "IntervalSeconds": 2,
    "MaxDelaySeconds": 60,
    "JitterStrategy": "FULL",
}
CATCH = {
    "ErrorEquals": ["States.ALL"],
    "Assign": {"failure": "{% $states.errorOutput %}"},
    "Next": "Something is broken",
}
SOUND: dict[str, object] = {
    "Comment": "Asks for a click. Reminds twice.",
    "QueryLanguage": "JSONata",
    "TimeoutSeconds": 86400,
    "StartAt": "Let them in",
    "States": {
        "Let them in": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "f", "Payload": {"input": "{% $states.input %}"}},
            "TimeoutSeconds": 60,
            "Retry": [RETRY],
            "Catch": [CATCH],
            "Assign": {"view": "{% $states.result.Payload.view %}", "asked": 0},
            "Output": {},
            "Next": "Wait up to a day for a click",
        },
        "Wait up to a day for a click": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Arguments": {
                "FunctionName": "f",
                "Payload": {
                    "token": "{% $states.context.Task.Token %}",
                    "contact": "{% $view.contact %}",
                    "round": "{% $asked %}",
                },
            },
            "TimeoutSeconds": 86400,
            "Retry": [RETRY],
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Ask again?"}, CATCH],
            "Assign": {"view": "{% $states.result %}"},
            "Output": {},
            "Next": "Clicked",
        },
        "Ask again?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $asked < 2 %}", "Next": "Count"}],
            "Default": "Never clicked",
        },
        "Count": {
            "Type": "Pass",
            "Assign": {"asked": "{% $asked + 1 %}"},
            "Next": "Wait up to a day for a click",
        },
        "Clicked": {"Type": "Succeed", "Output": {"summary": "{% $view.contact & ' clicked' %}"}},
        "Never clicked": {"Type": "Succeed", "Output": {"summary": "They never clicked."}},
        "Something is broken": {
            "Type": "Fail",
            "Error": "{% $failure.Error %}",
            "Cause": "{% $failure.Cause %}",
        },
    },
}
TASK = "States/Let them in"
PAUSE = "States/Wait up to a day for a click"


def changed(path: str, value: object) -> dict[str, object]:
    whole = copy.deepcopy(SOUND)
    part: object = whole
    *way, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    for key in way:
        part = part[key]  # type: ignore[index]
    if value is ...:
        del part[last]  # type: ignore[attr-defined]
    else:
        part[last] = value  # type: ignore[index]
    return whole


def renamed(old: str, new: str) -> dict[str, object]:
    def walk(value: object) -> object:
        if isinstance(value, dict):
            return {new if key == old else key: walk(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner) for inner in value]
        return new if value == old else value

    whole = walk(SOUND)
    assert isinstance(whole, dict)
    return whole


def findings(definition: Mapping[str, object], kind: Kind = "journey") -> list[str]:
    compile_ = Jsonata(SmallHub()).compile
    return [str(each) for each in check(parse(definition), kind=kind, compile=compile_)]


def test_a_sound_machine_keeps_every_rule() -> None:
    assert findings(SOUND) == []


BROKEN = [
    ("Comment", ..., "the machine: Comment is missing."),
    ("TimeoutSeconds", ..., "the machine: TimeoutSeconds is missing."),
    (f"{TASK}/TimeoutSeconds", ..., 'state "Let them in": TimeoutSeconds is missing.'),
    (f"{PAUSE}/TimeoutSeconds", "{% $asked * 60 %}", "TimeoutSeconds may come out at 0 or less"),
    ("States/Count/Assign", {"count": 1}, "Assign: $count is also a function, and still is where"),
    (f"{TASK}/Retry", [], "Retry does not name Lambda.Unknown, Sandbox.Timedout, Runtime.Exi"),
    (f"{TASK}/Retry/0/JitterStrategy", "NONE", 'Retry[0] needs "JitterStrategy": "FULL"'),
    (f"{TASK}/Retry/0/MaxDelaySeconds", ..., "Retry[0] needs MaxDelaySeconds"),
    (
        f"{TASK}/Retry",
        [RETRY, {**RETRY, "ErrorEquals": ["States.ALL"]}],
        "Retry[1] repeats States.ALL. Name the errors that can pass instead.",
    ),
    (f"{TASK}/Catch", [], "Catch does not name States.ALL."),
    (f"{TASK}/Catch/0/Assign", {}, "the Catch of States.ALL does not assign the error."),
    (
        f"{TASK}/Catch",
        [{**CATCH, "ErrorEquals": ["States.Runtime"]}, CATCH],
        "Catch names States.Runtime, which is never caught.",
    ),
    (f"{PAUSE}/Catch", [CATCH], "it waits for an answer: Catch must name States.Timeout"),
    (f"{PAUSE}/Arguments/Payload/token", ..., "it waits for an answer, but nobody gets its token."),
    (
        f"{PAUSE}/Retry/0/ErrorEquals",
        [*RETRY["ErrorEquals"], "States.Timeout"],  # type: ignore[misc]
        "Retry names States.Timeout, which would begin the pause anew.",
    ),
    ("States/Clicked/Output", {}, 'state "Clicked": Output.summary is missing.'),
    ("States/Clicked/Output", ..., 'state "Clicked": Output.summary is missing.'),
    ("States/Something is broken/Cause", ..., "Error and Cause are both needed"),
    ("States/Left over", {"Type": "Succeed", "Output": {"summary": "s"}}, "no state leads here."),
    (
        "States/Count",
        {"Type": "Pass", "End": True},
        "an execution ends in a Succeed or a Fail, so that the ending has a name.",
    ),
    ("States/Count/Assign", {}, "leads back to itself without counting."),
    ("States/Count/Assign", {"asked": 1}, "leads back to itself without counting."),
    (
        "States/Ask again?/Choices/0/Condition",
        "{% $view.open %}",
        "counts in $asked, but no Choice looks at it. The loop has no end.",
    ),
    (
        "States/Count/Assign/asked",
        "{% $asked + 1 + " + "0 + " * 30 + "0 %}",
        "characters are too long.",
    ),
    ("States/Clicked/Output/summary", "{% $view. %}", '"$view." is not JSONata'),
    ("States/Clicked/Output/summary", "{% $veiw.contact %}", "$veiw is assigned nowhere before."),
    ("States/Clicked/Output/summary", "{% $veiw.contact %}", 'Did you mean "view"?'),
    (f"{TASK}/Arguments/Payload", "{% $view %}", "$view is assigned nowhere before."),
    (f"{TASK}/Arguments/Payload", "{% $states.result %}", "$states.result exists only in Assign"),
    (f"{TASK}/Output", "{% $states.errorOutput %}", "$states.errorOutput exists only in a Catch."),
    (f"{TASK}/Output", "{% $states.ipnut %}", "$states.ipnut does not exist."),
    (f"{TASK}/Output", "{% $.contact %}", 'it begins with "$". Write $states.input'),
    (f"{TASK}/Output", {"a": "$.contact"}, '"$.contact" is plain text here.'),
    (
        f"{TASK}/Output",
        "{% $uppercas('a') %}",
        '$uppercas is not a function here. Did you mean "up',
    ),
    (f"{TASK}/Output", "{% $eval('1') %}", "$eval is not a function here. Use $parse."),
    (f"{TASK}/Output", "{% $uuid() %}", "$uuid differs each time."),
]


@pytest.mark.parametrize(("path", "value", "told"), BROKEN)
def test_a_broken_rule_is_told(path: str, value: object, told: str) -> None:
    found = findings(changed(path, value))

    assert any(told in finding for finding in found), found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Clicked", "Clicked on the very first link of a long mail", "its name has 45 characters."),
        ("Clicked", "They Clicked The Link", "its name is not in sentence case."),
        ("Clicked", "clicked", "its name is not in sentence case."),
        ("Clicked", "ClickedOnce", "its name is not in sentence case."),
        ("Clicked", "they_clicked", "its name is not in sentence case."),
        ("Clicked", "Clicked, says DynamoDB", 'its name tells of a service ("DynamoDB").'),
        ("Let them in", "Call the Lambda", 'its name tells of a service ("Lambda").'),
        ("Ask again?", "Ask again", "a Choice asks: end its name with a question mark"),
        ("Clicked", "Clicked?", "its name is a question, yet it is no Choice."),
    ],
)
def test_a_name_is_told(old: str, new: str, told: str) -> None:
    found = findings(renamed(old, new))

    assert any(told in finding for finding in found), found


@pytest.mark.parametrize(
    "name", ["Left: unsubscribed", "Sent on Monday", "Give 10 points", "VIP", 'On "deal_open"']
)
def test_good_names_pass(name: str) -> None:
    assert findings(renamed("Clicked", name)) == []


OTHERS: list[Mapping[str, object]] = [
    {"Type": "Wait", "Seconds": 5, "Next": "Clicked"},
    {
        "Type": "Parallel",
        "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}],
        "Next": "Clicked",
    },
    {
        "Type": "Map",
        "Items": [1],
        "ItemProcessor": {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}},
        "Next": "Clicked",
    },
]


@pytest.mark.parametrize("state", OTHERS, ids=lambda state: str(state["Type"]))
def test_a_journey_has_no_wait_parallel_or_map(state: Mapping[str, object]) -> None:
    definition = changed("States/Pause", state)
    definition["States"][  # type: ignore[index]
        "Let them in"
    ]["Next"] = "Pause"
    definition["States"]["Let them in"]["Catch"].append(  # type: ignore[index]
        {**CATCH, "ErrorEquals": ["E"], "Next": "Wait up to a day for a click"}
    )
    definition["States"]["Let them in"]["Catch"].reverse()  # type: ignore[index]

    assert any(f"a journey has no {state['Type']} state" in each for each in findings(definition))
    assert not any("has no" in each for each in findings(definition, kind="operation"))


def test_a_variable_assigned_in_a_catch_counts_on_that_way_only() -> None:
    definition = changed("States/Clicked/Output/summary", "{% $failure.Cause %}")

    assert any("$failure is assigned nowhere before" in each for each in findings(definition))


def test_a_branch_knows_the_variables_outside() -> None:
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": "{% $x %}", "End": True}}}
    definition = parse(
        {
            "QueryLanguage": "JSONata",
            "StartAt": "A",
            "States": {
                "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "P"},
                "P": {"Type": "Parallel", "Branches": [branch], "End": True},
            },
        }
    )

    found = [str(each) for each in check(definition, kind="operation")]
    assert not any("$x" in each for each in found), found


def test_parameters_of_functions_are_no_variables() -> None:
    expression = "{% $map([1], function($v, $i) { $v + $i }) %}"

    assert findings(changed(f"{TASK}/Output", expression)) == []
