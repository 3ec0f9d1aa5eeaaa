"""Operations on many contacts, told as stories: the rules change; who is or would be in a segment.

A hundred and twenty contacts, of whom each looked at the prices none to five times. Yesterday's
rules call those fans who did so twice, today's those who did so three times.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from relance.rescoring import CONTACTS_PER_SECOND, DOLLARS_PER_CONTACT
from relance.storage import Table, Update

from local.faults import Fault, FaultPlan, Rule, not_allowed
from local.permissions import missing
from local.world import ROOT, World
from tests.workflows.content import content_with
from tests.workflows.crowd import AFTER, BEFORE, Arrived, Crowd, counts, in_parts_of
from tests.workflows.story import MONDAY

SIZE = 120
RESCORE, PREVIEW = "rescore-contacts", "preview-segment"


@pytest.fixture(scope="module")
def before() -> Path:
    """Yesterday's content."""
    return content_with(BEFORE)


@pytest.fixture(scope="module")
def after() -> Path:
    """Today's content."""
    return content_with(AFTER)


@pytest.fixture(scope="module")
def arrived(before: Path) -> Arrived:
    """Everybody is scored by yesterday's rules."""
    return Arrived.in_a_world(SIZE, before)


@pytest.fixture(scope="module")
def a_dozen(before: Path) -> Arrived:
    """Twelve of them."""
    return Arrived.in_a_world(12, before)


@pytest.fixture
def crowd(arrived: Arrived) -> Iterator[Crowd]:
    """A crowd in a world of its own."""
    with arrived.somewhere() as crowd:
        yield crowd


@pytest.fixture
def three_hundred(before: Path) -> Iterator[Crowd]:
    """More than are told at once."""
    with Arrived.in_a_world(300, before).somewhere() as crowd:
        yield crowd


# -- the rules change ------------------------------------------------------------------------------


def test_rules_change_and_a_marketer_asks_looks_confirms_and_the_numbers_add_up(
    crowd: Crowd, after: Path
) -> None:
    assert crowd.asks(RESCORE, {})["output"]["outcome"] == "up to date"
    fans = crowd.members("fans")
    assert len(fans) == 80

    crowd.world.deploy_content(after)
    asked = crowd.asks(RESCORE, {})["output"]
    assert asked["outcome"] == "not confirmed"
    assert "Scored with former rules: 120 of 120 contacts." in asked["summary"]
    assert 'paste {"confirm": 120}' in asked["summary"]

    dry = crowd.asks(RESCORE, {"dry_run": True})["output"]
    assert dry["found"]["changes"]["count"] == 60
    assert dry["found"]["segment_left"]["fans"]["count"] == 20
    assert dry["found"]["segment_entered"]["newcomers"]["count"] == 20
    assert dry["found"]["segment_left"]["fans"]["ids"] == crowd.people[2:122:6]
    assert "20 would leave fans" in dry["summary"]
    assert "20 would enter newcomers" in dry["summary"]
    assert crowd.members("fans") == fans
    assert crowd.events("rules_changed") == []

    told = crowd.asks(RESCORE, {"confirm": 120})["output"]
    assert told["outcome"] == "told"
    assert told["found"]["told"]["count"] == told["contacts"] == 120
    assert "Told that the rules changed, of 120 contacts: 120 now." in told["summary"]
    assert crowd.conclusions(cause="rules_changed") == counts(dry["found"])
    assert len(crowd.members("fans")) == 60
    assert len(crowd.members("newcomers")) == 20

    assert crowd.asks(RESCORE, {})["output"]["outcome"] == "up to date"
    assert len(crowd.events("rules_changed")) == 120


def test_whoever_does_something_meanwhile_is_no_longer_behind(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    for number in range(40):
        crowd.happens(number, "session_started", "meanwhile")
    crowd.world.run(for_=timedelta(minutes=2))
    told = crowd.asks(RESCORE, {"confirm": 120})["output"]
    assert told["found"] == {"told": {"count": 80, "ids": crowd.people[40:60]}}


def test_whoever_acts_in_the_middle_is_told_once_or_not_at_all_and_ends_as_today_s_rules_say(
    three_hundred: Crowd, after: Path
) -> None:
    crowd = three_hundred
    crowd.world.deploy_content(after)
    execution = crowd.world.start(f"operation-{RESCORE}", {"confirm": 300})
    for number in reversed(range(300)):  # those first who are told last
        crowd.world.run(for_=timedelta(milliseconds=10))
        crowd.looks_at_prices(number, "in the middle")
    found = crowd.ending(execution)["output"]["found"]
    told = Counter(row["contact_id"] for row in crowd.events("rules_changed"))
    assert set(told.values()) == {1}
    assert found["told"]["count"] == len(told) > 0
    assert found["up_to_date"]["count"] == 300 - len(told) > 0

    # Whoever looked n times looked once more.
    assert crowd.members("fans") == {each for n, each in enumerate(crowd.people) if n % 6 >= 2}
    assert crowd.members("newcomers") == set(crowd.people[::6])
    for segment in ("fans", "newcomers"):
        entered, left = (
            Counter(
                row["contact_id"]
                for row in crowd.events(name)
                if row["properties"]["segment"] == segment
            )
            for name in ("segment_entered", "segment_left")
        )
        entered.subtract(left)
        assert {each for each, times in entered.items() if times} == crowd.members(segment)
        assert set(entered.values()) <= {0, 1}

    assert crowd.asks(RESCORE, {})["output"]["outcome"] == "up to date"
    assert crowd.asks(RESCORE, {"confirm": 300})["output"]["outcome"] == "up to date"
    assert len(crowd.events("rules_changed")) == len(told)


def test_more_contacts_than_confirmed_are_asked_about_again(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    told = crowd.asks(RESCORE, {"confirm": 119})["output"]
    assert told["outcome"] == "not confirmed"
    assert "more than the 119 confirmed" in told["summary"]
    assert crowd.events("rules_changed") == []


def test_two_at_once_tell_each_contact_once(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    both = [crowd.world.start(f"operation-{RESCORE}", {"confirm": 120}) for _ in range(2)]
    found = [crowd.ending(each)["output"]["found"] for each in both]
    sums = [sum(told["count"] for told in each.values()) for each in found]
    assert sums == [120, 120]
    assert sum(each.get("told", {"count": 0})["count"] for each in found) == 120
    assert len(crowd.events("rules_changed")) == 120


def test_going_back_to_former_rules_is_told_again(crowd: Crowd, before: Path, after: Path) -> None:
    fans = crowd.members("fans")
    for content in (after, before, after, before):
        crowd.world.deploy_content(content)
        told = crowd.asks(RESCORE, {"confirm": 120})["output"]
        assert told["found"]["told"]["count"] == 120
    assert crowd.members("fans") == fans
    assert crowd.asks(RESCORE, {})["output"]["outcome"] == "up to date"


def test_what_people_do_now_is_not_held_up(three_hundred: Crowd, after: Path) -> None:
    three_hundred.world.deploy_content(after)
    three_hundred.asks(RESCORE, {"confirm": 300})
    arrivals = Counter(row["received_at"][:19] for row in three_hundred.events("rules_changed"))
    assert sum(arrivals.values()) == 300
    assert max(arrivals.values()) <= 2 * CONTACTS_PER_SECOND
    assert len(arrivals) >= 2


def test_what_was_said_about_the_cost_is_what_it_costs(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    dollars = crowd.world.meter.total()
    crowd.asks(RESCORE, {"confirm": 120})
    each = (crowd.world.meter.total() - dollars) / 120
    assert DOLLARS_PER_CONTACT / 3 < each < DOLLARS_PER_CONTACT * 1.5


def test_the_documented_costs_of_looking_are_what_looking_costs(
    crowd: Crowd, before: Path, after: Path
) -> None:
    for operation, data, content, reads in (
        (RESCORE, {}, after, 0.25),
        (RESCORE, {"dry_run": True}, after, 2.25),
        (PREVIEW, {"segment": "fans"}, before, 1.25),
        (PREVIEW, {"segment": "fans"}, after, 2.25),
    ):
        crowd.world.deploy_content(content)
        crowd.world.run(for_=timedelta(minutes=2))
        units = read_units(crowd)
        crowd.world.run(for_=timedelta(minutes=2))
        swept, units = read_units(crowd) - units, read_units(crowd)
        assert crowd.asks(operation, data, minutes=2)["output"]["read"] == 120
        assert (read_units(crowd) - units - swept) / 120 == pytest.approx(reads, abs=0.1)


def read_units(crowd: Crowd) -> float:
    """How many read units were billed so far, those of the sweeps among them."""
    bill = {row.what: row.quantity for row in crowd.world.meter.bill()}
    return bill.get("DynamoDB reads", 0.0)


# -- what goes wrong -------------------------------------------------------------------------------


def test_after_a_batch_failed_a_redrive_tells_the_rest_and_nobody_twice(
    crowd: Crowd, after: Path
) -> None:
    crowd.world.deploy_content(after)
    crowd.world.sandboxes.faults = not_allowed("tell-rules-changed", invocation=3)
    failed = crowd.asks(RESCORE, {"confirm": 120})
    assert failed["status"] == "FAILED"
    assert failed["error"] == "States.ExceedToleratedFailureThreshold"
    told_first = len(crowd.events("rules_changed"))
    assert 0 < told_first < 120

    crowd.world.sandboxes.faults = None
    execution = failed["executionArn"]
    crowd.world.client("stepfunctions").redrive_execution(executionArn=execution)
    ended = crowd.ending(execution)
    assert ended["status"] == "SUCCEEDED"
    assert sum(told["count"] for told in ended["output"]["found"].values()) == 120
    assert len(crowd.events("rules_changed")) == 120
    assert crowd.asks(RESCORE, {})["output"]["outcome"] == "up to date"


def test_a_batch_that_died_half_way_is_finished_by_its_retry(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    crowd.world.sandboxes.faults = FaultPlan(
        [Rule(Fault.STOP_AFTER, function="tell-rules-changed", invocation=2, index=21)]
    )
    told = crowd.asks(RESCORE, {"confirm": 120})["output"]
    assert told["contacts"] == sum(each["count"] for each in told["found"].values()) == 120
    assert told["found"]["told"]["count"] < 120
    assert len(crowd.events("rules_changed")) == 120


def test_a_broken_contact_hides_no_other_and_the_dry_run_ends_red(
    crowd: Crowd, after: Path
) -> None:
    crowd.world.deploy_content(after)
    break_one(crowd)
    dry = crowd.asks(RESCORE, {"dry_run": True})
    assert (dry["status"], dry["error"]) == ("FAILED", "Incomplete")
    assert "1 contact could not be judged" in dry["cause"]
    assert "20 would leave fans" in dry["cause"]


def test_a_list_goes_on_where_one_call_stopped(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    in_parts_of(crowd.world, 50, RESCORE)
    told = crowd.asks(RESCORE, {"confirm": 120})["output"]
    assert told["found"]["told"]["count"] == 120
    assert len(crowd.events("rules_changed")) == 120


# -- who is, or would be, in a segment -------------------------------------------------------------


def test_a_segment_is_shown_with_its_count_and_twenty_ids(crowd: Crowd) -> None:
    shown = crowd.asks(PREVIEW, {"segment": "fans"})["output"]
    assert shown["found"]["holds"]["count"] == 80
    assert set(shown["found"]["holds"]["ids"]) < crowd.members("fans")
    assert len(shown["found"]["holds"]["ids"]) == 20
    assert shown["summary"] == (
        "fans has 80 of 120 contacts; compared with today's members 0 would enter and 0 would "
        "leave. Contacts read: 120."
    )
    assert shown["details"].startswith("s3://")


def test_new_rules_are_shown_before_anybody_is_scored_by_them(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    shown = crowd.asks(PREVIEW, {"segment": "fans"})["output"]
    assert shown["found"]["holds"]["count"] == 60
    assert shown["found"]["would_leave"] == {"count": 20, "ids": crowd.people[2:122:6]}
    assert "would_enter" not in shown["found"]
    assert len(crowd.members("fans")) == 80


def test_a_condition_is_tried_before_it_is_written_into_a_file(crowd: Crowd) -> None:
    condition = {
        "all": [{"did": "viewed_pricing", "at_least": 4}, {"trait": "email", "is_set": False}]
    }
    shown = crowd.asks(PREVIEW, {"condition": condition})["output"]
    assert shown["summary"] == ("The condition holds for 40 of 120 contacts. Contacts read: 120.")
    compared = crowd.asks(PREVIEW, {"condition": condition, "segment": "fans"})["output"]
    assert compared["found"]["would_leave"]["count"] == 40
    assert compared["summary"] == (
        "fans would have 40 of 120 contacts; compared with today's members 0 would enter and "
        "40 would leave. Contacts read: 120."
    )


def test_a_condition_that_looks_further_back_than_profiles_is_evaluated_over_the_history(
    crowd: Crowd,
) -> None:
    crowd.world.run(for_=timedelta(days=100))
    for number in range(60):
        crowd.looks_at_prices(number, "much later")
    crowd.world.run(for_=timedelta(minutes=2))
    condition = {"did": "page_viewed", "at_least": 5, "within": "120 days"}
    crowd.world.sandboxes.trace = []
    shown = crowd.asks(PREVIEW, {"condition": condition})["output"]
    assert shown["found"]["holds"]["count"] == 20 + 10
    read = Counter(
        made.operation for made in crowd.world.sandboxes.trace if "judge" in made.function
    )
    assert read["Query"] == 2 * 120
    recent = {"did": "page_viewed", "at_least": 5, "within": "30 days"}
    assert "holds" not in crowd.asks(PREVIEW, {"condition": recent})["output"]["found"]


WRONG: list[Any] = [
    pytest.param(
        {"segment": "fan"},
        'There is no segment "fan". Did you mean fans? Paste {"segment": "fans"}.',
        id="name",
    ),
    pytest.param(
        {"condition": {"did": "viewed_prices", "at_least": 3}},
        'condition.did: the behaviour "viewed_prices" is not declared in behaviours/. Did you '
        "mean viewed_pricing",
        id="behaviour",
    ),
    pytest.param(
        {"condition": {"did": "viewed_pricing", "within": "7 dayz"}}, '"7 dayz"', id="duration"
    ),
    pytest.param({"condition": ["x"]}, 'Write "all:" or "any:" above it.', id="list"),
    pytest.param({"segmant": "fans"}, 'did you mean "segment"', id="key"),
    pytest.param({"segment": 7}, '"segment"', id="number"),
    pytest.param({"condition": "{did: viewed_pricing"}, "neither JSON nor valid YAML", id="yaml"),
    pytest.param({"condition": "did: &a [*a]"}, "neither JSON nor valid YAML", id="alias"),
    pytest.param(
        {"condition": "{did: viewed_prices}"}, "Did you mean viewed_pricing", id="name in yaml"
    ),
    pytest.param({"condition": "fans"}, "condition", id="a word"),
    pytest.param({"did": "viewed_prices"}, "Did you mean viewed_pricing", id="alone"),
    pytest.param({"title": "Fans"}, "says nothing", id="title"),
    pytest.param({"condition": {}, "members": {}}, "mean the same", id="twice"),
    pytest.param({"condition": {}}, "Paste for example", id="empty"),
    pytest.param({"condition": "x" * 30_000}, "longer than 20,000", id="long"),
    pytest.param([], "must be a JSON object", id="no object"),
]


@pytest.mark.parametrize(("data", "sentence"), WRONG)
def test_what_is_wrong_is_told_with_what_to_write(
    crowd: Crowd, data: object, sentence: str
) -> None:
    ended = crowd.asks(PREVIEW, data)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert sentence in ended["cause"]
    assert ended["cause"].count("Paste ") == 1


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"confirm": "all"}, '"confirm": must be a number'),
        ({"confirm": 0}, '"confirm": must be a number'),
        ({"confirm": True}, '"confirm": must be a number'),
        ({"dry_run": "perhaps"}, '"dry_run": must be true or false'),
        ({"dryrun": True}, 'did you mean "dry_run"'),
        ({"dry_run": True, "confirm": 120}, "Paste one of them"),
        ([], "must be a JSON object"),
    ],
    ids=str,
)
def test_a_rescore_is_started_by_nothing_that_is_wrong(
    crowd: Crowd, after: Path, data: object, sentence: str
) -> None:
    crowd.world.deploy_content(after)
    ended = crowd.asks(RESCORE, data)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert sentence in ended["cause"]
    assert "Paste " in ended["cause"]
    assert crowd.events("rules_changed") == []


LOOKED_FOUR_TIMES = {"did": "viewed_pricing", "at_least": 4}
FORGIVEN: list[Any] = [
    pytest.param({"condition": "{did: viewed_pricing, at_least: 4}"}, id="yaml on one line"),
    pytest.param({"condition": "did: viewed_pricing\nat_least: 4\n"}, id="yaml of a file"),
    pytest.param(LOOKED_FOUR_TIMES, id="alone"),
    pytest.param({"Comment": "x", **LOOKED_FOUR_TIMES}, id="alone with a comment"),
    pytest.param({"title": "Fans", "members": LOOKED_FOUR_TIMES}, id="a segment's file as JSON"),
    pytest.param({"segment": " segments/Fans.yaml", "condition": LOOKED_FOUR_TIMES}, id="a file"),
]


@pytest.mark.parametrize("data", FORGIVEN)
def test_what_can_be_meant_in_one_way_only_is_understood(crowd: Crowd, data: object) -> None:
    shown = crowd.asks(PREVIEW, data)["output"]
    assert shown["found"]["holds"]["count"] == 40
    assert shown["read"] == 120


# -- what holds of both ----------------------------------------------------------------------------


@pytest.mark.parametrize("operation", [RESCORE, PREVIEW])
def test_an_address_is_refused_without_echo(crowd: Crowd, operation: str) -> None:
    address = "ana@example.com"
    ended = crowd.asks(operation, {"condition": {"trait": "email", "equals": address}})
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert "An e-mail address is not accepted here" in ended["cause"]
    assert "Paste" in ended["cause"]
    assert address not in ended["cause"]


@pytest.mark.parametrize("data", [{}, {"Comment": "Insert your JSON here"}])
def test_the_text_that_the_console_fills_in_does_nothing_and_shows_what_to_paste(
    crowd: Crowd, after: Path, data: object
) -> None:
    crowd.world.deploy_content(after)
    for operation in (RESCORE, PREVIEW):
        ended = crowd.asks(operation, data)["output"]
        assert ended["outcome"] in ("not confirmed", "nothing to do yet")
        assert "paste" in ended["summary"].lower()
    assert crowd.events("rules_changed") == []


def test_nothing_personal_is_in_histories_logs_and_files(a_dozen: Arrived, after: Path) -> None:
    lines: list[str] = []
    with a_dozen.somewhere(on_log=lambda _, __, line: lines.append(line)) as crowd:
        crowd.world.deploy_content(after)
        for data in ({}, {"dry_run": True}, {"confirm": 12}):
            crowd.asks(RESCORE, data)
        crowd.asks(PREVIEW, {"condition": {"did": "page_viewed", "within": "300 days"}})
        told = crowd.histories() + "".join(lines) + "".join(files(crowd.world))
    assert crowd.people[3] in told
    for personal in ("person3", "example.com", "/pricing"):
        assert personal not in told


def files(world: World) -> Iterator[str]:
    """The content of every file of operations."""
    s3, bucket = world.client("s3"), world.stack.resources["OperationsBucket"].name
    for each in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        yield s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode()


SAMPLES = {
    "operation-rescore-contacts/how_many": "not confirmed",
    "operation-rescore-contacts/dry_run": "dry run",
    "operation-rescore-contacts/confirm": "told",
    "operation-rescore-contacts/not_a_number": "InvalidInput",
    "operation-rescore-contacts/an_address": "InvalidInput",
    "operation-preview-segment/nothing": "nothing to do yet",
    "operation-preview-segment/a_segment": "shown",
    "operation-preview-segment/a_condition": "shown",
    "operation-preview-segment/a_condition_in_yaml": "shown",
    "operation-preview-segment/a_segment_as_it_would_be": "shown",
    "operation-preview-segment/misspelt": "InvalidInput",
    "operation-preview-segment/an_address": "InvalidInput",
    "operation-report-leads/nothing": "nothing to do yet",
    "operation-report-leads/by_campaign": "reported",
    "operation-report-leads/by_landing_page": "reported",
    "operation-report-leads/misspelt": "InvalidInput",
    "operation-report-leads/an_address": "InvalidInput",
}


def test_every_sample_of_an_operation_ends_as_it_should(a_dozen: Arrived, after: Path) -> None:
    folder = ROOT / "events" / "executions"
    there = {
        f"{path.parent.name}/{path.stem}"
        for name in (RESCORE, PREVIEW, "report-leads")
        for path in folder.glob(f"operation-{name}/*.json")
    }
    assert there == set(SAMPLES)
    with a_dozen.somewhere() as crowd:
        crowd.world.deploy_content(after)
        for sample, outcome in SAMPLES.items():
            data = json.loads((folder / f"{sample}.json").read_text(encoding="utf-8"))
            machine = sample.partition("/")[0].removeprefix("operation-")
            ended = crowd.asks(machine, data)
            assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome, sample


def test_every_call_is_allowed_by_the_template(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    in_parts_of(crowd.world, 40, RESCORE)
    for data in ({"dry_run": True}, {"confirm": 120}):
        crowd.asks(RESCORE, data)
    crowd.asks(PREVIEW, {"condition": {"did": "page_viewed", "within": "300 days"}})
    assert missing(crowd.world.stack, crowd.world.recorder.uses) == []


def test_every_input_in_the_documentation_does_what_it_says(crowd: Crowd, after: Path) -> None:
    crowd.world.deploy_content(after)
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    table = text.partition("## Operations on many contacts")[2].partition("After a deployment")[0]
    inputs = re.findall(r"^\| *(?:`([a-z-]+)`)? *\| `(\{.*?\})` \|", table, re.MULTILINE)
    assert len(inputs) == 8
    operation = ""
    for name, data in inputs:
        operation = name or operation
        ended = crowd.asks(operation, data.replace("{…}", '{"did": "page_viewed"}'))
        assert ended["output"]["outcome"] in SHOWN, data


SHOWN = {"not confirmed", "dry run", "told", "shown", "counted", "nobody"}


# -- every way is gone -----------------------------------------------------------------------------


def test_every_branch_of_both_operations_is_reached(
    a_dozen: Arrived, before: Path, after: Path
) -> None:
    nobody = Arrived(before, [], MONDAY, {})
    for operation, inputs in (
        (RESCORE, ({}, {"dry_run": True}, {"confirm": 12}, {"confirm": "x"})),
        (PREVIEW, ({}, {"segment": "fans"}, {"segment": "x"})),
    ):
        taken: Counter[tuple[str, str, str]] = Counter()
        for people, parts_of, broken, faults in (
            (a_dozen, 5, False, None),
            (a_dozen, None, True, None),
            (nobody, None, False, None),
            (a_dozen, 1, False, None),
            (a_dozen, None, False, not_allowed("list-contacts")),
            (a_dozen, None, False, not_allowed("judge-contacts")),
            (a_dozen, None, False, not_allowed("tell-rules-changed")),
            (a_dozen, None, False, not_allowed("sum-up")),
        ):
            with people.somewhere(faults=faults) as crowd:
                crowd.world.deploy_content(after)
                if broken:
                    break_one(crowd)
                if parts_of:
                    in_parts_of(crowd.world, parts_of, operation, at_most=10)
                for data in inputs:
                    crowd.asks(operation, data)
                name = f"relance-operation-{operation}"
                taken += Counter(crowd.world.machines.branches(name))
                ways = crowd.world.machines.branches(name)
        assert [" ".join(way) for way in ways if not taken[way]] == []


def break_one(crowd: Crowd) -> None:
    """A profile that nobody can read."""
    key = (crowd.people[7], "now#profile")
    crowd.store.write(Update(Table.CONTACTS, key, set={"body": "{"}))
