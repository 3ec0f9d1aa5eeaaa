"""The sweep over contacts that are due: appends `time_passed` to the history of each."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.usecases.wake_contacts import wake_contacts

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Wake who is due."""
    woken = wake_contacts(services)
    if woken:
        logger.info("contacts woken", extra={"count": woken})
    return {"woken": woken}
