"""The queue of deferred messages whose time has come: decides afresh about each, and sends it."""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.aws.queues import bodies_of, come_again
from relance.composition import compose
from relance.usecases.send_deferred import send_all_deferred

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Send what is due; the answer says which messages of the queue have to come again."""
    due = bodies_of(event)
    outcome = send_all_deferred(due, services)
    for send_id, state in outcome.states.items():
        logger.info("send", extra={"send_id": send_id, "decision": state})
    for message_id, error in outcome.later.items():
        logger.warning("send stays deferred", extra={"send_id": due[message_id], "error": error})
    for message_id, error in outcome.again.items():
        logger.error("send failed", extra={"send_id": due[message_id], "error": error})
    return come_again(outcome.again)
