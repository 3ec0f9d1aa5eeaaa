"""What a marketer sees on the dashboard, and what nobody sees there."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from relance.aws.dynamodb import DynamoStore
from relance.events import Event, put_once
from relance.ids import event_id, milliseconds

from local.faults import Fault, FaultPlan, Rule
from local.permissions import missing
from local.world import World
from tests.stack import table_names
from tests.workflows.conftest import MakeStory
from tests.workflows.mailing import Gathered, Mailing
from tests.workflows.privacy import asks, erases
from tests.workflows.story import Story
from tests.workflows.widgets import Widget

ANA = "ana@example.com"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def finder(story: Story, **options: Any) -> Widget:
    return Widget(story.world, {"view": "find"}, **options)


def found(story: Story, who: str = ANA) -> tuple[Widget, Any]:
    widget = finder(story)
    widget.shows()
    return widget, widget.presses("Find", who=who)


def test_a_contact_is_found_by_its_address_and_its_page_says_how_things_stand(
    story: Story,
) -> None:
    story.signs_up(ANA, first_name="Ana", role="owner")
    contact = story.contact(ANA)
    widget, page = found(story)
    assert contact in page.text
    assert "Consents | newsletter: pending" in page.text
    assert "Mail | can be written to, as the consents say" in page.text
    arn = story.executions()[0]["executionArn"]
    assert page.links["welcome"] == (
        "https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1"
        f"#/v2/executions/details/{arn}"
    )
    assert "waits for confirmed" in page.text
    assert 'Signed up with the form "newsletter"' in page.text
    assert page.endpoints == {"arn:aws:lambda:us-east-1:123456789012:function:relance-show-widget"}
    assert widget.presses("Read anew").text == page.text
    assert "E-mail address" in widget.presses("Look for somebody else").text


def test_neither_the_address_nor_the_name_is_shown_kept_or_logged(
    story: Story, capfd: pytest.CaptureFixture[str]
) -> None:
    story.signs_up(ANA, first_name="Anastasia", role="owner")
    story.confirms(ANA)
    capfd.readouterr()
    before = [story.rows(each) for each in ("Contacts", "Identities", "Events", "Sends")]
    widget, page = found(story)
    assert "role: owner" in page.text
    logged = "".join(capfd.readouterr())
    for secret in (ANA, "anastasia"):
        assert secret not in widget.html.lower()
        assert secret not in logged.lower()
    assert [story.rows(each) for each in ("Contacts", "Identities", "Events", "Sends")] == before


def test_whatever_a_contact_says_of_itself_is_text(story: Story) -> None:
    story.signs_up(ANA)
    contact = story.contact(ANA)
    happens(story, contact, "form_submitted", 1)
    happens(story, contact, HOSTILE, 2)
    properties = {"order_id": HOSTILE, "revenue": HOSTILE, "currency": "<b>"}
    happens(story, contact, "order_completed", 3, **properties)
    happens(story, contact, "email_clicked", 4, url=f"https://x.example/{HOSTILE}?a=ana@b.c")
    _, page = found(story)
    assert HOSTILE.lower() in page.text.lower()
    assert "script" not in page.elements
    assert "ana@b.c" not in page.text


def test_a_thousand_events_are_read_a_page_at_a_time(story: Story) -> None:
    story.signs_up(ANA)
    contact = story.contact(ANA)
    for number in range(1000):
        happens(story, contact, "order_completed", number, order_id=f"o{number:04}")
    story.a_moment(600)
    story.world.sandboxes.trace = []
    widget, page = found(story)
    assert [f"{made.service}.{made.operation}" for made in story.world.sandboxes.trace] == [
        "dynamodb.GetItem",
        "dynamodb.Query",  # profile, register, journeys and waits
        "dynamodb.Query",  # the last of the history
        "dynamodb.Query",  # which messages are of that time: none here
    ]
    orders: list[str] = []
    pages = 0
    while True:
        pages += 1
        orders += re.findall(r"order (o\d{4})", page.text)
        assert len(page.texts) < 400
        if "Before that" not in page.buttons:
            break
        page = widget.presses("Before that")
    assert orders == [f"o{number:04}" for number in reversed(range(1000))]
    assert pages == 21
    assert "In journeys now" in widget.presses("Latest").text


def test_why_a_message_waits_is_said_beside_the_journey() -> None:
    evening = datetime(2026, 1, 5, 22, 30, tzinfo=UTC)
    with World.build(start=evening, seed=1) as world:
        story = Story(world, start=evening)
        story.signs_up(ANA, role="owner")
        story.confirms(ANA)
        story.day(3.01)
        _, page = found(story)
        assert "waits to send until 2026-01-09 08:00. " in page.text
        assert "quiet hours" in page.text
        assert "Wait for click" not in page.text, "that pause is over"


def test_two_contacts_that_were_joined_are_one_person_under_either_id(story: Story) -> None:
    story.signs_up(ANA)
    story.signs_up("ana@work.example")
    ana, work = story.contact(ANA), story.contact("ana@work.example")
    happens(story, work, "order_completed", 5, order_id="at-work")
    wish = {"keep": ana, "join": work, "by": "kim", "reason": "wrote from both"}
    assert asks(story, "operation-join-contacts", wish)["status"] == "SUCCEEDED"
    for who in (ANA, "ana@work.example", ana, work):
        _, page = found(story, who)
        assert f"Contact  | {ana}" in page.text
        assert "order at-work" in page.text
        assert (f"{work} was joined to this contact" in page.text) == (who not in (ANA, ana))


def test_somebody_erased_is_said_to_be_and_nothing_else(story: Story) -> None:
    story.signs_up(ANA)
    contact = story.contact(ANA)
    erases(story, contact)
    assert "Nobody is known" in found(story)[1].text
    assert "was erased on 2026-01-05." in found(story, contact)[1].text


def test_a_contact_that_cannot_be_read_is_said_to_be(story: Story) -> None:
    story.signs_up(ANA)
    contact = story.contact(ANA)
    story.world.client("dynamodb").update_item(
        TableName=story.world.stack.resources["Contacts"].name,
        Key={"contact_id": {"S": contact}, "record": {"S": "now#profile"}},
        UpdateExpression="SET body = :b",
        ExpressionAttributeValues={":b": {"S": "{"}},
    )
    assert "cannot be read. Tell whoever operates the suite" in found(story)[1].text


def test_when_the_tables_are_busy_it_says_to_try_again(make_story: MakeStory) -> None:
    plan = FaultPlan()
    story = make_story(plan)
    story.signs_up(ANA)
    code = "ThrottlingException"
    plan.rules.append(Rule(Fault.FAIL_BEFORE, function="show-widget", times=None, code=code))
    assert "could not be read just now" in found(story)[1].text


def test_a_journey_is_counted_by_step_and_ending(story: Story) -> None:
    for number in range(4):
        story.signs_up(f"p{number}@example.com")
    story.confirms("p0@example.com")
    story.unsubscribes("p0@example.com")
    story.day(1)
    widget = Widget(story.world, {"view": "funnel", "journeys": ["welcome"]})
    assert "costs less than a cent" in widget.shows().text
    page = widget.presses("Welcome")
    assert "4 entries of 4 contacts" in page.text
    assert "In it now: 3" in page.text
    assert "Through: 1" in page.text
    assert "left: unsubscribed | 1 | 25%" in page.text
    assert "Wait for confirmation | 3 | 75% | 1 day" in page.text
    assert "Paused" not in page.text
    asked = {"journey": "welcome", "do": "pause"}
    story.world.start("operation-control", asked)
    story.a_moment(60)
    assert "Paused since 06 January 2026, 09:00 UTC" in widget.presses("Count anew").text
    assert "Welcome" in widget.presses("Another journey").buttons


@pytest.fixture(scope="module")
def a_dozen() -> Gathered:
    return Gathered.of(12)


@pytest.fixture
def few(a_dozen: Gathered) -> Iterator[Mailing]:
    """Twelve people who agreed, in a world of their own."""
    with a_dozen.somewhere() as mailing:
        yield mailing


def test_the_last_campaigns_are_shown_with_their_figures(few: Mailing) -> None:
    widget = Widget(few.world, {"view": "campaigns"})
    assert "No campaign was counted" in widget.shows().text
    few.unsubscribes(1)
    few.asks("send-campaign", {"campaign": "other", "message": "welcome", "to": {"list": "none"}})
    assert few.sends()["status"] == "SUCCEEDED"
    few.sends()
    few.world.sandboxes.trace = []
    page = widget.shows()
    assert "sent | welcome | 12 | 11 | 1 (1 unsubscribed) | 0 | 0" in page.text
    assert set(page.links) == {"spring-2026", "other"}
    calls = [made.operation for made in few.world.sandboxes.trace]
    assert calls == ["ListExecutions", *["DescribeExecution"] * 3, "BatchGetItem"]


def test_it_does_nothing_that_its_role_forbids(few: Mailing) -> None:
    few.sends()
    for params in ({"view": "campaigns"}, {"view": "count", "journey": "welcome"}):
        Widget(few.world, params).shows()
    Widget(few.world, {}).shows({"view": "person", "contact": few.people[0]})
    assert missing(few.world.stack, few.world.recorder.uses) == []


def happens(story: Story, contact: str, name: str, number: int, **properties: str) -> None:
    """Something that a contact did, so many seconds after the start."""
    at = story.start + timedelta(seconds=number)
    event = Event(
        contact_id=contact,
        event_id=event_id(milliseconds(at), "test", f"{name}{number}"),
        name=name,
        occurred_at=at,
        received_at=at,
        source="test",
        properties=properties,
    )
    store_of(story).write(put_once(event))


def store_of(story: Story) -> DynamoStore:
    """The tables, as use cases see them."""
    dynamodb = story.world.client("dynamodb")
    return DynamoStore(dynamodb, table_names(), sleep=lambda _: None, chance=lambda: 0.0)
