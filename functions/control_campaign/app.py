"""Pauses, resumes, cancels a campaign, or tries again what failed."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.control_campaign import control_campaign

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Do what was typed."""
    answer = control_campaign(event.get("input"), services)
    logger.info("controlled", extra={"decision": answer["decision"]})
    return answer
