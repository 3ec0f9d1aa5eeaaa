"""Batches of a queue, and of a stream: what is in them, and what has to come again."""

from collections.abc import Iterable, Mapping
from typing import Any


def bodies_of(event: Mapping[str, Any]) -> dict[str, str]:
    """The bodies of a batch of a queue, by the ids of its messages."""
    return {record["messageId"]: record["body"] for record in event["Records"]}


def come_again(ids: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """The answer that makes Lambda deliver these again, and take the others for done.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    return {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}
