"""The funnel of a journey: who came, who is there, how long they stay."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from relance.funnel import Tally, Visit, visits_of

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def event(kind: str, name: str, hours: float) -> Mapping[str, object]:
    return {"timestamp": at(hours), "type": kind, f"{kind}EventDetails": {"name": name}}


HISTORY = [
    {"timestamp": at(0), "type": "ExecutionStarted"},
    event("stateEntered", "Ask", 0),
    event("stateExited", "Ask", 1),
    event("stateEntered", "Wait", 1),
    event("stateExited", "Wait", 4),
    event("stateEntered", "Ask", 4),
    event("stateExited", "Ask", 5),
    event("stateEntered", "Wait", 5),
]


def test_an_execution_is_read_from_its_history() -> None:
    assert visits_of(HISTORY) == [
        Visit("Ask", at(0), at(1)),
        Visit("Wait", at(1), at(4)),
        Visit("Ask", at(4), at(5)),
        Visit("Wait", at(5), None),
    ]


def test_who_comes_twice_is_one_and_stays_where_it_is() -> None:
    tally = Tally()
    tally.take(visits_of(HISTORY), running=True, now=at(30))
    ask, wait, never = tally.steps(["Ask", "Wait", "Never"])
    assert (ask.came, ask.here, ask.median) == (1, 0, timedelta(hours=1))
    assert (wait.came, wait.here, wait.median) == (1, 1, timedelta(hours=3))
    assert wait.waiting == timedelta(hours=25)
    assert (never.came, never.here, never.median, never.waiting) == (0, 0, None, None)


def test_an_execution_that_broke_off_is_nowhere() -> None:
    tally = Tally()
    tally.take(visits_of(HISTORY), running=False, now=at(30))
    assert not tally.here.total()


def test_half_of_the_stays_are_no_longer_than_the_median() -> None:
    tally = Tally()
    for hours in (1, 2, 3, 100):
        tally.take([Visit("Wait", at(0), at(hours))], running=False, now=at(200))
    assert tally.steps(["Wait"])[0].median == timedelta(hours=2)


LENGTHS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10**6), st.booleans()))


@given(LENGTHS, LENGTHS)
def test_tallies_add_up_to_the_tally_of_all(
    one: list[tuple[str, int, bool]], other: list[tuple[str, int, bool]]
) -> None:
    def tally(of: list[tuple[str, int, bool]]) -> Tally:
        found = Tally()
        for step, seconds, running in of:
            left = None if running else MONDAY + timedelta(seconds=seconds)
            found.take([Visit(step, MONDAY, left)], running=running, now=at(300))
        return found

    whole, parts = tally([*one, *other]), tally(one) + tally(other)
    assert parts.steps("abc") == whole.steps("abc")
    assert parts.executions == whole.executions
