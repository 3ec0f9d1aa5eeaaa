"""What is drawn for a journey is checked: each mistake once, in a journey that keeps all rules."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from relance.content.compiled import Content
from relance.engine import Plan
from relance.usecases.check_journey import MOST_BYTES, known_of, mistakes_in
from relance.usecases.journey_rules import Known

from local.content import compiled_content
from local.world import ROOT

JOURNEYS = sorted((ROOT / "statemachines" / "journeys").glob("*.asl.json"))
CONTENT = Content.open(compiled_content(ROOT))
SERVICES: Any = SimpleNamespace(
    content=CONTENT,
    plan=Plan(CONTENT.rules, UTC),
    messages=SimpleNamespace(names=tuple(CONTENT.messages)),
    journeys=tuple(path.name.removesuffix(".asl.json").replace("_", "-") for path in JOURNEYS),
)
KNOWN: Known = known_of(SERVICES)
WIN_BACK = json.loads((ROOT / "statemachines/journeys/win_back.asl.json").read_text("utf-8"))
FIRST = "Let them in"
LETTER = "Ask what went wrong"
PAUSE = "Wait two weeks for an answer"
LIST = 'Put them on the list "asleep"'


def found(definition: object, name: str = "win_back") -> list[str]:
    body = definition if isinstance(definition, bytes) else json.dumps(definition).encode()
    return mistakes_in(body, f"{name}.asl.json", KNOWN)


def changed(path: str, value: object) -> dict[str, Any]:
    """The journey with one thing different; `...` takes it away."""
    whole = copy.deepcopy(WIN_BACK)
    part: Any = whole
    *way, last = (int(key) if key.isdigit() else key for key in path.split("/"))
    for key in way:
        part = part[key]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return dict(whole)


@pytest.mark.parametrize("path", JOURNEYS, ids=lambda path: path.name)
def test_every_journey_that_is_shipped_keeps_every_rule(path: Path) -> None:
    assert mistakes_in(path.read_bytes(), path.name, KNOWN) == []


START, ASK, WAIT, JOIN = (f"States/{each}" for each in (FIRST, LETTER, PAUSE, LIST))
RULES = f"{START}/Arguments/Payload/rules"
SAYS = f"{ASK}/Arguments/Payload"
WAITS = f"{WAIT}/Arguments/Payload"
JOINS = f"{JOIN}/Arguments/Payload"
MISTAKES: list[tuple[str, object, str]] = [
    # the machine
    ("Comment", ..., "the machine: Comment is missing."),
    ("TimeoutSeconds", ..., "the machine: TimeoutSeconds is missing."),
    ("TimeoutSeconds", 86400, '"lease_days" is 60, and the machine\'s TimeoutSeconds 86,400'),
    ("QueryLanguage", "JSONPath", 'QueryLanguage JSONPath is not supported. Write "JSONata".'),
    ("StartAt", "Let them out", 'StartAt names "Let them out", which does not exist. Did you mean'),
    ("StartAt", "Set the deadlines", "a journey begins with the step that lets in"),
    # states
    (f"{ASK}/Comment", ..., f'state "{LETTER}": Comment is missing.'),
    ("States/May they come in?/Choices/0/Comment", "", "Choices[0].Comment is missing. It labels"),
    (f"{ASK}/Next", "Was it sent?", 'Next names "Was it sent?", which does not exist.'),
    (f"{ASK}/Nxt", "Won back", 'Nxt is not a field of a Task state. Did you mean "Next"'),
    (f"{ASK}/ResultPath", "$.sent", "ResultPath belongs to JSONPath"),
    ("States/Alone", {"Type": "Succeed", "Output": {"summary": "s"}}, "no state leads here."),
    ("States/Won back/Output", {}, "Output.summary is missing."),
    ("States/Won back/Type", "Sucseed", 'Type "Sucseed" does not exist.'),
    # retries, catches, time-outs
    (f"{ASK}/Retry", [], "Retry does not name Lambda.Unknown"),
    (f"{ASK}/Retry/0/ErrorEquals", ["StoreBusy"], "Retry does not name SendRateExceeded"),
    (f"{ASK}/Catch", [], "Catch does not name States.ALL."),
    (f"{START}/Catch/0/ErrorEquals", ["X"], "Catch does not name InvalidInput. Lead it to a Fail"),
    (f"{ASK}/TimeoutSeconds", ..., "TimeoutSeconds is missing."),
    (f"{ASK}/TimeoutSeconds", 86400, "a message may wait a week for its hour. Write 648000."),
    (f"{WAIT}/TimeoutSeconds", 1209600, 'TimeoutSeconds is not counted from "until". Write "{% $m'),
    (f"{WAITS}/until", "2026-03-01T09:00:00Z", '"until" is one instant for everybody.'),
    # expressions
    ("States/Set the deadlines/Assign/second_at", "{% $sinse %}", "$sinse is assigned nowhere"),
    (
        "States/Set the deadlines/Assign/second_at",
        "{% $fromMillis($toMillis($since) + 14 * 86400000) %}",
        "Write $day: two days are 2 * $day, an hour is $day / 24.",
    ),
    (f"{START}/Assign/day", ..., "Assign.day is missing. Paste the first state"),
    (f"{SAYS}/contact", "$states.input.contact", "is plain text here. Write"),
    # steps
    (f"{ASK}/Arguments/FunctionName", "${SendLetterFunctionArn}", "calls no step of a journey."),
    (f"{ASK}/Arguments/FunctionName", "arn:aws:lambda:eu-west-1:1:function:my-own", "no step of"),
    (f"{ASK}/Resource", "arn:aws:states:::lambda:invoke", "Resource must be"),
    (f"{ASK}/Arguments/Payload", ..., "Arguments.Payload must be an object"),
    (f"{SAYS}/message", ..., 'Payload: "message" is missing.'),
    (f"{SAYS}/mesage", "welcome", '"mesage" is not known here; did you mean "message".'),
    (f"{SAYS}/round", 0, '"round": input should be greater than or equal to 1.'),
    (f"{SAYS}/step", "ask them", '"step" is a name of letters, digits, _ and -'),
    (f"{SAYS}/step", "tell_news", f'"step" is "tell_news" as in "{LETTER}"'),
    (f"{SAYS}/workflow", "winback", '"workflow" is "winback", and the file is "win_back".'),
    (f"{SAYS}/contact", "01J9Z3V8Q4T2M6K7B5N1X0C3DE", '"contact" is the same for everybody.'),
    (f"{SAYS}/entry", "one", '"entry" is the same for everybody. Write "{% $entry %}".'),
    (f"{JOINS}/change", "jion", "\"change\": input should be 'join' or 'leave'."),
    # names
    (f"{SAYS}/message", "win-back-mised", 'there is no message "win-back-mised". Did you mean'),
    (f"{JOINS}/list", "aslep", 'there is no list "aslep". Did you mean asleep?'),
    (f"{WAITS}/events/0/event", "email_clickt", 'there is no event "email_clickt". Did you mean'),
    (f"{RULES}/consent/topic", "newsleter", 'there is no topic "newsleter". Did you mean'),
    (f"{RULES}/only", "at-riskk", "at-riskk"),
    (f"{RULES}/only", {"did": "nothing_like_it", "within": "7 dayz"}, "7 dayz"),
    # rules of entry, and what protects people
    (f"{RULES}/re_entri", "once", '"rules.re_entri" is not known here; did you mean "re_entry"'),
    (f"{RULES}/re_entry", "sometimes", '"rules.re_entry": input should be'),
    (f"{RULES}/exits/0", "unsubscribe", '"rules.exits.0" is no exit. Did you mean unsubscribed?'),
    (f"{RULES}/exits", ["unsubscribed", "bounced"], '"exits" lacks "erased".'),
    (f"{SAYS}/why", "ask ana@example.com", "Payload.why holds an e-mail address"),
]


@pytest.mark.parametrize(("path", "value", "told"), MISTAKES, ids=[each[2] for each in MISTAKES])
def test_a_mistake_is_told_with_what_to_write(path: str, value: object, told: str) -> None:
    sentences = found(changed(path, value))
    assert any(told in each for each in sentences), sentences
    assert len(sentences) <= 8 or path == "StartAt", sentences
    assert all(each.startswith("win_back.asl.json: ") for each in sentences)
    assert "ana@" not in " ".join(sentences)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "this is no JSON. In Workflow Studio choose Export, then JSON, not YAML."),
        (b"Comment: Wins back\nStates:\n", "not YAML."),
        (b'{"Comment": "x",\n  "States": }', "line 2, column 13: not JSON"),
        (b'{"Comment": "x", "Comment": "y"}', '"Comment" stands twice in one object'),
        (b'{"Comment": "\xff"}', "byte 13 is no UTF-8."),
        (b"{" + b" " * MOST_BYTES + b"}", "has more than 1 MB"),
        (b'{"a":' * 100_000, "too deeply"),
        (b'{"QueryLanguage": "JSONata"}', "States is missing."),
    ],
    ids=lambda each: str(each)[:30],
)
def test_what_is_no_definition_is_told(body: bytes, told: str) -> None:
    sentences = found(body)
    assert any(told in each for each in sentences), sentences


def test_a_drawing_of_the_studio_names_functions_by_their_arns() -> None:
    text = json.dumps(WIN_BACK)
    for step in ("EnterWorkflow", "SendEmail", "AwaitEvent", "ChangeList"):
        dashed = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in step)
        arn = f"arn:aws:lambda:eu-west-1:123456789012:function:relance{dashed}:$LATEST"
        text = text.replace(f"${{{step}FunctionArn}}", arn)
    assert found(json.loads(text)) == []


def test_what_an_expression_gives_is_taken_for_right() -> None:
    for field in ("message", "round", "step"):
        assert found(changed(f"{SAYS}/{field}", "{% $view.persona %}")) == []


HOSTILE = {
    "texts without an end": "'" + 'a\\"' * 30_000,
    "quotation marks": '"' * 100_000,
    "names": "$a" * 60_000,
    "functions": "function(" * 12_000,
    "patterns": "(/" * 40_000,
    "paths": "$a" + ".b" * 40_000,
    "comments": "/*" * 40_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_expression_of_no_end_is_refused_by_its_length(text: str) -> None:
    sentences = found(changed(f"{SAYS}/message", "{% " + text + " %}"))
    assert "characters are too long. Write at most" in sentences[0]


def test_a_journey_of_a_thousand_states_is_refused() -> None:
    states = {f"Alone {number}": {"Type": "Succeed"} for number in range(1000)}
    (sentence,) = found(changed("States", states))
    assert "has more than 500 states" in sentence


def places(value: object, way: tuple[str, ...] = ()) -> Iterator[str]:
    """Every place within a definition."""
    if way:
        yield "/".join(way)
    parts = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        parts = enumerate(value)  # type: ignore[assignment]
    for key, inner in parts:
        if "/" not in str(key):
            yield from places(inner, (*way, str(key)))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("{% $view %}"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(place=st.sampled_from(sorted(places(WIN_BACK))), value=VALUES)
@example(place="States/Ask what went wrong/Arguments/Payload/round", value=[])
def test_whatever_stands_there_is_answered_in_sentences(place: str, value: object) -> None:
    for each in found(changed(place, value)):
        assert each.startswith("win_back.asl.json")
        assert each.rstrip().endswith((".", "?", "%}", '"')), each
