"""Visits, sign-ups and confirmed leads by where they came from, for a range of days."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.report_leads import report_leads

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Report what was asked for."""
    answer = report_leads(event.get("input"), services)
    logger.info("reported", extra={"decision": answer["decision"]})
    return answer
