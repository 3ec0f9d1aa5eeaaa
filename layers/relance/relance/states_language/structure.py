"""What the fields and states of a definition must be to each other, as the language demands it.

Breaking one of these makes CreateStateMachine refuse the definition, or makes a machine that
cannot work: names that do not exist, both or neither of Next and End, States.ALL in company.
Source: https://states-language.net/spec.html and
https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relance.states_language import model
from relance.states_language.expressions import expressions_in, is_expression, names_in
from relance.states_language.graph import AnyState, Scope, edges, scopes
from relance.states_language.sentences import closest, quoted
from relance.states_language.structure_maps import labels, of_map, of_state_apart

MOST_NAME_CHARACTERS = 80
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")


def problems_of(machine: model.StateMachine) -> list[str]:
    """Return a sentence for everything that does not hang together."""
    found: list[str] = [*labels(machine)]
    seen: set[str] = set()
    for scope in scopes(machine):
        found += _start(scope)
        for name, state in scope.states.items():
            problems = [*_of_state(name, state, scope)]
            if name in seen:
                problems.append("another state has this name. Names are unique in a machine.")
            seen.add(name)
            found += [f"state {quoted(name)}: {problem}" for problem in problems]
    return found


def _start(scope: Scope) -> Iterator[str]:
    if scope.start_at not in scope.states:
        where = f"state {quoted(scope.owner)}: " if scope.owner else ""
        yield (
            f"{where}StartAt names {quoted(scope.start_at)}, which does not exist."
            f"{closest(scope.start_at, scope.states)}"
        )


def _of_state(name: str, state: AnyState, scope: Scope) -> Iterator[str]:
    if len(name) > MOST_NAME_CHARACTERS:
        yield f"its name has {len(name)} characters; the language allows {MOST_NAME_CHARACTERS}."
    for edge in edges(name, state):
        if edge.target not in scope.states:
            field = edge.how if edge.how in ("Next", "Default") else f"{edge.how}.Next"
            yield (
                f"{field} names {quoted(edge.target)}, which does not exist"
                f"{_elsewhere(edge.target, scope)}.{closest(edge.target, scope.states)}"
            )
    yield from _ways_on(state)
    yield from _errors(state)
    yield from _times(state)
    yield from _payloads(state)
    yield from _variables(state, scope)
    yield from _unseen(state, scope)
    if isinstance(state, model.Map):
        yield from of_map(state)
    yield from of_state_apart(state, scope)


def _elsewhere(target: str, scope: Scope) -> str:
    outside = any(target in outer.states for outer in scope.outer)
    return " in this branch (a branch cannot be left by Next)" if outside else ""


def _ways_on(state: AnyState) -> Iterator[str]:
    if isinstance(state, model.Choice | model.Succeed | model.Fail):
        return
    if state.next is None and state.end is None:
        yield 'neither Next nor End. Write "Next": "<state>", or "End": true.'
    if state.next is not None and state.end is not None:
        yield "both Next and End. Keep one of them."


def _errors(state: AnyState) -> Iterator[str]:
    if not isinstance(state, model.Task | model.Parallel | model.Map):
        return
    lists = (
        ("Retry", [retrier.error_equals for retrier in state.retry]),
        ("Catch", [catcher.error_equals for catcher in state.catch]),
    )
    for field, errors in lists:
        for index, named in enumerate(errors):
            if "States.ALL" not in named:
                continue
            if len(named) > 1:
                yield f"{field}[{index}]: States.ALL must stand alone in ErrorEquals."
            if index < len(errors) - 1:
                yield f"{field}[{index}]: States.ALL must stand in the last place of {field}."


def _times(state: AnyState) -> Iterator[str]:
    if isinstance(state, model.Wait) and (state.seconds is None) == (state.timestamp is None):
        yield "a Wait needs exactly one of Seconds and Timestamp."
    if isinstance(state, model.Task):
        timeout, heartbeat = state.timeout_seconds, state.heartbeat_seconds
        if isinstance(timeout, int) and isinstance(heartbeat, int) and heartbeat >= timeout:
            yield f"HeartbeatSeconds ({heartbeat}) must be less than TimeoutSeconds ({timeout})."
    for retrier in getattr(state, "retry", []):
        most = retrier.max_delay_seconds
        if most is not None and most <= retrier.interval_seconds:
            yield f"MaxDelaySeconds ({most}) must be more than IntervalSeconds."


def _payloads(state: AnyState) -> Iterator[str]:
    for where, value in payloads(state):
        yield from _payload(where, value)


def _payload(where: str, value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.endswith(".$"):
                yield (
                    f"{where}/{key} belongs to JSONPath. Drop the .$ and write an expression, "
                    'such as "{% $states.input.x %}".'
                )
            yield from _payload(f"{where}/{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _payload(f"{where}[{index}]", inner)
    elif isinstance(value, str) and not is_expression(value):
        text = value.strip()
        if text.startswith("{%") or text.endswith("%}"):
            yield f"{where}: an expression begins with {{% and ends with %}}, nothing outside."


def payloads(state: AnyState) -> Iterator[tuple[str, object]]:
    """Yield (field, value) of every field of a state that may hold expressions."""
    for attribute, field in (
        ("arguments", "Arguments"),
        ("items", "Items"),
        ("item_selector", "ItemSelector"),
        ("max_concurrency", "MaxConcurrency"),
        ("tolerated_failure_count", "ToleratedFailureCount"),
        ("tolerated_failure_percentage", "ToleratedFailurePercentage"),
        ("timeout_seconds", "TimeoutSeconds"),
        ("heartbeat_seconds", "HeartbeatSeconds"),
        ("seconds", "Seconds"),
        ("timestamp", "Timestamp"),
        ("error", "Error"),
        ("cause", "Cause"),
        ("assign", "Assign"),
        ("output", "Output"),
    ):
        if model.wrote(state, attribute):
            yield field, getattr(state, attribute)
    yield from _of_parts(state)
    for field, handlers in (
        ("Choices", getattr(state, "choices", [])),
        ("Catch", getattr(state, "catch", [])),
    ):
        for index, handler in enumerate(handlers):
            for attribute in ("condition", "assign", "output"):
                if model.wrote(handler, attribute):
                    yield f"{field}[{index}]/{attribute.title()}", getattr(handler, attribute)


def _of_parts(state: AnyState) -> Iterator[tuple[str, object]]:
    """Yield what a Map says of its dataset, its batches and its results."""
    if not isinstance(state, model.Map):
        return
    reader, batcher, writer = state.item_reader, state.item_batcher, state.result_writer
    if reader is not None:
        yield "ItemReader/Arguments", reader.arguments
        if reader.reader_config is not None and model.wrote(reader.reader_config, "max_items"):
            yield "ItemReader/ReaderConfig/MaxItems", reader.reader_config.max_items
    if batcher is not None:
        for attribute, field in (
            ("max_items_per_batch", "MaxItemsPerBatch"),
            ("max_input_bytes_per_batch", "MaxInputBytesPerBatch"),
            ("batch_input", "BatchInput"),
        ):
            if model.wrote(batcher, attribute):
                yield f"ItemBatcher/{field}", getattr(batcher, attribute)
    if writer is not None and model.wrote(writer, "arguments"):
        yield "ResultWriter/Arguments", writer.arguments


def assignments(state: AnyState) -> Iterator[tuple[str, str]]:
    """Yield (field, variable) for every variable a state may assign."""
    for field, value in payloads(state):
        if field.endswith("Assign") and isinstance(value, dict):
            for variable in value:
                yield field, variable


def _variables(state: AnyState, scope: Scope) -> Iterator[str]:
    outer = {variable for level in scope.outer for variable in _assigned(level)}
    for field, variable in assignments(state):
        if variable == "states":
            yield f"{field}: $states is reserved. Take another name for the variable."
        elif not _VARIABLE.fullmatch(variable):
            yield (
                f"{field}: {quoted(variable)} is no name for a variable. "
                "Use letters, digits and _, a letter first, at most 80."
            )
        elif variable in outer:
            seen = any(variable in _assigned(level) for level in scope.visible)
            but = "a branch can read it, not assign it" if seen else "names are used once"
            yield f"{field}: ${variable} belongs to the level outside; {but}. Take another name."


def _unseen(state: AnyState, scope: Scope) -> Iterator[str]:
    """The children of a Distributed Map see no variable from outside."""
    if not scope.hidden:
        return
    hidden = {variable for level in scope.hidden for variable in _assigned(level)}
    hidden -= {variable for level in (*scope.visible, scope) for variable in _assigned(level)}
    for field, value in payloads(state):
        for where, expression in expressions_in(value, field):
            for variable in sorted(names_in(expression).variables & hidden):
                yield (
                    f"{where}: ${variable} belongs to the level outside, which the children of a "
                    "Distributed Map cannot see. Hand it over with ItemSelector or BatchInput."
                )


def _assigned(scope: Scope) -> set[str]:
    return {name for state in scope.states.values() for _, name in assignments(state)}
