"""Sees how far a campaign is and what its run does next."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.count_campaign import CountRequest, count_campaign
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Count."""
    request = parse(CountRequest, event)
    answer = count_campaign(request, services)
    logger.info(
        "counted",
        extra={
            "campaign": request.campaign,
            "decision": answer["decision"],
            "figures": answer["figures"],
        },
    )
    return answer
