"""Tells a batch of contacts that the rules changed, so that each is scored anew."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.tell_rules_changed import TellRequest, tell_rules_changed

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Tell the batch."""
    request = parse(TellRequest, event)
    answer = tell_rules_changed(request, services)
    logger.info("rules told", extra={"contacts": len(request.contacts)})
    return answer
