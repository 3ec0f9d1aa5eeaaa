"""Calls a web service from a workflow."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.call_service import CallRequest, call_service
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Call it, and say what came of it."""
    request = parse(CallRequest, event)
    answer = call_service(request, services)
    logger.info("call", extra={"contact_id": request.contact, "status": answer["status"]})
    return answer
