"""Sends a campaign's message to a batch of contacts."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.send_batch import BatchRequest, send_batch

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Send to the batch."""
    request = parse(BatchRequest, event)
    answer = send_batch(request, services)
    logger.info("batch", extra={"campaign": request.campaign, **answer})
    return answer
