"""Puts a contact on a list, or takes it off, from a workflow."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.change_list import ListRequest, change_list
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Change the list once."""
    request = parse(ListRequest, event)
    answer = change_list(request, services)
    logger.info("list", extra={"contact_id": request.contact, "list": request.list})
    return answer
