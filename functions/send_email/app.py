"""Sends one message from a workflow; the answer goes to the task token, now or later."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.usecases.inputs import parse
from relance.usecases.send_email import SendRequest, send_email

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> None:
    """Send, or find out why not."""
    request = parse(SendRequest, event)
    decision = send_email(request, services)
    logger.info(
        "send",
        extra={
            "contact_id": request.contact,
            "workflow": request.workflow,
            "mail": request.message,
            "decision": decision,
        },
    )
