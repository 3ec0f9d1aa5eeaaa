"""The service: the API of Step Functions over machines that run here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast
from uuid import UUID

from local.states import map_run_status, tokens
from local.states.branching import Branching
from local.states.distributed import Distributed
from local.states.engine import MOST_BYTES, Engine
from local.states.errors import StatesError
from local.states.execution import ABORTED, RUNNING, Execution
from local.states.history import moment, shown
from local.states.jsonata import Jsonata
from local.states.names import check_name, execution_arn, machine_parts
from local.states.ports import HubLike, TaskOutcome, TaskPort
from local.states.program import Program
from local.states.programs import Programs
from local.states.registry import Executions
from local.states.status import described, listed, status_event
from local.states.tasks import TaskPause, Tasks

T = TypeVar("T")
MOST_ERROR_CHARACTERS = 256
MOST_CAUSE_CHARACTERS = 32_768
_PAGE = 100
_MOST_PAGE = 1_000


class StateMachines:
    """Machines and their executions.

    `on_status_change` gets every "Step Functions Execution Status Change" event, whole, as a rule
    on the default bus would see it. `on_transition` gets (machine, from, to) for every state
    entered, every ending and every retry (where from and to are the same).
    """

    def __init__(
        self,
        hub: HubLike,
        tasks: TaskPort,
        *,
        on_status_change: Callable[[dict[str, object]], None] | None = None,
        on_transition: Callable[[str, str, str], None] | None = None,
        region: str = "us-east-1",
    ) -> None:
        self._hub = hub
        self._on_status_change = on_status_change
        self._engine = Engine(hub, tasks, on_end=self._tell, on_transition=on_transition)
        self._executions = Executions(hub, self._engine, self._tell)
        Tasks(self._engine, region)
        Branching(self._engine, Distributed(self._engine, self._executions).start)
        self._programs = Programs(Jsonata(hub))
        self._told = 0

    # -- machines -------------------------------------------------------------------------------

    def create(
        self, name: str, definition: Mapping[str, object] | str, *, arn: str, role: str = ""
    ) -> None:
        """Create a machine, or put another definition in its place; executions keep theirs.

        Raises StatesError `InvalidDefinition` with a sentence for each mistake, and for what this
        interpreter lacks; `InvalidName`, `InvalidArn`.
        """
        check_name(name)
        _, account, _ = machine_parts(arn)
        self._programs.create(
            name,
            definition if isinstance(definition, str) else json.dumps(definition),
            arn=arn,
            role=role or f"arn:aws:iam::{account}:role/{name}",
            now=self._hub.now,
        )

    def describe_state_machine(self, arn: str) -> dict[str, object]:
        """Return what DescribeStateMachine answers."""
        program = self._program(arn)
        return {
            "stateMachineArn": arn,
            "name": program.name,
            "status": "ACTIVE",
            "definition": program.definition,
            "roleArn": program.role,
            "type": "STANDARD",
            "creationDate": moment(program.created),
        }

    def list_state_machines(self) -> dict[str, object]:
        """Return what ListStateMachines answers."""
        machines = [
            {
                "stateMachineArn": program.arn,
                "name": program.name,
                "type": "STANDARD",
                "creationDate": moment(program.created),
            }
            for program in self._programs
        ]
        return {"stateMachines": machines}

    # -- executions -----------------------------------------------------------------------------

    def start_execution(self, arn: str, name: str | None = None, input: str = "{}") -> str:  # noqa: A002 - the API's word
        """Start an execution; it begins after the caller. Returns its ARN.

        The same name with the same input while it runs gives the same execution. Raises
        StatesError `ExecutionAlreadyExists` for other input, or once it is closed.
        """
        program = self._program(arn)
        if name is None:
            name = str(UUID(int=self._hub.random.getrandbits(128), version=4))
        check_name(name)
        if len(input.encode()) > MOST_BYTES:
            message = f"Value at 'input' failed to satisfy constraint: at most {MOST_BYTES} bytes"
            raise StatesError("ValidationException", message)
        try:
            value: object = json.loads(input)
        except ValueError as error:
            message = f"Invalid State Machine Execution Input: '{error}'"
            raise StatesError("InvalidExecutionInput", message) from None
        execution_id = execution_arn(arn, name)
        known = self._executions.get(execution_id)
        if known is not None:
            if known.status is RUNNING and known.input == input:
                return execution_id
            message = f"Execution Already Exists: '{execution_id}'"
            raise StatesError("ExecutionAlreadyExists", message)
        self._executions.start(program, name, input, value)
        return execution_id

    def stop_execution(
        self, arn: str, error: str | None = None, cause: str | None = None
    ) -> dict[str, object]:
        """Abort an execution; one that is closed stays as it is."""
        execution = self._executions.find(arn)
        self._engine.end(execution, ABORTED, error=error, cause=cause)
        return {"stopDate": moment(cast("float", execution.stop))}

    def redrive_execution(self, arn: str, client_token: str | None = None) -> dict[str, object]:
        """Take up an execution where it broke off: return what RedriveExecution answers.

        Raises StatesError `ExecutionDoesNotExist`, `ExecutionNotRedrivable`.
        """
        when = self._executions.redrive(self._executions.find(arn), client_token)
        return {"redriveDate": moment(when)}

    def describe_execution(self, arn: str) -> dict[str, object]:
        """Return what DescribeExecution answers."""
        return described(self._executions.find(arn), self._hub.now)

    def list_executions(
        self,
        arn: str | None = None,
        *,
        map_run_arn: str | None = None,
        status: str | None = None,
        redriven: str | None = None,
        max_results: int = 0,
        next_token: str | None = None,
    ) -> dict[str, object]:
        """Return what ListExecutions answers, of a machine or of a Map Run: newest first.

        `redriven` is REDRIVEN or NOT_REDRIVEN. No child has the status PENDING_REDRIVE here.
        """
        if (arn is None) == (map_run_arn is None):
            message = "Give stateMachineArn or mapRunArn, one of them"
            raise StatesError("ValidationException", message)
        show: Callable[[Execution], dict[str, object]] = listed
        if map_run_arn is not None:
            children = self._executions.map_run(map_run_arn).children
            known = [child for _, child in sorted(children.items())]
            show = map_run_status.child_listed
        else:
            known = self._executions.of_machine(self._program(cast("str", arn)).arn)
        found = [
            execution
            for execution in reversed(known)
            if status in (None, execution.status)
            and redriven in (None, "REDRIVEN" if execution.redrives else "NOT_REDRIVEN")
        ]
        return _paged("executions", found, show, max_results, next_token)

    def get_execution_history(
        self,
        arn: str,
        *,
        max_results: int = 0,
        next_token: str | None = None,
        reverse_order: bool = False,
        include_execution_data: bool = True,
    ) -> dict[str, object]:
        """Return what GetExecutionHistory answers. An Express child has no history."""
        execution = self._executions.find(arn)
        if execution.express:
            message = "Invalid Arn: 'Resource type not valid in this context: express'"
            raise StatesError("InvalidArn", message)
        numbers = range(1, len(execution.history) + 1)
        return _paged(
            "events",
            numbers[::-1] if reverse_order else numbers,
            lambda number: shown(
                execution.history[number - 1], number, with_data=include_execution_data
            ),
            max_results,
            next_token,
        )

    # -- Map Runs -------------------------------------------------------------------------------

    def describe_map_run(self, arn: str) -> dict[str, object]:
        """Return what DescribeMapRun answers. Raises StatesError `ResourceNotFound`."""
        return map_run_status.described(self._executions.map_run(arn), self._hub.now)

    def list_map_runs(
        self, arn: str, *, max_results: int = 0, next_token: str | None = None
    ) -> dict[str, object]:
        """Return what ListMapRuns answers for an execution: newest first."""
        runs = self._executions.map_runs_of(self._executions.find(arn).arn)
        show = map_run_status.map_run_listed
        return _paged("mapRuns", runs[::-1], show, max_results, next_token)

    def update_map_run(
        self,
        arn: str,
        *,
        max_concurrency: int | None = None,
        tolerated_failure_count: int | None = None,
        tolerated_failure_percentage: float | None = None,
    ) -> None:
        """Change what a Map Run that is under way goes by.

        Raises StatesError `ResourceNotFound`, `ValidationException`.
        """
        run = self._executions.map_run(arn)
        numbers = (max_concurrency, tolerated_failure_count, tolerated_failure_percentage)
        if run.status != RUNNING:
            raise StatesError("ValidationException", f"The Map Run is {run.status}")
        if any(number is not None and number < 0 for number in numbers):
            raise StatesError("ValidationException", "A limit of a Map Run is 0 or more")
        if max_concurrency is not None:
            run.at_once = max_concurrency
        if tolerated_failure_count is not None:
            run.tolerated_count = tolerated_failure_count
        if tolerated_failure_percentage is not None:
            run.tolerated_share = tolerated_failure_percentage
        run.settle()

    # -- what was started -----------------------------------------------------------------------

    def executions(self, name: str) -> list[str]:
        """Return the ARNs of a machine's executions, oldest first."""
        return [each.arn for each in self._executions.of_machine(self._programs.named(name).arn)]

    # -- task tokens ----------------------------------------------------------------------------

    def send_task_success(self, token: str, output: str) -> None:
        """Answer a token with a result (JSON text).

        Raises StatesError `InvalidToken`, `TaskDoesNotExist`, `TaskTimedOut` (it is closed),
        `InvalidOutput`.
        """
        pause = self._pause(token)
        try:
            value: object = json.loads(output)
        except ValueError as error:
            raise StatesError("InvalidOutput", f"Invalid Output: '{error}'") from None
        if len(output.encode()) > MOST_BYTES:
            message = f"Value at 'output' failed to satisfy constraint: at most {MOST_BYTES} bytes"
            raise StatesError("ValidationException", message)
        pause.token_answered(TaskOutcome.ok(value))

    def send_task_failure(
        self, token: str, error: str | None = None, cause: str | None = None
    ) -> None:
        """Answer a token with an error. Raises as `send_task_success` does."""
        if len(error or "") > MOST_ERROR_CHARACTERS or len(cause or "") > MOST_CAUSE_CHARACTERS:
            message = "Values at 'error', 'cause' must be at most 256 and 32768 characters long"
            raise StatesError("ValidationException", message)
        self._pause(token).token_answered(TaskOutcome(error=error or "", cause=cause))

    def send_task_heartbeat(self, token: str) -> None:
        """Begin the heartbeat of a pause anew. Raises as `send_task_success` does."""
        self._pause(token).heartbeat()

    def _pause(self, token: str) -> TaskPause:
        parts = tokens.read(token)
        if parts is None:
            raise StatesError("InvalidToken", "Invalid Token: 'Invalid token'")
        if parts.execution >= len(self._executions):
            raise StatesError("TaskDoesNotExist", "Task does not exist")
        execution = self._executions.by_serial(parts.execution)
        if parts.pause > execution.pauses:
            raise StatesError("TaskDoesNotExist", "Task does not exist")
        pause = execution.open_pauses.get(parts.pause)
        if not isinstance(pause, TaskPause):
            message = "Task Timed Out: 'Provided task does not exist anymore'"
            raise StatesError("TaskTimedOut", message)
        return pause

    # -- what was walked ------------------------------------------------------------------------

    def edges(self, name: str) -> Counter[tuple[str, str]]:
        """Count the ways taken, from state to state.

        Beside states there are "(start)", "(end)", and for executions that broke off "(failed)",
        "(timed out)" and "(aborted)".
        """
        program = self._programs.named(name)
        found: Counter[tuple[str, str]] = Counter()
        for way in program.ways:
            found[way.source, way.goal] += way.taken
        found.update(program.broken)
        return found

    def branches(self, name: str) -> dict[tuple[str, str, str], int]:
        """Count every way of a machine, those never taken too: (state, field, next state)."""
        program = self._programs.named(name)
        return {(way.source, way.how, way.goal): way.taken for way in program.ways}

    def retries(self, name: str) -> Counter[str]:
        """Count the retries of a machine by state."""
        program = self._programs.named(name)
        return Counter({node.name: node.retries for node in program.nodes.values()})

    # -- within ---------------------------------------------------------------------------------

    def _tell(self, execution: Execution) -> None:
        if self._on_status_change is not None and not execution.express:
            self._told += 1
            event = status_event(execution, now=self._hub.now, number=self._told)
            self._on_status_change(event)

    def _program(self, arn: str) -> Program:
        machine_parts(arn)
        program = self._programs.get(arn)
        if program is None:
            message = f"State Machine Does Not Exist: '{arn}'"
            raise StatesError("StateMachineDoesNotExist", message)
        return program


def _paged(
    name: str,
    found: Sequence[T],
    show: Callable[[T], dict[str, object]],
    most: int,
    token: str | None,
) -> dict[str, object]:
    """Return a page of an answer, and where the next begins."""
    first, size = _page(most, token)
    answer: dict[str, object] = {name: [show(each) for each in found[first : first + size]]}
    if first + size < len(found):
        answer["nextToken"] = str(first + size)
    return answer


def _page(most: int, token: str | None) -> tuple[int, int]:
    """Return where a page begins and how long it is."""
    if token is not None and not token.isdigit():
        raise StatesError("InvalidToken", f"Invalid Token: '{token}'")
    return int(token or 0), min(most or _PAGE, _MOST_PAGE)
