"""What is counted of a rehearsal: the ledger, the meetings of journeys, the ways nobody took."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from local.rehearsal.findings import Findings, take_events, take_sends
from local.rehearsal.unseen import unseen_ways

START = datetime(2026, 1, 5, tzinfo=UTC)


def send(contact: str, workflow: str, message: str, at: str, **more: object) -> dict[str, object]:
    return {
        "contact_id": contact,
        "workflow": workflow,
        "message": message,
        "state": "delivered",
        "claimed_at": at,
        "sent_at": at,
        **more,
    }


def counted(*sends: dict[str, object]) -> Findings:
    found = Findings()
    take_sends(found, sends, {"ana": ZoneInfo("Asia/Tokyo")}, START)  # type: ignore[arg-type]
    return found


def test_messages_of_two_journeys_on_one_day_where_the_contact_lives_meet() -> None:
    found = counted(
        send("ana", "welcome", "hello", "2026-01-06T14:59:00.000Z"),  # 23:59 in Tokyo
        send("ana", "cart", "your-cart", "2026-01-06T15:01:00.000Z"),  # the day after
        send("ben", "welcome", "hello", "2026-01-06T14:59:00.000Z"),
        send("ben", "cart", "your-cart", "2026-01-06T15:01:00.000Z"),
        send("ben", "cart", "your-cart", "2026-01-06T16:01:00.000Z"),
    )
    assert found.meetings == {("your-cart", "hello"): 1}
    assert found.busiest == {1: 2, 3: 1}
    assert found.days == {"2026-01-06": 4, "2026-01-07": 1}
    assert found.hours[2, 0] == 1


def test_what_was_not_sent_is_counted_by_its_reason_and_what_was_before_is_not() -> None:
    found = counted(
        send("ana", "w", "m", "2026-01-06T10:00:00.000Z", state="skipped", reason="capped"),
        send("ana", "w", "m", "2026-01-06T11:00:00.000Z", state="skipped", reason="capped"),
        send("ana", "w", "m", "2026-01-06T11:00:00.000Z", state="bounced", reason="permanent"),
        send("ana", "w", "m", "2026-01-04T11:00:00.000Z"),
        {"send_id": "ranges", "packed": ""},
    )
    assert found.skipped == {("m", "capped"): 2}
    assert found.sent == {("m", "w"): 1}


def test_what_waited_and_who_came_in_stands_in_the_history() -> None:
    found = Findings()
    properties = {"message": "m", "reason": "quiet_hours", "workflow": "w"}
    events = [
        {"name": name, "received_at": f"2026-01-0{day}T10:00:00.000Z", "properties": properties}
        for name in ("email_deferred", "workflow_entered", "email_sent")
        for day in (4, 6)
    ]
    take_events(found, events, START)
    assert found.deferred == {("m", "quiet_hours"): 1}
    assert found.journeys == {"w": 1}


COUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(1, 50)).map(Counter)


@given(COUNTS, COUNTS)
def test_findings_add_up(one: Counter[str], other: Counter[str]) -> None:
    both = Findings(people=1, deeds=one) + Findings(people=2, deeds=other)
    assert both.people == 3
    assert both.deeds == one + other


MACHINE = {
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Catch": [
                {"ErrorEquals": ["States.Timeout"], "Next": "Late"},
                {"ErrorEquals": ["States.ALL"], "Assign": {}, "Next": "Broken"},
            ],
            "Next": "Yes?",
        },
        "Yes?": {
            "Type": "Choice",
            "Choices": [{"Comment": "yes", "Condition": "{% $answer = 'yes' %}", "Next": "Well"}],
            "Default": "Late",
        },
    }
}


def test_a_way_that_nobody_took_says_who_stood_there_and_what_it_takes() -> None:
    found = Findings()
    found.tally.came = Counter({"Ask": 9, "Yes?": 7})
    found.waiting = Counter({"Ask": 2})
    found.branches = Counter(
        {
            ("Ask", "Catch[0]", "Late"): 0,
            ("Ask", "Catch[1]", "Broken"): 0,
            ("Ask", "Next", "Yes?"): 7,
            ("Yes?", "Choices[0]", "Well"): 0,
            ("Yes?", "Default", "Late"): 7,
            ("Nowhere", "Next", "Late"): 0,
        }
    )
    late, yes = unseen_ways(MACHINE, found)
    assert (late.state, late.branch, late.target) == ("Ask", "time is up", "Late")
    assert "2 still wait" in late.why
    assert (yes.branch, yes.why) == (
        "yes",
        "7 came here, of whom 7 went \"otherwise\". It takes $answer = 'yes'.",
    )
