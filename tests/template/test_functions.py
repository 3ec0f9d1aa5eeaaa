"""What every function is given, and what becomes of a call that fails."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

SENDERS = {
    "send_email",
    "send_deferred",
    "send_batch",
    "list_audience",
    "preview_message",
    "check_setup",
}
INTERNAL = {"record_reply", "alert_people", "hand_over"}
# Whoever is not named here has no business with the variable.
GIVEN_TO = {
    "LINK_BASE_URL": SENDERS | {"hand_over"},
    "SENDER": SENDERS | INTERNAL,
    "CONNECTIONS": {"alert_people", "call_service", "hand_over"},
    "JOURNEYS": {"start_journey", "start_batch", "try_journey", "control_journey"},
    "JOURNEY_COSTS": {"list_starts"},
    "JOURNEY_NAMES": {"list_starts", "try_journey", "check_journey", "control_journey"},
    "FORWARD_TO": {"record_reply"},
    "MAILS_BUCKET": {"record_reply"},
    "REPLY_DOMAIN": SENDERS,
    "SEND_MODE": SENDERS,
    "BRAND_ADDRESSES": SENDERS - {"check_setup", "list_audience"},
    "ALLOW_LIST": SENDERS,
    "CONFIGURATION_SET": SENDERS | INTERNAL,
    "POSTAL_ADDRESS": SENDERS | {"show_mail"},
    "CONTENT_BUCKET": {
        *(SENDERS - {"check_setup"}),
        "control_campaign",
        "show_mail",
        "serve_image",
        "publish_content",
        "check_journey",
    },
    "WRITE_KEYS": {"collect_events"},
    "BROWSER_KEYS": {"collect_events"},
    "HOOK_SECRETS": {"take_hook"},
    "BACKLOG_QUEUE_URL": {"collect_events", "take_hook"},
    "TEST_ADDRESSES": {"preview_message", "send_email", "try_journey"},
    "STARTS_MACHINE": {"control_campaign"},
    "CAMPAIGNS_MACHINE": {"show_widget"},
    "DUE_SENDS_QUEUE_URL": {"settle_sends"},
    "ENGAGEMENT_QUEUE_URL": {"track_open", "track_click"},
    "EVENT_BUS": {"update_contact", "refold_contact"},
    "REPAIR_QUEUE_URL": {"update_contact"},
    "DOWNLOADS_BUCKET": {"give_file"},
    "OPERATIONS_BUCKET": {
        "list_contacts",
        "sum_up",
        "cut_file",
        "import_piece",
        "sum_up_import",
        "export_batch",
        "list_audience",
        "list_starts",
        "count_campaign",
        "report_sending",
        "preview_message",
        "manage_suppressions",
    },
    "PRIVACY_BUCKET": {"erase_contact", "export_contact"},
    "IDENTITIES_TABLE": {
        "submit_form",
        "collect_events",
        "take_hook",
        "drain_backlog",
        "update_contact",
        "refold_contact",
        "fill_slots",
        "erase_contact",
        "export_contact",
        "import_piece",
        "record_email_event",
        "manage_suppressions",
        "record_reply",
        "show_widget",
    },
    "ADDRESS_SECRET": {
        "manage_suppressions",
        "record_email_event",
        "submit_form",
        "collect_events",
        "drain_backlog",
        "take_hook",
        "erase_contact",
        "import_piece",
    },
    "ANSWER_SOON": {"submit_form"},
    "LINK_SECRET": {
        "record_reply",
        "submit_form",
        "give_file",
        "track_open",
        "track_click",
        "manage_subscription",
        "manage_preferences",
        "show_mail",
        "send_email",
        "send_batch",
        "preview_message",
        "check_setup",
        "send_deferred",
        "fill_slots",
        "collect_events",
        "drain_backlog",
        "hand_over",
        "decide_lead",
    },
}
# An HTTP function that referred to the API would be a circle: the API refers to it.
ROUTES = {
    "submit_form": {
        f"{method} /{page}"
        for method in ("GET", "HEAD", "POST")
        for page in ("f/{form}", "l/{page}")
    },
    "track_open": {"GET /o/{token}", "HEAD /o/{token}"},
    "track_click": {"GET /c/{token}", "HEAD /c/{token}"},
    "manage_subscription": {
        f"{method} /{page}/{{token}}" for method in ("GET", "HEAD", "POST") for page in "uk"
    },
    "decide_lead": {f"{method} /a/{{token}}" for method in ("GET", "HEAD", "POST")},
    "manage_preferences": {f"{method} /p/{{token}}" for method in ("GET", "HEAD", "POST")},
    "serve_tracker": {
        f"{method} /{script}.js" for method in ("GET", "HEAD") for script in ("relance", "form")
    },
    "serve_image": {"GET /i/{name}", "HEAD /i/{name}"},
    "show_mail": {"GET /v/{token}", "HEAD /v/{token}"},
    "give_file": {"GET /d/{token}", "HEAD /d/{token}"},
    "fill_slots": {"GET /slots"},
    "collect_events": {"POST /v1/{word}", "GET /v1/projects/{key}/settings"},
    "take_hook": {"POST /hooks/{name}", "GET /hooks/{name}"},
}


def functions(resources: Mapping[str, Any]) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Every function by its folder: its logical id and properties."""
    return {
        Path(resource["Properties"]["Code"]["S3Key"]).name: (name, resource["Properties"])
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def test_folder_logical_id_and_name_of_a_function_agree(resources: Mapping[str, Any]) -> None:
    for folder, (logical_id, properties) in functions(resources).items():
        words = folder.split("_")
        assert logical_id == "".join(map(str.capitalize, words)) + "Function"
        assert properties["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{'-'.join(words)}"}
        assert properties["Handler"] == "app.handler"


def test_every_function_in_the_template_has_code_and_the_other_way_round(
    resources: Mapping[str, Any],
) -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert folders == set(functions(resources))


def test_every_function_runs_on_arm_with_python_3_13(resources: Mapping[str, Any]) -> None:
    for folder, (_, properties) in functions(resources).items():
        assert properties["Runtime"] == "python3.13", folder
        assert properties["Architectures"] == ["arm64"], folder


def test_every_function_logs_to_a_group_that_expires(resources: Mapping[str, Any]) -> None:
    for folder, (_, properties) in functions(resources).items():
        group = resources[properties["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
        name = folder.replace("_", "-")
        assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{name}"}
        assert properties["LoggingConfig"]["LogFormat"] == "JSON", folder


def test_every_log_group_forgets_after_14_days(resources: Mapping[str, Any]) -> None:
    groups = {
        name: resource["Properties"].get("RetentionInDays")
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Logs::LogGroup"
    }
    assert set(groups.values()) == {14}


def test_a_function_is_given_only_what_it_needs(resources: Mapping[str, Any]) -> None:
    holders: dict[str, set[str]] = {}
    for folder, (_, properties) in functions(resources).items():
        for variable in properties["Environment"]["Variables"]:
            holders.setdefault(variable, set()).add(folder)
    for variable, expected in GIVEN_TO.items():
        assert holders.get(variable) == expected, variable


def test_a_function_knows_the_tables_that_it_may_touch_and_no_other(
    resources: Mapping[str, Any],
) -> None:
    tables = ("Contacts", "Identities", "Events", "Sends")
    for folder, (logical_id, properties) in functions(resources).items():
        variables = properties["Environment"]["Variables"]
        known = {table for table in tables if f"{table.upper()}_TABLE" in variables}
        policies = json.dumps(resources[f"{logical_id}Role"]["Properties"].get("Policies"))
        allowed = {
            table
            for table in tables
            if f'["{table}", "Arn"]' in policies or f"${{{table}.Arn}}/index" in policies
        }
        assert known == allowed, folder


def test_every_route_reaches_its_function_and_there_is_no_other(
    resources: Mapping[str, Any],
) -> None:
    found: dict[str, set[str]] = {}
    ids = {logical_id: folder for folder, (logical_id, _) in functions(resources).items()}
    for path, methods in resources["PublicApi"]["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
            (logical_id,) = re.findall(r"\$\{(\w+)\.Arn\}", uri)
            found.setdefault(ids[logical_id], set()).add(f"{method.upper()} {path}")
    assert found == ROUTES


def test_every_route_is_throttled(resources: Mapping[str, Any]) -> None:
    stage = resources["PublicApiApiGatewayDefaultStage"]["Properties"]
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0


def test_whatever_is_called_without_an_answer_has_a_place_for_what_fails(
    resources: Mapping[str, Any],
) -> None:
    configured = {
        resource["Properties"]["FunctionName"]["Ref"]: resource["Properties"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::EventInvokeConfig"
    }
    for name, rule in resources.items():
        if rule["Type"] != "AWS::Events::Rule":
            continue
        for target in rule["Properties"]["Targets"]:
            assert "Arn" in target["DeadLetterConfig"], name
            function, _ = target["Arn"].get("Fn::GetAtt", ("", ""))
            if function in resources and resources[function]["Type"] == "AWS::Lambda::Function":
                config = configured[function]
                assert "OnFailure" in config["DestinationConfig"], function


def test_whatever_comes_from_a_queue_or_a_topic_has_a_place_for_what_fails(
    resources: Mapping[str, Any],
) -> None:
    for name, mapping in resources.items():
        if mapping["Type"] != "AWS::Lambda::EventSourceMapping":
            continue
        source, attribute = mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"]
        if attribute == "StreamArn":
            assert "OnFailure" in mapping["Properties"]["DestinationConfig"], name
        else:
            assert "deadLetterTargetArn" in resources[source]["Properties"]["RedrivePolicy"], name
    subscription = resources["EmailEventsSubscription"]["Properties"]
    assert "deadLetterTargetArn" in subscription["RedrivePolicy"]


def test_every_rule_may_write_to_the_queue_for_what_fails(resources: Mapping[str, Any]) -> None:
    policy = json.dumps(resources["UndeliveredEventsPolicy"]["Properties"])
    for name, resource in resources.items():
        if resource["Type"] == "AWS::Events::Rule":
            assert f'["{name}", "Arn"]' in policy, name


def test_every_queue_of_failures_has_an_alarm_that_reaches_a_person(
    resources: Mapping[str, Any],
) -> None:
    watched = set()
    for name, resource in resources.items():
        if resource["Type"] != "AWS::CloudWatch::Alarm":
            continue
        assert resource["Properties"]["AlarmActions"] == [{"Ref": "AlertTopic"}], name
        for dimension in resource["Properties"]["Dimensions"]:
            if dimension["Name"] == "QueueName":
                watched.add(dimension["Value"]["Fn::GetAtt"][0])
    drained = {
        resource["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::EventSourceMapping"
    }
    queues = {name for name, each in resources.items() if each["Type"] == "AWS::SQS::Queue"}
    assert watched == queues - drained


def test_a_failed_journey_is_told_but_wrong_input_is_no_defect(
    resources: Mapping[str, Any],
) -> None:
    rule = resources["JourneyFailedRule"]["Properties"]
    detail = rule["EventPattern"]["detail"]
    assert detail["status"] == ["FAILED", "TIMED_OUT"]
    assert {"anything-but": ["InvalidInput"]} in detail["error"]
    assert rule["Targets"][0]["Arn"] == {"Ref": "AlertTopic"}
