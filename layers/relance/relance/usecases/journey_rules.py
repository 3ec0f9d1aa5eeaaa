"""The rules of the house for the steps of a journey: that each is asked what it can answer.

`relance.states_language` knows the language and what every machine needs; here is what follows from
the steps being ours. What a step takes is its own model, so that a rule cannot differ from it; an
expression is taken for right, since what it gives is known only when it runs. Tests apply the same
rules to the journeys that are shipped.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from relance.content.known_events import EVENTS
from relance.content.names import suggestion
from relance.content.rules import Rules
from relance.content.sending_rules import LONGEST_WAIT
from relance.errors import InvalidInput
from relance.events import Name
from relance.states_language import Finding, StateMachine, model
from relance.states_language.expressions import is_expression, names_in
from relance.states_language.finding import Rule
from relance.usecases.alert_people import AlertRequest
from relance.usecases.await_event import AwaitRequest
from relance.usecases.award_points import AwardRequest
from relance.usecases.call_service import CallRequest
from relance.usecases.change_list import ListRequest
from relance.usecases.check_condition import CheckRequest
from relance.usecases.enter_workflow import EnterRequest
from relance.usecases.find_moment import MomentRequest
from relance.usecases.hand_over import HandOverRequest
from relance.usecases.inputs import ADDRESS, Request, sentence_of
from relance.usecases.send_email import SendRequest
from relance.usecases.set_trait import TraitRequest
from relance.usecases.split_contacts import SplitRequest
from relance.usecases.start_journey import StartRequest
from relance.workflows import ExitRule

STEPS: Mapping[str, type[Request]] = {
    "enter-workflow": EnterRequest,
    "send-email": SendRequest,
    "await-event": AwaitRequest,
    "find-moment": MomentRequest,
    "check-condition": CheckRequest,
    "split-contacts": SplitRequest,
    "award-points": AwardRequest,
    "change-list": ListRequest,
    "set-trait": TraitRequest,
    "alert-people": AlertRequest,
    "hand-over": HandOverRequest,
    "call-service": CallRequest,
    "start-journey": StartRequest,
}
"""What each step takes, by the end of its function's name."""

PAUSES = frozenset({"send-email", "await-event"})
"""The steps that answer later, to a token."""

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z]+?)(?:FunctionArn)?\}")
_SENDS_LATE = LONGEST_WAIT.total_seconds() + 6 * 3600
"""Seconds that a message may wait for its hour and for word from SES, at the longest."""

_ALIKE: Mapping[str, str] = {
    "contact": "{% $view.contact %}",
    "entry": "{% $entry %}",
}


@dataclass(frozen=True, slots=True)
class Known:
    """The names that there are: of the content, its messages and the other journeys.

    `condition` raises InvalidInput for what is no condition of this content.
    """

    rules: Rules
    topics: Collection[str]
    messages: Collection[str]
    journeys: Collection[str]
    condition: Callable[[object], object]


@dataclass(frozen=True, slots=True)
class _Step:
    """A state that calls one of our steps, with what it is told."""

    name: str
    state: model.Task
    kind: str
    payload: Mapping[str, object]


def check_steps(machine: StateMachine, known: Known, *, name: str) -> list[Finding]:
    """Every broken rule of the steps of the journey of this name, in the order of its states."""
    found: list[Finding] = []
    steps: list[_Step] = []
    for each, state in machine.states.items():
        found += _plain(each, state)
        if isinstance(state, model.Task):
            step, problems = _step(each, state)
            found += problems
            if step:
                steps.append(step)
                found += _of_step(step, known)
    found += _beginning(machine, steps)
    found += _together(steps, name)
    return found


def _plain(name: str, state: object) -> Iterator[Finding]:
    if isinstance(state, model.Task) and not (state.comment or "").strip():
        yield Finding(Rule.COMMENT, name, "Comment is missing. Say in a sentence what happens.")
    if isinstance(state, model.Choice):
        for index, choice in enumerate(state.choices):
            if not (choice.comment or "").strip():
                message = f'Choices[{index}].Comment is missing. It labels the branch, as in "yes".'
                yield Finding(Rule.COMMENT, name, message)


def _step(name: str, state: model.Task) -> tuple[_Step | None, list[Finding]]:
    arguments = state.arguments if isinstance(state.arguments, dict) else {}
    kind = _kind(str(arguments.get("FunctionName") or ""))
    if kind is None:
        there = ", ".join(STEPS)
        message = f"calls no step of a journey. Name one in Arguments.FunctionName: {there}."
        return None, [Finding(Rule.STEP, name, message)]
    wanted = f"lambda:invoke{'.waitForTaskToken' if kind in PAUSES else ''}"
    found = []
    if not state.resource.endswith(f":states:::{wanted}"):
        message = f'Resource must be "arn:aws:states:::{wanted}" for {kind}.'
        found.append(Finding(Rule.STEP, name, message))
    payload = arguments.get("Payload")
    if not isinstance(payload, dict):
        message = "Arguments.Payload must be an object that says what the step is asked."
        return None, [*found, Finding(Rule.STEP, name, message)]
    return _Step(name, state, kind, payload), found


def _kind(function: str) -> str | None:
    """Which step a function is: by its placeholder, its ARN or its name."""
    placeholder = _PLACEHOLDER.fullmatch(function)
    if placeholder:
        named = re.sub(r"(?<!^)(?=[A-Z])", "-", placeholder[1]).lower()
    else:
        named = re.sub(r"^arn:.*?:function:", "", function).partition(":")[0]
    return next((kind for kind in STEPS if f"-{named}".endswith(f"-{kind}")), None)


# -- One step --------------------------------------------------------------------------------------


def _of_step(step: _Step, known: Known) -> Iterator[Finding]:
    for message in dict.fromkeys((*_fields(step), *_names(step, known))):
        yield Finding(Rule.STEP, step.name, f"Payload: {message}")
    for where in _addresses(step.payload, "Payload"):
        message = f"{where} holds an e-mail address, and can be read for 90 days. Leave it out."
        yield Finding(Rule.PRIVACY, step.name, message)
    if step.kind != "enter-workflow":
        for field, right in _ALIKE.items():
            value = step.payload.get(field)
            if value is not None and not (isinstance(value, str) and is_expression(value)):
                message = f'Payload: "{field}" is the same for everybody. Write "{right}".'
                yield Finding(Rule.STEP, step.name, message)
    if step.kind == "send-email":
        yield from _sends(step)
    if step.kind == "await-event":
        yield from _waits(step)


def _fields(step: _Step) -> Iterator[str]:
    """What the step's model says of the payload, but for what expressions will give."""
    asked = STEPS[step.kind]
    try:
        asked.model_validate(step.payload)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            place, value, is_given_later = _walk(step.payload, each["loc"])
            if is_given_later and each["type"] != "missing":
                continue
            if place.startswith(("rules.exits.", "rules.goals.")) and isinstance(value, str):
                exits = [rule.value for rule in ExitRule]
                yield f'"{place}" is no exit. {suggestion(value, exits)}'
                continue
            shown = ".".join(map(str, each["loc"])) if each["type"] == "missing" else place
            known = list(asked.model_fields) if "." not in shown else _inner(asked, shown)
            yield sentence_of(shown, each, known)


def _inner(asked: type[BaseModel], place: str) -> list[str]:
    """The fields beside a wrong one within the rules of the first step."""
    if place.startswith("rules.") and place.count(".") == 1 and "rules" in asked.model_fields:
        inner = asked.model_fields["rules"].annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return list(inner.model_fields)
    return []


def _walk(payload: object, loc: Sequence[int | str]) -> tuple[str, object, bool]:
    """Where an error lies in what was written, what stands there, and whether it is given later."""
    value: object = payload
    place: list[str] = []
    for part in loc:
        if isinstance(value, str) and is_expression(value):
            break
        if isinstance(value, list):
            value = dict(enumerate(value))
        if not isinstance(value, Mapping) or part not in value:
            continue  # the name of a variant that was tried
        value = value[part]
        place.append(str(part))
    return ".".join(place), value, isinstance(value, str) and is_expression(value)


def _names(step: _Step, known: Known) -> Iterator[str]:
    """Names in the payload that there are not."""
    rules = known.rules
    lists = [each.name for each in rules.lists]
    declared: Mapping[str, tuple[str, Collection[str]]] = {
        "message": ("message", known.messages),
        "score": ("score", [each.name for each in rules.scores]),
        "list": ("list", lists),
        "trait": ("trait", [each.name for each in rules.traits]),
        "yearly": ("trait", [each.name for each in rules.traits]),
        "journey": ("journey", [each.replace("-", "_") for each in known.journeys]),
    }
    for field, (what, names) in declared.items():
        value = step.payload.get(field)
        if field in STEPS[step.kind].model_fields and _literal(value):
            said = str(value).replace("-", "_") if what == "journey" else str(value)
            if said not in names and not (what == "list" and rules.has_list(said)):
                yield f'there is no {what} "{value}". {suggestion(said, names)}'
    given = step.payload.get("rules")
    inner = given if isinstance(given, Mapping) else {}
    on_list = inner.get("on_list")
    if _literal(on_list) and on_list not in lists:
        yield f'there is no list "{on_list}". {suggestion(str(on_list), lists)}'
    consent = inner.get("consent")
    topic = consent.get("topic") if isinstance(consent, Mapping) else None
    if _literal(topic) and topic not in known.topics:
        yield f'there is no topic "{topic}". {suggestion(str(topic), known.topics)}'
    rhythm = step.payload.get("rhythm")
    did = {"did": rhythm} if step.kind == "find-moment" and _literal(rhythm) else None
    for written in (step.payload.get("condition"), inner.get("only"), did):
        if written is not None and not _has_expression(written):
            try:
                known.condition(written)
            except InvalidInput as error:
                yield str(error)
    yield from _events([step.payload.get("events"), inner.get("exits"), inner.get("goals")], rules)


def _events(parts: Sequence[object], rules: Rules) -> Iterator[str]:
    events = {*EVENTS, *map(str, Name), *rules.events}
    for part in parts:
        for each in part if isinstance(part, list) else ():
            name = each.get("event") if isinstance(each, Mapping) else None
            if _literal(name) and name not in events:
                yield f'there is no event "{name}". {suggestion(str(name), events)}'


def _literal(value: object) -> bool:
    return isinstance(value, str) and not is_expression(value)


def _has_expression(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_expression, value.values()))
    if isinstance(value, list):
        return any(map(_has_expression, value))
    return isinstance(value, str) and is_expression(value)


def _addresses(value: object, where: str) -> Iterator[str]:
    if isinstance(value, str) and ADDRESS.search(value):
        yield where
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _addresses(inner, f"{where}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _addresses(inner, f"{where}[{index}]")


def _sends(step: _Step) -> Iterator[Finding]:
    if not any("SendRateExceeded" in each.error_equals for each in step.state.retry):
        message = (
            "Retry does not name SendRateExceeded, so that a busy hour of SES ends the journey. "
            "Paste the Retry of another step that sends."
        )
        yield Finding(Rule.RETRY, step.name, message)
    seconds = step.state.timeout_seconds
    if isinstance(seconds, int) and seconds <= _SENDS_LATE:
        message = (
            f"TimeoutSeconds is {seconds:,}, and a message may wait a week for its hour. "
            "Write 648000."
        )
        yield Finding(Rule.TIMEOUT, step.name, message)


def _waits(step: _Step) -> Iterator[Finding]:
    """A pause ends when its own deadline says so, also where days are short."""
    until, seconds = step.payload.get("until"), step.state.timeout_seconds
    if not isinstance(until, str):
        return
    if not is_expression(until):
        message = 'Payload: "until" is one instant for everybody. Write "{% $deadline %}".'
        yield Finding(Rule.TIMEOUT, step.name, message)
        return
    variables = names_in(until[2:-2]).variables
    if not isinstance(seconds, str) or not variables & names_in(seconds[2:-2]).variables:
        deadline = min(variables, default="deadline")
        message = (
            'TimeoutSeconds is not counted from "until". Write "{% $max([1, $ceil(($toMillis'
            f'(${deadline}) - $millis()) / 1000)]) %}}".'
        )
        yield Finding(Rule.TIMEOUT, step.name, message)


# -- All steps together ----------------------------------------------------------------------------


def _beginning(machine: StateMachine, steps: Sequence[_Step]) -> Iterator[Finding]:
    first = next((each for each in steps if each.name == machine.start_at), None)
    if first is None or first.kind != "enter-workflow":
        message = "a journey begins with the step that lets in (enter-workflow)."
        yield Finding(Rule.STEP, machine.start_at, message)
        return
    for each in steps:
        if each.kind == "enter-workflow" and each is not first:
            yield Finding(Rule.STEP, each.name, "a journey lets in once, in its first state.")
    if not any("InvalidInput" in each.error_equals for each in first.state.catch):
        message = "Catch does not name InvalidInput. Lead it to a Fail that says what to paste."
        yield Finding(Rule.CATCH, first.name, message)
    assigned = first.state.assign
    for name in ("entry", "since", "day", "view"):
        if name not in assigned:
            message = f"Assign.{name} is missing. Paste the first state of another journey."
            yield Finding(Rule.VARIABLE, first.name, message)
    rules = first.payload.get("rules")
    if isinstance(rules, Mapping):
        yield from _entry_rules(first, rules, machine)


def _entry_rules(
    first: _Step, rules: Mapping[str, object], machine: StateMachine
) -> Iterator[Finding]:
    """What the rules of the first state must hold besides what its model says."""
    lease, seconds = rules.get("lease_days"), machine.timeout_seconds
    if isinstance(lease, int) and isinstance(seconds, int) and lease * 86_400 != seconds:
        message = (
            f'"lease_days" is {lease}, and the machine\'s TimeoutSeconds {seconds:,}. Write '
            f"{lease * 86_400} there, so that both end on one day."
        )
        yield Finding(Rule.TIMEOUT, first.name, message)
    exits = rules.get("exits")
    if isinstance(exits, list) and ExitRule.ERASED.value not in exits:
        message = '"exits" lacks "erased". Whoever is erased must leave every journey.'
        yield Finding(Rule.PRIVACY, first.name, message)


def _together(steps: Sequence[_Step], name: str) -> Iterator[Finding]:
    """All steps name the file, and no two of them are the same act."""
    taken = dict[tuple[str, str], str]()
    for each in steps:
        said = each.payload.get("workflow")
        if said is not None and said != name:
            message = (
                f'Payload: "workflow" is "{said}", and the file is "{name}". Every step names '
                "the file, so that starts, figures and other journeys find it."
            )
            yield Finding(Rule.STEP, each.name, message)
        if each.kind == "enter-workflow":
            continue
        step, turn = str(each.payload.get("step")), each.payload.get("round", 1)
        other = taken.setdefault((step, repr(turn)), each.name)
        if other != each.name and not (isinstance(turn, str) and is_expression(turn)):
            message = (
                f'Payload: "step" is "{step}" as in "{other}", so that the second would be taken '
                "for the first done again. Give it a name of its own."
            )
            yield Finding(Rule.STEP, each.name, message)
