"""Puts addresses on the suppression list and takes them off, by the hand of a person."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.manage_suppressions import manage_suppressions

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Do what was asked for."""
    answer = manage_suppressions(event.get("input"), event.get("progress"), services)
    logger.info("suppressions", extra={"decision": answer["decision"]})
    return answer
