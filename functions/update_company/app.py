"""The queue of companies of which a member did something: tells the members what that amounts to.

Several messages about one company in a batch are one update.
"""

import json
from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.aws.queues import bodies_of, come_again
from relance.composition import compose
from relance.usecases.update_companies import update_companies

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Update the companies of a batch; those that cannot be updated now come again."""
    companies = {
        message: str(json.loads(body)["company"]) for message, body in bodies_of(event).items()
    }
    result = update_companies(list(companies.values()), services)
    for company, outcome in result.done.items():
        logger.info("company", extra={"company_id": company, "outcome": outcome})
    for company, error in result.again.items():
        logger.warning("company comes again", extra={"company_id": company, "error": error})
    again = [message for message, company in companies.items() if company in result.again]
    return come_again(again)
