"""Makes what keeps data: tables, queues, buckets, secrets, as the template describes them.

Everything goes through boto3, as CloudFormation would do it. Secrets that AWS would draw are drawn
from the seed.
"""

from __future__ import annotations

import json
import random
import string
from functools import cache
from typing import Any

import boto3

from local.identifiers import REGION
from local.resources import Bucket, GenerateSecretString, Queue, Secret, Table
from local.template import Stack, TemplateError


@cache
def client(service: str) -> Any:
    """Return the boto3 client of this machine's region: whoever answers, it is the same one.

    Making one takes longer than a hundred answers of the stand-ins.
    """
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def make_tables(stack: Stack) -> None:
    """Create the tables with their indexes, streams and times to live."""
    dynamodb = client("dynamodb")
    for resource, table in stack.of(Table):
        request: dict[str, Any] = {
            "TableName": resource.name,
            "AttributeDefinitions": list(table.attribute_definitions),
            "KeySchema": list(table.key_schema),
            "BillingMode": table.billing_mode,
        }
        if table.global_secondary_indexes:
            indexes = [
                {k: v for k, v in index.items() if k in {"IndexName", "KeySchema", "Projection"}}
                for index in table.global_secondary_indexes
            ]
            request["GlobalSecondaryIndexes"] = indexes
        if table.local_secondary_indexes:
            request["LocalSecondaryIndexes"] = list(table.local_secondary_indexes)
        if table.stream_specification:
            view = table.stream_specification["StreamViewType"]
            request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": view}
        dynamodb.create_table(**request)
        if table.time_to_live_specification:
            dynamodb.update_time_to_live(
                TableName=resource.name,
                TimeToLiveSpecification=table.time_to_live_specification,
            )


def make_queues(stack: Stack) -> None:
    """Create the queues, those that others redrive to first."""
    sqs = client("sqs")
    queues = sorted(stack.of(Queue), key=lambda found: found[1].redrive_policy is not None)
    for resource, queue in queues:
        attributes = {
            "VisibilityTimeout": str(queue.visibility_timeout),
            "MessageRetentionPeriod": str(queue.message_retention_period),
            "DelaySeconds": str(queue.delay_seconds),
        }
        if queue.maximum_message_size is not None:
            attributes["MaximumMessageSize"] = str(queue.maximum_message_size)
        if queue.redrive_policy is not None:
            policy = {
                "deadLetterTargetArn": queue.redrive_policy.dead_letter_target_arn,
                "maxReceiveCount": queue.redrive_policy.max_receive_count,
            }
            attributes["RedrivePolicy"] = json.dumps(policy)
        sqs.create_queue(QueueName=resource.name, Attributes=attributes)


def make_buckets(stack: Stack) -> None:
    """Create the buckets."""
    for resource, bucket in stack.of(Bucket):
        s3 = client("s3")
        s3.create_bucket(Bucket=resource.name)
        if bucket.versioning_configuration:
            s3.put_bucket_versioning(
                Bucket=resource.name, VersioningConfiguration=bucket.versioning_configuration
            )


def make_secrets(stack: Stack, backend: Any, *, seed: int) -> None:
    """Create the secrets under the ARNs that the stack's references give.

    `backend` is the emulator's module, which would otherwise draw the end of each ARN.
    """
    manager = client("secretsmanager")
    for resource, secret in stack.of(Secret):
        value = secret.secret_string
        if secret.generate_secret_string is not None:
            chance = random.Random(f"{seed}:secret:{resource.logical_id}")
            value = draw(secret.generate_secret_string, chance)
        manager.create_secret(Name=resource.name, SecretString=value or "")
        for record in backend._secrets.values():  # noqa: SLF001
            if record["Name"] == resource.name:
                record["ARN"] = stack.identities[resource.logical_id].arn


def draw(rules: GenerateSecretString, chance: random.Random) -> str:
    """Return a secret as Secrets Manager would draw it, from `chance`."""
    kinds = (
        (rules.exclude_lowercase, string.ascii_lowercase),
        (rules.exclude_uppercase, string.ascii_uppercase),
        (rules.exclude_numbers, string.digits),
        (rules.exclude_punctuation, string.punctuation),
        (not rules.include_space, " "),
    )
    letters = "".join(
        letter
        for left_out, some in kinds
        if not left_out
        for letter in some
        if letter not in rules.exclude_characters
    )
    if not letters:
        raise TemplateError("a secret is left without any character to draw from")
    drawn = "".join(chance.choice(letters) for _ in range(rules.password_length))
    if rules.generate_string_key is None:
        return drawn
    fields = json.loads(rules.secret_string_template or "{}")
    return json.dumps({**fields, rules.generate_string_key: drawn})
