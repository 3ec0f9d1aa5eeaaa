"""The JSON Schema that editors get: it takes what the build takes."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from relance.conditions.schema import condition_schema

from .examples import Raw, trees

SCHEMA: Any = condition_schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def test_the_schema_is_a_schema_and_the_command_prints_it() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    printed = subprocess.run(
        [sys.executable, "-m", "relance.conditions.schema"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(printed.stdout) == SCHEMA


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=trees)
def test_every_condition_that_the_build_takes_fits_the_schema(raw: Raw) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(raw)] == []


@pytest.mark.parametrize(
    "raw",
    [
        {},
        [],
        "did: ordered",
        {"all": []},
        {"all": [{"did": "ordered"}], "none": []},
        {"did": "ordered", "within": "7 dayz"},
        {"did": "ordered", "witihn": "7 days"},
        {"did": "ordered", "within": None},
        {"did": "ordered", "at_least": "3"},
        {"trait": "country", "in": []},
        {"trait": "birth_date", "before": "tomorrow"},
        {"random": "10%"},
        {"random": 10, "named": "x"},
        {"overdue_by": 0, "for": "ordered"},
        {"everyone": False},
        {"has_been": {"stage": "lead", "city": "x"}, "for": "1 day"},
    ],
    ids=str,
)
def test_what_has_the_wrong_shape_does_not_fit(raw: object) -> None:
    assert not VALIDATOR.is_valid(raw)


def test_every_key_of_every_leaf_is_offered() -> None:
    definitions = SCHEMA["$defs"]
    assert "within" in definitions["DidSource"]["properties"]
    assert "not" in definitions["TraitSource"]["properties"]
    assert definitions["DidSource"]["required"] == ["did"]
    assert "default" not in json.dumps(SCHEMA)
