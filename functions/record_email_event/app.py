"""What SES reports: from the queue (durable) and from EventBridge (best effort), either twice.

A batch from the queue answers which messages have to come again; an event from EventBridge that
fails is retried by Lambda.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.aws.queues import bodies_of, come_again
from relance.composition import compose
from relance.feedback import Report, read_report
from relance.measuring import figures
from relance.usecases.record_email_event import record_report
from relance.usecases.record_email_events import record_email_events

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Record one report, or a batch of them."""
    if "Records" not in event:
        report = read_report(event["detail"])
        if report:
            record_report(report, services)
            _log(report)
            _brake()
        return {}
    bodies = bodies_of(event)
    outcome = record_email_events(bodies, services)
    for report in outcome.recorded:
        _log(report)
    for message_id, reason in outcome.unreadable.items():
        logger.warning("not an SES event", extra={"message_id": message_id, "reason": reason})
    for message_id, error in outcome.again.items():
        logger.warning("report comes again", extra={"message_id": message_id, "error": error})
    _brake()
    return come_again(outcome.again)


def _log(report: Report) -> None:
    log = logger.error if report.refuses else logger.info
    log("report", extra={"kind": report.kind, "send_id": report.send_id})


def _brake() -> None:
    """Stop the messages that too many of these reports complain about, with an alarm."""
    for braked in services.brakes.flush():
        extra = {"mail": braked.message, "reason": braked.because}
        logger.error("braked", extra={**extra, **figures(services.now(), {}, {"braked": 1})})
