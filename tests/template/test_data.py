"""What is stored, for how long, and what survives a mistake."""

from collections.abc import Iterator, Mapping
from typing import Any

KEYS = {
    "Contacts": ["contact_id", "record"],
    "Identities": ["identity"],
    "Events": ["contact_id", "event_id"],
    "Sends": ["send_id"],
}
FOURTEEN_DAYS = 14 * 24 * 3600


def of_type(resources: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, resource in resources.items():
        if resource["Type"] == kind:
            yield name, resource


def test_the_four_tables_have_the_keys_that_the_domain_uses(resources: Mapping[str, Any]) -> None:
    found = {
        name: [key["AttributeName"] for key in table["Properties"]["KeySchema"]]
        for name, table in of_type(resources, "AWS::DynamoDB::Table")
    }
    assert found == KEYS


def test_no_table_is_lost_with_the_stack_or_by_a_mistake(resources: Mapping[str, Any]) -> None:
    for name, table in of_type(resources, "AWS::DynamoDB::Table"):
        assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain", name
        recovery = table["Properties"]["PointInTimeRecoverySpecification"]
        assert recovery["PointInTimeRecoveryEnabled"] is True, name
        assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST", name
        # A name of our own would make the stack impossible to deploy again beside what was kept.
        assert "TableName" not in table["Properties"], name


def test_the_keys_of_links_and_of_erased_addresses_outlive_the_stack(
    resources: Mapping[str, Any],
) -> None:
    for name in ("LinkSecret", "AddressSecret"):
        assert resources[name]["DeletionPolicy"] == "Retain"
        assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_only_identities_and_sends_expire_by_the_clock(resources: Mapping[str, Any]) -> None:
    expiring = {
        name: table["Properties"]["TimeToLiveSpecification"]["AttributeName"]
        for name, table in of_type(resources, "AWS::DynamoDB::Table")
        if "TimeToLiveSpecification" in table["Properties"]
    }
    assert expiring == dict.fromkeys(("Identities", "Sends"), "expires_at")


def test_only_events_are_streamed_as_new_images(resources: Mapping[str, Any]) -> None:
    streams = {
        name: table["Properties"]["StreamSpecification"]["StreamViewType"]
        for name, table in of_type(resources, "AWS::DynamoDB::Table")
        if "StreamSpecification" in table["Properties"]
    }
    assert streams == {"Events": "NEW_IMAGE"}


def test_unsettled_sends_are_found_without_a_scan(resources: Mapping[str, Any]) -> None:
    assert indexes(resources, "Sends")["unsettled"] == ["unsettled_shard", "unsettled_at"]


def test_what_became_of_a_campaign_is_counted_without_a_scan(
    resources: Mapping[str, Any],
) -> None:
    assert indexes(resources, "Sends")["tally"] == ["tally_shard", "state"]


def test_what_is_kept_of_a_contact_is_found_without_a_scan(resources: Mapping[str, Any]) -> None:
    assert indexes(resources, "Sends")["of_contact"] == ["contact_id", "claimed_at"]
    assert indexes(resources, "Identities") == {"of_contact": ["contact_id", "identity"]}


def indexes(resources: Mapping[str, Any], table: str) -> dict[str, list[str]]:
    """The keys of a table's indexes, which hold nothing but keys, or ids and reasons."""
    found = resources[table]["Properties"]["GlobalSecondaryIndexes"]
    for each in found:
        more = each["Projection"].get("NonKeyAttributes", [])
        assert set(more) <= {"contact_id", "reason", "until", "simulated"}
        assert each["Projection"]["ProjectionType"] == ("INCLUDE" if more else "KEYS_ONLY")
    return {
        each["IndexName"]: [key["AttributeName"] for key in each["KeySchema"]] for each in found
    }


def test_the_stream_is_read_at_once_and_nothing_is_dropped(
    resources: Mapping[str, Any],
) -> None:
    mapping = resources["EventsStreamMapping"]["Properties"]
    assert mapping["BatchSize"] == 100
    assert mapping["MaximumBatchingWindowInSeconds"] == 0  # an exit acts within a second
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # What passes is tried as long as the stream lasts, less the time to look at it.
    assert mapping["MaximumRetryAttempts"] == -1
    assert 72_000 <= mapping["MaximumRecordAgeInSeconds"] < 86_400
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    assert "OnFailure" in mapping["DestinationConfig"]
    # Only what was appended: an expiry is no event.
    (pattern,) = mapping["FilterCriteria"]["Filters"]
    assert pattern == {"Pattern": '{"eventName": ["INSERT"]}'}


def test_queues_keep_what_they_hold_for_14_days_and_encrypted(
    resources: Mapping[str, Any],
) -> None:
    for name, queue in of_type(resources, "AWS::SQS::Queue"):
        assert queue["Properties"]["MessageRetentionPeriod"] == FOURTEEN_DAYS, name
        assert queue["Properties"]["SqsManagedSseEnabled"] is True, name


def test_a_queue_waits_six_times_as_long_as_its_function_may_run(
    resources: Mapping[str, Any],
) -> None:
    for name, mapping in of_type(resources, "AWS::Lambda::EventSourceMapping"):
        queue_id, attribute = mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"]
        if attribute != "Arn":
            continue
        function = resources[mapping["Properties"]["FunctionName"]["Ref"]]["Properties"]
        visibility = resources[queue_id]["Properties"]["VisibilityTimeout"]
        assert visibility >= 6 * function["Timeout"], name
        assert mapping["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def test_files_of_operations_are_private_encrypted_and_gone_within_14_days(
    resources: Mapping[str, Any],
) -> None:
    properties = resources["OperationsBucket"]["Properties"]
    (life,) = properties["LifecycleConfiguration"]["Rules"]
    # S3 rounds up to the next midnight and takes up to a day.
    assert (life["Status"], life["ExpirationInDays"]) == ("Enabled", 12)
    assert "VersioningConfiguration" not in properties


def test_exports_go_at_once_and_proofs_of_erasure_stay_for_five_years(
    resources: Mapping[str, Any],
) -> None:
    properties = resources["PrivacyBucket"]["Properties"]
    life = {
        rule["Prefix"]: (rule["Status"], rule["ExpirationInDays"])
        for rule in properties["LifecycleConfiguration"]["Rules"]
    }
    assert life == {"exports/": ("Enabled", 1), "proofs/": ("Enabled", 5 * 365 + 1)}
    # An export that has expired must not live on as a former version.
    assert "VersioningConfiguration" not in properties


def test_no_bucket_can_be_looked_into_by_strangers(resources: Mapping[str, Any]) -> None:
    for name, bucket in of_type(resources, "AWS::S3::Bucket"):
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(properties["PublicAccessBlockConfiguration"]) == 4, name
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}, name


def test_a_stack_can_be_deleted_while_there_are_files(resources: Mapping[str, Any]) -> None:
    for name, bucket in of_type(resources, "AWS::S3::Bucket"):
        assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain", name
        assert "BucketName" not in bucket["Properties"], name


def test_ses_never_puts_its_own_pixel_or_links_into_a_mail(resources: Mapping[str, Any]) -> None:
    destinations = dict(of_type(resources, "AWS::SES::ConfigurationSetEventDestination"))
    assert len(destinations) == 2
    for name, destination in destinations.items():
        types = destination["Properties"]["EventDestination"]["MatchingEventTypes"]
        assert not {"open", "click"} & {each.lower() for each in types}, name
        assert {"send", "delivery", "bounce", "complaint"} <= set(types), name


def test_access_logs_name_the_route_and_never_the_path(resources: Mapping[str, Any]) -> None:
    settings = resources["PublicApiApiGatewayDefaultStage"]["Properties"]["AccessLogSettings"]
    assert "$context.routeKey" in settings["Format"]
    assert "path" not in settings["Format"].lower()
    assert "sourceIp" not in settings["Format"]


def test_nothing_in_the_template_is_null_which_cloudformation_refuses(
    template: Mapping[str, Any],
) -> None:
    assert None not in list(leaves(template))


def leaves(value: object) -> Iterator[object]:
    """Every scalar in nested mappings and lists."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    else:
        yield value


def test_what_members_are_told_of_their_company_makes_no_company_be_looked_at(
    resources: Mapping[str, Any],
) -> None:
    pattern = resources["CompaniesRule"]["Properties"]["EventPattern"]
    (names,) = pattern["detail-type"]
    assert {"company_changed", "time_passed"} <= set(names["anything-but"])
    assert pattern["detail"] == {"company": [{"exists": True}]}
    (target,) = resources["CompaniesRule"]["Properties"]["Targets"]
    assert target["InputTransformer"]["InputTemplate"] == '{"company": <company>}'


def test_many_acts_at_one_company_are_gathered_for_some_seconds(
    resources: Mapping[str, Any],
) -> None:
    mapping = resources["CompaniesQueueMapping"]["Properties"]
    assert 1 <= mapping["MaximumBatchingWindowInSeconds"] <= 20
    assert mapping["BatchSize"] == 100
