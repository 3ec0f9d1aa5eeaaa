"""What a mail and an event cost, counted in calls: cost follows what happens, not how many wait."""

from collections import Counter
from datetime import datetime

from relance.ids import event_id, milliseconds
from relance.moments import to_text
from relance.storage import Table

from tests.stack import table_names
from tests.workflows.story import Story


def calls(story: Story, function: str) -> list[list[str]]:
    """The calls of each invocation of a function since the trace began."""
    found: dict[int, list[str]] = {}
    for made in story.world.sandboxes.trace or ():
        if made.function.endswith(function):
            found.setdefault(made.invocation, []).append(f"{made.service}.{made.operation}")
    return list(found.values())


LOOK = "dynamodb.GetItem"
"""What is published is looked up by the first send of a minute."""


def warmed_up(story: Story) -> None:
    """One person has gone all the way, so that secrets and link tables are known."""
    story.signs_up("first@example.com")
    story.confirms("first@example.com")
    story.clicks("first@example.com")
    story.world.sandboxes.trace = []


def test_a_mail_takes_six_calls(story: Story) -> None:
    warmed_up(story)
    story.signs_up("ana@example.com")
    story.confirms("ana@example.com")
    made = calls(story, "send-email")
    assert [each[0] for each in made].count(LOOK) <= 1
    assert [each[each[0] == LOOK :] for each in made] == [
        [
            "dynamodb.UpdateItem",  # room at the limiter: none where a function sends many
            "dynamodb.Query",
            "dynamodb.TransactWriteItems",
            "sesv2.SendEmail",
            "dynamodb.TransactWriteItems",
            "stepfunctions.SendTaskSuccess",
        ]
    ] * 2


def test_a_skipped_mail_takes_four_calls_room_and_a_look_at_what_is_published(
    story: Story,
) -> None:
    warmed_up(story)
    story.signs_up("ana@example.com")
    story.confirms("ana@example.com")
    story.day(2.9)
    story.world.sandboxes.trace = []
    story.world.client("dynamodb").update_item(
        TableName=table_names()[Table.CONTACTS],
        Key={
            "contact_id": {"S": story.contact("ana@example.com")},
            "record": {"S": "now#register"},
        },
        UpdateExpression="SET suppressed = :s",
        ExpressionAttributeValues={":s": {"M": {"reason": {"S": "bounced"}, "at": {"S": "x"}}}},
    )
    story.day(3.1)
    (made,) = calls(story, "send-email")
    assert made[0] == LOOK
    assert made[-4:] == [
        "dynamodb.Query",
        "dynamodb.PutItem",
        "dynamodb.UpdateItem",
        "stepfunctions.SendTaskSuccess",
    ]
    assert made[1:-4] == [  # the limiter, which asks SES again once a day
        "dynamodb.UpdateItem",
        "sesv2.GetAccount",
        "sesv2.GetEmailIdentity",
        "dynamodb.GetItem",
        "dynamodb.UpdateItem",
        "dynamodb.GetItem",
        "dynamodb.UpdateItem",
    ]


def test_a_mail_that_waits_for_the_morning_takes_twelve_calls_and_room(story: Story) -> None:
    warmed_up(story)
    story.signs_up("ana@example.com")
    story.day(0.6)
    story.confirms("ana@example.com")
    story.day(3.5)
    story.world.sandboxes.trace = []
    story.day(4)
    (made,) = calls(story, "send-email")
    assert made[-3:] == ["dynamodb.Query", "dynamodb.PutItem", "dynamodb.TransactWriteItems"]
    sweep = Counter(each for one in calls(story, "settle-sends") for each in one)
    assert (sweep["sqs.SendMessageBatch"], sweep["dynamodb.UpdateItem"]) == (1, 1)
    (made,) = calls(story, "send-deferred")
    assert made[:2] == ["dynamodb.GetItem", LOOK]
    # Between them the limiter, which is seen for the first time and asks SES once a day.
    assert made[-10:] == [
        "dynamodb.Query",
        # Once: the version and its table of links, the secret that signs them.
        "dynamodb.GetItem",
        "s3.PutObject",
        "dynamodb.PutItem",
        "secretsmanager.GetSecretValue",
        "dynamodb.TransactWriteItems",
        "sesv2.SendEmail",
        "dynamodb.TransactWriteItems",
        "stepfunctions.SendTaskSuccess",
        "dynamodb.DeleteItem",
    ]


def delivered(contact: str, name: str, arrival: datetime, times: int) -> dict[str, object]:
    """What the stream hands over when a contact does something several times."""
    record: dict[str, object] = {
        "contact_id": {"S": contact},
        "name": {"S": name},
        "occurred_at": {"S": to_text(arrival)},
        "received_at": {"S": to_text(arrival)},
        "source": {"S": "test"},
    }
    return {
        "Records": [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "SequenceNumber": str(number),
                    "NewImage": {
                        **record,
                        "event_id": {"S": event_id(milliseconds(arrival), "test", str(number))},
                    },
                },
            }
            for number in range(times)
        ]
    }


def test_a_batch_for_one_contact_is_one_read_and_one_write(story: Story) -> None:
    warmed_up(story)
    contact = story.contact("first@example.com")
    story.world.invoke(
        "update_contact", delivered(contact, "page_viewed", story.world.now, times=40)
    )
    (made,) = calls(story, "update-contact")
    assert Counter(made) == {"dynamodb.Query": 1, "dynamodb.PutItem": 1, "events.PutEvents": 4}


def test_a_batch_that_changes_memberships_is_one_read_and_one_transaction(story: Story) -> None:
    warmed_up(story)
    contact = story.contact("first@example.com")
    story.world.invoke(
        "update_contact", delivered(contact, "order_completed", story.world.now, times=40)
    )
    (made,) = calls(story, "update-contact")
    assert Counter(made) == {
        "dynamodb.Query": 1,
        "dynamodb.TransactWriteItems": 1,
        "events.PutEvents": 4,
    }


def test_the_cost_of_an_event_is_the_same_with_many_contacts(story: Story) -> None:
    warmed_up(story)
    story.signs_up("ana@example.com")
    few = Counter(each for one in calls(story, "update-contact") for each in one)
    for number in range(60):
        story.signs_up(f"person{number}@example.com")
    story.world.sandboxes.trace = []
    story.signs_up("ben@example.com")
    many = Counter(each for one in calls(story, "update-contact") for each in one)
    assert many == few


def test_the_sweep_reads_only_what_is_due(story: Story) -> None:
    for number in range(20):
        story.signs_up(f"person{number}@example.com")
    story.world.sandboxes.trace = []
    story.world.invoke("settle_sends", {})
    (made,) = calls(story, "settle-sends")
    assert made == ["dynamodb.Query"] * 8


def test_the_register_does_not_grow_with_every_mail(story: Story) -> None:
    story.signs_up("ana@example.com")
    story.confirms("ana@example.com")
    story.day(20)
    story.unsubscribes("ana@example.com")
    story.signs_up("ana@example.com")
    counts = [name for name in story.register("ana@example.com") if name.startswith("count#")]
    assert {name.rpartition("#")[2] for name in counts} == {"2026-01-25"}
