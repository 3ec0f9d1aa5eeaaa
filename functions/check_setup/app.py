"""Says whether mail can leave and its reports come back, and lets a braked message go on."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.check_setup import check_setup, listen

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Look at everything, or ask whether the report of the test mail has come."""
    if "listen" in event:
        answer = listen(event["listen"], services)
    else:
        answer = check_setup(event.get("input"), services)
    logger.info("setup", extra={"decision": answer["decision"]})
    return answer
