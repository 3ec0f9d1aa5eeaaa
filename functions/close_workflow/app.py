"""The end of an execution, whatever way it ended: frees the contact's enrolment and waits."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.usecases.close_workflow import close_workflow, read_ending

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> None:
    """Close what the execution held."""
    ending = read_ending(event["detail"])
    if ending:
        close_workflow(ending, services)
        logger.info("closed", extra={"contact_id": ending.contact_id, "outcome": ending.outcome})
