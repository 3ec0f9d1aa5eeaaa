"""The rules of the house for state machines: what the language allows and a reader would regret.

`check` takes a definition that `reading.parse` accepts. A machine is a *journey* when it carries
one contact, an *operation* when it carries many. Nothing is imported to evaluate expressions:
whoever wants them parsed hands in a `compile` that raises ValueError for what is no JSONata.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from relance.states_language import model
from relance.states_language.expressions import expressions_in, names_in
from relance.states_language.finding import Finding, Rule
from relance.states_language.graph import AnyState, Edge, Scope, edges, reachable, scopes
from relance.states_language.rules_expressions import check_expressions
from relance.states_language.rules_maps import check_map
from relance.states_language.rules_tasks import check_task
from relance.states_language.structure import payloads

__all__ = ["Finding", "Kind", "Rule", "check"]

Kind = Literal["journey", "operation"]
MOST_NAME_CHARACTERS = 40

_SERVICES = re.compile(
    r"\b(aws|lambda|dynamo ?db|ses|sqs|sns|s3|event ?bridge|step functions|cloudwatch|kinesis|"
    r"api gateway|cognito|athena|bedrock)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'(?<=\S )"[^"]+"')
_JOINED = re.compile(r"[a-z][A-Z]|_")
_COUNTS = re.compile(r"[+-]\s*\d|\d\s*\+|\$count\(|\$append\(")


def check(
    definition: model.StateMachine,
    *,
    kind: Kind = "journey",
    compile: Callable[[str], object] | None = None,  # noqa: A002 - what it does
) -> list[Finding]:
    """Return every broken rule of the house, in the order of the definition."""
    found = [*_machine(definition)]
    for scope in scopes(definition):
        within = reachable(scope)
        for name, state in scope.states.items():
            found += _name(name, state)
            found += _type(name, state, kind)
            found += _ending(name, state, scope)
            if isinstance(state, model.Task):
                found += check_task(name, state)
            if isinstance(state, model.Map) and kind == "operation":
                found += check_map(name, state)
            if name not in within:
                found.append(Finding(Rule.UNREACHABLE, name, "no state leads here."))
        found += _loops(scope)
    found += check_expressions(definition, journey=kind == "journey", compile=compile)
    return found


def _machine(machine: model.StateMachine) -> Iterator[Finding]:
    if not (machine.comment or "").strip():
        yield Finding(
            Rule.COMMENT, "", "Comment is missing. Say in two sentences what the machine does."
        )
    if machine.timeout_seconds is None:
        yield Finding(
            Rule.TIMEOUT,
            "",
            "TimeoutSeconds is missing. Without it a stuck execution stays open for a year.",
        )


def _name(name: str, state: AnyState) -> Iterator[Finding]:
    if len(name) > MOST_NAME_CHARACTERS:
        message = f"its name has {len(name)} characters. Use at most {MOST_NAME_CHARACTERS}."
        yield Finding(Rule.NAME, name, message)
    if not _is_sentence_case(name):
        message = 'its name is not in sentence case. Write for example "Send the welcome e-mail".'
        yield Finding(Rule.NAME, name, message)
    if service := _SERVICES.search(name):
        message = f'its name tells of a service ("{service[0]}"). Say what happens to the contact.'
        yield Finding(Rule.NAME, name, message)
    if isinstance(state, model.Choice) != name.endswith("?"):
        message = (
            'a Choice asks: end its name with a question mark, as in "Did they click?".'
            if isinstance(state, model.Choice)
            else "its name is a question, yet it is no Choice."
        )
        yield Finding(Rule.NAME, name, message)


def _is_sentence_case(name: str) -> bool:
    if not name or name != " ".join(name.split()):
        return False
    words = _QUOTED.sub("it", name).split()  # what is quoted stands as it is written elsewhere
    if not (words[0][0].isupper() or words[0][0].isdigit()):
        return False
    # What stands in quotes is the name of something, a list for example.
    if any(_JOINED.search(word) for word in words if not word.startswith('"')):
        return False
    later = [word for word in words[1:] if word[0].isalpha() and len(word) > 1]
    capitals = [word for word in later if word[0].isupper() and not word.isupper()]
    return len(capitals) < 2 or len(capitals) * 2 <= len(later)


def _type(name: str, state: AnyState, kind: Kind) -> Iterator[Finding]:
    if kind == "journey" and isinstance(state, model.Wait | model.Parallel | model.Map):
        advice = (
            "Pause with await_event, which an unsubscribe can interrupt."
            if isinstance(state, model.Wait)
            else "A journey carries one contact, one step after the other."
        )
        message = f"a journey has no {state.type} state. {advice}"
        yield Finding(Rule.STATE_TYPE, name, message)


def _ending(name: str, state: AnyState, scope: Scope) -> Iterator[Finding]:
    if scope.owner:
        return
    if isinstance(state, model.Succeed):
        output = state.output
        if not (isinstance(output, dict) and output.get("summary")):
            message = "Output.summary is missing. Say in one sentence what became of the contact."
            yield Finding(Rule.ENDING, name, message)
    elif isinstance(state, model.Fail):
        if not state.error or not state.cause:
            message = "Error and Cause are both needed: a name, and a sentence on what to do."
            yield Finding(Rule.ENDING, name, message)
    elif not isinstance(state, model.Choice) and state.end:
        message = "an execution ends in a Succeed or a Fail, so that the ending has a name."
        yield Finding(Rule.ENDING, name, message)


def _loops(scope: Scope) -> Iterator[Finding]:
    """Every circle must pass an edge that counts; without those edges no circle may be left."""
    ways = {
        name: [edge for edge in edges(name, state) if edge.target in scope.states]
        for name, state in scope.states.items()
    }
    uncounted = {
        name: [edge.target for edge in out if not _counter(edge)] for name, out in ways.items()
    }
    for name in _on_a_circle(uncounted):
        message = "leads back to itself without counting. Assign a counter on the way round."
        yield Finding(Rule.LOOP, name, message)
    everything = {name: [edge.target for edge in out] for name, out in ways.items()}
    looping = set(_on_a_circle(everything, all_of_them=True))
    compared = _compared(scope)
    for name in scope.states:
        for edge in ways[name]:
            counter = _counter(edge)
            if counter and {name, edge.target} <= looping and counter not in compared:
                message = f"counts in ${counter}, but no Choice looks at it. The loop has no end."
                yield Finding(Rule.LOOP, name, message)


def _counter(edge: Edge) -> str | None:
    """Return the variable that an edge counts in: one assigned from its own former value."""
    for variable, value in edge.assigns.items():
        for _, expression in expressions_in(value, variable):
            if variable in names_in(expression).variables and _COUNTS.search(expression):
                return variable
    return None


def _compared(scope: Scope) -> set[str]:
    return {
        variable
        for state in scope.states.values()
        if isinstance(state, model.Choice)
        for field, value in payloads(state)
        if field.endswith("/Condition")
        for _, expression in expressions_in(value, field)
        for variable in names_in(expression).variables
    }


def _on_a_circle(ways: dict[str, list[str]], *, all_of_them: bool = False) -> list[str]:
    """Return states from which a walk can come back: one for each circle, or all of them."""
    found: list[str] = []
    covered: set[str] = set()
    for name in ways:
        if name in covered:
            continue
        round_trip = _reach(ways, name)
        if name in round_trip:
            found.append(name)
            if not all_of_them:
                covered |= {other for other in round_trip if name in _reach(ways, other)}
    return found


def _reach(ways: dict[str, list[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = list(ways[start])
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += ways[name]
    return seen
