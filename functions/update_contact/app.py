"""The stream of events: brings each contact up to date, then tells everybody.

A contact that cannot be brought up to date is set aside in the repair queue, and the others go
on; what can pass by itself comes again with the batch.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.aws.streams import read_batch
from relance.composition import compose
from relance.usecases.update_contacts import update_contacts

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Fold a batch."""
    batch = read_batch(event)
    result = update_contacts(batch.events, services, unreadable=batch.unreadable)
    for contact_id, reason in result.set_aside.items():
        logger.error("contact set aside", extra={"contact_id": contact_id, "error": reason})
    return batch.failures(result.again)
