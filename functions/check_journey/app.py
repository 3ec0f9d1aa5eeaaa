"""Checks a journey that was drawn in Workflow Studio against the rules of the house."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.check_journey import check_journey

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Check it; nothing is changed."""
    answer = check_journey(event.get("input"), services)
    logger.info("checked", extra={"decision": answer["decision"]})
    return answer
