"""Starts a journey for a batch of contacts."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.start_batch import StartBatchRequest, start_batch

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Start it for each, once."""
    answer = start_batch(parse(StartBatchRequest, event), services)
    logger.info("batch started", extra={"contacts": answer["contacts"]})
    return answer
