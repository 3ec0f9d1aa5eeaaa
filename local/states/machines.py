"""The service: the API of Step Functions over machines that run here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import cast
from uuid import UUID

from relance.states_language import DefinitionInvalid, parse

from local.states import tokens
from local.states.branching import Branching
from local.states.engine import MOST_BYTES, Engine
from local.states.errors import StatesError
from local.states.execution import ABORTED, RUNNING, TIMED_OUT, Execution
from local.states.history import moment, shown
from local.states.jsonata import Jsonata
from local.states.names import check_name, execution_arn, machine_parts
from local.states.ports import HubLike, TaskOutcome, TaskPort
from local.states.program import Program, compile_program
from local.states.status import described, listed, status_event
from local.states.tasks import TaskPause, Tasks

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
        self._jsonata = Jsonata(hub)
        self._engine = Engine(hub, tasks, on_end=self._tell, on_transition=on_transition)
        Tasks(self._engine, region)
        Branching(self._engine)
        self._programs: dict[str, Program] = {}
        self._by_name: dict[str, str] = {}
        self._executions: dict[str, Execution] = {}
        self._by_serial: list[Execution] = []
        self._by_machine: dict[str, list[Execution]] = {}
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
        try:
            machine = parse(definition, file=name)
        except DefinitionInvalid as error:
            raise StatesError("InvalidDefinition", str(error)) from None
        program = compile_program(
            machine,
            self._jsonata,
            name=name,
            arn=arn,
            definition=definition if isinstance(definition, str) else json.dumps(definition),
            role=role or f"arn:aws:iam::{account}:role/{name}",
        )
        program.created = self._hub.now
        self._programs[arn] = program
        self._by_name[name] = arn
        self._by_machine.setdefault(arn, [])

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
            for program in sorted(self._programs.values(), key=lambda each: each.name)
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
        execution = Execution(
            program,
            arn=execution_id,
            name=name,
            serial=len(self._by_serial),
            start=self._hub.now,
            given=input,
            value=value,
        )
        self._executions[execution_id] = execution
        self._by_serial.append(execution)
        self._by_machine[arn].append(execution)
        self._engine.started(execution)
        if program.timeout is not None:
            execution.timer = self._hub.at(
                execution.start + program.timeout, lambda: self._engine.end(execution, TIMED_OUT)
            )
        self._tell(execution)
        self._hub.at(self._hub.now, lambda: self._engine.begin(execution))
        return execution_id

    def stop_execution(
        self, arn: str, error: str | None = None, cause: str | None = None
    ) -> dict[str, object]:
        """Abort an execution; one that is closed stays as it is."""
        execution = self._execution(arn)
        self._engine.end(execution, ABORTED, error=error, cause=cause)
        return {"stopDate": moment(cast("float", execution.stop))}

    def describe_execution(self, arn: str) -> dict[str, object]:
        """Return what DescribeExecution answers."""
        return described(self._execution(arn))

    def list_executions(
        self,
        arn: str,
        *,
        status: str | None = None,
        max_results: int = 0,
        next_token: str | None = None,
    ) -> dict[str, object]:
        """Return what ListExecutions answers: newest first."""
        self._program(arn)
        found = [
            execution
            for execution in reversed(self._by_machine[arn])
            if status is None or execution.status == status
        ]
        first, size = _page(max_results, next_token)
        answer: dict[str, object] = {
            "executions": [listed(each) for each in found[first : first + size]]
        }
        if first + size < len(found):
            answer["nextToken"] = str(first + size)
        return answer

    def get_execution_history(
        self,
        arn: str,
        *,
        max_results: int = 0,
        next_token: str | None = None,
        reverse_order: bool = False,
        include_execution_data: bool = True,
    ) -> dict[str, object]:
        """Return what GetExecutionHistory answers."""
        execution = self._execution(arn)
        numbers = range(1, len(execution.history) + 1)
        order = list(reversed(numbers)) if reverse_order else list(numbers)
        first, size = _page(max_results, next_token)
        answer: dict[str, object] = {
            "events": [
                shown(execution.history[number - 1], number, with_data=include_execution_data)
                for number in order[first : first + size]
            ]
        }
        if first + size < len(order):
            answer["nextToken"] = str(first + size)
        return answer

    def executions(self, name: str) -> list[str]:
        """Return the ARNs of a machine's executions, oldest first."""
        return [execution.arn for execution in self._by_machine[self._by_name[name]]]

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
        if parts.execution >= len(self._by_serial):
            raise StatesError("TaskDoesNotExist", "Task does not exist")
        execution = self._by_serial[parts.execution]
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
        program = self._programs[self._by_name[name]]
        found: Counter[tuple[str, str]] = Counter()
        for way in program.ways:
            found[way.source, way.goal] += way.taken
        found.update(program.broken)
        return found

    def branches(self, name: str) -> dict[tuple[str, str, str], int]:
        """Count every way of a machine, those never taken too: (state, field, next state)."""
        program = self._programs[self._by_name[name]]
        return {(way.source, way.how, way.goal): way.taken for way in program.ways}

    def retries(self, name: str) -> Counter[str]:
        """Count the retries of a machine by state."""
        program = self._programs[self._by_name[name]]
        return Counter({node.name: node.retries for node in program.nodes.values()})

    # -- within ---------------------------------------------------------------------------------

    def _tell(self, execution: Execution) -> None:
        if self._on_status_change is not None:
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

    def _execution(self, arn: str) -> Execution:
        execution = self._executions.get(arn)
        if execution is None:
            raise StatesError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution


def _page(most: int, token: str | None) -> tuple[int, int]:
    """Return where a page begins and how long it is."""
    if token is not None and not token.isdigit():
        raise StatesError("InvalidToken", f"Invalid Token: '{token}'")
    return int(token or 0), min(most or _PAGE, _MOST_PAGE)
