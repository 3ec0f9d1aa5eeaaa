"""Hands a lead to sales from a workflow."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.hand_over import HandOverRequest, hand_over
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Mail the lead."""
    request = parse(HandOverRequest, event)
    answer = hand_over(request, services)
    logger.info("hand-over", extra={"contact_id": request.contact, "decision": answer["decision"]})
    return answer
