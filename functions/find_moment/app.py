"""Finds the instant until which a journey waits."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.find_moment import MomentRequest, find_moment
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Find the instant."""
    request = parse(MomentRequest, event)
    answer = find_moment(request, services)
    logger.info("moment", extra={"contact_id": request.contact, "decision": answer["decision"]})
    return answer
