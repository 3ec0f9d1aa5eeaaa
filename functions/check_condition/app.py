"""Looks a contact up and says whether a condition holds."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.check_condition import CheckRequest, check_condition
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Say yes or no."""
    request = parse(CheckRequest, event)
    answer = check_condition(request, services)
    logger.info("condition", extra={"contact_id": request.contact, "decision": answer["decision"]})
    return answer
