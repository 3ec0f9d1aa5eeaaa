"""Gives points to a contact from a workflow."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.award_points import AwardRequest, award_points
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Give the points once."""
    request = parse(AwardRequest, event)
    answer = award_points(request, services)
    logger.info("points", extra={"contact_id": request.contact, "points": request.points})
    return answer
