"""The repair queue: folds a contact anew that was set aside, and tells what was not told."""

import json
from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.usecases.refold_contact import refold_contact

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> None:
    """Fold one contact; a failure leaves it in the queue."""
    for record in event["Records"]:
        body = json.loads(record["body"])
        events = refold_contact(body["contact_id"], body["event_ids"], services)
        services.bus.publish(events)
        logger.info("contact refolded", extra={"contact_id": body["contact_id"]})
