"""Two requests at the same items: the second waits a little, or is asked to come again."""

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from local.faults import Fault, FaultPlan, Rule
from local.http_messages import Response
from local.world import World
from tests.workflows.story import MONDAY, ONE_CLICK, Story

ANA = "ana@example.com"
FORM = {"content-type": "application/x-www-form-urlencoded"}
CONFLICT: dict[str, Any] = {
    "fault": Fault.FAIL_BEFORE,
    "code": "TransactionConflictException",
    "status": 400,
}


def signs_up(story: Story) -> Response:
    return story.world.request(
        "POST", "/f/newsletter", headers=FORM, body=b"email=b@x.com&consent=yes"
    )


def signs_up_by_program(story: Story) -> Response:
    body = json.dumps({"email": "b@x.com", "consent": True}).encode()
    headers = {"content-type": "application/json"}
    return story.world.request("POST", "/f/newsletter", headers=headers, body=body)


def confirms(story: Story) -> Response:
    return story.world.request("POST", story.link(ANA, "/k/", 0), headers=FORM)


def unsubscribes(story: Story) -> Response:
    header = story.mails(ANA)[-1].parts()[0]["List-Unsubscribe"]
    path = urlsplit(re.findall(r"<(https:[^>]+)>", header)[0]).path
    return story.world.request("POST", path, headers=FORM, body=ONE_CLICK)


def chooses(story: Story) -> Response:
    path = story.link(ANA, "/p/")
    return story.world.request("POST", path, headers=FORM, body=b"made_at=1&frequency=weekly")


def reports(story: Story) -> Response:
    secret = story.world.stack.resources["WriteKeys"].name
    value = story.world.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    key = base64.b64encode(f"{json.loads(value)['server']}:".encode()).decode()
    body = json.dumps({"event": "Page Viewed", "messageId": "m", "userId": "u"}).encode()
    return story.world.request(
        "POST", "/v1/track", headers={"authorization": f"Basic {key}"}, body=body
    )


REQUESTS = [
    pytest.param(signs_up, "submit-form", id="a sign-up"),
    pytest.param(signs_up_by_program, "submit-form", id="a sign-up by a program"),
    pytest.param(confirms, "manage-subscription", id="a confirmation"),
    pytest.param(unsubscribes, "manage-subscription", id="a one-click unsubscription"),
    pytest.param(chooses, "manage-preferences", id="a choice of preferences"),
    pytest.param(reports, "collect-events", id="an event"),
]
Request = Callable[[Story], Response]


def while_others_write(request: Request, function: str, *, times: int | None) -> Response:
    """Make the request while its next writes meet somebody else's."""
    plan = FaultPlan()
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        story = Story(world)
        story.signs_up(ANA)
        if request in (unsubscribes, chooses):
            story.confirms(ANA)
        plan.rules += [
            Rule(**CONFLICT, function=function, operation=operation, times=times)
            for operation in ("TransactWriteItems", "PutItem")
        ]
        response = request(story)
        assert plan.struck
        return response


@pytest.mark.parametrize(("request_", "function"), REQUESTS)
def test_who_meets_another_writer_once_or_twice_notices_nothing(
    request_: Request, function: str
) -> None:
    assert while_others_write(request_, function, times=2).status == 200


# An event waits in a queue instead: test_backlog.
@pytest.mark.parametrize(("request_", "function"), REQUESTS[:-1])
def test_who_meets_others_for_too_long_is_asked_to_come_again(
    request_: Request, function: str
) -> None:
    response = while_others_write(request_, function, times=None)
    assert response.status == 503
    headers = dict(response.headers)
    assert int(headers["retry-after"]) > 0
    if headers["content-type"] == "application/json":
        assert json.loads(response.body)["success"] is False
    else:
        assert b"again" in response.body
