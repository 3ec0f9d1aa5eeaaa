"""What hurt the users of other systems: here each is a story that ends well.

From Monday 5 January 2026, 9:00 (UTC).
"""

import copy
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.faults import Fault, FaultPlan, Rule
from local.world import World
from tests.workflows.journeys import SWITCHED_ON, Tale, tale_of
from tests.workflows.story import MONDAY

Tell = Callable[..., Tale]


@pytest.fixture
def tell() -> Iterator[Tell]:
    """Begins a story about a journey."""
    worlds: list[World] = []

    def begin(journey: str, faults: FaultPlan | None = None) -> Tale:
        world = World.build(
            start=MONDAY, seed=1, parameters=SWITCHED_ON, faults=faults, quick_tables=True
        )
        worlds.append(world)
        return tale_of(world, journey)

    yield begin
    for world in worlds:
        world.close()


def test_p15_whoever_comes_and_goes_in_a_segment_keeps_the_wait(tell: Tell) -> None:
    tale = tell("birthday")
    # Ana's birthday is on Friday: she enters the segment, the journey begins, and waits.
    tale.arrives("ana", birth_date="1984-01-09", time_zone="Europe/Lisbon")
    tale.a_moment()
    (waits,) = tale.records("ana@example.com", "now#wait#")
    # On Tuesday somebody mistypes the date and mends it, twice: she leaves and enters again.
    tale.day(1)
    for _ in range(2):
        for born in ("1984-07-09", "1984-01-09"):
            tale.happens("ana", "identified", traits={"birth_date": born})
            tale.a_moment()
    names = tale.names("ana@example.com")
    assert (names.count("segment_entered"), names.count("segment_left")) == (3, 2)
    # The wait is the one of Monday, nothing was begun twice; on Friday she is congratulated, once.
    assert tale.records("ana@example.com", "now#wait#") == [waits]
    tale.day(10)
    assert tale.ends("ana") == ["congratulated", "already in", "already in"]
    assert tale.got("ana") == ["birthday"]


def test_p17_where_one_step_fails_others_go_on_and_the_failure_is_seen(tell: Tell) -> None:
    # The second send of all is refused for a reason that does not pass: it is Ben's first.
    refused = Rule(
        Fault.FAIL_BEFORE,
        function="send-email",
        operation="SendEmail",
        invocation=2,
        code="AccessDeniedException",
        status=403,
        times=None,
    )
    tale = tell("win_back", FaultPlan([refused]))
    for name in ("ana", "ben", "cleo"):
        tale.world.start("journey-win-back", {"contact": tale.arrives(name)})
        tale.a_moment()
    assert [tale.ends(name) for name in ("ana", "ben", "cleo")] == [
        ["RUNNING"],
        ["FAILED"],
        ["RUNNING"],
    ]
    (failed,) = [each for each in tale.of() if each["status"] == "FAILED"]
    assert failed["error"]
    left = tale.events("ben@example.com", "workflow_left")[0]
    assert left["properties"]["outcome"] == "failed"
    assert tale.records("ben@example.com", "now#") == ["now#profile", "now#register"]
    # The others get all three letters.
    tale.day(43)
    assert tale.got("ana") == tale.got("cleo")
    assert len(tale.got("ana")) == 3
    assert tale.got("ben") == []


def test_p21_whoever_is_inside_finishes_the_version_that_they_began(tell: Tell) -> None:
    tale = tell("win_back")
    tale.world.start("journey-win-back", {"contact": tale.arrives("ana")})
    tale.day(3)
    # On Thursday the last offer is taken out of the journey: after the news they are let sleep.
    changed = copy.deepcopy(definition(tale))
    wait = changed["States"]["Wait two weeks after the news"]
    wait["Catch"][0]["Next"] = 'Put them on the list "asleep"'
    for gone in (
        "Has any letter reached them?",
        "Make the last offer",
        "Was the last offer sent?",
        "Wait two weeks after the offer",
        "Did they answer the offer?",
    ):
        del changed["States"][gone]
    machine = tale.world.stack.resources["WinBackJourney"]
    tale.world.machines.create(
        machine.name, changed, arn=tale.world.machine_arn("journey-win-back")
    )
    tale.world.start("journey-win-back", {"contact": tale.arrives("ben")})
    tale.day(60)
    assert tale.got("ana") == ["win-back-missed", "win-back-news", "win-back-offer"]
    assert tale.got("ben") == ["win-back-missed", "win-back-news"]
    assert tale.ends("ana") == tale.ends("ben") == ["put to sleep"]


def definition(tale: Tale) -> dict[str, Any]:
    """The machine as it is deployed."""
    found = tale.world.stack.machines.values()
    return next(dict(each.definition) for each in found if each.name.endswith("journey-win-back"))


def stop(tale: Tale) -> None:
    """Somebody presses Stop in the console."""
    (execution,) = [each for each in tale.of() if each["status"] == "RUNNING"]
    states = tale.world.client("stepfunctions")
    states.stop_execution(executionArn=execution["executionArn"])


def break_off(tale: Tale) -> None:
    """What the pause waits for breaks, in a way that does not pass."""
    (wait,) = [row for row in tale.rows("Contacts") if row["record"].startswith("now#wait#")]
    states = tale.world.client("stepfunctions")
    states.send_task_failure(taskToken=wait["token"], error="Defect", cause="on purpose")


def run_out_of_time(tale: Tale) -> None:
    """The hour passes that is all that the machine has."""
    tale.world.run(for_=timedelta(hours=1))


ENDINGS = [
    pytest.param(stop, "stopped in the console", id="stopped by hand"),
    pytest.param(break_off, "failed", id="failed"),
    pytest.param(run_out_of_time, "timed out", id="out of time"),
]


@pytest.mark.parametrize(("end", "outcome"), ENDINGS)
def test_p26_a_journey_that_is_cut_off_leaves_nothing_behind(
    tell: Tell, end: Callable[[Tale], None], outcome: str
) -> None:
    tale = tell("win_back")
    machine = tale.world.stack.resources["WinBackJourney"]
    arn = tale.world.machine_arn("journey-win-back")
    hasty = {**definition(tale), "TimeoutSeconds": 3600}
    tale.world.machines.create(machine.name, hasty, arn=arn)
    # Where Ana lives it is night: her letter waits for the morning, and the journey for it.
    ana = tale.arrives("ana", time_zone="America/Los_Angeles")
    tale.world.start("journey-win-back", {"contact": ana})
    tale.a_moment()
    assert [each["state"] for each in tale.sends("ana@example.com")] == ["deferred"]
    assert len(tale.records("ana@example.com", "now#")) == 4
    end(tale)
    tale.a_moment()
    # Wait, message and enrolment are gone, and her timeline says why.
    assert tale.records("ana@example.com", "now#") == ["now#profile", "now#register"]
    (send,) = tale.sends("ana@example.com")
    assert (send["state"], send["reason"]) == ("skipped", "left")
    left = tale.events("ana@example.com", "workflow_left")[-1]
    assert left["properties"]["outcome"] == outcome
    # Half a year later she is let in again, and gets what she never got.
    tale.world.machines.create(machine.name, definition(tale), arn=arn)
    tale.day(182)
    assert tale.got("ana") == []
    tale.world.start("journey-win-back", {"contact": ana})
    tale.day(183)
    assert tale.got("ana") == ["win-back-missed"]
