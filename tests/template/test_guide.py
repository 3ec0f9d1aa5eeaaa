"""The guide for marketers: what it shows runs, and MarketerAccess allows what it asks for."""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from local.identifiers import ACCOUNT, REGION
from tests.template.test_permissions import as_list, statements

ROOT = Path(__file__).parents[2]
GUIDES = sorted((ROOT / "docs").glob("guide-for-marketers*.md"))
MEANING = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": "relance",
    "ContentBucket.Arn": "arn:aws:s3:::content",
    "OperationsBucket.Arn": "arn:aws:s3:::operations",
    "ShowWidgetFunction.Arn": "arn:aws:lambda:function:show-widget",
    "StartHere": "relance-start-here",
}
STATES = f"arn:aws:states:{REGION}:{ACCOUNT}"
WIDGETS = ("lambda:InvokeFunction", MEANING["ShowWidgetFunction.Arn"])
EXECUTION = f"{STATES}:execution:{{machine}}:any"
PRESSED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Allow always": (WIDGETS,),
    "Find": (WIDGETS,),
    "Start execution": (
        ("states:ListStateMachines", "*"),
        ("states:DescribeStateMachine", f"{STATES}:stateMachine:{{machine}}"),
        ("states:StartExecution", f"{STATES}:stateMachine:{{machine}}"),
        ("states:ListExecutions", f"{STATES}:stateMachine:{{machine}}"),
        ("states:DescribeExecution", EXECUTION),
        ("states:DescribeStateMachineForExecution", EXECUTION),
        ("states:GetExecutionHistory", EXECUTION),
    ),
    "Stop execution": (("states:StopExecution", EXECUTION),),
    "Redrive": (("states:RedriveExecution", EXECUTION),),
    "Upload": (
        ("s3:ListBucket", "arn:aws:s3:::content"),
        ("s3:PutObject", "arn:aws:s3:::content/drafts/newsletter-12.md"),
    ),
}
"""What pressing a button of the console asks for, of each machine that the guide names."""

OPENED = {
    "`relance-start-here`": (
        ("cloudwatch:ListDashboards", "*"),
        ("cloudwatch:GetMetricData", "*"),
        ("cloudwatch:GetDashboard", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/relance-start-here"),
    ),
    "`relance-operation-report-sending`": (
        ("s3:GetObject", "arn:aws:s3:::operations/report_sending/any"),
    ),
}
"""What reading further asks for."""


def machines(text: str) -> set[str]:
    """The state machines that a guide names."""
    return set(re.findall(r"`(relance-(?:journey|operation)-[a-z-]+)`", text))


def said(value: Any) -> str:
    """A resource of a policy with its references written out."""
    if isinstance(value, str):
        return value
    ((kind, name),) = value.items()
    if kind == "Fn::GetAtt":
        return MEANING[".".join(name)]
    return re.sub(r"\$\{([^}]+)\}", lambda found: MEANING[found[1]], str(name))


def granted(resources: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The actions and resources of MarketerAccess."""
    for owner, statement in statements(resources):
        if owner == "MarketerAccess":
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield action, said(resource)


def test_there_is_a_guide_in_three_languages() -> None:
    assert [path.name for path in GUIDES] == [
        "guide-for-marketers.fr.md",
        "guide-for-marketers.md",
        "guide-for-marketers.pt.md",
    ]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_input_shown_is_a_sample_that_runs(guide: Path) -> None:
    text = guide.read_text("utf-8")
    samples = [
        json.loads(path.read_text("utf-8"))
        for name in machines(text)
        for path in (ROOT / "events/executions" / name.removeprefix("relance-")).glob("*.json")
    ]
    shown = [json.loads(each) for each in re.findall(r"```json\n(.+?)\n```", text, re.DOTALL)]
    assert len(shown) > 15
    for each in shown:
        assert each in samples


def test_the_guides_show_the_same_in_the_same_order() -> None:
    def skeleton(guide: Path) -> list[str]:
        text = guide.read_text("utf-8")
        kinds = (r"```json\n.+?\n```", r"`relance-[a-z-]+`", r"\*\*[A-Z][a-z]+(?: [a-z]+)?\*\*")
        return re.findall("|".join((*kinds, "^## ")), text, re.MULTILINE | re.DOTALL)

    first, *others = map(skeleton, GUIDES)
    for other in others:
        assert other == first


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_a_marketer_may_do_all_that_the_guide_says(
    resources: Mapping[str, Any], guide: Path
) -> None:
    text = guide.read_text("utf-8")
    allowed = list(granted(resources))
    names = {
        resource["Properties"]["StateMachineName"]["Fn::Sub"].replace(
            "${AWS::StackName}", "relance"
        )
        for resource in resources.values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    }
    assert machines(text)
    assert machines(text) <= names
    rules = re.search(r"^- .*?^\n", text, re.MULTILINE | re.DOTALL)
    buttons = set(re.findall(r"\*\*([^*]+)\*\*", text.replace(rules[0] if rules else "", "")))
    assert buttons == set(PRESSED)
    needed = [each for button in buttons for each in PRESSED[button]]
    for mark, more in OPENED.items():
        assert mark in text
        needed += more
    for action, resource in needed:
        for machine in machines(text):
            wanted = resource.format(machine=machine)
            assert any(
                action == may and (where == "*" or fnmatchcase(wanted, where))
                for may, where in allowed
            ), f"{action} on {wanted}"
