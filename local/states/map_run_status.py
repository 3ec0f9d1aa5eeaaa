"""What others are told of a Map Run: DescribeMapRun, ListMapRuns, its children in ListExecutions.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html
"""

from __future__ import annotations

from collections import Counter

from local.states.execution import RUNNING, SUCCEEDED, Execution
from local.states.history import moment
from local.states.map_runs import MapRun
from local.states.redriving import obstacle
from local.states.status import listed

_COUNTED = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}


def described(run: MapRun, now: float) -> dict[str, object]:
    """Return what DescribeMapRun answers."""
    children, items = _counts(run, now)
    seen: dict[str, object] = {
        "mapRunArn": run.arn,
        "executionArn": run.execution.arn,
        "status": run.status,
        "startDate": moment(run.start),
        "maxConcurrency": run.at_once,
        "toleratedFailurePercentage": run.tolerated_share or 0.0,
        "toleratedFailureCount": run.tolerated_count or 0,
        "itemCounts": items,
        "executionCounts": children,
        "redriveCount": run.redrives,
    }
    if run.stop is not None:
        seen["stopDate"] = moment(run.stop)
    if run.redriven is not None:
        seen["redriveDate"] = moment(run.redriven)
    return seen


def map_run_listed(run: MapRun) -> dict[str, object]:
    """Return the item of ListMapRuns."""
    seen: dict[str, object] = {
        "executionArn": run.execution.arn,
        "mapRunArn": run.arn,
        "stateMachineArn": run.program.arn,
        "startDate": moment(run.start),
    }
    if run.stop is not None:
        seen["stopDate"] = moment(run.stop)
    return seen


def child_listed(child: Execution) -> dict[str, object]:
    """Return the item of ListExecutions of a Map Run."""
    seen = {**listed(child), "itemCount": child.items}
    if child.family is not None:
        seen["mapRunArn"] = child.family.arn
    return seen


def _counts(run: MapRun, now: float) -> tuple[dict[str, int], dict[str, int]]:
    """Return the counts of children and of items. Those waiting for a redrive are only that."""
    waiting = {child.arn for child in run.pending_redrive}
    children: Counter[str] = Counter()
    items: Counter[str] = Counter()
    for child in run.children.values():
        names = ["pendingRedrive" if child.arn in waiting else _COUNTED[child.status]]
        if child.status not in (RUNNING, SUCCEEDED) and obstacle(child, now) is not None:
            names.append("failuresNotRedrivable")
        for name in names:
            children[name] += 1
            items[name] += child.items
    for _, number in run.inputs_pending():
        children["pending"] += 1
        items["pending"] += number
    totals = len(run.inputs or ()), sum(number for _, number in run.inputs or ())
    shown = []
    for counts, total, written in zip((children, items), totals, run.written, strict=True):
        seen = {name: counts[name] for name in ("pending", *_COUNTED.values())}
        seen |= {"total": total, "resultsWritten": written}
        seen |= {name: counts[name] for name in ("failuresNotRedrivable", "pendingRedrive")}
        shown.append(seen)
    return shown[0], shown[1]
