"""The first step of an import: what is asked, and the file in pieces."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.cut_file import CutRequest, cut_file
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Cut the file."""
    answer = cut_file(parse(CutRequest, event), services)
    logger.info("cut", extra={"decision": answer["decision"], "rows": answer.get("rows")})
    return answer
