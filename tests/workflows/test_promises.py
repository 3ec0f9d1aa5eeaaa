"""Where other systems hurt their users: one test for each way, named after what must not happen."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.faults import Fault, FaultPlan, Rule
from local.world import World
from tests.workflows.conftest import MakeStory
from tests.workflows.story import MONDAY, ONE_CLICK, Story

ANA = "ana@example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def on_the_list(story: Story, address: str = ANA, **fields: str) -> None:
    """Sign up and confirm; the welcome has arrived."""
    story.signs_up(address, **fields)
    story.confirms(address)
    assert story.messages(address)[-1] == "welcome"


# -- leaving ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_scanner_that_follows_every_link_unsubscribes_and_confirms_nobody(
    story: Story, method: str
) -> None:
    story.signs_up(ANA)
    assert story.world.request(method, story.link(ANA, "/k/")).status == 200
    assert story.register(ANA)["consent#newsletter"]["state"] == "pending"
    story.confirms(ANA)
    page = story.world.request(method, story.link(ANA, "/u/"))
    assert page.status == 200
    assert story.register(ANA)["consent#newsletter"]["state"] == "granted"


MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'
)
REQUESTS = [
    pytest.param(FORM, ONE_CLICK, "one_click", id="form-encoded"),
    pytest.param(
        {"content-type": "multipart/form-data; boundary=b"}, MULTIPART, "one_click", id="multipart"
    ),
    pytest.param({**FORM, "user-agent": "GoogleBot"}, ONE_CLICK, "one_click", id="any user agent"),
    pytest.param({**FORM, "user-agent": ""}, ONE_CLICK, "one_click", id="no user agent"),
    pytest.param(
        {**FORM, "cookie": "a=b", "referer": "https://mail.example/"},
        ONE_CLICK,
        "one_click",
        id="from within a web mail program",
    ),
    pytest.param(
        {"content-type": "multipart/form-data; boundary=b"},
        MULTIPART.replace(b'name="List', b"name=List").replace(b'be"', b"be"),
        "one_click",
        id="multipart, its name without quotes",
    ),
    pytest.param({}, b"", "page", id="an empty body"),
    pytest.param({"content-type": "application/json"}, b"{broken", "page", id="a broken body"),
]


@pytest.mark.parametrize(("headers", "body", "way"), REQUESTS)
def test_the_one_click_request_of_rfc_8058_unsubscribes_at_once(
    story: Story, headers: dict[str, str], body: bytes, way: str
) -> None:
    on_the_list(story)
    header = story.mails(ANA)[-1].parts()[0]
    assert header["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = urlsplit(re.findall(r"<(https:[^>]+)>", header["List-Unsubscribe"])[0]).path
    response = story.world.request("POST", path, headers=headers, body=body)
    assert response.status == 200
    assert not {"set-cookie", "location"} & set(dict(response.headers))
    # The register says so before the answer left, whatever the stream does.
    assert story.register(ANA)["consent#newsletter"]["state"] == "withdrawn"
    story.a_moment()
    assert story.events(ANA, "unsubscribed")[0]["properties"]["way"] == way


def test_pressing_the_button_twice_is_one_unsubscription(story: Story) -> None:
    on_the_list(story)
    assert [story.unsubscribes(ANA), story.unsubscribes(ANA)] == [200, 200]
    assert len(story.events(ANA, "unsubscribed")) == 1


def test_no_mail_goes_to_somebody_who_left_while_the_stream_stood_still() -> None:
    # Every batch of the stream fails for an hour: nothing is folded, no wait is answered.
    stalled = Rule(Fault.FAIL_BEFORE, function="update-contact", times=None, code="Stalled")
    plan = FaultPlan()
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        story = Story(world)
        on_the_list(story)
        plan.rules.append(stalled)
        story.day(2)
        story.unsubscribes(ANA)
        # Day 3: the wait for a click is over, and the reminder would go out.
        story.day(3.2)
        assert story.messages(ANA) == ["confirm", "welcome"]
        assert [each["reason"] for each in story.sends(ANA) if each["state"] == "skipped"] == [
            "unsubscribed"
        ]


def test_an_unsubscription_between_the_claim_and_the_call_to_ses_is_seen() -> None:
    # The claim is written; its answer takes two seconds, and meanwhile she presses the button.
    slow = Rule(
        Fault.DELAY,
        function="send-email",
        invocation=3,
        operation="TransactWriteItems",
        seconds=2,
    )
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([slow])) as world:
        story = Story(world)
        on_the_list(story)
        path = urlsplit(
            re.findall(r"<(https:[^>]+)>", story.mails(ANA)[-1].parts()[0]["List-Unsubscribe"])[0]
        ).path
        seen = []

        def leave_once_claimed(*change: Any) -> None:
            image = change[-1] or {}
            if image.get("message") == {"S": "welcome-again"} and not seen:
                seen.append(story.posts_now(path))

        story.day(2.99)
        world.dynamodb.observe(leave_once_claimed)
        story.day(3.2)
        assert seen == [True]
        assert story.messages(ANA) == ["confirm", "welcome"]


# -- tracking --------------------------------------------------------------------------------------


def test_a_pixel_fetched_without_consent_to_tracking_records_nothing(story: Story) -> None:
    on_the_list(story, ANA)
    with_pixel = "ben@example.com"
    on_the_list(story, with_pixel, tracking="yes")
    assert "/o/" not in (story.mails(ANA)[-1].parts()[1] or "")
    story.loads_images(with_pixel)
    assert len(story.events(with_pixel, "email_opened")) == 1
    # Consent is asked when the pixel is fetched, not when the mail was sent.
    contact = story.contact(with_pixel)
    story.world.client("dynamodb").update_item(
        TableName=story.world.stack.resources["Contacts"].name,
        Key={"contact_id": {"S": contact}, "record": {"S": "now#register"}},
        UpdateExpression="SET tracking.opens = :none",
        ExpressionAttributeValues={":none": {"S": "none"}},
    )
    story.loads_images(with_pixel)
    assert len(story.events(with_pixel, "email_opened")) == 1


@pytest.mark.parametrize("token", ["x", "A" * 46, "%00", "a" * 3000])
def test_the_pixel_is_always_a_picture(story: Story, token: str) -> None:
    response = story.world.request("GET", f"/o/{token}")
    headers = dict(response.headers)
    assert response.status == 200
    assert headers["content-type"] == "image/gif"
    assert "no-store" in headers["cache-control"]
    assert response.body.startswith(b"GIF89a")
    assert "set-cookie" not in headers


def test_looking_at_the_head_of_a_pixel_or_a_link_counts_nothing(story: Story) -> None:
    on_the_list(story, ANA, tracking="yes")
    html = story.mails(ANA)[-1].parts()[1] or ""
    for part in ("/o/", "/c/"):
        path = next(
            urlsplit(each).path for each in re.findall(r'"(https:[^"]+)"', html) if part in each
        )
        assert story.world.request("HEAD", path).status in (200, 302)
    story.a_moment()
    assert story.events(ANA, "email_opened") == []
    assert story.events(ANA, "email_clicked") == []


def test_a_link_leads_to_the_message_s_own_address_and_never_to_one_in_the_query(
    story: Story,
) -> None:
    on_the_list(story)
    response = story.world.request("GET", story.link(ANA, "/c/"), query="url=https://evil.example")
    assert response.status == 302
    assert "evil" not in dict(response.headers)["location"]
    assert "no-store" in dict(response.headers)["cache-control"]


# -- feedback --------------------------------------------------------------------------------------


def test_one_poisoned_contact_does_not_hold_up_the_others(story: Story) -> None:
    story.signs_up(ANA)
    poisoned = "poison@example.com"
    story.signs_up(poisoned)
    contact = story.contact(poisoned)
    story.world.client("dynamodb").update_item(
        TableName=story.world.stack.resources["Contacts"].name,
        Key={"contact_id": {"S": contact}, "record": {"S": "now#profile"}},
        UpdateExpression="SET body = :broken",
        ExpressionAttributeValues={":broken": {"S": "{broken"}},
    )
    story.confirms(poisoned)
    story.confirms(ANA)
    assert story.messages(ANA)[-1] == "welcome"
    story.day(1)
    queue = next(
        resource
        for resource in story.world.stack.resources.values()
        if "Repair" in resource.logical_id and resource.type == "AWS::SQS::Queue"
    )
    assert queue is not None
    # The profile was folded anew from its history, and the journey went on.
    assert story.messages(poisoned)[-1] == "welcome"


@pytest.mark.parametrize("key", ["eventType", "notificationType"])
def test_ses_feedback_is_understood_in_both_its_forms(story: Story, key: str) -> None:
    on_the_list(story)
    send = story.sends(ANA)[-1]
    story.world.invoke(
        "record_email_event",
        {
            "detail": {
                key: "Complaint",
                "mail": {"messageId": "m", "timestamp": "2026-01-05T10:00:00Z",
                         "tags": {"send_id": [send["send_id"]]}},
                "complaint": {"timestamp": "2026-01-05T10:00:00.5Z",
                              "complaintFeedbackType": "abuse", "complainedRecipients": []},
            }
        },
    )  # fmt: skip
    story.a_moment()
    assert story.sends(ANA)[-1]["state"] == "complained"
    assert story.register(ANA)["suppressed"]["reason"] == "complained"
    assert story.outcomes() == ["left: complained"]


def test_every_ending_frees_the_contact(make_story: MakeStory) -> None:
    story = make_story()
    story.signs_up(ANA)
    story.signs_up("ben@example.com")
    first, _ = story.executions()
    stop = story.world.client("stepfunctions").stop_execution
    stop(executionArn=first["executionArn"], error="Marketer", cause="changed our minds")
    story.a_moment()
    story.day(31)
    for address in (ANA, "ben@example.com"):
        assert story.records(address, "now#") == ["now#profile", "now#register"]
        assert len(story.events(address, "workflow_left")) == 1
    assert [story.outcomes()[0], story.outcomes()[1]] == ["ABORTED", "never confirmed"]
