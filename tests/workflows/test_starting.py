"""A journey is started for many, told as stories: counted, confirmed, once for each."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from local.faults import Fault, FaultPlan, Rule
from local.journey_costs import most_mails, most_transitions
from local.permissions import missing
from tests.workflows.mailing import ROOT, Gathered, Mailing

OPERATION = "start-journey-for-segment"
EVERYBODY: dict[str, Any] = {"condition": {"did": "confirmed"}}
SIZE = 60
MACHINES = {
    path.name.removesuffix(".asl.json"): json.loads(path.read_text("utf-8"))
    for path in (ROOT / "statemachines" / "journeys").glob("*.asl.json")
}


@pytest.fixture(scope="module")
def gathered() -> Gathered:
    """Sixty people who agreed: three batches."""
    return Gathered.of(SIZE)


@pytest.fixture
def crowd(gathered: Gathered) -> Iterator[Mailing]:
    """They are in a world of their own."""
    with gathered.somewhere() as mailing:
        yield mailing


def asked(**more: Any) -> dict[str, Any]:
    return {"journey": "birthday", "to": EVERYBODY, **more}


def executions(crowd: Mailing, journey: str = "birthday") -> list[dict[str, Any]]:
    """Every execution of a journey."""
    arn = crowd.world.machine_arn(f"journey-{journey}")
    client = crowd.world.client("stepfunctions")
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=arn)
    return [dict(each) for page in pages for each in page["executions"]]


def test_a_marketer_counts_confirms_and_everybody_is_started_once(crowd: Mailing) -> None:
    counted = crowd.asks(OPERATION, asked())["output"]
    assert counted["outcome"] == "counted"
    assert counted["summary"].startswith("Counted: 60 people (a condition). Nothing was started.")
    assert counted["summary"].endswith('paste the same with "confirm": 60.')
    assert executions(crowd) == []
    told = crowd.asks(OPERATION, asked(confirm=60))["output"]
    assert told["outcome"] == "started"
    assert told["summary"].startswith('"birthday" was started for 60 contacts.')
    assert told["found"]["started"]["count"] == 60
    began = executions(crowd)
    assert {each["name"][:26] for each in began} == set(crowd.people)
    assert len(began) == 60
    given = [crowd.world.describe(each["executionArn"]) for each in began]
    inputs = [json.loads(each["input"]) for each in given]
    assert len({each["entry"] for each in inputs}) == 1
    assert {each["contact"] for each in inputs} == set(crowd.people)
    assert missing(crowd.world.stack, crowd.world.recorder.uses) == []


@pytest.mark.parametrize(
    ("journey", "mails"), [("birthday", "1 mail to each"), ("cart-recovery", "3 mails to each")]
)
def test_the_count_says_what_the_whole_journey_costs_at_most(
    crowd: Mailing, journey: str, mails: str
) -> None:
    counted = crowd.asks(OPERATION, asked(journey=journey))["output"]["summary"]
    assert "costs about $0.02 until each has been let in or not" in counted
    (most,) = re.findall(r"and at most about \$(\d+\.\d\d) until all have ended", counted)
    machine = MACHINES[journey.replace("-", "_")]
    each = most_transitions(machine) * 0.000025 + most_mails(machine) * 0.0001
    assert 60 * each <= float(most) <= 3 * 60 * each
    assert mails in counted


def test_who_came_since_the_count_makes_it_ask_again(crowd: Mailing) -> None:
    told = crowd.asks(OPERATION, asked(confirm=59))["output"]
    assert told["outcome"] == "counted"
    assert "That is more than the 59 confirmed." in told["summary"]
    assert executions(crowd) == []


def test_a_number_that_is_far_too_large_starts_nobody(crowd: Mailing) -> None:
    told = crowd.asks(OPERATION, asked(confirm=131))["output"]
    assert told["outcome"] == "counted"
    assert "That is far fewer than the 131 confirmed. Nothing was started." in told["summary"]
    assert executions(crowd) == []
    assert crowd.asks(OPERATION, asked(confirm=130))["output"]["outcome"] == "started"


def test_no_more_than_a_hundred_are_started_in_a_second() -> None:
    with Gathered.of(240).somewhere() as crowd:
        crowd.asks(OPERATION, asked(confirm=240))
        seconds = Counter(int(each["startDate"].timestamp()) for each in executions(crowd))
        assert sum(seconds.values()) == 240
        assert max(seconds.values()) <= 100


@pytest.mark.parametrize("fault", [Fault.STOP_BEFORE, Fault.STOP_AFTER, Fault.FAIL_AFTER])
def test_a_batch_that_breaks_off_starts_nobody_twice(crowd: Mailing, fault: Fault) -> None:
    crowd.world.sandboxes.faults = FaultPlan(
        [Rule(fault, function="start-batch", invocation=2, index=9)]
    )
    told = crowd.asks(OPERATION, asked(confirm=60))["output"]
    assert told["contacts"] == 60
    assert Counter(each["name"][:26] for each in executions(crowd)) == Counter(crowd.people)


def test_after_a_failure_a_redrive_starts_the_rest(crowd: Mailing) -> None:
    crowd.world.sandboxes.faults = FaultPlan(
        [
            Rule(
                Fault.FAIL_BEFORE,
                function="start-batch",
                index=9,
                code="AccessDeniedException",
                status=400,
                times=None,
            )
        ]
    )
    failed = crowd.asks(OPERATION, asked(confirm=60))
    assert failed["status"] == "FAILED"
    assert 0 < len(executions(crowd)) < 60
    crowd.world.sandboxes.faults = None
    crowd.world.client("stepfunctions").redrive_execution(executionArn=failed["executionArn"])
    ended = crowd.ending(failed["executionArn"])
    assert ended["output"]["outcome"] == "started"
    assert Counter(each["name"][:26] for each in executions(crowd)) == Counter(crowd.people)


def test_nobody_is_in_an_audience_without_members(crowd: Mailing) -> None:
    told = crowd.asks(OPERATION, {"journey": "welcome", "to": {"list": "engaged"}})["output"]
    assert (told["outcome"], told["summary"]) == (
        "nobody", "Nobody is in the audience (list engaged).",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"journey": "birthdy", "to": EVERYBODY}, "Did you mean birthday?"),
        ({"journey": "birthday"}, '"to" is missing.'),
        ({"journey": "birthday", "to": {}}, '"to" names one of segment, list and condition.'),
        ({"journey": "birthday", "to": {"segment": "hott"}}, 'There is no segment "hott".'),
        ({"journey": "birthday", "to": {"condition": {"dit": "x"}}}, "dit"),
        ({"journey": "birthday", "to": "ana@example.com"}, "An e-mail address is not accepted"),
        ({"journey": "birthday", "to": EVERYBODY, "confirm": "all"}, '"confirm"'),
        ({"jorney": "birthday", "to": EVERYBODY}, 'did you mean "journey"'),
        ({"jorney": "birthday", "to": EVERYBODY}, 'Paste for example {"journey": "birthday", "to"'),
        ({"journey": "birthday", "to": "engaged"}, '"to" is a segment, a list or a condition: {'),
        (
            {"journey": "birthdy", "to": {"list": "engaged"}},
            'Paste for example {"journey": "birthday", "to": {"list": "engaged"}}.',
        ),
        (
            {"journey": "birthday", "to": {"list": "engagd"}, "confirm": 3},
            'Paste for example {"journey": "birthday", "to": {"list": "engaged"}, "confirm": 3}.',
        ),
    ],
)
def test_a_wrong_input_says_what_to_paste(crowd: Mailing, typed: dict[str, Any], said: str) -> None:
    ended = crowd.asks(OPERATION, typed, minutes=1)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert said in ended["cause"]
    assert "Paste for example" in ended["cause"]
    assert "ana@" not in ended["cause"]


SAMPLES = {
    "nothing": "nothing to do yet",
    "count": "nobody",
    "confirmed": "started",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
}


def test_every_sample_ends_as_it_should(crowd: Mailing) -> None:
    folder = ROOT / "events" / "executions" / f"operation-{OPERATION}"
    assert {path.stem for path in folder.glob("*.json")} == set(SAMPLES)
    for sample, outcome in SAMPLES.items():
        data = json.loads((folder / f"{sample}.json").read_text(encoding="utf-8"))
        ended = crowd.asks(OPERATION, data)
        assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome, sample


def test_every_journey_is_known_by_name(crowd: Mailing) -> None:
    functions = crowd.world.stack.functions
    function = next(each for name, each in functions.items() if name.endswith("list-starts"))
    named = function.environment["JOURNEY_NAMES"].split(",")
    folder = ROOT / "statemachines" / "journeys"
    there = {each.name.removesuffix(".asl.json") for each in folder.glob("*.asl.json")}
    assert sorted(named) == sorted(each.replace("_", "-") for each in there)
