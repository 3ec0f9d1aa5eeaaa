"""Opens and clicks: answered at once, judged with all that the mail got, and recorded once."""

import re
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from local.faults import Fault, FaultPlan, Rule
from local.http_messages import Request
from local.world import World
from tests.workflows.story import BROWSER, GMAIL, MONDAY, Story
from tests.workflows.test_cost import calls, warmed_up
from tests.workflows.test_promises import on_the_list

ANA = "ana@example.com"
APPLE = {"user-agent": "Mozilla/5.0"}


def fetch(story: Story, path: str, *, method: str = "GET", after: float = 0) -> None:
    """Ask for something in so many seconds, as a browser would name itself."""
    request = Request(method, path, "", tuple(BROWSER.items()), b"", "81.2.69.142")
    story.world.hub.after(after, lambda: story.world.handle(request, lambda _: None))


def actors(story: Story, name: str = "email_clicked") -> Counter[str]:
    return Counter(each["properties"]["actor"] for each in story.events(ANA, name))


def score(story: Story) -> object:
    return story.profile(ANA)["fading"]


def test_what_a_scanner_follows_is_kept_and_neither_scores_nor_answers_a_wait(
    story: Story,
) -> None:
    on_the_list(story, ANA, tracking="yes")
    before = score(story)
    html = story.mails(ANA)[-1].parts()[1] or ""
    paths = [urlsplit(each).path for each in re.findall(r'"(https:[^"]+)"', html)]
    for n, path in enumerate(paths):
        fetch(story, path, method="HEAD", after=n / 10)
        fetch(story, path, after=2 + n / 10)
    story.a_moment(90)
    assert actors(story)["machine"] >= 1
    assert set(actors(story)) == {"machine"}
    assert "signs" in story.events(ANA, "email_clicked")[0]["properties"]
    assert score(story) == before
    # Day 3: nobody has clicked, so the reminder goes out.
    story.day(3.2)
    assert story.messages(ANA) == ["confirm", "welcome", "welcome-again"]


def test_a_person_who_clicks_hours_after_the_scanner_is_a_person(story: Story) -> None:
    on_the_list(story)
    fetch(story, story.link(ANA, "/c/"), method="HEAD")
    fetch(story, story.link(ANA, "/c/"), after=1)
    story.day(0.5)
    before = score(story)
    story.clicks(ANA)
    assert actors(story) == {"machine": 1, "human": 1}
    assert score(story) != before
    story.day(4)
    assert "welcome-again" not in story.messages(ANA)


def test_gmail_fetches_a_picture_for_a_person_and_apple_for_nobody(story: Story) -> None:
    on_the_list(story, ANA, tracking="yes")
    html = story.mails(ANA)[-1].parts()[1] or ""
    (path,) = [urlsplit(each).path for each in re.findall(r'src="([^"]*/o/[^"]+)"', html)]
    story.a_moment(60)
    for headers in (GMAIL, APPLE):
        assert story.world.request("GET", path, headers=headers).status == 200
    story.a_moment(60)
    assert actors(story, "email_opened") == {"human": 1, "machine": 1}


def test_hygiene_keeps_the_day_a_person_looked_and_nothing_beside_the_mail(story: Story) -> None:
    on_the_list(story, ANA, tracking="yes")
    html = story.mails(ANA)[-1].parts()[1] or ""
    (path,) = [urlsplit(each).path for each in re.findall(r'src="([^"]*/o/[^"]+)"', html)]
    story.world.client("dynamodb").update_item(
        TableName=story.world.stack.resources["Contacts"].name,
        Key={"contact_id": {"S": story.contact(ANA)}, "record": {"S": "now#register"}},
        UpdateExpression="SET tracking.opens = :hygiene",
        ExpressionAttributeValues={":hygiene": {"S": "hygiene"}},
    )
    story.day(1)
    assert story.world.request("GET", path, headers=APPLE).status == 200
    story.a_moment(60)
    assert "last_open_date" not in story.register(ANA)
    assert story.world.request("GET", path, headers=GMAIL).status == 200
    story.a_moment(60)
    assert story.register(ANA)["last_open_date"] == "2026-01-06"
    assert story.events(ANA, "email_opened") == []
    assert [row for row in story.rows("Sends") if row["send_id"].startswith("fetches")] == []


def test_whoever_takes_the_permission_back_while_a_click_waits_has_not_clicked(
    story: Story,
) -> None:
    on_the_list(story)
    assert story.world.request("GET", story.link(ANA, "/c/"), headers=BROWSER).status == 302
    story.world.client("dynamodb").update_item(
        TableName=story.world.stack.resources["Contacts"].name,
        Key={"contact_id": {"S": story.contact(ANA)}, "record": {"S": "now#register"}},
        UpdateExpression="SET tracking = :none",
        ExpressionAttributeValues={
            ":none": {"M": {"opens": {"S": "none"}, "clicks": {"BOOL": False}}}
        },
    )
    story.a_moment(60)
    assert story.events(ANA, "email_clicked") == []


def test_a_click_leads_on_at_once_and_is_known_half_a_minute_later(story: Story) -> None:
    warmed_up(story)
    on_the_list(story)
    story.world.sandboxes.trace = []
    asked = story.world.now
    path = story.link(ANA, "/c/")
    assert story.world.request("GET", path, headers=BROWSER).status == 302
    assert story.world.now - asked < timedelta(seconds=1)
    story.a_moment(18)
    assert story.events(ANA, "email_clicked") == []
    story.a_moment(12)
    assert actors(story) == {"human": 1}
    assert calls(story, "track-click") == [
        ["dynamodb.GetItem", "dynamodb.GetItem", "dynamodb.UpdateItem", "sqs.SendMessage"]
    ]
    assert calls(story, "record-engagement") == [
        ["dynamodb.BatchGetItem", "dynamodb.GetItem", "dynamodb.PutItem"]
    ]


@pytest.mark.parametrize("index", range(1, 6))
@pytest.mark.parametrize("fault", [Fault.STOP_BEFORE, Fault.STOP_AFTER])
def test_a_click_is_recorded_once_wherever_the_recorder_dies(fault: Fault, index: int) -> None:
    dies = Rule(fault, function="record-engagement", invocation=1, index=index)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([dies])) as world:
        story = Story(world)
        on_the_list(story)
        for number in range(2):
            fetch(story, story.link(ANA, "/c/"), after=20 * number)
        story.a_moment(1200)
        assert actors(story) == {"human": 2}


def test_a_click_that_cannot_be_noted_leads_on(story: Story) -> None:
    warmed_up(story)
    on_the_list(story)
    for operation in ("UpdateItem", "SendMessage"):
        busy = Rule(
            Fault.FAIL_BEFORE,
            function="track-click",
            operation=operation,
            code="RequestLimitExceeded",
            times=None,
        )
        story.world.sandboxes.faults = FaultPlan([busy])
        answer = story.world.request("GET", story.link(ANA, "/c/"), headers=BROWSER)
        assert answer.status == 302
