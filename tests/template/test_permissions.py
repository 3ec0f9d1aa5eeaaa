"""Least privilege: exact actions on exact resources, in the roles and in MarketerAccess."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

JOURNEYS = [
    "".join(map(str.capitalize, path.name.removesuffix(".asl.json").split("_"))) + "JourneyRole"
    for path in (Path(__file__).parents[2] / "statemachines" / "journeys").glob("*.asl.json")
]
ANSWERING = (
    "AwaitEvent", "SendEmail", "SendDeferred", "SettleSends", "UpdateContact", "RefoldContact",
    "RecordEmailEvent", "EraseContact",
)  # fmt: skip
"""The functions that answer pauses of journeys, whichever there are."""

# Where no name can stand, and why.
WILDCARDS = {
    **{(role, "WriteTheLog"): "log deliveries have no ARN" for role in JOURNEYS},
    **{(f"{each}FunctionRole", "AnswerPauses"): "journeys are added" for each in ANSWERING},
    ("RescoreContactsOperationRole", "WriteTheLog"): "likewise",
    ("PreviewSegmentOperationRole", "WriteTheLog"): "likewise",
    ("EraseContactOperationRole", "WriteTheLog"): "likewise",
    ("ExportContactOperationRole", "WriteTheLog"): "likewise",
    ("ReportLeadsOperationRole", "WriteTheLog"): "likewise",
    ("JoinContactsOperationRole", "WriteTheLog"): "likewise",
    ("ManageSuppressionsOperationRole", "WriteTheLog"): "likewise",
    ("RefreshAddressRangesOperationRole", "WriteTheLog"): "likewise",
    ("ManageSuppressionsFunctionRole", "ReadTheFile"): "files are named by people",
    ("PublishContentOperationRole", "WriteTheLog"): "likewise",
    ("ServeImageFunctionRole", "ReadThePictures"): "files are named by content",
    ("ShowMailFunctionRole", "ReadTheVersion"): "likewise",
    ("SendEmailFunctionRole", "ReadAndKeepVersions"): "likewise",
    ("SendEmailFunctionRole", "KeepPictures"): "likewise",
    ("SendDeferredFunctionRole", "ReadAndKeepVersions"): "likewise",
    ("SendDeferredFunctionRole", "KeepPictures"): "likewise",
    ("SendBatchFunctionRole", "ReadAndKeepVersions"): "likewise",
    ("SendBatchFunctionRole", "KeepPictures"): "likewise",
    **{
        (f"{name}FunctionRole", "ReadThePublishedMessage"): "likewise"
        for name in ("ListAudience", "ControlCampaign")
    },
    ("PreviewMessageFunctionRole", "ReadPublishedMessagesAndDrafts"): "likewise",
    ("PublishContentFunctionRole", "ReadDrafts"): "likewise",
    ("PublishContentFunctionRole", "KeepVersionsAndPictures"): "likewise",
    ("MarketerAccess", "WriteDrafts"): "likewise",
    ("RescoreContactsOperationRole", "WatchStopAndRedriveTheBatches"): "named when they start",
    ("PreviewSegmentOperationRole", "WatchStopAndRedriveTheBatches"): "likewise",
    ("RescoreContactsOperationRole", "ReadTheListAndWriteTheResults"): "files are named likewise",
    ("PreviewSegmentOperationRole", "ReadTheListAndWriteTheResults"): "likewise",
    ("ListContactsFunctionRole", "WriteTheList"): "likewise",
    ("ListContactsFunctionRole", "JoinItsParts"): "likewise",
    ("SumUpFunctionRole", "ReadTheResults"): "likewise",
    ("EraseContactFunctionRole", "WriteTheProof"): "likewise",
    ("ExportContactFunctionRole", "WriteTheFileAndLinkToIt"): "likewise",
    ("ImportContactsOperationRole", "WriteTheLog"): "likewise",
    ("ExportContactsOperationRole", "WriteTheLog"): "likewise",
    ("ExportContactsOperationRole", "WatchStopAndRedriveTheBatches"): "likewise",
    ("ExportContactsOperationRole", "ReadTheListAndWriteTheResults"): "files are named likewise",
    ("ExportBatchFunctionRole", "WriteTheFiles"): "likewise",
    ("ImportContactsOperationRole", "WatchStopAndRedriveTheBatches"): "likewise",
    ("ImportContactsOperationRole", "ReadTheListAndWriteTheResults"): "files are named likewise",
    ("CutFileFunctionRole", "ReadTheFile"): "likewise",
    ("CutFileFunctionRole", "WriteThePieces"): "likewise",
    ("ImportPieceFunctionRole", "ReadThePieceAndWriteWhatIsRefused"): "likewise",
    ("SumUpImportFunctionRole", "ReadTheResults"): "likewise",
    ("SumUpImportFunctionRole", "JoinTheRefusedRows"): "likewise",
    ("PeopleFilesAccess", "PutWhatIsToBeImported"): "likewise",
    ("PeopleFilesAccess", "FetchWhatTellsOfPeople"): "likewise",
    ("MarketerAccess", "ReadReports"): "likewise",
    ("PrivacyAccess", "ReadFiles"): "likewise",
    ("GiveFileFunctionRole", "ReadTheFile"): "files are named by content",
    ("MarketerAccess", "WatchBatches"): "batches are named when they start",
    ("MarketerAccess", "FindJourneys"): "lists and metrics have no ARN",
    ("MarketerAccess", "StartJourneys"): "all of a name would be too long a list",
    ("MarketerAccess", "WatchJourneys"): "executions are named when they start",
    ("PrivacyAccess", "FindOperations"): "lists have no ARN",
    ("PrivacyAccess", "WatchOperations"): "executions are named when they start",
    ("EraseContactFunctionRole", "StopJourneys"): "likewise",
    ("EnterWorkflowFunctionRole", "SeeWhetherTheFormerOneStillRuns"): "likewise",
    ("UpdateContactFunctionRole", "FindTheStream"): "a stream is named when it is made",
    ("CheckSetupOperationRole", "WriteTheLog"): "log deliveries have no ARN",
    ("CheckSetupFunctionRole", "AskForTheQuota"): "the account has no ARN",
    ("CheckSetupFunctionRole", "SendFromOneAddress"): "recipients, in the SES sandbox only",
    ("SendEmailFunctionRole", "AskForTheQuota"): "the account has no ARN",
    ("SendEmailFunctionRole", "SendFromOneAddress"): "recipients, in the SES sandbox only",
    ("SendBatchFunctionRole", "SendFromOneAddress"): "likewise",
    ("PreviewMessageFunctionRole", "SendTestsFromOneAddress"): "likewise",
    **{
        (f"{name}OperationRole", "WriteTheLog"): "log deliveries have no ARN"
        for name in ("SendCampaign", "Control", "ReportSending", "PreviewMessage")
    },
    ("SendCampaignOperationRole", "WatchStopAndRedriveTheBatches"): "named when they start",
    ("StartJourneyForSegmentOperationRole", "WatchStopAndRedriveTheBatches"): "likewise",
    ("StartJourneyForSegmentOperationRole", "ReadTheListAndWriteTheResults"): "files likewise",
    ("StartJourneyForSegmentOperationRole", "WriteTheLog"): "log deliveries have no ARN",
    ("TryJourneyOperationRole", "WriteTheLog"): "likewise",
    ("CheckJourneyOperationRole", "WriteTheLog"): "likewise",
    ("CheckJourneyFunctionRole", "ReadDrafts"): "files are named by people",
    ("TryJourneyFunctionRole", "StartOneOfOurs"): "journeys are added",
    ("TryJourneyFunctionRole", "SeeWhetherTheFormerOneStillRuns"): "named when they start",
    ("ListStartsFunctionRole", "WriteTheList"): "files are named when they are written",
    ("ListStartsFunctionRole", "JoinItsParts"): "likewise",
    (
        "StartBatchFunctionRole",
        "StartOurs",
    ): "a reference to every journey would be a list to forget",
    ("SendCampaignOperationRole", "ReadTheListAndWriteTheResults"): "files are named likewise",
    ("ListAudienceFunctionRole", "WriteTheList"): "likewise",
    ("ListAudienceFunctionRole", "JoinItsParts"): "likewise",
    ("ListAudienceFunctionRole", "SeeWhetherItIsBeingSent"): "executions likewise",
    ("ListAudienceFunctionRole", "AskForTheQuota"): "an account has no ARN",
    ("SendBatchFunctionRole", "AskForTheQuota"): "likewise",
    ("CountCampaignFunctionRole", "ReadTheAudience"): "files are named likewise",
    ("CountCampaignFunctionRole", "ListWhoIsLeft"): "likewise",
    ("ControlCampaignFunctionRole", "SeeWhetherOneIsRunning"): "executions likewise",
    ("ControlJourneyFunctionRole", "StartAndAnswerJourneys"): "journeys are added",
    ("StartJourneysRole", "StartOurs"): "likewise",
    ("ControlJourneyFunctionRole", "EndTheFormerOne"): "executions are named when they start",
    ("ReportSendingFunctionRole", "WriteTheReport"): "files are named likewise",
    ("PreviewMessageFunctionRole", "WriteTheMail"): "likewise",
    ("ShowWidgetFunctionRole", "SeeWhatBecameOfThem"): "executions are named when they start",
    ("SendDeferredFunctionRole", "AskForTheQuota"): "the account has no ARN",
    ("SendDeferredFunctionRole", "SendFromOneAddress"): "recipients, in the SES sandbox only",
    ("RecordReplyFunctionRole", "ForwardFromOneAddress"): "likewise",
    ("AlertPeopleFunctionRole", "TellFromOneAddress"): "likewise",
    ("HandOverFunctionRole", "TellFromOneAddress"): "likewise",
    ("StartJourneyFunctionRole", "StartOneOfOurs"): "journeys are added",
    ("RecordReplyFunctionRole", "ReadTheMail"): "files are named by SES",
    ("SendEmailFunctionRole", "SendFromTheAddressesOfBrands"): "likewise",
    ("SendDeferredFunctionRole", "SendFromTheAddressesOfBrands"): "likewise",
    ("SendBatchFunctionRole", "SendFromTheAddressesOfBrands"): "likewise",
    ("PreviewMessageFunctionRole", "SendFromTheAddressesOfBrands"): "likewise",
}
ONE_BY_ONE = "ses:SendEmail"
MANY = ["ses:SendBulkEmail", "ses:SendEmail"]
SENDERS = {
    "SendEmailFunctionRole": ONE_BY_ONE,
    "SendDeferredFunctionRole": ONE_BY_ONE,
    "CheckSetupFunctionRole": ONE_BY_ONE,
    "SendBatchFunctionRole": MANY,
    "PreviewMessageFunctionRole": MANY,
}
"""Who may hand mail to SES, and by which call."""
INTERNAL = {"RecordReplyFunctionRole", "AlertPeopleFunctionRole", "HandOverFunctionRole"}
"""Who forwards replies and tells colleagues."""

LISTING = {
    "ListContactsFunctionRole",
    "ListAudienceFunctionRole",
    "ListStartsFunctionRole",
    "ControlJourneyFunctionRole",
    "ShowWidgetFunctionRole",
}
"""Who may look at everybody."""

MANAGED_POLICY_LIMIT = 6_144
"""Characters without white space.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

FORBIDDEN_TO_MARKETERS = (
    "dynamodb:",
    "lambda:",
    "iam:",
    "secretsmanager:",
    "states:Create",
    "states:Update",
    "states:Delete",
    "states:Publish",
    "states:Tag",
    "states:SendTask",
)


def as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(resources: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every statement that grants something to somebody in this account, with its owner."""
    for name, resource in resources.items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            documents = [properties["PolicyDocument"]]
        elif resource["Type"] == "AWS::IAM::Role":
            documents = [each["PolicyDocument"] for each in properties.get("Policies", [])]
        else:
            continue
        for document in documents:
            for statement in as_list(document["Statement"]):
                # What is granted under a condition is looked at as if it held.
                yield name, statement["Fn::If"][1] if "Fn::If" in statement else statement


def test_no_action_is_a_wildcard(resources: Mapping[str, Any]) -> None:
    for owner, statement in statements(resources):
        for action in as_list(statement["Action"]):
            assert "*" not in action, f"{owner}: {action}"


def test_no_resource_is_a_wildcard_where_a_name_can_stand(resources: Mapping[str, Any]) -> None:
    found = {
        (owner, statement.get("Sid", ""))
        for owner, statement in statements(resources)
        if "*" in json.dumps(statement["Resource"])
    }
    assert found == set(WILDCARDS)


def test_a_lone_star_is_granted_for_nothing_but_lists_and_log_deliveries(
    resources: Mapping[str, Any],
) -> None:
    found = {
        (owner, statement["Sid"])
        for owner, statement in statements(resources)
        if "*" in as_list(statement["Resource"])
    }
    assert found == {
        *((role, "WriteTheLog") for role in JOURNEYS),
        ("RescoreContactsOperationRole", "WriteTheLog"),
        ("PreviewSegmentOperationRole", "WriteTheLog"),
        ("EraseContactOperationRole", "WriteTheLog"),
        ("ExportContactOperationRole", "WriteTheLog"),
        ("ImportContactsOperationRole", "WriteTheLog"),
        ("ExportContactsOperationRole", "WriteTheLog"),
        ("ReportLeadsOperationRole", "WriteTheLog"),
        ("JoinContactsOperationRole", "WriteTheLog"),
        ("SendCampaignOperationRole", "WriteTheLog"),
        ("StartJourneyForSegmentOperationRole", "WriteTheLog"),
        ("TryJourneyOperationRole", "WriteTheLog"),
        ("CheckJourneyOperationRole", "WriteTheLog"),
        ("ControlOperationRole", "WriteTheLog"),
        ("ReportSendingOperationRole", "WriteTheLog"),
        ("PreviewMessageOperationRole", "WriteTheLog"),
        ("ListAudienceFunctionRole", "AskForTheQuota"),
        ("SendBatchFunctionRole", "AskForTheQuota"),
        ("ManageSuppressionsOperationRole", "WriteTheLog"),
        ("RefreshAddressRangesOperationRole", "WriteTheLog"),
        ("PublishContentOperationRole", "WriteTheLog"),
        ("MarketerAccess", "FindJourneys"),
        ("PrivacyAccess", "FindOperations"),
        ("SendEmailFunctionRole", "AskForTheQuota"),
        ("CheckSetupOperationRole", "WriteTheLog"),
        ("CheckSetupFunctionRole", "AskForTheQuota"),
        ("SendDeferredFunctionRole", "AskForTheQuota"),
    }


def test_mail_is_sent_from_one_address_through_one_configuration_set(
    resources: Mapping[str, Any],
) -> None:
    granting = [
        (owner, statement)
        for owner, statement in statements(resources)
        if any(action.startswith("ses:Send") for action in as_list(statement["Action"]))
    ]
    assert {owner for owner, _ in granting} == {*SENDERS, *INTERNAL}
    bound = {
        json.dumps(statement["Condition"]["StringEquals"]["ses:FromAddress"])
        for _, statement in granting
    }
    assert bound == {
        json.dumps({"Ref": "SenderAddress"}),
        json.dumps({"Fn::Split": [",", {"Ref": "BrandAddresses"}]}),
    }
    for owner, statement in granting:
        assert statement["Action"] == SENDERS.get(owner, ONE_BY_ONE)
        assert "configuration-set/${ConfigurationSet}" in json.dumps(statement["Resource"])


def test_without_brands_nothing_is_granted_to_them(resources: Mapping[str, Any]) -> None:
    for role in ("SendEmailFunctionRole", "SendDeferredFunctionRole"):
        (policy,) = resources[role]["Properties"]["Policies"]
        (brands,) = [each for each in policy["PolicyDocument"]["Statement"] if "Fn::If" in each]
        assert brands["Fn::If"][0] == "HasBrands"
        assert brands["Fn::If"][2] == {"Ref": "AWS::NoValue"}


def test_outside_the_allow_list_mode_not_even_the_sandbox_exception_remains(
    resources: Mapping[str, Any],
) -> None:
    sending = ("SendFromOneAddress", "SendTestsFromOneAddress")
    found = [each for _, each in statements(resources) if each.get("Sid") in sending]
    assert len(found) == len(SENDERS)
    for statement in found:
        (exception,) = [each for each in statement["Resource"] if "*" in json.dumps(each)]
        condition, _, otherwise = exception["Fn::If"]
        assert condition == "OnlyAllowList"
        assert otherwise == {"Ref": "AWS::NoValue"}


def test_who_lists_contacts_may_scan_and_none_may_drop_or_describe_a_table(
    resources: Mapping[str, Any],
) -> None:
    allowed = {
        "GetItem",
        "BatchGetItem",
        "Query",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "ConditionCheckItem",
    }
    allowed |= {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
    for owner, statement in statements(resources):
        for action in as_list(statement["Action"]):
            service, _, operation = action.partition(":")
            if owner in LISTING and action == "dynamodb:Scan":
                continue
            assert service != "dynamodb" or operation in allowed, f"{owner}: {action}"


def test_history_is_appended_to_and_never_changed_but_for_the_erased(
    resources: Mapping[str, Any],
) -> None:
    removing = set()
    for owner, statement in statements(resources):
        if {"Fn::GetAtt": ["Events", "Arn"]} in as_list(statement["Resource"]):
            actions = as_list(statement["Action"])
            assert "dynamodb:UpdateItem" not in actions, owner
            if "dynamodb:DeleteItem" in actions:
                removing.add((owner, statement["Sid"]))
    assert removing == {
        ("UpdateContactFunctionRole", "DropWhatComesForTheErased"),
        ("RefoldContactFunctionRole", "DropWhatComesForTheErased"),
        ("EraseContactFunctionRole", "RemoveTheHistory"),
    }


def test_a_marketer_reads_no_private_file_and_starts_no_operation_on_them(
    resources: Mapping[str, Any],
) -> None:
    for owner, statement in statements(resources):
        said = json.dumps(statement["Resource"])
        if owner == "MarketerAccess":
            for private in ("PrivacyBucket", "EraseContact", "ExportContactOperation"):
                assert private not in said, statement["Sid"]
        if "PrivacyBucket" in said:
            assert owner in {
                "PrivacyAccess", "EraseContactFunctionRole", "ExportContactFunctionRole",
            }  # fmt: skip


def test_whoever_answers_requests_about_privacy_touches_no_table(
    resources: Mapping[str, Any],
) -> None:
    for owner, statement in statements(resources):
        if owner == "PrivacyAccess":
            for action in as_list(statement["Action"]):
                assert not action.startswith(FORBIDDEN_TO_MARKETERS), action


def test_a_marketer_starts_stops_redrives_and_watches(resources: Mapping[str, Any]) -> None:
    actions = marketer_actions(resources)
    assert {
        "states:ListStateMachines",
        "states:DescribeStateMachine",
        "states:StartExecution",
        "states:ListExecutions",
        "states:DescribeExecution",
        "states:GetExecutionHistory",
        "states:StopExecution",
        "states:RedriveExecution",
        "cloudwatch:GetDashboard",
    } <= actions


def test_a_marketer_writes_drafts_and_nothing_else(resources: Mapping[str, Any]) -> None:
    writing = [
        statement["Resource"]
        for owner, statement in statements(resources)
        if owner == "MarketerAccess" and "s3:PutObject" in as_list(statement["Action"])
    ]
    assert writing == [{"Fn::Sub": "${ContentBucket.Arn}/drafts/*"}]


def test_a_marketer_touches_no_table_and_no_definition(resources: Mapping[str, Any]) -> None:
    for action in marketer_actions(resources) - {"lambda:InvokeFunction"}:
        assert not action.startswith(FORBIDDEN_TO_MARKETERS), action


def test_a_marketer_calls_the_widgets_and_no_other_function(resources: Mapping[str, Any]) -> None:
    called = [
        statement["Resource"]
        for owner, statement in statements(resources)
        if owner == "MarketerAccess" and "lambda:InvokeFunction" in as_list(statement["Action"])
    ]
    assert called == [{"Fn::GetAtt": ["ShowWidgetFunction", "Arn"]}]


def test_the_widgets_change_nothing(resources: Mapping[str, Any]) -> None:
    actions = {
        action
        for owner, statement in statements(resources)
        if owner == "ShowWidgetFunctionRole"
        for action in as_list(statement["Action"])
    }
    assert actions == {
        "dynamodb:GetItem",
        "dynamodb:BatchGetItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "states:ListExecutions",
        "states:DescribeExecution",
    }


def test_every_machine_is_the_marketers_by_its_name_or_somebody_else_s(
    resources: Mapping[str, Any],
) -> None:
    for name, resource in resources.items():
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            kind = resource["Properties"]["StateMachineName"]["Fn::Sub"].split("-")[1]
            private = name in ("EraseContactOperation", "ExportContactOperation")
            assert kind == "privacy" if private else kind in ("journey", "operation"), name


def test_a_policy_is_as_short_as_iam_wants_it_under_a_long_name(
    resources: Mapping[str, Any],
) -> None:
    longest = "x" * 60
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            document = json.dumps(resource["Properties"]["PolicyDocument"], separators=(",", ":"))
            written_out = re.sub(r"\$\{AWS::[A-Za-z]+\}", longest, document)
            assert len(written_out) <= MANAGED_POLICY_LIMIT, name


def marketer_actions(resources: Mapping[str, Any]) -> set[str]:
    return {
        action
        for owner, statement in statements(resources)
        if owner == "MarketerAccess"
        for action in as_list(statement["Action"])
    }


def test_nothing_in_the_stack_needs_more_than_the_capability_sam_asks_for(
    resources: Mapping[str, Any],
) -> None:
    for name, resource in resources.items():
        named = {"RoleName", "ManagedPolicyName", "UserName", "GroupName"}
        if resource["Type"].startswith("AWS::IAM::"):
            assert not named & set(resource["Properties"]), name


def test_queues_and_topics_take_only_from_those_who_feed_them(
    resources: Mapping[str, Any],
) -> None:
    for name, resource in resources.items():
        if resource["Type"] in {"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"}:
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                assert "Condition" in statement, name
                assert statement["Principal"] != "*", name
