"""Opens and clicks, some seconds after they were answered: told apart and recorded."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.aws.queues import bodies_of, come_again
from relance.composition import compose
from relance.usecases.record_engagement import record_engagement

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Record what is in these messages; the answer says which have to come again."""
    bodies = bodies_of(event)
    outcome = record_engagement(bodies, services)
    for message_id, reason in outcome.unreadable.items():
        logger.warning("no open and no click", extra={"message_id": message_id, "reason": reason})
    for message_id, error in outcome.again.items():
        logger.warning("engagement comes again", extra={"message_id": message_id, "error": error})
    logger.info("engagement", extra=outcome.actors)
    return come_again(outcome.again)
