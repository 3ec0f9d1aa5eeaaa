"""Sends contacts down the branches of a workflow, the same way every time."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.split_contacts import SplitRequest, split_contacts

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Choose the branch."""
    request = parse(SplitRequest, event)
    answer = split_contacts(request, services)
    logger.info("split", extra={"contact_id": request.contact, "branch": answer["decision"]})
    return answer
