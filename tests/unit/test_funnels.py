"""Where the contacts of a journey stand, from its records alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from relance.funnels import AT_WORK, Standing, funnel
from relance.moments import to_text
from relance.register import new_register
from relance.storage import Item
from relance.workflows import Enrolment, Step, Wait, WaitKind

NOW = datetime(2026, 1, 10, tzinfo=UTC)


def inside(contact: str, *steps: tuple[str, int, int], days: int = 4) -> list[Item]:
    """Somebody who entered so many days ago, with pauses that began and end in so many days."""
    entered = NOW - timedelta(days=days)
    enrolment = Enrolment(contact, "welcome", "e1", "arn", entered, NOW)
    waits = [
        Wait(
            Step("welcome", contact, "e1", name),
            "token",
            WaitKind.EVENT,
            since=NOW + timedelta(days=since),
            until=NOW + timedelta(days=until),
        )
        for name, since, until in steps
    ]
    register = new_register(contact, address=None)
    return [register, enrolment.to_item(), *(each.to_item() for each in waits)]


def through(contact: str, outcome: str, days: int) -> list[Item]:
    """Somebody who was in it for so many days."""
    entered = NOW - timedelta(days=days + 1)
    enrolment = Enrolment(contact, "welcome", f"e{days}", "arn", entered, NOW)
    ended = entered + timedelta(days=days)
    return [enrolment.to_past(ended_at=ended, outcome=outcome)]


PEOPLE: Sequence[Item] = [
    *inside("c1", ("wait_for_click", -1, 2), days=2),
    *inside("c2", ("wait_for_click", -1, 2), days=4),
    *inside("c3", ("former", -3, -1), ("latest", -1, 1)),
    *inside("c4", ("former", -3, -1)),
    *through("c1", "engaged", 3),
    *through("c2", "engaged", 5),
    *through("c2", "never confirmed", 7),
]


@given(st.permutations(PEOPLE))
def test_everybody_stands_once_in_whatever_order_they_are_read(items: Sequence[Item]) -> None:
    found = funnel("welcome", items, now=NOW, is_complete=True)
    assert (found.contacts, found.entered) == (4, 7)
    assert found.inside == {
        "wait_for_click": Standing(2, timedelta(days=3)),
        AT_WORK: Standing(1, timedelta(days=4)),
        "latest": Standing(1, timedelta(days=4)),
    }
    assert found.ended == {
        "engaged": Standing(2, timedelta(days=4)),
        "never confirmed": Standing(1, timedelta(days=7)),
    }


def test_of_two_pauses_that_are_open_the_later_one_counts() -> None:
    items = inside("c1", ("second", -1, 2), ("first", -2, 2))
    assert list(funnel("welcome", items, now=NOW, is_complete=True).inside) == ["second"]


def test_a_pause_left_behind_by_another_entry_is_nobody_s() -> None:
    (register, enrolment, wait) = inside("c1", ("wait", -1, 2))
    items = [register, enrolment, {**wait, "entry": "e0", "until": to_text(NOW)}]
    assert list(funnel("welcome", items, now=NOW, is_complete=True).inside) == [AT_WORK]
