"""The queue of events that the tables could not take at once: stores them."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.aws.queues import bodies_of, come_again
from relance.composition import compose
from relance.usecases.drain_backlog import drain_backlog

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Store what is in these messages; the answer says which have to come again."""
    bodies = bodies_of(event)
    drained = drain_backlog(bodies, services)
    for message_id, error in drained.again.items():
        logger.warning("batch comes again", extra={"message_id": message_id, "error": error})
    logger.info("drained", extra={"stored": drained.stored, "refused": drained.refused})
    return come_again(drained.again)
