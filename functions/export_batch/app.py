"""Writes a batch of contacts into files."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.export_batch import ExportRequest, export_batch
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Write the batch."""
    request = parse(ExportRequest, event)
    answer = export_batch(request, services)
    logger.info("exported", extra={"contacts": len(request.contacts)})
    return answer
