"""The last step of an import: adds up what became of the rows."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.sum_up_import import SumImportRequest, sum_up_import

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Add up."""
    request = parse(SumImportRequest, event)
    answer = sum_up_import(request, services)
    logger.info("summed up", extra={"found": answer["decision"], "counts": answer["counts"]})
    return answer
