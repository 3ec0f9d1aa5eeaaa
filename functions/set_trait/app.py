"""Sets a trait of a contact from a workflow."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.storage import Value
from relance.usecases.inputs import parse
from relance.usecases.set_trait import TraitRequest, set_trait

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Value]:
    """Set the trait once."""
    request = parse(TraitRequest, event)
    answer = set_trait(request, services)
    logger.info("trait", extra={"contact_id": request.contact, "trait": request.trait})
    return answer
