"""Joins two contacts that are one person, or undoes it; by the hand of a person."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.join_by_hand import join_by_hand

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Do what was asked for."""
    answer = join_by_hand(event.get("input"), services)
    logger.info("joining", extra={"decision": answer["decision"]})
    return answer
