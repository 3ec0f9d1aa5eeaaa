"""The words of the stories about privacy: ask for an operation, look at all that is kept."""

import json
from typing import Any

from tests.workflows.story import Story

ERASE, EXPORT = "privacy-erase-contact", "privacy-export-contact"
TABLES = ("Contacts", "Identities", "Events", "Sends")


def asks(story: Story, machine: str, data: object, *, seconds: float = 400) -> dict[str, Any]:
    """Start an operation, let time pass, and say how it ended, its output as data."""
    execution = story.world.start(machine, data)
    story.a_moment(seconds)
    told = story.world.describe(execution)
    return {**told, "output": json.loads(told["output"]) if "output" in told else None}


def erases(story: Story, contact: str, **more: object) -> dict[str, Any]:
    """Erase a contact; what the operation answered."""
    ended = asks(story, ERASE, {"contact": contact, "confirm": True, **more})
    assert ended["status"] == "SUCCEEDED", ended
    output: dict[str, Any] = ended["output"]
    return output


def kept(story: Story) -> dict[str, list[dict[str, Any]]]:
    """All items of all tables."""
    return {table: story.rows(table) for table in TABLES}


def kept_of(story: Story, contact: str) -> dict[str, list[dict[str, Any]]]:
    """What the tables hold under a contact's id."""
    return {
        table: [row for row in rows if row.get("contact_id") == contact]
        for table, rows in kept(story).items()
    }


def shop_says(story: Story, name: str, message: str, *, user: str, **traits: str) -> int:
    """A server of the company sends an event with its secret key."""
    event = {
        "type": "track",
        "event": name,
        "messageId": message,
        "userId": user,
        "properties": {"order_id": message, "revenue": 20.0},
        "context": {"traits": traits, "groupId": "acme"},
    }
    return shop_sends(story, event)


def shop_sends(story: Story, call: dict[str, Any]) -> int:
    """A server of the company makes a call of its own."""
    secret = story.world.stack.resources["WriteKeys"].name
    found = story.world.client("secretsmanager").get_secret_value(SecretId=secret)
    key = json.loads(found["SecretString"])["server"]
    response = story.world.request(
        "POST",
        "/v1/batch",
        headers={"content-type": "application/json"},
        body=json.dumps({"writeKey": key, "batch": [{"messageId": str(call), **call}]}).encode(),
    )
    assert json.loads(response.body)["success"] is True, response.body
    story.a_moment()
    return response.status


def files(story: Story) -> dict[str, str]:
    """The private files by key."""
    bucket = story.world.stack.resources["PrivacyBucket"].name
    s3 = story.world.client("s3")
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode()
        for each in listed
    }
