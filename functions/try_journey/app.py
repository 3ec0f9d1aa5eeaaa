"""Starts a tryout of a journey: the real graph, its days shortened, mail to test addresses only."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.try_journey import TryRequest, try_journey

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Start it once, or say why not."""
    answer = try_journey(parse(TryRequest, event), services)
    logger.info("tryout", extra={"decision": answer["decision"]})
    return answer
