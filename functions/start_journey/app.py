"""Starts another journey for the contact of a workflow."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.start_journey import StartRequest, start_journey

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Start it once."""
    request = parse(StartRequest, event)
    answer = start_journey(request, services)
    logger.info("start", extra={"contact_id": request.contact, "journey": request.journey})
    return answer
