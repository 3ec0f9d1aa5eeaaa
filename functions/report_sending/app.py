"""Says what became of the messages of a campaign, or of a message in a month."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.report_sending import report_sending

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Report what was asked for."""
    answer = report_sending(event, services)
    logger.info("reported", extra={"decision": answer["decision"]})
    return answer
