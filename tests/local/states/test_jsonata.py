"""The evaluator: agrees with an independent implementation, and its short cuts with itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import pytest
from jsonata import Jsonata as IndependentJsonata

from local.states.jsonata import UNDEFINED, Jsonata, QueryError
from tests.local.states.corpus import EXPRESSIONS, INPUT, VARIABLES
from tests.local.states.simulation import START, SmallHub


class Everything:
    """A scope with the corpus's variables and input."""

    variables: Mapping[str, object] = VARIABLES

    def states(self, field: str) -> object:
        return INPUT if field == "input" else UNDEFINED


def ours(expression: str, *, by_library: bool = False) -> str:
    jsonata = Jsonata(SmallHub())
    try:
        query = jsonata.evaluator(expression) if by_library else jsonata.compile(expression)
        result = query(Everything())
    except (QueryError, ValueError):
        return "an error"
    return "undefined" if result is UNDEFINED else json.dumps(result, sort_keys=True)


def theirs(expression: str) -> str:
    try:
        result = _independently(expression)
        if result is None and not _independently(f"$exists({expression})"):
            return "undefined"
        return json.dumps(result, sort_keys=True)
    except Exception:  # noqa: BLE001 - it raises whatever comes
        return "an error"


def _independently(expression: str) -> object:
    parsed = IndependentJsonata(expression)
    frame = parsed.create_frame()
    for name, value in {**VARIABLES, "states": {"input": INPUT}}.items():
        frame.bind(name, value)
    return parsed.evaluate(None, frame)


def same(first: str, second: str) -> bool:
    """Compare as JSON, where 2 and 2.0 are one number."""
    if {first, second} & {"undefined", "an error"}:
        return first == second
    return bool(json.loads(first) == json.loads(second))


DECIDED = {
    # jsonata-python fails; $contains has no other signature for a pattern that is undefined.
    '$contains("a", $nope)': "undefined",
    # Numbers are those of JSON in JavaScript: doubles (overview, "Numeric operators").
    "123456789012345678": "123456789012345680",
}
"""Where the two differ, and what https://docs.jsonata.org/2.0.x says."""


@pytest.mark.parametrize("expression", [each for each in EXPRESSIONS if each not in DECIDED])
def test_two_implementations_of_jsonata_agree(expression: str) -> None:
    assert same(ours(expression), theirs(expression)), (ours(expression), theirs(expression))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_short_cut_gives_what_the_library_gives(expression: str) -> None:
    assert same(ours(expression), ours(expression, by_library=True))


@pytest.mark.parametrize(("expression", "expected"), DECIDED.items())
def test_where_they_differ_the_documentation_decides(expression: str, expected: str) -> None:
    assert ours(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$partition([1,2,3,4,5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$range(2, 1, 1)", []),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$hash('a', 'SHA-256')", hashlib.sha256(b"a").hexdigest()),
        ("$parse('{\"a\": [1, null]}')", {"a": [1, None]}),
        ("$parse('null')", None),
        ("$millis()", round(START * 1000)),
        ("$now()", "2026-01-01T12:00:00.000Z"),
        ("$now('[Y0001]-[M01]-[D01]')", "2026-01-01"),
        ("$now('[H01]:[m01]', '+0200')", "14:00"),
        ("$random(7) = $random(7)", True),
        ("$length($uuid())", 36),
    ],
)
def test_functions_of_step_functions_and_of_time(expression: str, expected: object) -> None:
    assert Jsonata(SmallHub()).compile(expression)(Everything()) == expected


def test_chance_comes_from_the_hub() -> None:
    def drawn(seed: int) -> object:
        jsonata = Jsonata(SmallHub(seed))
        return [jsonata.compile(each)(Everything()) for each in ("$random()", "$uuid()")]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_time_goes_on_with_the_hub() -> None:
    hub = SmallHub()
    query = Jsonata(hub).compile("$millis()")
    before = query(Everything())

    hub.now += 60

    assert isinstance(before, int)
    assert query(Everything()) == before + 60_000


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("$eval('1')", "use $parse"),
        ("1/0", "out of range"),
        ("$sum", "unsupported result type"),
        ("function($x) { $x }", "unsupported result type"),
        ("$hash('a', 'CRC')", "SHA-256"),
        ("$error('my own words')", "my own words"),
        ("$range(1, 5000, 1)", "1000"),
        ("'a' + 1", "T2001"),
    ],
)
def test_what_cannot_be_evaluated_says_why(expression: str, told: str) -> None:
    with pytest.raises(QueryError, match=told.replace("$", r"\$")):
        Jsonata(SmallHub()).compile(expression)(Everything())


def test_what_is_no_jsonata_is_refused_when_compiled() -> None:
    with pytest.raises(ValueError, match="S0"):
        Jsonata(SmallHub()).compile("$states.input.a +")
