"""Storms over every journey: a few here, a thousand each with `make test-long`.

What a storm is, what must hold after it, and how to see one again: `tests/workflows/storms.py`.
"""

import pytest
from relance.storage import Put, Table

from local.faults import Fault, FaultPlan, Rule
from local.world import World
from tests.workflows.storms import MACHINES, Storm, storm
from tests.workflows.story import MONDAY

A_THOUSAND = range(1_000)
AT_ONCE = 50
"""How many storms a test sends: small enough to be spread over processes."""


@pytest.mark.parametrize("journey", MACHINES)
def test_a_journey_comes_through_a_storm(journey: str) -> None:
    storm(journey, list(MACHINES).index(journey))  # one in two is calm


@pytest.mark.long
@pytest.mark.parametrize("first", A_THOUSAND[::AT_ONCE])
@pytest.mark.parametrize("journey", MACHINES)
def test_a_journey_comes_through_a_thousand_storms(journey: str, first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        storm(journey, seed)


@pytest.mark.long
@pytest.mark.parametrize("journey", MACHINES)
def test_a_journey_comes_through_storms_on_dynamodb_itself(journey: str) -> None:
    for seed in range(2_000, 2_008):
        storm(journey, seed, quick=False)


def test_what_a_storm_left_behind_is_told() -> None:
    with World.build(start=MONDAY, seed=1, quick_tables=True) as world:
        here = Storm(world, journey="birthday")
        ana = here.ids["ana"] = here.arrives("ana")
        here.a_moment()
        assert here.what_is_wrong() == []
        step = {"contact_id": ana, "workflow": "birthday", "entry": "e", "step": "s"}
        wait = {**step, "record": "now#wait#birthday#e#s#1"}
        here.store.write(Put(Table.CONTACTS, wait))
        send = {**step, "send_id": "S", "state": "deferred", "message": "birthday"}
        here.store.write(Put(Table.SENDS, send))
        execution = world.start("journey-birthday", {"contact": ana})
        world.client("stepfunctions").stop_execution(executionArn=execution)
        told = here.what_is_wrong()
        assert len(told) == 3, told


def test_an_ending_that_failed_three_times_is_closed_when_a_person_hands_it_over_again() -> None:
    dies = Rule(Fault.STOP_BEFORE, "close-workflow", times=3)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([dies]), quick_tables=True) as world:
        here = Storm(world, journey="birthday")
        ana = here.ids["ana"] = here.arrives("ana")
        # Ana's journey ends at once, as nobody knows her birthday; closing it fails for good.
        world.start("journey-birthday", {"contact": ana})
        here.day(1)
        assert here.ends("ana") == ["no birthday soon"]
        behind, waiting = here.what_is_wrong()
        assert "now#enrolment#birthday" in behind
        assert waiting == "something lies in UndeliveredEvents"
        # A while later: the queue has kept the report, and says to which function it belongs.
        here.day(2)
        here.what_was_undelivered_comes_again()
        assert here.what_is_wrong() == []
        (left,) = here.events("ana@example.com", "workflow_left")
        assert left["properties"]["outcome"] == "no birthday soon"
