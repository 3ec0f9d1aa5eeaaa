"""The first step of a campaign: what is asked, of whom, and what it would come to."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.list_audience import AudienceRequest, list_audience

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """List the audience, or go on with the list."""
    request = parse(AudienceRequest, event)
    answer = list_audience(request, services)
    logger.info("audience", extra={"decision": answer["decision"]})
    return answer
