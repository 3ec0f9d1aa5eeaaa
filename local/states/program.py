"""A definition, compiled once: states as nodes, ways between them, expressions ready to run.

What the interpreter lacks is refused here, by name, before anything runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from relance.states_language import model
from relance.states_language.graph import AnyState
from relance.states_language.model import wrote
from relance.states_language.values import MOST_SECONDS

from local.states import templates
from local.states.distributing import Distribution, compile_distribution
from local.states.errors import StatesError
from local.states.jsonata import Jsonata, Scope
from local.states.retrying import matcher
from local.states.templates import Template, template

START = "(start)"
END = "(end)"
FAILED = "(failed)"
TIMED_OUT = "(timed out)"
ABORTED = "(aborted)"
MOST_AT_ONCE = 40
"""How many iterations of an inline Map run at once, at most."""

Matcher = Callable[[str | None], bool]
CALLBACK = ".waitForTaskToken"


@dataclass(slots=True)
class Way:
    """One way out of a state (or into the first), and how often it was taken."""

    source: str
    how: str
    """`Next`, `End`, `Choices[0]`, `Default`, `Catch[0]`, `StartAt`, `Branches[0]`."""
    target: Node
    assign: tuple[tuple[str, Template], ...] = ()
    output: Template | None = None
    taken: int = 0

    @property
    def goal(self) -> str:
        """The name of the state it leads to."""
        return self.target.name


@dataclass(slots=True)
class Catching:
    """A catcher: which errors, and the way they take."""

    means: Matcher
    way: Way


@dataclass(slots=True)
class Retrying:
    """A retrier: which errors, and the policy."""

    means: Matcher
    policy: model.Retrier


@dataclass(slots=True)
class Node:
    """What all states have."""

    name: str
    kind: str
    way: Way | None = None
    retry: tuple[Retrying, ...] = ()
    catch: tuple[Catching, ...] = ()
    retries: int = 0


NOWHERE = Node(END, "End")
"""Where a thread of control is when it has left its last state."""


@dataclass(slots=True)
class TaskNode(Node):
    """A Task state."""

    resource: str = ""
    calls: str = ""
    """The resource without `.waitForTaskToken`: what the port is asked for."""
    resource_name: str = ""
    resource_type: str = ""
    waits: bool = False
    is_function: bool = False
    arguments: Template | None = None
    timeout: Callable[[Scope], int] | None = None
    heartbeat: Callable[[Scope], int] | None = None


@dataclass(slots=True)
class ChoiceNode(Node):
    """A Choice state; `way` is the default."""

    rules: tuple[tuple[Callable[[Scope], bool], Way], ...] = ()


@dataclass(slots=True)
class WaitNode(Node):
    """A Wait state."""

    seconds: Callable[[Scope], int] | None = None
    timestamp: Callable[[Scope], str] | None = None


@dataclass(slots=True)
class FailNode(Node):
    """A Fail state."""

    error: Callable[[Scope], str] | None = None
    cause: Callable[[Scope], str] | None = None


@dataclass(slots=True)
class ParallelNode(Node):
    """A Parallel state."""

    arguments: Template | None = None
    branches: tuple[Way, ...] = ()


@dataclass(slots=True)
class MapNode(Node):
    """A Map state."""

    items: Callable[[Scope], list[object]] | None = None
    selector: Template | None = None
    concurrency: Callable[[Scope], int] = field(kw_only=True)
    processor: Way = field(kw_only=True)
    distribution: Distribution | None = None
    """Set when every item, or batch of them, gets an execution of its own."""


@dataclass(slots=True)
class Program:
    """A machine, ready to run."""

    name: str
    arn: str
    definition: str
    role: str
    timeout: int | None
    start: Way
    ways: list[Way] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)
    broken: dict[tuple[str, str], int] = field(default_factory=dict)
    """How often an execution ended in a state without a way: by error, time-out or Stop."""
    created: float = 0.0


def compile_program(
    machine: model.StateMachine,
    jsonata: Jsonata,
    *,
    name: str,
    arn: str,
    definition: str,
    role: str,
) -> Program:
    """Compile a machine. Raises StatesError `InvalidDefinition` for what cannot run here."""
    compiler = _Compiler(jsonata)
    start = Way(START, "StartAt", NOWHERE)
    compiler.ways.append(start)
    try:
        start.target = compiler.level(machine.states)[machine.start_at]
    except ValueError as error:
        raise StatesError("InvalidDefinition", f"{name}: {error}") from None
    return Program(
        name=name,
        arn=arn,
        definition=definition,
        role=role,
        timeout=machine.timeout_seconds,
        start=start,
        ways=compiler.ways,
        nodes=compiler.nodes,
    )


class _Compiler:
    def __init__(self, jsonata: Jsonata) -> None:
        self.jsonata = jsonata
        self.ways: list[Way] = []
        self.nodes: dict[str, Node] = {}

    def level(self, states: Mapping[str, AnyState]) -> dict[str, Node]:
        """Compile the states of one level: nodes first, ways between them after."""
        nodes: dict[str, Node] = {}
        for name, state in states.items():
            try:
                nodes[name] = self._node(name, state)
            except ValueError as error:
                msg = f'state "{name}": {error}'
                raise ValueError(msg) from None
        self.nodes.update(nodes)
        for name, state in states.items():
            try:
                self._connect(nodes[name], state, nodes)
            except ValueError as error:
                msg = f'state "{name}": {error}'
                raise ValueError(msg) from None
        return nodes

    def _way(
        self,
        source: str,
        how: str,
        target: Node,
        part: model.Catcher | model.ChoiceRule | AnyState,
        where: str = "",
    ) -> Way:
        prefix = f"{where}/" if where else ""
        assign = () if isinstance(part, model.Fail | model.Succeed) else part.assign.items()
        way = Way(
            source,
            how,
            target,
            tuple(
                (variable, template(value, f"{prefix}Assign/{variable}", self.jsonata))
                for variable, value in assign
            ),
            template(part.output, f"{prefix}Output", self.jsonata)
            if not isinstance(part, model.Fail) and wrote(part, "output")
            else None,
        )
        self.ways.append(way)
        return way

    def _connect(self, node: Node, state: AnyState, nodes: Mapping[str, Node]) -> None:
        name = node.name
        if isinstance(state, model.Choice):
            cast("ChoiceNode", node).rules = tuple(
                (
                    templates.boolean(rule.condition, f"Choices[{index}]/Condition", self.jsonata),
                    self._way(
                        name, f"Choices[{index}]", nodes[rule.next], rule, f"Choices[{index}]"
                    ),
                )
                for index, rule in enumerate(state.choices)
            )
            if state.default is not None:
                node.way = self._way(name, "Default", nodes[state.default], state)
            return
        if isinstance(state, model.Fail):
            node.way = None
        elif isinstance(state, model.Succeed) or state.next is None:
            node.way = self._way(name, "End", NOWHERE, state)
        else:
            node.way = self._way(name, "Next", nodes[state.next], state)
        if isinstance(state, model.Task | model.Parallel | model.Map):
            node.retry = tuple(
                Retrying(matcher(retrier.error_equals), retrier) for retrier in state.retry
            )
            node.catch = tuple(
                Catching(
                    matcher(catcher.error_equals),
                    self._way(
                        name, f"Catch[{index}]", nodes[catcher.next], catcher, f"Catch[{index}]"
                    ),
                )
                for index, catcher in enumerate(state.catch)
            )

    def _node(self, name: str, state: AnyState) -> Node:
        if isinstance(state, model.Task):
            return self._task(name, state)
        if isinstance(state, model.Choice):
            return ChoiceNode(name, "Choice")
        if isinstance(state, model.Wait):
            return self._wait(name, state)
        if isinstance(state, model.Fail):
            return FailNode(
                name,
                "Fail",
                error=self._text(state.error, "Error"),
                cause=self._text(state.cause, "Cause"),
            )
        if isinstance(state, model.Parallel):
            return self._parallel(name, state)
        if isinstance(state, model.Map):
            return self._map(name, state)
        return Node(name, state.type)

    def _text(self, value: str | None, where: str) -> Callable[[Scope], str] | None:
        return None if value is None else templates.text(value, where, self.jsonata)

    def _number(
        self, value: int | str | None, where: str, least: int, most: int = MOST_SECONDS
    ) -> Callable[[Scope], int] | None:
        if value is None:
            return None
        return templates.integer(value, where, self.jsonata, least=least, most=most)

    def _wait(self, name: str, state: model.Wait) -> WaitNode:
        return WaitNode(
            name,
            "Wait",
            seconds=self._number(state.seconds, "Seconds", 0),
            timestamp=self._text(state.timestamp, "Timestamp"),
        )

    def _task(self, name: str, state: model.Task) -> TaskNode:
        resource = state.resource
        calls = resource.removesuffix(CALLBACK)
        parts = calls.split(":")
        is_function = parts[2:3] == ["lambda"]
        if state.credentials is not None:
            raise ValueError("Credentials are not supported here.")
        if not is_function and (len(parts) < 7 or parts[2] != "states" or "activity" in parts):
            msg = f"Resource {resource} is not supported here. Use arn:aws:states:::lambda:invoke."
            raise ValueError(msg)
        if not is_function and "." in "".join(parts[6:]):
            msg = f"Resource {resource} is not supported here: of the patterns, only {CALLBACK} is."
            raise ValueError(msg)
        arguments = state.arguments
        return TaskNode(
            name,
            "Task",
            resource=resource,
            calls=calls,
            resource_name=resource.split(":")[-1],
            resource_type=":".join(parts[5:-1]),
            waits=state.waits_for_token,
            is_function=is_function,
            arguments=template(arguments, "Arguments", self.jsonata)
            if wrote(state, "arguments")
            else None,
            timeout=self._number(state.timeout_seconds, "TimeoutSeconds", 1),
            heartbeat=self._number(state.heartbeat_seconds, "HeartbeatSeconds", 1),
        )

    def _parallel(self, name: str, state: model.Parallel) -> ParallelNode:
        ways = []
        for index, branch in enumerate(state.branches):
            way = Way(name, f"Branches[{index}]", self.level(branch.states)[branch.start_at])
            self.ways.append(way)
            ways.append(way)
        return ParallelNode(
            name,
            "Parallel",
            arguments=template(state.arguments, "Arguments", self.jsonata)
            if wrote(state, "arguments")
            else None,
            branches=tuple(ways),
        )

    def _map(self, name: str, state: model.Map) -> MapNode:
        processor = state.item_processor
        way = Way(name, "ItemProcessor", self.level(processor.states)[processor.start_at])
        self.ways.append(way)
        return MapNode(
            name,
            "Map",
            items=templates.array(state.items, "Items", self.jsonata)
            if wrote(state, "items")
            else None,
            selector=template(state.item_selector, "ItemSelector", self.jsonata)
            if wrote(state, "item_selector")
            else None,
            concurrency=templates.integer(
                state.max_concurrency, "MaxConcurrency", self.jsonata, least=0, most=10**9
            ),
            processor=way,
            distribution=compile_distribution(name, state, self.jsonata)
            if state.is_distributed
            else None,
        )
