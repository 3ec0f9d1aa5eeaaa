"""A journey over the people of a file: the same from the same seed, however the work is shared."""

import csv
import json
import re
import time
from collections import Counter
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest

from local.cli.main import main
from local.cli.mistakes import Mistake
from local.faults import Fault, FaultPlan, Rule
from local.pages.rehearsal import page
from local.rehearsal.findings import Findings
from local.rehearsal.habits import Habits
from local.rehearsal.people import read_people
from local.rehearsal.report import Rehearsal, text
from local.rehearsal.run import FIRST_DAY, Asked, rehearse
from local.rehearsal.shard import Setting, peak_megabytes, rehearse_shard
from local.world import World
from tests.local.rehearsal.test_people import CONTENT
from tests.workflows.story import MONDAY, Story

ZONES = ("Europe/Paris", "Europe/London", "America/New_York")


def people_file(path: Path, people: int) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["E-mail", "First name", "Language", "Time zone"])
        for n in range(people):
            rows.writerow([f"p{n}@example.com", f"P{n}", ("en", "fr")[n % 2], ZONES[n % 3]])
    return path


def told(rehearsal: Rehearsal) -> tuple[str, str]:
    return text(rehearsal, []), page(rehearsal)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    path = people_file(tmp_path_factory.mktemp("rehearsal") / "people.csv", 12)
    return Asked("welcome", path, days=9, processes=1, shard=6)


@pytest.fixture(scope="module")
def rehearsal(asked: Asked) -> Rehearsal:
    return rehearse(asked)


def test_everybody_is_told_of_and_the_numbers_add_up(rehearsal: Rehearsal) -> None:
    found = rehearsal.found
    assert found.people == found.came == 12
    ended, waiting = found.endings.total(), found.waiting.total()
    assert ended + waiting == rehearsal.executions >= 12
    assert found.sent.total() == found.days.total() == found.hours.total() == found.minutes.total()
    assert sum(n * count for n, count in found.busiest.items()) == found.sent.total()
    assert found.units["emails"] == found.sent.total()
    assert found.tally.came["Let them in"] == rehearsal.executions
    assert found.journeys == {"welcome": found.ways["May they come in?", "Set the deadlines"]}
    assert not found.surprises
    assert not any(failed for _, failed, _, _ in found.endings)


def test_it_is_told_in_words_and_on_a_page(rehearsal: Rehearsal) -> None:
    words, html = told(rehearsal)
    for title in ("What becomes of them", "Step by step", "Where nobody went", "What it will cost"):
        assert title in words
        assert title in html
    assert re.search(r"May they come in\?  ─ nobody named →  Nothing to do yet", words)
    assert "It takes $decision = 'nothing_to_do'." in words
    assert "Other journeys, the same people" in words
    assert 'class="heat"' in html
    assert "<script" not in html
    assert not re.search(r"(?:src|href)=", html)
    assert "@example.com" not in words + html


def test_the_same_seed_gives_the_same_bytes_over_two_processes(
    asked: Asked, rehearsal: Rehearsal
) -> None:
    assert told(rehearse(replace(asked, processes=2))) == told(rehearsal)


def test_quick_tables_come_to_the_same_as_dynamodb_to_the_bill(asked: Asked) -> None:
    setting = Setting("welcome", FIRST_DAY, days=8, over=2, seed=3)
    subjects = read_people(asked.contacts, CONTENT).subjects[:8]
    quick = rehearse_shard(setting, subjects)
    slow = rehearse_shard(setting, subjects, quick=False)
    for each in fields(Findings):
        if each.name not in {"units", "tally"}:
            assert getattr(quick, each.name) == getattr(slow, each.name), each.name
    # Two transactions that meet at one item are tried again in DynamoDB alone: a moment later.
    assert replace(quick.tally, stays={}) == replace(slow.tally, stays={})
    for state, stays in slow.tally.stays.items():
        seconds = sorted(quick.tally.stays[state].elements())
        assert seconds == pytest.approx(sorted(stays.elements()), abs=1), state
    assert set(quick.units) == set(slow.units)
    for unit, used in slow.units.items():
        assert quick.units[unit] == pytest.approx(used, rel=0.01), unit


def test_quick_tables_take_faults_as_dynamodb_does() -> None:
    told = []
    for quick in (True, False):
        rules = [
            Rule(Fault.FAIL_BEFORE, function="enter-workflow", service="dynamodb", times=2),
            Rule(Fault.STOP_AFTER, function="enter-workflow", operation="Query"),
            Rule(Fault.FAIL_AFTER, function="update-contact", operation="TransactWriteItems"),
            Rule(Fault.STOP_BEFORE, function="await-event", operation="Query"),
            Rule(Fault.DELAY, function="await-event", operation="PutItem"),
        ]
        plan = FaultPlan(list(rules))
        with World.build(start=MONDAY, seed=1, faults=plan, quick_tables=quick) as world:
            story = Story(world)
            story.signs_up("ana@example.com")
            story.day(0.5)
            story.confirms("ana@example.com")
            story.day(8)
            struck = [(made.function, made.operation, rule.fault) for made, rule in plan.struck]
            sends = [(each["message"], each["state"]) for each in story.sends("ana@example.com")]
            told.append((struck, sends, story.outcomes(), story.names("ana@example.com")))
    assert len(told[0][0]) == 6, told[0][0]
    assert told[0] == told[1]


def test_the_past_of_an_exported_contact_decides_and_its_consent_stands(tmp_path: Path) -> None:
    """Day 0 Ana signs up, confirms and clicks; exported, she is known and not asked again."""
    with World.build(start=MONDAY, seed=1) as world:
        story = Story(world)
        story.signs_up("ana@example.com")
        story.confirms("ana@example.com")
        story.clicks("ana@example.com")
        world.start("privacy-export-contact", {"contact": story.contact("ana@example.com")})
        story.a_moment()
        bucket = world.stack.resources["PrivacyBucket"].name
        s3 = world.client("s3")
        (key,) = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    (tmp_path / "ana.json").write_bytes(body)
    people = read_people(tmp_path, CONTENT)
    (ana,) = people.subjects
    assert (ana.past.clicked, ana.past.orders) == (1, 0)
    assert people.newest is not None
    assert people.newest.date() == MONDAY.date()

    habits = Habits.model_validate({"rates": {"signs_up_twice": 0}})
    setting = Setting("welcome", MONDAY + timedelta(days=1), days=3, over=1, seed=3, habits=habits)
    found = rehearse_shard(setting, people.subjects)
    assert Counter({state: n for (state, *_), n in found.endings.items()}) == {"Not eligible": 1}
    assert not found.sent


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        pytest.param(["welcom"], "Did you mean welcome?", id="journey"),
        pytest.param(["welcome", "--mapping", "nobody"], "There is no mapping", id="mapping"),
        pytest.param(["welcome", "--audience", "none.yaml"], "none.yaml: ", id="audience"),
        pytest.param(["welcome", "--set", "SendMod=live"], "SendMode", id="parameter"),
        pytest.param(["welcome", "--set", "SendMode"], "SendMode=live", id="no value"),
        pytest.param(
            ["welcome", "--set", "SendMode=foo"], '"SendMode" cannot be "foo"', id="value"
        ),
        pytest.param(["welcome", "--live", "birthday,cart_recovry"], "cart-recovery", id="live"),
    ],
)
def test_what_is_typed_wrongly_is_answered_with_a_sentence(
    asked: Asked, capsys: pytest.CaptureFixture[str], typed: list[str], sentence: str
) -> None:
    assert main(["rehearse", *typed, "--contacts", str(asked.contacts)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_seed_that_is_no_number_is_answered_with_a_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["rehearse", "welcome", "--contacts", "people.csv", "--seed", "x"])
    assert '"x" is not a whole number from 0 up' in capsys.readouterr().err


def test_rules_that_are_disabled_are_told_and_live_journeys_really_meet(tmp_path: Path) -> None:
    """Six confirm within a day; from day 2 each puts something into the cart."""
    audience = tmp_path / "audience.yaml"
    audience.write_text(
        "rates: {confirms: 1, mailbox_gone: 0, mailbox_full: 0, unsubscribes: 0, complains: 0}\n"
        "buys: no\n"
        "events: [{event: product_added, from_day: 2, to_day: 3, properties: {cart_id: C1}}]\n"
    )
    people = people_file(tmp_path / "people.csv", 6)
    asked = Asked("welcome", people, days=8, over=1, audience=audience, processes=1)

    alone = rehearse(asked)
    assert set(alone.found.journeys) == {"welcome"}
    words = " ".join(text(alone, []).split())
    assert "Not in this rehearsal, since their rules are disabled here: after_purchase," in words
    assert "--live after_purchase,birthday; with all: --set JourneysStart=by-themselves." in words
    assert "None of the other journeys" not in words

    together = rehearse(replace(asked, live=("cart_recovery",)))
    assert together.found.journeys["cart_recovery"] == 6
    assert together.found.sent["cart-reminder", "cart_recovery"] > 0
    words = " ".join(text(together, []).split())
    assert "Other journeys let in the same people: cart_recovery (6 came in)." in words
    assert "cart_recovery" not in words.partition("rules are disabled here")[2]
    assert alone.found.meetings.total() == 0
    assert together.found.meetings.total() > 0


def test_a_live_journey_comes_in_by_its_own_rule(tmp_path: Path) -> None:
    audience = tmp_path / "audience.yaml"
    audience.write_text("events: [{event: product_added, to_day: 1, properties: {cart_id: C1}}]\n")
    people = people_file(tmp_path / "people.csv", 2)
    asked = Asked("cart-recovery", people, days=2, audience=audience, processes=1)
    assert rehearse(asked).door.startswith("The journey is started for everybody in the file")
    by_rule = rehearse(replace(asked, live=("cart_recovery",)))
    assert by_rule.door == "What people do starts it: product_added."
    assert by_rule.executions == 2


def test_a_broken_file_stops_everything(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("E-mail,Country\nana@example.com,Frankreich\n")
    with pytest.raises(Mistake, match="line 2: Country"):
        rehearse(Asked("welcome", path))


@pytest.mark.long
def test_a_person_s_fate_hangs_on_nobody_in_the_same_world(asked: Asked) -> None:
    whole = rehearse(replace(asked, shard=12)).found
    halves = rehearse(replace(asked, shard=5)).found
    for name in ("endings", "sent", "skipped", "days", "hours"):
        assert getattr(whole, name) == getattr(halves, name), name


@pytest.mark.long
def test_ten_thousand_go_through_welcome_in_five_minutes(tmp_path: Path) -> None:
    """On two cores that do nothing else; memory of all processes together under 1.5 GB."""
    path = people_file(tmp_path / "people.csv", 10_000)
    asked = Asked("welcome", path, days=30, processes=2)
    begun = time.perf_counter()
    rehearsal = rehearse(asked)
    seconds = time.perf_counter() - begun
    megabytes = peak_megabytes() + 2 * rehearsal.megabytes
    print(json.dumps({"seconds": round(seconds), "MB": megabytes}))
    assert rehearsal.found.came == 10_000
    assert seconds < 300
    assert megabytes < 1_500
