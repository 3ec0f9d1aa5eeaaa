"""What a batch of the stream does to contacts, beyond folding them."""

import json
from copy import deepcopy
from typing import Any

import pytest
from relance.errors import StoreBusy
from relance.events import Event
from relance.storage import Table

from local.storage import client
from tests.functions.conftest import CONTACT, SAMPLES, Bench
from tests.stack import environment_of

OTHER = "01KE6P4Z0NWNGTPJXJR5ESJA99"


def batch() -> dict[str, Any]:
    text = (SAMPLES / "update_contact" / "orders.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_two_contacts_may_have_events_of_the_same_id(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id is a hash of time and message: a sender may use both for two people."""
    event = batch()
    ours = event["Records"][0]
    theirs = deepcopy(ours)
    theirs["dynamodb"]["SequenceNumber"] = "9"
    for place in ("Keys", "NewImage"):
        theirs["dynamodb"][place]["contact_id"] = {"S": OTHER}

    def busy(contact_id: str, *_: object) -> list[Event]:
        if contact_id == CONTACT:
            raise StoreBusy("later")
        return []

    monkeypatch.setattr("relance.usecases.update_contacts.update_contact", busy)
    answer = bench.call("update_contact", {"Records": [ours, theirs]}, monkeypatch)
    number = ours["dynamodb"]["SequenceNumber"]
    assert answer == {"batchItemFailures": [{"itemIdentifier": number}]}


def test_an_event_that_nobody_can_read_is_set_aside_and_the_others_are_folded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would stop its part of the stream until the stream forgets it."""
    event = batch()
    broken = deepcopy(event["Records"][0])
    broken["dynamodb"]["NewImage"]["received_at"] = {"S": "yesterday"}
    broken["dynamodb"]["NewImage"]["contact_id"] = {"S": OTHER}
    event["Records"].insert(0, broken)
    assert bench.call("update_contact", event, monkeypatch) == {"batchItemFailures": []}
    assert bench.get(Table.CONTACTS, CONTACT, "now#profile")["version"] == 1
    url = environment_of("update_contact")["REPAIR_QUEUE_URL"]
    (message,) = client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["contact_id"] == OTHER
