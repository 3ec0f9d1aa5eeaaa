"""The sweep over sends: wakes what was deferred, gives up what nobody can settle any more."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.usecases.settle_sends import settle_sends

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Wake and settle what is due."""
    outcome = settle_sends(services)
    if outcome.woken:
        logger.info("sends woken", extra={"count": outcome.woken})
    if outcome.given_up:
        logger.warning("sends given up", extra={"count": outcome.given_up})
    for send_id, error in outcome.put_off.items():
        logger.error("send put off", extra={"send_id": send_id, "error": error})
    return {
        "given_up": outcome.given_up,
        "woken": outcome.woken,
        "put_off": len(outcome.put_off),
    }
