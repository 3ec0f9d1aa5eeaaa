"""Judges a batch of contacts by new rules or a condition; changes nothing."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.judge_contacts import JudgeRequest, judge_contacts

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Judge the batch."""
    request = parse(JudgeRequest, event)
    answer = judge_contacts(request, services)
    logger.info(
        "judged", extra={"about": request.question.about, "contacts": len(request.contacts)}
    )
    return answer
