"""The sweep over unsettled sends: gives up what nobody can settle any more."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.usecases.settle_sends import settle_sends

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Settle what is due."""
    given_up = settle_sends(services)
    if given_up:
        logger.warning("sends given up", extra={"count": given_up})
    return {"given_up": given_up}
