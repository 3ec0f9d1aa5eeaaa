"""The first step of every workflow: lets the contact in, or says why not."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.enter_workflow import EnterRequest, enter_workflow
from relance.usecases.inputs import parse

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Let one contact in."""
    request = parse(EnterRequest, event)
    answer = enter_workflow(request, services)
    logger.info("let in", extra={"workflow": request.workflow, "decision": answer["decision"]})
    return answer
