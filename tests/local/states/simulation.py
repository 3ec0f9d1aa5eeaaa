"""A small hub and a table of functions, enough to run machines in a test."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random

from local.states import StateMachines, StatesError, TaskOutcome

START = 1_767_268_800.0  # 2026-01-01T12:00:00Z
ACCOUNT = "arn:aws:states:us-east-1:123456789012"


class SmallTimer:
    """Something due."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class SmallHub:
    """Time that jumps to the next thing due."""

    def __init__(self, seed: int = 0) -> None:
        self.random = Random(seed)
        self.now = START
        self._due: list[tuple[float, int, SmallTimer]] = []
        self._count = 0

    def at(self, when: float, action: Callable[[], None], /) -> SmallTimer:
        timer = SmallTimer(action)
        self._count += 1
        heapq.heappush(self._due, (max(when, self.now), self._count, timer))
        return timer

    def run(self, until: float | None = None) -> None:
        while self._due and (until is None or self._due[0][0] <= until):
            when, _, timer = heapq.heappop(self._due)
            if timer.action is not None:
                self.now = when
                timer.action()
        if until is not None:
            self.now = until


Function = Callable[[object], object]


class Raise(Exception):
    """Raised by a function of a test to fail its task."""

    def __init__(self, error: str, cause: str | None = None) -> None:
        super().__init__(error, cause)
        self.error = error
        self.cause = cause


class Functions:
    """A task port: calls Python functions by FunctionName, at once or after some seconds."""

    def __init__(self, hub: SmallHub, functions: Mapping[str, Function]) -> None:
        self._hub = hub
        self.functions = dict(functions)
        self.calls: list[tuple[str, object]] = []
        self.seconds = 0.0

    def start(
        self, resource: str, arguments: object, done: Callable[[TaskOutcome], None], /
    ) -> None:
        assert isinstance(arguments, dict)
        name = arguments.get("FunctionName", resource)
        assert isinstance(name, str)
        payload = arguments.get("Payload", arguments if name == resource else {})
        self.calls.append((name, payload))

        def answer() -> None:
            try:
                result = self.functions[name](payload)
            except Raise as error:
                told = {"errorType": error.error, "errorMessage": error.cause}
                done(TaskOutcome.failed(error.error, json.dumps(told, separators=(",", ":"))))
            else:
                whole = {"ExecutedVersion": "$LATEST", "Payload": result, "StatusCode": 200}
                done(TaskOutcome.ok(result if name == resource else whole))

        if self.seconds:
            self._hub.at(self._hub.now + self.seconds, answer)
        else:
            answer()


class Simulation:
    """Machines, a hub, functions, and what was told."""

    def __init__(
        self,
        functions: Mapping[str, Function] | None = None,
        *,
        seed: int = 0,
        port: type[Functions] = Functions,
    ) -> None:
        self.hub = SmallHub(seed)
        self.functions = port(self.hub, functions or {})
        self.events: list[dict[str, object]] = []
        self.transitions: Counter[tuple[str, str]] = Counter()
        self.machines = StateMachines(
            self.hub,
            self.functions,
            on_status_change=self.events.append,
            on_transition=self._moved,
        )

    def _moved(self, machine: str, source: str, target: str) -> None:
        self.transitions[source, target] += 1

    def create(self, definition: Mapping[str, object], name: str = "m") -> str:
        arn = f"{ACCOUNT}:stateMachine:{name}"
        self.machines.create(name, {"QueryLanguage": "JSONata", **definition}, arn=arn)
        return arn

    def start(
        self, definition: Mapping[str, object], value: object = None, *, name: str = "e"
    ) -> Run:
        arn = self.create(definition)
        given = json.dumps({} if value is None else value)
        return Run(self, self.machines.start_execution(arn, name, given))

    def run(self, definition: Mapping[str, object], value: object = None) -> Run:
        started = self.start(definition, value)
        self.hub.run()
        return started


class Run:
    """One execution."""

    def __init__(self, simulation: Simulation, arn: str) -> None:
        self._machines = simulation.machines
        self.arn = arn

    @property
    def described(self) -> dict[str, object]:
        return self._machines.describe_execution(self.arn)

    @property
    def status(self) -> object:
        return self.described["status"]

    @property
    def output(self) -> object:
        output = self.described.get("output")
        return json.loads(output) if isinstance(output, str) else None

    @property
    def history(self) -> list[dict[str, object]]:
        answer = self._machines.get_execution_history(self.arn, max_results=1000)
        events = answer["events"]
        assert isinstance(events, list)
        return events

    @property
    def types(self) -> list[object]:
        return [event["type"] for event in self.history]

    @property
    def last_event_id(self) -> object:
        answer = self._machines.get_execution_history(self.arn, max_results=1, reverse_order=True)
        events = answer["events"]
        assert isinstance(events, list)
        return events[0]["id"]

    def details(self, kind: str) -> dict[str, object]:
        """Return the details of the first event of a type."""
        event = next(event for event in self.history if event["type"] == kind)
        return next((value for value in event.values() if isinstance(value, dict)), {})


def code_of(call: Callable[[], object]) -> str:
    """Return the code with which a call is refused."""
    try:
        call()
    except StatesError as error:
        return error.code
    return "accepted"
