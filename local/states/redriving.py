"""Who may be redriven, and until when.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html#redrive-eligibility
"""

from __future__ import annotations

from local.states.execution import RUNNING, SUCCEEDED, Execution
from local.states.history import MOST_EVENTS

REDRIVABLE_SECONDS = 14 * 86_400
"""How long after its end an execution can be redriven."""
MOST_OPEN_SECONDS = 365 * 86_400
"""How long an execution may be open in all."""
MOST_REDRIVES_OF_A_MAP_RUN = 1_000
TOKEN_SECONDS = 15 * 60
"""How long a client token stands for the redrive that it asked for."""
MOST_TOKENS = 10


def obstacle(execution: Execution, now: float) -> str | None:
    """Return why an execution cannot be redriven, in the words of AWS; None when it can."""
    if execution.status in (RUNNING, SUCCEEDED):
        return f"Execution is {execution.status} and cannot be redriven"
    if execution.express:
        return None
    if len(execution.history) >= MOST_EVENTS - 1:
        return "Execution history event limit exceeded"
    if now - execution.start > MOST_OPEN_SECONDS:
        return "Execution has exceeded the max execution time"
    if execution.stop is not None and now - execution.stop > REDRIVABLE_SECONDS:
        return "Execution redrivable period exceeded"
    return None


def redrive_status(execution: Execution, now: float) -> dict[str, object]:
    """Return redriveStatus, and its reason, as DescribeExecution answers them."""
    reason = obstacle(execution, now)
    if reason is not None:
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    child = execution.family is not None
    return {"redriveStatus": "REDRIVABLE_BY_MAP_RUN" if child else "REDRIVABLE"}
