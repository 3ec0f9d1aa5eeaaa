"""What SES reports: from the queue (durable) and from EventBridge (best effort), either twice.

A batch from the queue answers which messages have to come again; an event from EventBridge that
fails is retried by Lambda.
"""

import json
from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.errors import Retryable
from relance.usecases.record_email_event import read_report, record_report

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Record one report, or a batch of them."""
    if "Records" not in event:
        _record(event["detail"])
        return {}
    failures = []
    for record in event["Records"]:
        try:
            _record(_unwrapped(record["body"]))
        except Retryable as error:
            logger.warning("report comes again", extra={"error": type(error).__name__})
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _unwrapped(body: str) -> dict[str, Any]:
    """The SES event in a message of the queue, with or without the envelope of SNS."""
    value: dict[str, Any] = json.loads(body)
    return json.loads(value["Message"]) if value.get("Type") == "Notification" else value


def _record(raw: dict[str, Any]) -> None:
    report = read_report(raw)
    if report:
        record_report(report, services)
        logger.info("report", extra={"kind": report.kind, "send_id": report.send_id})
