"""A piece of a file to import: each row is looked at or written."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.import_piece import PieceRequest, import_piece
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Take the rows."""
    request = parse(PieceRequest, event)
    answer = import_piece(request, services)
    logger.info(
        "rows taken",
        extra={"mode": request.job.mode, "pieces": answer["pieces"], "counts": answer["counts"]},
    )
    return answer
