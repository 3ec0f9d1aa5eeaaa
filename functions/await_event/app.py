"""Pauses a workflow until an event or its deadline; the answer goes to the task token."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.usecases.await_event import AwaitRequest, await_event
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> None:
    """Store the wait, or answer it at once."""
    request = parse(AwaitRequest, event)
    await_event(request, services)
    logger.info("wait", extra={"contact_id": request.contact, "step": request.step})
