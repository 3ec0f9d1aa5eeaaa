"""The first step of an operation on contacts: what is asked, and of whom."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.list_contacts import ListRequest, list_contacts

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """List those concerned, or go on with the list."""
    request = parse(ListRequest, event)
    answer = list_contacts(request, services)
    logger.info(
        "listed",
        extra={
            "operation": request.operation,
            "decision": answer["decision"],
            "contacts": answer.get("contacts"),
        },
    )
    return answer
