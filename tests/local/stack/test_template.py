"""Reading the template: what resolves, and what is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.resources import MODELS
from local.template import Stack, TemplateError
from local.world import DEFAULTS, ROOT
from tests.local.stack.harness import function, write_project

QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": {}}


def load(root: Path, resources: dict[str, Any], **sections: Any) -> Stack:
    parameters = sections.pop("parameters", {})
    return Stack.load(write_project(root, resources, **sections), name="s", parameters=parameters)


def variables(root: Path, values: dict[str, Any], **sections: Any) -> dict[str, str]:
    extra = sections.pop("resources", {})
    resources = {"F": function("f", Environment={"Variables": values}), "Q": QUEUE, **extra}
    return dict(load(root, resources, **sections).functions["f"].environment)


INTRINSICS = [
    ("ref-parameter", {"Ref": "Mode"}, "live"),
    ("ref-pseudo", {"Ref": "AWS::StackName"}, "s"),
    ("ref-queue", {"Ref": "Q"}, "https://sqs.us-east-1.amazonaws.com/123456789012/s-Q"),
    ("getatt", {"Fn::GetAtt": ["Q", "Arn"]}, "arn:aws:sqs:us-east-1:123456789012:s-Q"),
    ("getatt-dotted", {"Fn::GetAtt": "Q.QueueName"}, "s-Q"),
    (
        "sub",
        {"Fn::Sub": "${AWS::Region}/${Q.QueueName}/${Mode}/${!Kept}"},
        "us-east-1/s-Q/live/${Kept}",
    ),
    (
        "sub-own",
        {"Fn::Sub": ["${x}-${Mode}", {"x": {"Ref": "AWS::AccountId"}}]},
        "123456789012-live",
    ),
    ("join", {"Fn::Join": ["-", ["a", {"Ref": "Mode"}]]}, "a-live"),
    ("if-true", {"Fn::If": ["IsLive", "yes", "no"]}, "yes"),
    ("if-false", {"Fn::If": ["IsTest", "yes", "no"]}, "no"),
    ("select-split", {"Fn::Select": [1, {"Fn::Split": [".", "a.b.c"]}]}, "b"),
    ("find-in-map", {"Fn::FindInMap": ["Sizes", {"Ref": "Mode"}, "n"]}, "7"),
    ("list-parameter", {"Fn::Join": ["+", {"Ref": "Many"}]}, "a+b"),
    ("base64", {"Fn::Base64": "x"}, "eA=="),
]


@pytest.mark.parametrize(
    ("value", "expected"), [case[1:] for case in INTRINSICS], ids=[case[0] for case in INTRINSICS]
)
def test_intrinsics_resolve_as_cloudformation_does(
    tmp_path: Path, value: Any, expected: str
) -> None:
    found = variables(
        tmp_path,
        {"X": value, "GONE": {"Fn::If": ["IsTest", "x", {"Ref": "AWS::NoValue"}]}},
        Parameters={
            "Mode": {"Type": "String", "Default": "live"},
            "Many": {"Type": "CommaDelimitedList", "Default": "a, b"},
        },
        Conditions={
            "IsLive": {"Fn::Equals": [{"Ref": "Mode"}, "live"]},
            "IsTest": {
                "Fn::And": [{"Condition": "IsLive"}, {"Fn::Not": [{"Condition": "IsLive"}]}]
            },
        },
        Mappings={"Sizes": {"live": {"n": "7"}}},
    )
    assert found == {"X": expected}


REFUSED = [
    ("import", {"X": {"Fn::ImportValue": "y"}}, {}, "Fn::ImportValue is not supported here"),
    ("missing", {"X": {"Ref": "Nothing"}}, {}, 'Ref to "Nothing", which does not exist'),
    ("attribute", {"X": {"Fn::GetAtt": ["Q", "Nope"]}}, {}, '"Q" has no attribute "Nope" here'),
    ("secret", {"X": "{{resolve:ssm:/x}}"}, {}, "dynamic references are not supported"),
    ("type", {}, {"V": {"Type": "AWS::EC2::VPC"}}, "V: the resource type AWS::EC2::VPC"),
    (
        "property",
        {},
        {"Q2": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}}},
        "Q2: the property FifoQueue of AWS::SQS::Queue is not supported here",
    ),
    (
        "value",
        {},
        {"M": {"Type": "AWS::Serverless::StateMachine", "Properties": {"Type": "EXPRESS",
            "Role": "r", "Definition": {"StartAt": "A"}}}},
        "M: StateMachineType",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "more", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_this_machine_cannot_do_is_refused_by_name(
    tmp_path: Path, values: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    with pytest.raises(TemplateError, match=reason):
        variables(tmp_path, values, resources=more)


PARAMETERS = {
    "Mode": {
        "Type": "String",
        "AllowedPattern": "[a-z]+",
        "ConstraintDescription": "Mode must be small letters.",
    }
}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, '"Mode" has no default'),
        ({"Mode": "X"}, "Mode must be small letters"),
        ({"Mode": "x", "Mod": "x"}, 'no parameter "Mod"'),
    ],
    ids=["missing", "pattern", "misspelt"],
)
def test_a_wrong_parameter_is_refused_in_the_templates_own_words(
    tmp_path: Path, given: dict[str, str], reason: str
) -> None:
    with pytest.raises(TemplateError, match=reason):
        load(tmp_path, {"Q": QUEUE}, Parameters=PARAMETERS, parameters=given)


def test_a_rule_of_the_template_is_checked(tmp_path: Path) -> None:
    rules = {
        "R": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "b"]}, "AssertDescription": "No."}]}
    }
    with pytest.raises(TemplateError, match="No"):
        load(tmp_path, {"Q": QUEUE}, Rules=rules)


def test_a_resource_whose_condition_does_not_hold_does_not_exist(tmp_path: Path) -> None:
    never = {"Never": {"Fn::Equals": ["a", "b"]}}
    stack = load(tmp_path, {"Q": {**QUEUE, "Condition": "Never"}}, Conditions=never)
    assert stack.resources == {}


def test_substitutions_reach_the_definition_of_a_machine(tmp_path: Path) -> None:
    file = tmp_path / "m.asl.json"
    file.write_text('{"StartAt": "${Name}", "States": {}}')
    machine = {
        "Type": "AWS::Serverless::StateMachine",
        "Properties": {
            "DefinitionUri": "m.asl.json",
            "Role": "r",
            "DefinitionSubstitutions": {"Name": {"Fn::GetAtt": ["Q", "QueueName"]}},
        },
    }
    stack = load(tmp_path, {"M": machine, "Q": QUEUE})
    assert stack.machines["s-M"].definition["StartAt"] == "s-Q"
    assert stack.machines["s-M"].file == file
    file.write_text('{"StartAt": "${Other}", "States": {}}')
    with pytest.raises(
        TemplateError, match=r"m\.asl\.json: .*Other.* has no DefinitionSubstitution"
    ):
        _ = load(tmp_path, {"M": machine, "Q": QUEUE}).machines


def test_the_translation_is_kept_under_a_hash_of_what_went_in(tmp_path: Path) -> None:
    resources = {"F": function("f")}
    load(tmp_path, resources)
    (kept,) = (tmp_path / ".build" / "template").iterdir()
    changed = json.loads(kept.read_text())
    changed["Resources"]["F"]["Properties"]["Timeout"] = 77
    kept.write_text(json.dumps(changed))
    # A stack of another name: what this process has resolved already, it does not read again.
    other = Stack.load(tmp_path / "template.yaml", name="other")
    assert other.functions["f"].timeout == 77
    resources["F"]["Properties"]["MemorySize"] = 256
    assert load(tmp_path, resources).functions["f"].timeout == 3


@pytest.fixture(scope="module")
def stack() -> Stack:
    return Stack.load(ROOT / "template.yaml", name="relance", parameters=DEFAULTS)


def test_every_resource_of_the_product_is_understood_or_listed_as_inert(stack: Stack) -> None:
    inert = {resource.logical_id for resource in stack.inert}
    known = {name for name, found in stack.resources.items() if found.type in MODELS}
    assert inert | known == set(stack.resources)
    assert not inert & known


def test_every_function_of_the_product_has_its_folder(stack: Stack) -> None:
    for found in stack.functions.values():
        assert (found.folder / "app.py").is_file(), found.logical_id
        assert found.name == f"relance-{found.folder.name.replace('_', '-')}"


def test_the_machines_of_the_product_are_named_after_the_stack(stack: Stack) -> None:
    assert "relance-journey-welcome" in stack.machines


def test_the_journeys_of_the_product_are_those_in_the_folder_of_journeys(stack: Stack) -> None:
    files = (ROOT / "statemachines" / "journeys").glob("*.asl.json")
    names = {file.name.removesuffix(".asl.json").replace("_", "-") for file in files}
    assert stack.journeys == {name: f"{stack.name}-journey-{name}" for name in names}


def test_references_agree_with_names(stack: Stack) -> None:
    sender = stack.functions["relance-send-email"].environment
    assert sender["LINK_BASE_URL"] == "https://links.example.com"
    assert sender["SENDS_TABLE"] == stack.resources["Sends"].name
