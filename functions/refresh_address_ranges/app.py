"""Fetches the address ranges of data centres, by which machines are told."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.refresh_address_ranges import refresh_address_ranges

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Do what was asked for."""
    answer = refresh_address_ranges(event.get("input"), services)
    logger.info("address ranges", extra={"decision": answer["decision"]})
    return answer
