"""`stepfunctions`: the API of Step Functions over the interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from local.hook import AwsError
from local.states.errors import StatesError
from local.states.machines import StateMachines

T = TypeVar("T")
Params = dict[str, Any]
Answer = dict[str, object]


class StepFunctions:
    """Answers as Step Functions does; everything happens in `StateMachines`."""

    def __init__(self, machines: StateMachines) -> None:
        self._machines = machines

    def start_execution(self, params: Params) -> Answer:
        """Start an execution; idempotent by name while it runs with the same input."""
        arn = _translated(
            lambda: self._machines.start_execution(
                params["stateMachineArn"], params.get("name"), params.get("input", "{}")
            )
        )
        return {"executionArn": arn, "startDate": self.describe(arn)["startDate"]}

    def send_task_success(self, params: Params) -> Answer:
        """Answer a task's token with its output."""
        _translated(lambda: self._machines.send_task_success(params["taskToken"], params["output"]))
        return {}

    def send_task_failure(self, params: Params) -> Answer:
        """Answer a task's token with an error."""
        error, cause = params.get("error"), params.get("cause")
        _translated(lambda: self._machines.send_task_failure(params["taskToken"], error, cause))
        return {}

    def send_task_heartbeat(self, params: Params) -> Answer:
        """Say that a task is alive."""
        _translated(lambda: self._machines.send_task_heartbeat(params["taskToken"]))
        return {}

    def stop_execution(self, params: Params) -> Answer:
        """Stop an execution, as the console's button does."""
        arn, error, cause = params["executionArn"], params.get("error"), params.get("cause")
        return _translated(lambda: self._machines.stop_execution(arn, error, cause))

    def redrive_execution(self, params: Params) -> Answer:
        """Take up an execution where it broke off."""
        arn, token = params["executionArn"], params.get("clientToken")
        return _translated(lambda: self._machines.redrive_execution(arn, token))

    def list_map_runs(self, params: Params) -> Answer:
        """Return the Map Runs of an execution, the latest first, a page at a time."""
        return _translated(
            lambda: self._machines.list_map_runs(
                params["executionArn"],
                max_results=params.get("maxResults", 0),
                next_token=params.get("nextToken"),
            )
        )

    def describe_map_run(self, params: Params) -> Answer:
        """Return a Map Run's settings and how far it is."""
        return _translated(lambda: self._machines.describe_map_run(params["mapRunArn"]))

    def update_map_run(self, params: Params) -> Answer:
        """Change the settings of a Map Run that is under way."""
        _translated(
            lambda: self._machines.update_map_run(
                params["mapRunArn"],
                max_concurrency=params.get("maxConcurrency"),
                tolerated_failure_count=params.get("toleratedFailureCount"),
                tolerated_failure_percentage=params.get("toleratedFailurePercentage"),
            )
        )
        return {}

    def describe_execution(self, params: Params) -> Answer:
        """Return an execution's state."""
        return self.describe(params["executionArn"])

    def get_execution_history(self, params: Params) -> Answer:
        """Return an execution's events, a page at a time."""
        return _translated(
            lambda: self._machines.get_execution_history(
                params["executionArn"],
                max_results=params.get("maxResults", 0),
                next_token=params.get("nextToken"),
                reverse_order=params.get("reverseOrder", False),
                include_execution_data=params.get("includeExecutionData", True),
            )
        )

    def list_executions(self, params: Params) -> Answer:
        """Return the executions of a machine or a Map Run, the latest first, a page at a time."""
        return _translated(
            lambda: self._machines.list_executions(
                params.get("stateMachineArn"),
                map_run_arn=params.get("mapRunArn"),
                status=params.get("statusFilter"),
                redriven=params.get("redriveFilter"),
                max_results=params.get("maxResults", 0),
                next_token=params.get("nextToken"),
            )
        )

    def list_state_machines(self, _params: Params) -> Answer:
        """Return the machines."""
        return self._machines.list_state_machines()

    def describe_state_machine(self, params: Params) -> Answer:
        """Return one machine with its definition."""
        return _translated(lambda: self._machines.describe_state_machine(params["stateMachineArn"]))

    def describe(self, arn: str) -> Answer:
        """Return an execution's state; ExecutionDoesNotExist."""
        return _translated(lambda: self._machines.describe_execution(arn))


def _translated(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except StatesError as error:
        raise AwsError(error.code, error.message) from error
