"""Publishes a draft, checks one, or brings an older version back; the only function that builds."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.publish_content import publish_content

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Do what was asked for."""
    answer = publish_content(event.get("input"), services)
    logger.info("publishing", extra={"decision": answer["decision"]})
    return answer
