"""Alerts people within the company from a workflow."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.alert_people import AlertRequest, alert_people
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Tell them."""
    request = parse(AlertRequest, event)
    answer = alert_people(request, services)
    logger.info("alert", extra={"contact_id": request.contact, "decision": answer["decision"]})
    return answer
