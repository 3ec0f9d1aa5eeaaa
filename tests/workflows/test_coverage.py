"""Every state and every branch of the welcome journey is reached; the rules of the house hold."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from relance.states_language import check, parse_file
from relance.storage import Table

from local.faults import Fault, FaultPlan, Rule
from local.hub import Hub
from local.states.jsonata import Jsonata
from local.world import World
from tests.stack import table_names
from tests.workflows.story import MONDAY, Story

MACHINES = sorted((Path(__file__).resolve().parents[2] / "statemachines").glob("*/*.asl.json"))
SWEEP = "relance-SettleSendsFunctionEveryMinute"
Ways = Counter[tuple[str, str, str]]


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.name)
def test_the_rules_of_the_house_hold(path: Path) -> None:
    kind = "journey" if path.parent.name == "journeys" else "operation"
    with Hub(MONDAY) as hub:
        findings = check(parse_file(path), kind=kind, compile=Jsonata(hub).compile)
    assert [str(each) for each in findings] == []


def suppress(story: Story, address: str) -> None:
    """The address went bad elsewhere, and no event says so."""
    story.world.client("dynamodb").update_item(
        TableName=table_names()[Table.CONTACTS],
        Key={"contact_id": {"S": story.contact(address)}, "record": {"S": "now#register"}},
        UpdateExpression="SET suppressed = :s",
        ExpressionAttributeValues={":s": {"M": {"reason": {"S": "bounced"}, "at": {"S": "x"}}}},
    )


def the_usual_people(story: Story) -> None:
    """Those who do what people do."""
    for name in ("engaged", "idle", "late", "leaver", "again", "gone", "gone2", "gone3", "gone4"):
        story.signs_up(f"{name}@example.com")
    story.signs_up("complaint@simulator.amazonses.com")
    for name in ("engaged", "idle", "leaver", "gone3", "gone4"):
        story.confirms(f"{name}@example.com")
    story.clicks("engaged@example.com")
    story.unsubscribes("leaver@example.com")
    suppress(story, "gone4@example.com")
    story.clicks("gone4@example.com")
    suppress(story, "gone@example.com")
    suppress(story, "gone3@example.com")
    for name in ("oftener", "again2"):
        story.signs_up(f"{name}@example.com")
    story.world.start("journey-welcome", {})
    story.world.start("journey-welcome", {"contact": story.contact("engaged@example.com")})
    story.world.start("journey-welcome", {"contact": "nobody"})
    for day in (0.3, 0.8, 1.8):  # an address is taken five times a day and no more
        story.day(day)
        for name in ("again", "oftener") * 5:
            story.signs_up(f"{name}@example.com")
    story.day(4)
    story.confirms("late@example.com")
    suppress(story, "again@example.com")
    story.signs_up("again2@example.com")
    suppress(story, "gone2@example.com")
    for name in ("oftener", "gone2"):
        story.signs_up(f"{name}@example.com")
    story.confirms("again@example.com")
    complainer = "complaint@simulator.amazonses.com"
    story.signs_up(complainer)
    story.signs_up("complains-late@example.com")
    story.day(6.5)
    leave_by_complaint(story, "complains-late@example.com")
    story.day(20)


def leave_by_complaint(story: Story, address: str) -> None:
    send = story.sends(address)[-1]["send_id"]
    mail = {"messageId": "m", "timestamp": "2026-01-11T10:00:00Z", "tags": {"send_id": [send]}}
    complaint = {"timestamp": "2026-01-11T10:00:00Z", "complaintFeedbackType": "abuse"}
    detail = {"eventType": "Complaint", "mail": mail, "complaint": complaint}
    story.world.invoke("record_email_event", {"detail": detail})
    story.a_moment()


def one_of_each(story: Story) -> None:
    """Somebody who goes every way that sends, for faults to strike."""
    for name in ("engaged", "idle", "late"):
        story.signs_up(f"{name}@example.com")
    for name in ("engaged", "idle"):
        if story.mails(f"{name}@example.com"):
            story.confirms(f"{name}@example.com")
    if "welcome" in story.messages("engaged@example.com"):
        story.clicks("engaged@example.com")
    story.day(3.5)
    story.signs_up("late@example.com")
    until_all_have_ended(story)


def until_all_have_ended(story: Story) -> None:
    """Let days pass, as few as it takes."""
    machine = story.world.machine_arn("journey-welcome")
    list_executions = story.world.client("stepfunctions").list_executions
    while list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]:
        story.world.run(for_=timedelta(days=1))


def ways_of(tell: Callable[[Story], None], faults: FaultPlan | None) -> Ways:
    """The ways taken in one world."""
    with World.build(start=MONDAY, seed=1, faults=faults) as world:
        story = Story(world)
        tell(story)
        return Counter(world.machines.branches("relance-journey-welcome"))


def broken(function: str, invocation: int | None = None) -> FaultPlan:
    """A function that AWS will not let do its work: a defect, not a passing trouble."""
    return FaultPlan(
        [
            Rule(
                Fault.FAIL_BEFORE,
                function=function,
                invocation=invocation,
                code="AccessDeniedException",
                status=400,
                times=None,
            )
        ]
    )


def cut_off(invocation: int | None) -> FaultPlan:
    """A send that dies before SES is called."""
    return FaultPlan(
        [
            Rule(
                Fault.STOP_BEFORE,
                function="send-email",
                invocation=invocation,
                operation="SendEmail",
            )
        ]
    )


def with_no_sweep(tell: Callable[[Story], None]) -> Callable[[Story], None]:
    """The same while nothing settles what was left unsettled: the step that waits must give up."""

    def told(story: Story) -> None:
        story.world.wiring.recurring.remove(SWEEP)
        tell(story)

    return told


def test_every_branch_of_welcome_is_reached() -> None:
    taken: Ways = ways_of(the_usual_people, None)
    for function in ("enter-workflow", "award-points", "change-list"):
        taken += ways_of(one_of_each, broken(function))
    for invocation in (1, 4, 6):  # each step that waits, of one person or another
        taken += ways_of(one_of_each, broken("await-event", invocation))
    for invocation in (1, 4, 6, 7, 8, 9):  # each step that sends
        taken += ways_of(one_of_each, broken("send-email", invocation))
        taken += ways_of(one_of_each, cut_off(invocation))
        taken += ways_of(with_no_sweep(one_of_each), cut_off(invocation))
    with World.build(start=MONDAY, seed=1) as world:
        all_ways = world.machines.branches("relance-journey-welcome")
    missed = [" ".join(way) for way in all_ways if not taken[way]]
    assert missed == []
