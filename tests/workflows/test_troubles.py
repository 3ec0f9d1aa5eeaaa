"""What goes wrong and passes leaves no trace: nobody lost, nobody mailed twice, nothing red."""

import json
from datetime import UTC, datetime

import pytest
from relance.aws.values import to_attributes
from relance.events import Event
from relance.ids import event_id, milliseconds
from relance.storage import Table

from local.faults import Fault, FaultPlan, Rule
from local.world import World
from tests.stack import table_names
from tests.workflows.content import SHIPPED, content_with
from tests.workflows.story import MONDAY, Story

ANA = "ana@example.com"


def answered(code: str, *, status: int = 400, **where: object) -> Rule:
    """An error that AWS answers, without the call having taken effect."""
    return Rule(Fault.FAIL_BEFORE, code=code, status=status, **where)  # type: ignore[arg-type]


def waiting_in(story: Story, queue: str) -> int:
    """How many messages a queue of the template holds."""
    client = story.world.client("sqs")
    url = client.get_queue_url(QueueName=story.world.stack.resources[queue].name)["QueueUrl"]
    name = "ApproximateNumberOfMessages"
    return int(client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def looks_at_a_page(story: Story, address: str) -> None:
    """Something happens to a person that starts no journey."""
    now = datetime.fromtimestamp(story.world.hub.now, UTC)
    looked = Event(
        contact_id=story.contact(address),
        event_id=event_id(milliseconds(now), "shop", "1"),
        name="page_viewed",
        occurred_at=now,
        received_at=now,
        source="shop",
    )
    story.world.client("dynamodb").put_item(
        TableName=table_names()[Table.EVENTS], Item=to_attributes(looked.to_item())
    )
    story.a_moment()


# -- sending ---------------------------------------------------------------------------------------

PASSING = [
    pytest.param(
        answered("ProvisionedThroughputExceededException", operation="Query", times=40),
        id="the read before the claim is throttled",
    ),
    pytest.param(
        answered("InternalServerError", status=503, operation="Query", times=40),
        id="DynamoDB is unavailable before the claim",
    ),
    pytest.param(
        answered(
            "ProvisionedThroughputExceededException", operation="TransactWriteItems", times=20
        ),
        id="neither claim nor room can be written",
    ),
    pytest.param(
        answered("ProvisionedThroughputExceededException", operation="PutItem", times=40),
        id="the table of links cannot be written",
    ),
    pytest.param(
        answered("SlowDown", status=503, service="s3", times=20),
        id="the version cannot be kept",
    ),
    pytest.param(
        answered("ServiceUnavailable", status=503, service="secretsmanager", times=20),
        id="the key of the links cannot be read",
    ),
    pytest.param(
        answered("ExpiredTokenException", status=403, service="sesv2", times=3),
        id="the credentials expired",
    ),
    pytest.param(
        Rule(
            Fault.FAIL_AFTER,
            operation="TransactWriteItems",
            code="InternalServerError",
            status=500,
        ),
        id="the answer to the claim is lost",
    ),
    pytest.param(
        Rule(
            Fault.FAIL_AFTER,
            operation="TransactWriteItems",
            code="InternalServerError",
            status=500,
            times=12,  # as often as the client asks, and once more to give it back
        ),
        id="no answer to the claim comes, however often it is asked",
    ),
    pytest.param(
        answered("ThrottlingException", operation="SendTaskSuccess", times=20),
        id="the answer to the journey is throttled",
    ),
]


@pytest.mark.parametrize("rule", PASSING)
def test_a_trouble_that_passes_costs_no_message(rule: Rule) -> None:
    rule.function = "send-email"
    plan = FaultPlan([rule])
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        story = Story(world)
        story.signs_up(ANA)
        story.day(0.5)
        assert plan.struck
        assert story.messages(ANA) == ["confirm"]
        assert [each["state"] for each in story.sends(ANA)] == ["delivered"]
        assert story.outcomes() == ["RUNNING"]


def test_a_message_waits_for_hours_while_ses_says_not_now() -> None:
    plan = FaultPlan(
        [answered("TooManyRequestsException", status=429, operation="SendEmail", times=None)]
    )
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        story = Story(world)
        story.signs_up(ANA)
        story.day(0.25)
        assert [each["state"] for each in story.sends(ANA)] == ["released"]
        plan.rules.clear()
        story.day(0.3)
        assert story.messages(ANA) == ["confirm"]
        assert story.outcomes() == ["RUNNING"]


def test_an_address_that_ses_refuses_is_no_defect(story: Story) -> None:
    story.signs_up(ANA)
    story.confirms(ANA)
    story.world.client("dynamodb").update_item(
        TableName=table_names()[Table.CONTACTS],
        Key={"contact_id": {"S": story.contact(ANA)}, "record": {"S": "now#register"}},
        UpdateExpression="SET address = :a",
        ExpressionAttributeValues={":a": {"S": "änna@example.com"}},
    )
    story.day(3.5)
    assert story.outcomes() == ["not sent: refused_by_ses"]
    last = story.sends(ANA)[-1]
    assert (last["state"], last["reason"]) == ("skipped", "refused_by_ses")


def test_a_sender_that_ses_refuses_is_one() -> None:
    refused = answered("MailFromDomainNotVerifiedException", operation="SendEmail", times=None)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([refused])) as world:
        story = Story(world)
        story.signs_up(ANA)
        story.a_moment()
        assert story.outcomes() == ["FAILED"]
        assert [each["state"] for each in story.sends(ANA)] == ["refused"]


def test_a_mail_that_cannot_be_made_for_somebody_is_refused_and_says_so(story: Story) -> None:
    """The welcome needs a first name by now, and Ana told none; Ben did."""
    written = (SHIPPED / "messages" / "welcome" / "message.yaml").read_text("utf-8")
    needs = {"messages/welcome/message.yaml": f"{written}requires: [first_name]\n"}
    story.world.deploy_content(content_with(needs))
    story.signs_up(ANA)
    story.signs_up("ben@example.com", first_name="Ben")
    story.confirms(ANA)
    story.confirms("ben@example.com")
    story.day(1)
    record = next(each for each in story.sends(ANA) if each["message"] == "welcome")
    assert (record["state"], record["reason"]) == ("refused", "content_invalid")
    assert story.messages(ANA) == ["confirm"]
    assert story.messages("ben@example.com") == ["confirm", "welcome"]
    assert sorted(story.outcomes()) == ["FAILED", "RUNNING"]


# -- feedback --------------------------------------------------------------------------------------


def test_one_message_that_nobody_can_read_takes_no_other_with_it(story: Story) -> None:
    story.signs_up(ANA)
    client = story.world.client("sqs")
    name = story.world.stack.resources["EmailEventsQueue"].name
    url = client.get_queue_url(QueueName=name)["QueueUrl"]
    complaint = {
        "eventType": "Complaint",
        "mail": {
            "messageId": "m",
            "timestamp": "2026-01-05T10:00:00Z",
            "tags": {"send_id": [story.sends(ANA)[-1]["send_id"]]},
        },
        "complaint": {"timestamp": "soon"},
    }
    for body in (
        "Successfully validated SNS topic for Amazon SES event publishing.",
        "[]",
        json.dumps(complaint),
    ):
        client.send_message(QueueUrl=url, MessageBody=body)
    story.day(1)
    assert story.sends(ANA)[-1]["state"] == "complained"
    assert waiting_in(story, "EmailEventsQueue") == waiting_in(story, "LostEmailEvents") == 0


# -- profiles --------------------------------------------------------------------------------------


def test_a_stream_that_stands_still_for_half_a_day_loses_nothing() -> None:
    busy = answered("ThrottlingException", function="update-contact", times=None)
    plan = FaultPlan([busy])
    with World.build(start=MONDAY, seed=1, faults=plan) as world:
        story = Story(world)
        story.signs_up(ANA)
        story.day(0.5)
        assert story.mails(ANA) == []
        plan.rules.clear()
        story.day(0.55)
        assert story.messages(ANA) == ["confirm"]
        assert waiting_in(story, "FailedBatches") == 0


# -- journeys --------------------------------------------------------------------------------------


def test_an_ending_that_nobody_noticed_is_put_away_by_the_next_event() -> None:
    lost = answered("AccessDeniedException", function="close-workflow", times=None)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([lost])) as world:
        story = Story(world)
        story.signs_up(ANA)
        story.world.client("stepfunctions").stop_execution(
            executionArn=story.executions()[0]["executionArn"]
        )
        story.day(46.1)
        assert len(story.records(ANA, "now#enrolment#")) == 1
        assert len(story.records(ANA, "now#wait#")) == 1
        looks_at_a_page(story, ANA)
        assert story.records(ANA, "now#enrolment#") == story.records(ANA, "now#wait#") == []
        assert [each["properties"]["outcome"] for each in story.events(ANA, "workflow_left")] == [
            "ended unseen"
        ]


@pytest.mark.parametrize("name", ["Ana.second-try", "Zoë", "x" * 80])
def test_an_execution_may_be_called_anything(story: Story, name: str) -> None:
    story.signs_up(ANA)
    contact = story.contact(ANA)
    story.world.client("stepfunctions").stop_execution(
        executionArn=story.executions()[0]["executionArn"]
    )
    story.a_moment()
    story.day(1.1)
    story.world.start("journey-welcome", {"contact": contact}, name=name)
    story.day(2)
    assert story.messages(ANA) == ["confirm", "confirm"]
    assert story.outcomes() == ["ABORTED", "RUNNING"]
