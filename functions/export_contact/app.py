"""Writes what the tables hold of one contact into a private file, and links to it for an hour."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.export_contact import ExportRequest, export_contact
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Export."""
    request = parse(ExportRequest, event)
    answer = export_contact(request, services)
    logger.info("exporting", extra={"decision": answer["decision"]})
    return answer
