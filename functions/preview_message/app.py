"""Shows a message as somebody would get it, and sends a test where asked."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.preview_message import preview_message

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Preview, and test."""
    answer = preview_message(event, services)
    logger.info("previewed", extra={"decision": answer["decision"]})
    return answer
