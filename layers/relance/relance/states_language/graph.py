"""The graph that a definition describes: scopes, edges, and what is reachable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from relance.states_language import model

AnyState = (
    model.Task
    | model.Choice
    | model.Wait
    | model.Pass
    | model.Parallel
    | model.Map
    | model.Succeed
    | model.Fail
)


@dataclass(frozen=True, slots=True)
class Scope:
    """One level of states: the machine itself, a branch of a Parallel, the processor of a Map."""

    start_at: str
    states: Mapping[str, AnyState]
    outer: tuple[Scope, ...] = ()
    owner: str = ""
    """The Parallel or Map state it belongs to; empty for the machine itself."""
    apart: bool = False
    """Its states run in an execution of their own, which sees no variable from outside."""

    @property
    def visible(self) -> tuple[Scope, ...]:
        """The levels outside whose variables can be read here, outermost first."""
        if self.apart or not self.outer:
            return ()
        return (*self.outer[-1].visible, self.outer[-1])

    @property
    def hidden(self) -> tuple[Scope, ...]:
        """The levels outside whose variables cannot be read here."""
        return self.outer[: len(self.outer) - len(self.visible)]


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one state to another, and what is assigned on it."""

    source: str
    how: str
    """`Next`, `Choices[0]`, `Default` or `Catch[0]`: the field that holds the way."""
    target: str
    assigns: Mapping[str, JsonValue]


def scopes(machine: model.StateMachine) -> Iterator[Scope]:
    """Yield the machine's own level, then every level within it, outer before inner."""
    yield from _within(Scope(machine.start_at, machine.states))


def _within(scope: Scope) -> Iterator[Scope]:
    yield scope
    for name, state in scope.states.items():
        apart = isinstance(state, model.Map) and state.is_distributed
        for branch in branches(state):
            outer = (*scope.outer, scope)
            yield from _within(Scope(branch.start_at, branch.states, outer, name, apart))


def branches(state: AnyState) -> list[model.Branch]:
    """Return the machines within a state."""
    if isinstance(state, model.Parallel):
        return state.branches
    return [state.item_processor] if isinstance(state, model.Map) else []


def edges(name: str, state: AnyState) -> list[Edge]:
    """Return the ways out of a state, in the order of the definition."""
    ways: list[Edge] = []
    if isinstance(state, model.Choice):
        ways += [
            Edge(name, f"Choices[{index}]", rule.next, rule.assign)
            for index, rule in enumerate(state.choices)
        ]
        if state.default is not None:
            ways.append(Edge(name, "Default", state.default, state.assign))
    elif not isinstance(state, model.Succeed | model.Fail) and state.next is not None:
        ways.append(Edge(name, "Next", state.next, state.assign))
    if isinstance(state, model.Task | model.Parallel | model.Map):
        ways += [
            Edge(name, f"Catch[{index}]", catcher.next, catcher.assign)
            for index, catcher in enumerate(state.catch)
        ]
    return ways


def reachable(scope: Scope) -> set[str]:
    """Return the states that can be reached from the start of a scope."""
    seen: set[str] = set()
    todo = [scope.start_at]
    while todo:
        name = todo.pop()
        if name in seen or name not in scope.states:
            continue
        seen.add(name)
        todo += [edge.target for edge in edges(name, scope.states[name])]
    return seen
