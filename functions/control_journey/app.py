"""Pauses, resumes or ends a journey, or moves a contact within it: one part of that."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.control_journey import JourneyRequest, control_journey
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Do the next part of what was typed."""
    answer = control_journey(parse(JourneyRequest, event), services)
    logger.info("controlled", extra={"decision": answer["decision"]})
    return answer
