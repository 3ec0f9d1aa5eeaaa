"""Mails that came to the reply domain: replies, automatic answers, wishes to leave."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.aws.queues import bodies_of, come_again
from relance.composition import compose
from relance.usecases.record_replies import record_replies

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Take the mails that these messages tell of; the answer says which have to come again."""
    bodies = bodies_of(event)
    outcome = record_replies(bodies, services)
    for message_id, error in outcome.unreadable.items():
        logger.warning("no mail", extra={"message_id": message_id, "error": error})
    for message_id, error in outcome.again.items():
        logger.warning("mail comes again", extra={"message_id": message_id, "error": error})
    logger.info("mails", extra=outcome.came)
    return come_again(outcome.again)
