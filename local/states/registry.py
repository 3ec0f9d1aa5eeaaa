"""The executions there are, and the Map Runs: opened, found, redriven."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from local.states.engine import Engine
from local.states.errors import StatesError
from local.states.execution import RUNNING, TIMED_OUT, Execution, Family, Frame
from local.states.history import Event
from local.states.names import execution_arn, express_arn
from local.states.ports import HubLike
from local.states.program import NOWHERE, START, Program
from local.states.redriving import MOST_TOKENS, TOKEN_SECONDS, obstacle

if TYPE_CHECKING:
    from local.states.map_runs import MapRun

EXPRESS_SECONDS = 300
"""How long an Express execution may take."""


class Executions:
    """Opens executions and knows them all. `tell` is told of every change of a status."""

    def __init__(self, hub: HubLike, engine: Engine, tell: Callable[[Execution], None]) -> None:
        self._hub = hub
        self._engine = engine
        self._tell = tell
        self._by_arn: dict[str, Execution] = {}
        self._by_serial: list[Execution] = []
        self._by_machine: dict[str, list[Execution]] = {}
        self._map_runs: dict[str, MapRun] = {}
        self._runs_of: dict[str, list[MapRun]] = {}

    # -- finding --------------------------------------------------------------------------------

    def __len__(self) -> int:
        """How many there are: the serial number of the next."""
        return len(self._by_serial)

    def by_serial(self, serial: int) -> Execution:
        """Return one by its serial number."""
        return self._by_serial[serial]

    def get(self, arn: str) -> Execution | None:
        """Return one, if there is."""
        return self._by_arn.get(arn)

    def find(self, arn: str) -> Execution:
        """Return one. Raises StatesError `ExecutionDoesNotExist`."""
        execution = self._by_arn.get(arn)
        if execution is None:
            raise StatesError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return execution

    def of_machine(self, arn: str) -> list[Execution]:
        """Return those that were started by a call, oldest first; the list is not to be changed."""
        return self._by_machine.get(arn, [])

    def map_run(self, arn: str) -> MapRun:
        """Return a Map Run. Raises StatesError `ResourceNotFound`."""
        run = self._map_runs.get(arn)
        if run is None:
            raise StatesError("ResourceNotFound", f"Map Run Does Not Exist: '{arn}'")
        return run

    def map_runs_of(self, arn: str) -> list[MapRun]:
        """Return the Map Runs that an execution has begun, oldest first."""
        return self._runs_of.get(arn, [])

    def add_map_run(self, run: MapRun) -> None:
        """Take note of a Map Run."""
        self._map_runs[run.arn] = run
        self._runs_of.setdefault(run.execution.arn, []).append(run)

    # -- opening --------------------------------------------------------------------------------

    def start(
        self,
        program: Program,
        name: str,
        given: str,
        value: object,
        started_by: tuple[str | None, str | None] = (None, None),
    ) -> Execution:
        """Open an execution that a call asks for; it begins after the caller."""
        arn = execution_arn(program.arn, name)
        execution = Execution(
            program,
            arn=arn,
            name=name,
            serial=len(self._by_serial),
            start=self._hub.now,
            given=given,
            value=value,
            started_by=started_by,
        )
        self._by_machine.setdefault(program.arn, []).append(execution)
        return self._open(execution)

    def bear(
        self,
        program: Program,
        names: tuple[str, str],
        given: str,
        value: object,
        *,
        family: Family,
        items: int,
        express: bool,
    ) -> Execution:
        """Open a child of a Map Run; an Express one has two names."""
        arn = express_arn(program.arn, *names) if express else execution_arn(program.arn, names[0])
        return self._open(
            Execution(
                program,
                arn=arn,
                name=names[0],
                serial=len(self._by_serial),
                start=self._hub.now,
                given=given,
                value=value,
                family=family,
                items=items,
                express=express,
            )
        )

    def _open(self, execution: Execution) -> Execution:
        self._by_arn[execution.arn] = execution
        self._by_serial.append(execution)
        self._engine.started(execution)
        self._limit(execution)
        self._tell(execution)
        self._hub.at(self._hub.now, lambda: self._engine.begin(execution))
        return execution

    def _limit(self, execution: Execution) -> None:
        seconds = EXPRESS_SECONDS if execution.express else execution.program.timeout
        if seconds is not None:
            execution.timer = self._hub.at(
                self._hub.now + seconds, lambda: self._engine.end(execution, TIMED_OUT)
            )

    # -- redriving ------------------------------------------------------------------------------

    def redrive(self, execution: Execution, token: str | None = None) -> float:
        """Redrive an execution, unless `token` has asked for it before; return when it was.

        Raises StatesError `ExecutionNotRedrivable`, with the reason.
        """
        now = self._hub.now
        tokens = execution.redrive_tokens
        if token is not None and token in tokens and now - tokens[token] <= TOKEN_SECONDS:
            return tokens[token]
        reason = obstacle(execution, now)
        if reason is None and execution.family is not None:
            reason = "Execution is a child of a Map Run: redrive the execution that started it"
        if reason is not None:
            message = f"Execution {execution.arn} invalid for redrive as: {reason}"
            raise StatesError("ExecutionNotRedrivable", message)
        self.take_up(execution)
        if token is not None:
            tokens[token] = now
            for old in list(tokens)[:-MOST_TOKENS]:
                del tokens[old]
        return now

    def take_up(self, execution: Execution) -> None:
        """Take up an execution where it broke off; an Express one begins anew."""
        now = self._hub.now
        program = execution.program
        execution.status = RUNNING
        execution.stop = execution.output = execution.error = execution.cause = None
        execution.redrives += 1
        execution.redriven = now
        history = execution.history
        details: dict[str, object] = {"redriveCount": execution.redrives}
        history.append(Event("ExecutionRedriven", now, len(history), details))
        if execution.express:
            execution.start = now
            execution.root = Frame(execution, execution.input_value, execution.input.encode())
        node = execution.root.node
        key = ("(redriven)", START if node is NOWHERE else node.name)
        program.broken[key] = program.broken.get(key, 0) + 1
        self._engine.moved(execution, *key)
        self._limit(execution)
        self._tell(execution)
        self._hub.at(now, lambda: self._engine.redrive(execution))
