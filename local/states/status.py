"""What others are told of an execution: DescribeExecution, and the status-change event.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

from __future__ import annotations

import math

from local.states.execution import Execution
from local.states.history import moment
from local.states.names import machine_parts
from local.states.redriving import redrive_status

MOST_EVENT_CHARACTERS = 248 * 1024
"""Input and output are left out of an event beyond this."""
_INCLUDED = {"included": True}
_LEFT_OUT = {"included": False}


def described(execution: Execution, now: float) -> dict[str, object]:
    """Return what DescribeExecution answers."""
    seen = {
        **listed(execution),
        "input": execution.input,
        "inputDetails": _INCLUDED,
        **redrive_status(execution, now),
    }
    if execution.family is not None:
        seen["mapRunArn"] = execution.family.arn
    if execution.output is not None:
        seen |= {"output": execution.output.decode(), "outputDetails": _INCLUDED}
    if execution.error is not None:
        seen["error"] = execution.error
    if execution.cause is not None:
        seen["cause"] = execution.cause
    return seen


def listed(execution: Execution) -> dict[str, object]:
    """Return the item of ListExecutions."""
    seen: dict[str, object] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.program.arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": moment(execution.start),
        "redriveCount": execution.redrives,
    }
    version, alias = execution.started_by
    if version is not None:
        seen["stateMachineVersionArn"] = version
    if alias is not None:
        seen["stateMachineAliasArn"] = alias
    if execution.redriven is not None and not execution.express:
        seen["redriveDate"] = moment(execution.redriven)
    if execution.stop is not None:
        seen["stopDate"] = moment(execution.stop)
    return seen


def status_event(execution: Execution, *, now: float, number: int) -> dict[str, object]:
    """Return the event "Step Functions Execution Status Change" as a rule's target gets it."""
    region, account, _ = machine_parts(execution.program.arn)
    output = None if execution.output is None else execution.output.decode()
    with_output = output is not None and len(output) <= MOST_EVENT_CHARACTERS
    with_input = len(execution.input) + len(output or "") <= MOST_EVENT_CHARACTERS
    told = None if output is None else (_INCLUDED if with_output else _LEFT_OUT)
    detail: dict[str, object] = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.program.arn,
        "stateMachineVersionArn": execution.started_by[0],
        "stateMachineAliasArn": execution.started_by[1],
        "name": execution.name,
        "status": execution.status,
        "startDate": _milliseconds(execution.start),
        "stopDate": None if execution.stop is None else _milliseconds(execution.stop),
        "input": execution.input if with_input else None,
        "inputDetails": _INCLUDED if with_input else _LEFT_OUT,
        "output": output if with_output else None,
        "outputDetails": told,
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": execution.redrives,
        "redriveDate": None if execution.redriven is None else _milliseconds(execution.redriven),
        "redriveStatus": None,
        "redriveStatusReason": None,
        **redrive_status(execution, now),
    }
    return {
        "version": "0",
        "id": f"{execution.serial:08x}-0000-4000-8000-{number:012x}",
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": account,
        "time": moment(math.floor(now)).isoformat().replace("+00:00", "Z"),
        "region": region,
        "resources": [execution.arn],
        "detail": detail,
    }


def _milliseconds(when: float) -> int:
    return round(when * 1_000)
