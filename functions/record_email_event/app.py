"""What SES reports: from the queue (durable) and from EventBridge (best effort), either twice.

A batch from the queue answers which messages have to come again; an event from EventBridge that
fails is retried by Lambda.
"""

import json
from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.errors import Retryable
from relance.usecases.record_email_event import (
    Report,
    read_report,
    record_report,
    says_more,
)

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Record one report, or a batch of them."""
    if "Records" not in event:
        report = read_report(event["detail"])
        if report:
            _record(report)
        return {}
    reports = {
        record["messageId"]: report
        for record in event["Records"]
        if (report := read_report(_unwrapped(record["body"])))
    }
    failures = []
    for message_id, report in reports.items():
        try:
            if says_more(report, reports.values()):
                _record(report)
        except Retryable as error:
            logger.warning("report comes again", extra={"error": type(error).__name__})
            failures.append({"itemIdentifier": message_id})
    return {"batchItemFailures": failures}


def _unwrapped(body: str) -> dict[str, Any]:
    """The SES event in a message of the queue, with or without the envelope of SNS."""
    value: dict[str, Any] = json.loads(body)
    return json.loads(value["Message"]) if value.get("Type") == "Notification" else value


def _record(report: Report) -> None:
    record_report(report, services)
    logger.info("report", extra={"kind": report.kind, "send_id": report.send_id})
