"""No condition looks at single acts that are no longer kept, today or on any other day."""

from dataclasses import replace

import pytest
from relance.conditions import compile_condition
from relance.conditions.facts import DAY, FOREVER, Done, Facts
from relance.conditions.language import parse
from relance.conditions.needs import Depth
from relance.conditions.places import Sentences

from .examples import NOW, VOCABULARY, Raw, condition

NAMES = replace(VOCABULARY, kept=400 * DAY, lasting=("ordered",))

BEYOND: list[Raw] = [
    {"at_least": 2, "within": "401 days"},
    {"exactly": 1, "within": "401 days"},
    {"at_least": 1, "at_most": 5, "within": "401 days"},
    {"between": ["401 days ago", "7 days ago"]},
    {"exactly": 0, "between": ["401 days ago", "7 days ago"]},
    {"between": ["2099-01-01", "2099-01-31"]},
    {"at_least": 2, "since": "2099-01-01"},
    {"sum": {"of": "revenue", "at_least": 200}, "since": "2099-01-01"},
    {"max": {"of": "revenue", "at_least": 200}, "within": "401 days"},
    {"at_least_times_usual": 2, "within": "401 days"},
]

WITHIN: list[Raw] = [
    {"at_least": 2, "within": "400 days"},
    {"between": ["400 days ago", "7 days ago"]},
    {"within": "900 days"},
    {"exactly": 0, "within": "900 days"},
    {"since": "2001-01-01"},
    {"exactly": 0, "since": "2001-01-01"},
    {"at_least": 7},
    {"sum": {"of": "revenue", "at_least": 200}, "ever": True},
    {"first": {"within": "900 days"}},
    {"last": {"between": ["2001-01-01", "2001-01-31"]}},
]


def refused(asked: Raw) -> bool:
    sentences = Sentences()
    canonical = parse(asked, NAMES, sentences.place())
    assert (canonical is None) == (len(sentences.found) == 1)
    return canonical is None


@pytest.mark.parametrize("asked", BEYOND, ids=str)
def test_single_acts_are_out_of_reach_beyond_what_is_kept(asked: Raw) -> None:
    assert refused({"did": "visited", **asked})


@pytest.mark.parametrize("asked", BEYOND, ids=str)
def test_what_is_kept_as_long_as_the_contact_can_be_asked_of_any_day(asked: Raw) -> None:
    assert not refused({"did": "ordered", **asked})


@pytest.mark.parametrize("asked", WITHIN, ids=str)
def test_what_count_first_and_last_say_can_be_asked_of_any_day(asked: Raw) -> None:
    assert not refused({"did": "visited", **asked})


@pytest.mark.parametrize("asked", [each for each in WITHIN if "since" in each or "last" in each])
def test_what_can_be_asked_of_any_day_needs_no_single_act(asked: Raw) -> None:
    assert condition({"did": "visited", **asked}).needs.behaviours == {"visited": Depth()}


@pytest.mark.parametrize(("since", "holds"), [("2026-11-06", True), ("2026-11-07", False)])
def test_the_last_time_says_whether_it_was_done_since_a_day(since: str, *, holds: bool) -> None:
    facts = Facts(behaviours={"visited": Done(times=2, first=NOW - 900 * DAY, last=NOW)})
    for raw, found in (
        ({"did": "visited", "since": since}, holds),
        ({"did_not": "visited", "since": since}, not holds),
    ):
        compiled = compile_condition(parse(raw, NAMES, Sentences().place()) or {})
        assert compiled.evaluate(facts, NOW) == (found, FOREVER)
