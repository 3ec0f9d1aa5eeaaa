"""The story of a contact: every event once, and the steps of a leap in their order."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from relance.events import Event, Name
from relance.timeline import step_by_step

NINE = datetime(2026, 2, 4, 9, tzinfo=UTC)
STAGES = ("nurtured", "qualified", "opportunity", "customer", "loyal")


def event(number: int, name: str, at: datetime = NINE, **properties: str) -> Event:
    return Event(
        contact_id="01KF9BA2VP1M8PF4KC9GTJKWHF",
        event_id=f"{number:026}",
        name=name,
        occurred_at=at,
        received_at=at,
        source="engine",
        properties=properties,
    )


def step(number: int, before: str, after: str) -> Event:
    return event(number, Name.STAGE_ADVANCED, stage=after, from_stage=before)


@pytest.mark.parametrize("ids", list(permutations(range(4))), ids=str)
def test_each_step_of_a_leap_is_told_once_and_after_the_one_before(ids: tuple[int, ...]) -> None:
    order = event(9, Name.ORDER_COMPLETED)
    later = event(0, "page_viewed", NINE + timedelta(seconds=1))
    leap = [step(number, *both) for number, both in zip(ids, pairwise(STAGES), strict=True)]
    assert step_by_step([later, *leap, order]) == [order, *leap, later]


def test_who_rises_and_falls_in_one_instant_is_told_both() -> None:
    up = step(2, "lead", "customer")
    down = event(1, Name.STAGE_FELL_BACK, stage="lead", from_stage="customer")
    told = step_by_step([down, up])
    assert sorted(each.event_id for each in told) == [down.event_id, up.event_id]
