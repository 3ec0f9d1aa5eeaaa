"""House rules for expressions: short, well formed, naming only what exists by then."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relance.states_language import model
from relance.states_language.expressions import Names, expressions_in, names_in
from relance.states_language.finding import Finding, Rule
from relance.states_language.graph import AnyState, Scope, edges, scopes
from relance.states_language.sentences import closest
from relance.states_language.structure import assignments, payloads

MOST_CHARACTERS = 110
"""An expression longer than this belongs in Python ("up to about 100 characters")."""

JSONATA_FUNCTIONS = frozenset(
    """
    string length substring substringBefore substringAfter uppercase lowercase trim pad contains
    split join match replace base64encode base64decode encodeUrlComponent encodeUrl
    decodeUrlComponent decodeUrl number abs floor ceil round power sqrt random formatNumber
    formatBase formatInteger parseInteger sum max min average boolean not exists count append sort
    reverse shuffle distinct zip keys lookup spread merge sift each error assert type now millis
    fromMillis toMillis map filter single reduce
    """.split()  # noqa: SIM905 - a list of 65 would take a page
)
"""The functions of JSONata 2.0.6, https://docs.jsonata.org/2.0.x/overview, without `$eval`."""
AWS_FUNCTIONS = frozenset({"partition", "range", "hash", "uuid", "parse"})
"""What Step Functions adds,
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""
_MILLISECONDS = re.compile(r"(?<![\w.])(86400000|3600000|60000)(?![\w.])")
_FUNCTIONS = JSONATA_FUNCTIONS | AWS_FUNCTIONS
_STATES_FIELDS = frozenset({"input", "result", "errorOutput", "context"})


def check_expressions(
    machine: model.StateMachine,
    *,
    journey: bool,
    compile: Callable[[str], object] | None,  # noqa: A002 - what it does
) -> Iterator[Finding]:
    """Yield every broken rule of the expressions of a machine."""
    assigned_at = _assigned_before(machine)
    functions = _FUNCTIONS - {
        variable
        for scope in scopes(machine)
        for state in scope.states.values()
        for _, variable in assignments(state)
    }
    for scope in scopes(machine):
        for name, state in scope.states.items():
            for field, value in payloads(state):
                for where, expression in expressions_in(value, field):
                    for rule, message in (
                        *_form(expression, compile),
                        *_meaning(expression, field, state, journey=journey),
                        *_variables(expression, assigned_at.get(name), functions),
                    ):
                        yield Finding(rule, name, f"{where}: {message}")
            yield from _left_over_paths(name, state)
            yield from _hidden_functions(name, state)


def _form(expression: str, compile_: Callable[[str], object] | None) -> Iterator[tuple[Rule, str]]:
    if len(expression) > MOST_CHARACTERS:
        yield (
            Rule.EXPRESSION,
            f"{len(expression)} characters are too long. Write at most {MOST_CHARACTERS}.",
        )
    if compile_ is not None:
        try:
            compile_(expression)
        except ValueError as error:
            yield Rule.EXPRESSION, f'"{expression}" is not JSONata ({error}).'


def _meaning(
    expression: str, field: str, state: AnyState, *, journey: bool
) -> Iterator[tuple[Rule, str]]:
    names = names_in(expression)
    if expression.startswith(("$.", "$$")):
        yield Rule.EXPRESSION, 'it begins with "$". Write $states.input for what came in.'
    for function in sorted(names.functions - _FUNCTIONS):
        advice = " Use $parse." if function == "eval" else closest(function, _FUNCTIONS)
        yield Rule.EXPRESSION, f"${function} is not a function here.{advice}"
    if journey:
        if counted := _MILLISECONDS.search(expression):
            message = (
                f"it counts time in {counted[0]} milliseconds, which no tryout can shorten. Write "
                "$day: two days are 2 * $day, an hour is $day / 24."
            )
            yield Rule.EXPRESSION, message
        for function in sorted(names.functions & {"uuid", "random", "shuffle"}):
            yield (
                Rule.EXPRESSION,
                f"${function} differs each time. What a journey does comes from its entry.",
            )
    yield from _states(names, field, state)


def _states(names: Names, field: str, state: AnyState) -> Iterator[tuple[Rule, str]]:
    for part in sorted(names.states - _STATES_FIELDS - {"*"}):
        known = ", ".join(f"$states.{each}" for each in sorted(_STATES_FIELDS))
        yield Rule.EXPRESSION, f"$states.{part} does not exist. There are {known}."
    has_result = isinstance(state, model.Task | model.Parallel | model.Map)
    if "result" in names.states and not (has_result and field in ("Assign", "Output")):
        yield (
            Rule.EXPRESSION,
            "$states.result exists only in Assign and Output of a Task, Parallel or Map.",
        )
    if "errorOutput" in names.states and not field.startswith("Catch["):
        yield Rule.EXPRESSION, "$states.errorOutput exists only in a Catch."


def _variables(
    expression: str, assigned: frozenset[str] | None, functions: frozenset[str]
) -> Iterator[tuple[Rule, str]]:
    if assigned is None:  # unreachable, which is a finding of its own
        return
    for variable in sorted(names_in(expression).variables - assigned - {"states"}):
        if variable not in functions:  # a function may be passed by its name
            yield (
                Rule.VARIABLE,
                f"${variable} is assigned nowhere before.{closest(variable, assigned)}",
            )


def _hidden_functions(name: str, state: AnyState) -> Iterator[Finding]:
    """`$exists($error)` holds where no `error` was assigned: it is a function of JSONata."""
    for field, variable in assignments(state):
        if variable in _FUNCTIONS:
            message = (
                f"{field}: ${variable} is also a function, and still is where nothing was "
                "assigned. Take another name for the variable."
            )
            yield Finding(Rule.VARIABLE, name, message)


def _left_over_paths(name: str, state: AnyState) -> Iterator[Finding]:
    for field, value in payloads(state):
        for where, text in _texts(value, field):
            if text.startswith(("$.", "$$.", "$states.")):
                message = f'{where}: "{text}" is plain text here. Write "{{% {text} %}}" to use it.'
                yield Finding(Rule.EXPRESSION, name, message)


def _texts(value: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{where}[{index}]")


def _assigned_before(machine: model.StateMachine) -> dict[str, frozenset[str]]:
    """Return for each reachable state the variables that some way to it has assigned."""
    known: dict[str, frozenset[str]] = {}
    for scope in scopes(machine):  # outer levels come first
        outer = frozenset() if scope.apart else known.get(scope.owner, frozenset())
        _flow(scope, outer, known)
    return known


def _flow(scope: Scope, outer: frozenset[str], known: dict[str, frozenset[str]]) -> None:
    todo = [(scope.start_at, outer)]
    while todo:
        name, arriving = todo.pop()
        before = known.get(name)
        if name not in scope.states or (before is not None and arriving <= before):
            continue
        after = arriving | (before or frozenset())
        known[name] = after
        todo += [
            (edge.target, after | frozenset(edge.assigns))
            for edge in edges(name, scope.states[name])
        ]
