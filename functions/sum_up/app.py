"""The last step of an operation on contacts: adds up what the batches found."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.sum_up import SumRequest, sum_up

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Add up."""
    request = parse(SumRequest, event)
    answer = sum_up(request, services)
    logger.info("summed up", extra={"about": request.question.about, "found": answer["decision"]})
    return answer
