"""The first step of starting a journey for many: which one, for whom, what it would come to."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.list_starts import StartsRequest, list_starts

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """List the audience, or go on with the list."""
    answer = list_starts(parse(StartsRequest, event), services)
    logger.info("starts", extra={"decision": answer["decision"]})
    return answer
