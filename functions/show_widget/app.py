"""The pages of the dashboard's custom widgets: a contact, the last campaigns, a journey in figures.

CloudWatch calls it as the person who looks at the dashboard.
"""

from typing import Any

from aws_lambda_powertools.logging import Logger
from relance.composition import compose
from relance.usecases.show_widget import show_widget

logger = Logger()
services = compose()


def handler(event: dict[str, Any], context: object) -> str:
    """Show what was asked for; what was typed is neither logged nor kept."""
    endpoint = str(getattr(context, "invoked_function_arn", ""))
    page = show_widget(event, endpoint, services)
    logger.info("shown", extra={"view": page.view, "contact": page.contact})
    return page.html
