"""Two writers at the same items: what no emulator answers, in DynamoDB's own words.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from collections.abc import Iterator

import boto3
import pytest
from botocore.stub import Stubber
from relance.aws.dynamodb import PAUSES, DynamoStore
from relance.errors import ConditionFailed, StoreBusy
from relance.storage import Delete, Put, Table, Update, Write

ITEM = {"contact_id": "c1", "record": "now#register"}
KEY = ("c1", "now#register")
PUT = Put(Table.CONTACTS, ITEM)


class Contended:
    """A store on a client that answers as told, and how long the store waited."""

    def __init__(self) -> None:
        client = boto3.client(
            "dynamodb",
            region_name="eu-west-1",
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )
        self.slept: list[float] = []
        self.stub = Stubber(client)
        self.store = DynamoStore(
            client, {Table.CONTACTS: "contacts"}, sleep=self.slept.append, chance=lambda: 0.5
        )

    def cancels(self, *reasons: str) -> None:
        """The next transaction is cancelled, with a reason for each of its writes."""
        self.stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            http_status_code=400,
            modeled_fields={"CancellationReasons": [{"Code": each} for each in reasons]},
        )

    def conflicts(self, operation: str) -> None:
        """The next write meets a transaction."""
        self.stub.add_client_error(operation, "TransactionConflictException", http_status_code=400)

    def takes(self, operation: str) -> None:
        """The next write is carried out."""
        self.stub.add_response(operation, {})


@pytest.fixture
def contended() -> Iterator[Contended]:
    made = Contended()
    with made.stub:
        yield made
        made.stub.assert_no_pending_responses()


def test_a_transaction_that_meets_another_is_tried_again(contended: Contended) -> None:
    contended.cancels("None", "TransactionConflict")
    contended.cancels("ThrottlingError", "None")
    contended.takes("transact_write_items")
    contended.store.transact([PUT, Put(Table.CONTACTS, {**ITEM, "record": "now#profile"})])
    assert contended.slept == [PAUSES[0] / 2, PAUSES[1] / 2]


@pytest.mark.parametrize(
    ("write", "operation"),
    [
        pytest.param(PUT, "put_item", id="put"),
        pytest.param(Update(Table.CONTACTS, KEY, set={"a": 1}), "update_item", id="update"),
        pytest.param(Delete(Table.CONTACTS, KEY), "delete_item", id="delete"),
    ],
)
def test_a_write_that_meets_a_transaction_is_tried_again(
    contended: Contended, write: Put | Update | Delete, operation: str
) -> None:
    contended.conflicts(operation)
    contended.takes(operation)
    contended.store.write(write)
    assert len(contended.slept) == 1


def test_who_meets_others_again_and_again_is_told_to_come_back(contended: Contended) -> None:
    for _ in range(len(PAUSES) + 1):
        contended.cancels("TransactionConflict")
    with pytest.raises(StoreBusy):
        contended.store.transact([PUT])
    assert len(contended.slept) == len(PAUSES)
    assert sum(PAUSES) < 1


def test_a_condition_that_does_not_hold_is_an_answer_whoever_else_writes(
    contended: Contended,
) -> None:
    contended.cancels("TransactionConflict", "ConditionalCheckFailed")
    writes: list[Write] = [PUT, Put(Table.CONTACTS, {**ITEM, "record": "now#profile"})]
    with pytest.raises(ConditionFailed) as refused:
        contended.store.transact(writes)
    assert refused.value.failed == (1,)
    assert contended.slept == []


def left_out(times: int, contended: Contended) -> None:
    """The next reads of a batch leave one of two items out."""
    item = {name: {"S": value} for name, value in ITEM.items()}
    other = {"contact_id": {"S": "c2"}, "record": {"S": "now#register"}}
    for _ in range(times):
        contended.stub.add_response(
            "batch_get_item",
            {
                "Responses": {"contacts": [item]},
                "UnprocessedKeys": {"contacts": {"Keys": [other], "ConsistentRead": True}},
            },
        )


def test_what_a_batch_of_reads_leaves_out_is_read_again(contended: Contended) -> None:
    left_out(1, contended)
    other = {"contact_id": {"S": "c2"}, "record": {"S": "now#register"}}
    contended.stub.add_response(
        "batch_get_item",
        {"Responses": {"contacts": [other]}, "UnprocessedKeys": {}},
        {"RequestItems": {"contacts": {"Keys": [other], "ConsistentRead": True}}},
    )
    keys = [KEY, ("c2", "now#register")]
    assert set(contended.store.get_many(Table.CONTACTS, keys)) == set(keys)
    assert contended.slept == [PAUSES[0] / 2]


def test_a_batch_of_reads_that_is_never_whole_is_given_up(contended: Contended) -> None:
    left_out(len(PAUSES) + 1, contended)
    with pytest.raises(StoreBusy):
        contended.store.get_many(Table.CONTACTS, [KEY, ("c2", "now#register")])
