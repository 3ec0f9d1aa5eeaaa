"""A round of erasing one contact: says what would go, removes it, looks again and proves it."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.erase_contact import EraseRequest, erase_contact
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Carry out the round."""
    request = parse(EraseRequest, event)
    answer = erase_contact(request, services)
    logger.info("erasing", extra={"round": request.round, "decision": answer["decision"]})
    return answer
