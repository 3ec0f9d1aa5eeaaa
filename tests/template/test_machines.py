"""Every state machine in the template, and every file of one, go together."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from relance.content.build.sending_models import LONGEST_SETTLING
from relance.content.sending_rules import LONGEST_WAIT
from relance.ledger import SETTLING_TIME

ROOT = Path(__file__).parents[2]


def machines(template: Mapping[str, Any]) -> dict[Path, Mapping[str, Any]]:
    return {
        ROOT / resource["Properties"]["DefinitionUri"]: resource["Properties"]
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::StateMachine"
    }


def test_every_file_of_a_machine_is_deployed(template: Mapping[str, Any]) -> None:
    assert set(machines(template)) == set((ROOT / "statemachines").glob("*/*.asl.json"))


def test_a_machine_is_named_after_the_stack_its_kind_and_its_file(
    template: Mapping[str, Any],
) -> None:
    for file, machine in machines(template).items():
        name = file.name.removesuffix(".asl.json").replace("_", "-")
        kind = {"journeys": "journey", "operations": "operation"}[file.parent.name]
        if name in ("erase-contact", "export-contact"):
            kind = "privacy"  # out of reach of those who may start every operation
        assert machine["Name"] == {"Fn::Sub": f"${{AWS::StackName}}-{kind}-{name}"}


def test_a_machine_logs_without_what_is_said_about_a_contact(template: Mapping[str, Any]) -> None:
    for file, machine in machines(template).items():
        assert machine["Type"] == "STANDARD", file.name
        assert machine["Logging"]["IncludeExecutionData"] is False, file.name
        assert machine["Logging"]["Destinations"], file.name


STEPS = {f"{each}FunctionArn" for each in (
    "EnterWorkflow", "SendEmail", "AwaitEvent", "FindMoment", "CheckCondition", "SplitContacts",
    "AwardPoints", "ChangeList", "SetTrait", "AlertPeople", "HandOver", "CallService",
    "StartJourney",
)}  # fmt: skip
"""What `new journey` fills in, so that the next step drawn asks for no change of the template."""


def test_every_placeholder_of_a_definition_is_filled_and_no_filling_is_left_over(
    template: Mapping[str, Any],
) -> None:
    for file, machine in machines(template).items():
        asked = set(re.findall(r"\$\{(\w+)\}", file.read_text("utf-8")))
        filled = set(machine["DefinitionSubstitutions"])
        is_new = file.parent.name == "journeys" and filled == STEPS and asked <= STEPS
        assert asked == filled or is_new, file.name


def test_a_machine_may_call_the_functions_that_it_names_and_no_other(
    template: Mapping[str, Any],
) -> None:
    for file, machine in machines(template).items():
        named = {
            json.dumps(each)
            for name, each in machine["DefinitionSubstitutions"].items()
            if name.endswith("FunctionArn")
        }
        (policy,) = machine["Policies"]
        (call,) = [
            each for each in policy["Statement"] if "lambda:InvokeFunction" in each["Action"]
        ]
        assert {json.dumps(each) for each in call["Resource"]} == named, file.name


def test_an_entry_point_passes_the_contact_and_the_entry_and_nothing_else(
    template: Mapping[str, Any],
) -> None:
    for file, machine in machines(template).items():
        for event in machine.get("Events", {}).values():
            transformer = event["Properties"]["InputTransformer"]
            assert transformer["InputPathsMap"] == {
                "contact": "$.detail.contact_id",
                "entry": "$.detail.event_id",
            }, file.name
            filled = re.sub(r"<(\w+)>", r'"\1"', transformer["InputTemplate"])
            assert json.loads(filled) == {"contact": "contact", "entry": "entry"}, file.name


def test_an_operation_starts_and_watches_its_own_batches_and_no_other(
    template: Mapping[str, Any],
) -> None:
    for file, machine in machines(template).items():
        if file.parent.name != "operations" or not labels(file):
            continue
        (policy,) = machine["Policies"]
        granted = {
            (action, arn["Fn::Sub"].rpartition(":${AWS::AccountId}:")[2])
            for each in policy["Statement"]
            for action in as_list(each["Action"])
            for arn in as_list(each["Resource"])
            if action.startswith("states:")
        }
        name = machine["Name"]["Fn::Sub"]
        watched = [name, *(f"{name}/{label}" for label in labels(file))]
        assert granted == {("states:StartExecution", f"stateMachine:{name}")} | {
            (f"states:{action}Execution", f"execution:{each}:*")
            for action in ("Describe", "Stop", "Redrive")
            for each in watched
        }, file.name


def labels(file: Path) -> list[str]:
    """The names under which the batches of a machine run."""
    states = json.loads(file.read_text("utf-8"))["States"].values()
    return [state["Label"] for state in states if state["Type"] == "Map"]


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_what_listens_to_endings_names_its_machines_so_that_batches_do_not_match(
    resources: Mapping[str, Any],
) -> None:
    """The machine of a batch is `…:stateMachine:<name>/<label>`: equal to no name given here."""
    listening = [
        resource["Properties"]["EventPattern"]["detail"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Events::Rule"
        and "aws.states" in resource["Properties"].get("EventPattern", {}).get("source", ())
    ]
    assert len(listening) == 3
    for detail in listening:
        for arn in detail["stateMachineArn"]:
            assert set(arn) in ({"Ref"}, {"Fn::Sub"}, {"prefix"})
            assert "*" not in json.dumps(arn)
            if "prefix" in arn:  # a journey has no batches
                assert arn["prefix"]["Fn::Sub"].endswith(":stateMachine:${AWS::StackName}-journey-")


def test_whoever_is_alerted_is_told_how_to_go_on(resources: Mapping[str, Any]) -> None:
    def told(rule: str) -> str:
        (target,) = resources[rule]["Properties"]["Targets"]
        return str(target["InputTransformer"]["InputTemplate"])

    assert "cannot be redriven" in told("JourneyFailedRule")
    assert "choose Redrive" in told("OperationFailedRule")


def test_an_operation_on_one_contact_calls_its_steps_and_nothing_else(
    template: Mapping[str, Any],
) -> None:
    for file, machine in machines(template).items():
        if file.parent.name == "operations" and not labels(file):
            (policy,) = machine["Policies"]
            assert [each["Sid"] for each in policy["Statement"]] == ["CallTheSteps", "WriteTheLog"]


def test_an_operation_reads_and_writes_its_own_files_and_no_other(
    template: Mapping[str, Any],
) -> None:
    for file, machine in machines(template).items():
        if file.parent.name != "operations" or not labels(file):
            continue
        (policy,) = machine["Policies"]
        (files,) = [each for each in policy["Statement"] if "s3:" in json.dumps(each["Action"])]
        folder = file.name.removesuffix(".asl.json")
        assert files["Resource"] == {"Fn::Sub": f"${{OperationsBucket.Arn}}/{folder}/*"}


def test_arns_that_are_built_by_name_name_a_machine_of_the_stack(
    template: Mapping[str, Any],
) -> None:
    names = {
        machine["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}-")
        for file, machine in machines(template).items()
        if file.parent.name != "operations" or labels(file)
    }
    built = set(
        re.findall(
            r"(?:stateMachine|execution):\$\{AWS::StackName\}-([a-z-]+)",
            json.dumps(template["Resources"]),
        )
    )
    assert built <= names | {"journey-", "operation-"}  # the beginning of all of them


def test_a_step_that_sends_waits_for_half_a_day_while_ses_says_not_now(
    template: Mapping[str, Any],
) -> None:
    """Each pause is shorter than the time after which a released send would be given up."""
    for file in machines(template):
        states = json.loads(file.read_text("utf-8"))["States"]
        for name, state in states.items():
            if "SendEmailFunctionArn" not in str(state.get("Arguments")):
                continue
            (retry,) = [
                each for each in state["Retry"] if "SendRateExceeded" in each["ErrorEquals"]
            ]
            assert retry["ErrorEquals"] == ["SendRateExceeded"], name
            # Full jitter waits half as long on average.
            assert retry["MaxAttempts"] * retry["MaxDelaySeconds"] / 2 > 12 * 3600, name
            assert timedelta(seconds=retry["MaxDelaySeconds"]) < SETTLING_TIME, name


def test_a_step_that_sends_waits_as_long_as_a_message_may_be_deferred(
    template: Mapping[str, Any],
) -> None:
    longest = (LONGEST_WAIT + LONGEST_SETTLING).total_seconds()
    for file in machines(template):
        states = json.loads(file.read_text("utf-8"))["States"]
        for name, state in states.items():
            if "SendEmailFunctionArn" in str(state.get("Arguments")):
                assert state["TimeoutSeconds"] > longest, name


def test_whoever_is_given_the_names_of_the_journeys_is_given_all(
    resources: Mapping[str, Any],
) -> None:
    names = {
        file.name.removesuffix(".asl.json").replace("_", "-")
        for file in (ROOT / "statemachines" / "journeys").glob("*.asl.json")
    }
    given = [
        resource["Properties"]["Environment"]["Variables"]["JOURNEY_NAMES"]
        for resource in resources.values()
        if "JOURNEY_NAMES" in str(resource["Properties"].get("Environment"))
    ]
    assert len(given) == 4
    assert all(set(each.split(",")) == names for each in given)


def test_every_journey_has_versions_and_rules_start_the_live_one(
    template: Mapping[str, Any], resources: Mapping[str, Any]
) -> None:
    """SAM makes version and alias of `AutoPublishAlias`; what it makes of events lacks a right.

    https://github.com/aws/serverless-application-model/issues/3720
    """
    journeys = {
        name
        for name, resource in template["Resources"].items()
        if "statemachines/journeys/" in str(resource.get("Properties", {}).get("DefinitionUri"))
    }
    for name in journeys:
        properties = template["Resources"][name]["Properties"]
        assert properties["AutoPublishAlias"] == "live"
        assert "Events" not in properties, f"{name}: write its rules as WelcomeJourneySignedUp is"
        assert resources[f"{name}Version"]["UpdateReplacePolicy"] == "Retain"
    targets = [
        (name, target)
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Events::Rule"
        for target in resource["Properties"]["Targets"]
        if any(name.startswith(journey) for journey in journeys)
    ]
    assert len(targets) >= len(journeys)
    for name, target in targets:
        assert target["Arn"]["Ref"].removesuffix("Aliaslive") in journeys, name
        assert target["RoleArn"] == {"Fn::GetAtt": ["StartJourneysRole", "Arn"]}, name
        assert "DeadLetterConfig" in target, name


MOST_RESOURCES = 500
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""


def test_a_stack_has_room_for_some_journeys_more(resources: Mapping[str, Any]) -> None:
    assert len(resources) <= MOST_RESOURCES - 20
