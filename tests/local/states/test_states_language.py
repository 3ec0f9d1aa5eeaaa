"""Mistakes in definitions, and the sentences that tell of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from relance.states_language import DefinitionInvalid, StateMachine, parse, parse_file
from relance.states_language.model import Choice, Fail, Map, Parallel, Pass, Succeed, Task, Wait

from tests.local.states.cases_branching import BRANCHING_CASES
from tests.local.states.cases_plain import EXPRESSION_CASES, STATE_CASES
from tests.local.states.cases_tasks import TASK_CASES

EVERYTHING = {
    "Comment": "Every field of the language.",
    "QueryLanguage": "JSONata",
    "Version": "1.0",
    "TimeoutSeconds": 3600,
    "StartAt": "Task",
    "States": {
        "Task": {
            "Type": "Task",
            "Comment": "c",
            "QueryLanguage": "JSONata",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": {"FunctionName": "f"},
            "Credentials": {"RoleArn": "r"},
            "TimeoutSeconds": "{% $x %}",
            "HeartbeatSeconds": 5,
            "Assign": {"x": 1},
            "Output": None,
            "Retry": [
                {
                    "ErrorEquals": ["E"],
                    "IntervalSeconds": 1,
                    "MaxAttempts": 0,
                    "BackoffRate": 1.5,
                    "MaxDelaySeconds": 9,
                    "JitterStrategy": "FULL",
                    "Comment": "c",
                }
            ],
            "Catch": [
                {"ErrorEquals": ["E"], "Next": "Fail", "Assign": {"y": 1}, "Output": 1}
                | {"Comment": "c"}
            ],
            "Next": "Choice",
        },
        "Choice": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% true %}", "Next": "Wait", "Assign": {"z": 1}, "Output": 1}
                | {"Comment": "c"},
                {"Condition": True, "Next": "Until"},
            ],
            "Default": "Pass",
            "Assign": {"z": 1},
            "Output": 1,
        },
        "Wait": {"Type": "Wait", "Seconds": 1, "Assign": {}, "Output": {}, "Next": "Until"},
        "Until": {"Type": "Wait", "Timestamp": "2026-01-01T00:00:00Z", "Next": "Pass"},
        "Pass": {"Type": "Pass", "Assign": {}, "Output": {}, "Next": "Parallel"},
        "Parallel": {
            "Type": "Parallel",
            "Arguments": "{% 1 %}",
            "Branches": [
                {
                    "Comment": "c",
                    "StartAt": "Inner",
                    "States": {"Inner": {"Type": "Succeed", "Output": 1}},
                }
            ],
            "Retry": [],
            "Catch": [],
            "Assign": {},
            "Output": 1,
            "Next": "Map",
        },
        "Map": {
            "Type": "Map",
            "ItemSelector": {"a": 1},
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "Arguments": {"Bucket": "b", "Key": "k"},
                "ReaderConfig": {
                    "InputType": "CSV",
                    "CSVDelimiter": "TAB",
                    "CSVHeaderLocation": "GIVEN",
                    "CSVHeaders": ["id"],
                    "MaxItems": "{% 5 %}",
                    "Transformation": "NONE",
                },
            },
            "ItemBatcher": {
                "MaxItemsPerBatch": 100,
                "MaxInputBytesPerBatch": "{% 5000 %}",
                "BatchInput": {"day": "{% 'monday' %}"},
            },
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Arguments": {"Bucket": "b", "Prefix": "p"},
                "WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSONL"},
            },
            "Label": "l",
            "MaxConcurrency": 5,
            "ToleratedFailureCount": 1,
            "ToleratedFailurePercentage": "{% 5 %}",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
                "StartAt": "Item",
                "States": {"Item": {"Type": "Pass", "End": True}},
            },
            "Next": "Succeed",
        },
        "Succeed": {"Type": "Succeed", "Comment": "c", "Output": {}},
        "Fail": {"Type": "Fail", "Error": "E", "Cause": "{% 'c' %}"},
    },
}


def test_every_field_of_the_language_is_read() -> None:
    machine = parse(EVERYTHING)

    kinds = [type(state) for state in machine.states.values()]
    assert set(kinds) == {Task, Choice, Wait, Pass, Parallel, Map, Succeed, Fail}


def test_a_definition_is_read_from_text_as_from_objects() -> None:
    assert parse(json.dumps(EVERYTHING)) == parse(EVERYTHING)


@pytest.mark.parametrize(
    "definition",
    [case.definition for case in (*STATE_CASES, *TASK_CASES, *BRANCHING_CASES, *EXPRESSION_CASES)],
)
def test_every_machine_of_the_differential_check_is_read(definition: Mapping[str, object]) -> None:
    assert isinstance(parse({"QueryLanguage": "JSONata", **definition}), StateMachine)


def changed(path: str, value: object) -> dict[str, object]:
    """Return EVERYTHING with one field set (`...` takes it out)."""
    whole = copy.deepcopy(EVERYTHING)
    part: object = whole
    *way, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    for key in way:
        part = part[key]  # type: ignore[index]
    if value is ...:
        del part[last]  # type: ignore[attr-defined]
    else:
        part[last] = value  # type: ignore[index]
    return whole


def problems(definition: Mapping[str, object] | str) -> list[str]:
    try:
        parse(definition, file="m.asl.json")
    except DefinitionInvalid as error:
        return [problem.removeprefix("m.asl.json: ") for problem in error.problems]
    return []


MISTAKES = [
    ("QueryLanguage", ..., 'QueryLanguage is missing. Write "QueryLanguage": "JSONata"'),
    ("QueryLanguage", "JSONPath", 'QueryLanguage JSONPath is not supported. Write "JSONata".'),
    ("StartAt", "Tsk", 'StartAt names "Tsk", which does not exist. Did you mean "Task"?'),
    ("StartAt", ..., "the machine: StartAt is missing."),
    ("States", {}, "the machine: States must not be empty."),
    ("TimeoutSecond", 5, 'TimeoutSecond is not a field of a state machine. Did you mean "Timeo'),
    ("TimeoutSeconds", "1 day", "the machine: TimeoutSeconds must be a whole number."),
    ("TimeoutSeconds", 0, "the machine: TimeoutSeconds must be at least 1."),
    ("States/Pass/Next", "Paralel", 'state "Pass": Next names "Paralel", which does not exist.'),
    ("States/Pass/Next", "Paralel", 'Did you mean "Parallel"?'),
    ("States/Pass/Next", ..., 'state "Pass": neither Next nor End.'),
    ("States/Pass/End", True, 'state "Pass": both Next and End. Keep one of them.'),
    ("States/Pass/End", False, 'state "Pass": End must be True.'),
    ("States/Pass/Type", "Pas", 'state "Pass": Type "Pas" does not exist. Write one of Task, '),
    ("States/Pass/Type", "Pas", 'Did you mean "Pass"?'),
    ("States/Pass/Type", ..., 'state "Pass": Type is missing. Write one of Task, Choice'),
    ("States/Pass/Outptu", 1, 'Outptu is not a field of a Pass state. Did you mean "Output"?'),
    ("States/Pass/Result", 1, "Result belongs to JSONPath, and machines here use JSONata: write O"),
    ("States/Task/Parameters", {}, "Parameters belongs to JSONPath, and machines here use JSONata"),
    ("States/Task/ResultPath", "$", "keep results with Assign, or shape them with Output."),
    ("States/Task/Resource", 5, 'state "Task": Resource must be text in quotation marks.'),
    ("States/Task/Resource", ..., 'state "Task": Resource is missing.'),
    ("States/Task/Arguments", "x", "Arguments must be an object, or an expression that gives one."),
    ("States/Task/TimeoutSeconds", 0, "TimeoutSeconds must be a whole number of seconds from 1 "),
    ("States/Task/TimeoutSeconds", "60", 'or an expression such as "{% $seconds_left %}".'),
    ("States/Task/TimeoutSeconds", 5, "HeartbeatSeconds (5) must be less than TimeoutSeconds (5)."),
    ("States/Task/Retry/0/ErrorEquals", [], "Retry[0].ErrorEquals must not be empty."),
    ("States/Task/Retry/0/ErrorEqual", [], 'a retrier. Did you mean "ErrorEquals"?'),
    ("States/Task/Retry/0/BackoffRate", 0.5, "Retry[0].BackoffRate must be at least 1.0."),
    ("States/Task/Retry/0/MaxAttempts", 1.5, "Retry[0].MaxAttempts must be a whole number."),
    ("States/Task/Retry/0/MaxDelaySeconds", 1, "MaxDelaySeconds (1) must be more than Interval"),
    ("States/Task/Retry/0/JitterStrategy", "SOME", 'JitterStrategy must be "FULL" or "NONE".'),
    (
        "States/Task/Retry/0/ErrorEquals",
        ["States.ALL", "E"],
        "Retry[0]: States.ALL must stand alone in ErrorEquals.",
    ),
    (
        "States/Task/Catch",
        [
            {"ErrorEquals": ["States.ALL"], "Next": "Fail"},
            {"ErrorEquals": ["E"], "Next": "Fail"},
        ],
        "Catch[0]: States.ALL must stand in the last place of Catch.",
    ),
    ("States/Task/Catch/0/Next", "Fial", 'Catch[0].Next names "Fial", which does not exist.'),
    ("States/Task/Catch/0/ResultPath", "$", "Catch[0].ResultPath belongs to JSONPath"),
    ("States/Task/Assign", {"states": 1}, "Assign: $states is reserved."),
    ("States/Task/Assign", {"my var": 1}, 'Assign: "my var" is no name for a variable.'),
    ("States/Choice/Choices", [], "Choices must not be empty."),
    ("States/Choice/Choices/0/Condition", "$x", "Choices[0].Condition must be an expression that"),
    ("States/Choice/Choices/0/Variable", "$", "Choices[0].Variable belongs to JSONPath"),
    ("States/Choice/Choices/0/Nxt", "$", "Nxt is not a field of a rule of a Choice. Did you mean"),
    ("States/Choice/Next", "Wait", "Next is not a field of a Choice state."),
    ("States/Choice/Default", "Wiat", 'Default names "Wiat", which does not exist. Did you mean'),
    ("States/Wait/Timestamp", "2026-01-01T00:00:00Z", "a Wait needs exactly one of Seconds and"),
    ("States/Wait/Seconds", ..., "a Wait needs exactly one of Seconds and Timestamp."),
    ("States/Until/Timestamp", "tomorrow", 'must be a time such as "2026-03-01T09:00:00Z"'),
    ("States/Succeed/Next", "Pass", "Next is not a field of a Succeed state."),
    ("States/Fail/Error", 5, 'state "Fail": Error must be text in quotation marks.'),
    ("States/Pass/Output", {"a.$": "$.b"}, "Output/a.$ belongs to JSONPath. Drop the .$"),
    ("States/Pass/Output", ["{% $a"], "Output[0]: an expression begins with {% and ends with %}"),
    ("States/Parallel/Branches", [], "Branches must not be empty."),
    ("States/Parallel/Branches/0/StartAt", "X", 'state "Parallel": StartAt names "X", which does'),
    (
        "States/Parallel/Branches/0/States/Inner",
        {"Type": "Pass", "Next": "Map"},
        'Next names "Map", which does not exist in this branch (a branch cannot be left by Next).',
    ),
    (
        "States/Parallel/Branches/0/States/Inner",
        {"Type": "Pass", "End": True, "Assign": {"x": 2}},
        "$x belongs to the level outside; a branch can read it, not assign it.",
    ),
    (
        "States/Map/ItemProcessor/States/Item/Ouptut",
        1,
        'state "Item": Ouptut is not a field of a Pass state. Did you mean "Output"?',
    ),
    ("States/Map/ItemProcessor/ProcessorConfig/Mode", "FAST", 'Mode must be "INLINE" or "DISTRI'),
    ("States/Map/Iterator", {}, "Iterator is not a field of a Map state."),
    ("States/Map/Items", "x", "Items must be an array, or an expression that gives one."),
    (
        "States/Map/ItemProcessor/States",
        {"Item": {"Type": "Pass", "Next": "Wait"}, "Wait": {"Type": "Succeed"}},
        'state "Wait": another state has this name. Names are unique in a machine.',
    ),
]


@pytest.mark.parametrize(("path", "value", "told"), MISTAKES)
def test_a_mistake_is_told_in_a_sentence(path: str, value: object, told: str) -> None:
    found = problems(changed(path, value))

    assert any(told in problem for problem in found), found


def test_a_long_name_is_refused() -> None:
    name = "x" * 81
    found = problems(
        {"QueryLanguage": "JSONata", "StartAt": name, "States": {name: {"Type": "Succeed"}}}
    )

    assert found == [f'state "{name}": its name has 81 characters; the language allows 80.']


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "line 1, column 2: not JSON"),
        ('{"a": 1,\n "a": 2}', '"a" stands twice in one object; the first would be lost.'),
        ("[]", "a definition is an object, in curly brackets."),
    ],
)
def test_what_is_no_definition_is_told(text: str, told: str) -> None:
    assert any(told in problem for problem in problems(text))


def test_every_mistake_is_told_at_once() -> None:
    definition = changed("States/Task/Nxt", "Pass")
    definition["Commment"] = "x"

    assert len(problems(definition)) == 2


def test_the_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "welcome.asl.json"
    file.write_text("{}", encoding="utf-8")

    with pytest.raises(DefinitionInvalid, match=r"welcome\.asl\.json: QueryLanguage is missing"):
        parse_file(file)
