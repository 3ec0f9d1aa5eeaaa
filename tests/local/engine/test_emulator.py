import importlib.util
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session
from botocore.validate import ParamValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from local.emulator.ministack import load, scope
from local.emulator.queries import plan
from local.validation import _Compiler
from tests.local.engine.harness import START, Engine


@pytest.fixture(scope="module")
def plain() -> Iterator[Any]:
    """A second copy of ministack's module, as it comes."""
    original = load("dynamodb")
    spec = importlib.util.spec_from_file_location("plain_dynamodb", str(original.__file__))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", lambda _: None)
        spec.loader.exec_module(module)
    return module


SCHEMA = {
    "TableName": "items",
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "g")],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-g",
            "KeySchema": [
                {"AttributeName": "g", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def drawn_value(draw: random.Random, depth: int = 0) -> dict[str, Any]:
    kind = draw.choice(["S", "N", "BOOL", "NULL", "SS", "NS", "M", "L", "odd"])
    if kind == "M" and depth < 3:
        return {"M": {f"k{i}": drawn_value(draw, depth + 1) for i in range(draw.randrange(3))}}
    if kind == "L" and depth < 3:
        return {"L": [drawn_value(draw, depth + 1) for _ in range(draw.randrange(3))]}
    return draw.choice(
        [
            {"S": draw.choice(["", "a", "é" * 3])},
            {"N": draw.choice(["1", "1.50", "007", "-3", "1e3", "abc", "1" * 39])},
            {"BOOL": True},
            {"NULL": True},
            {"SS": draw.choice([["a", "b"], ["a", "a"], [""]])},
            {"NS": draw.choice([["1", "2"], ["1", "1.0"]])},
        ]
    )


def drawn_request(draw: random.Random) -> tuple[str, dict[str, Any]]:
    key = {"pk": {"S": draw.choice("ab")}, "sk": {"S": draw.choice(["x#1", "x#2", "y", "z"])}}
    item = {**key, "v": {"N": draw.choice("123")}, "d": drawn_value(draw)}
    if draw.random() < 0.5:
        item["g"] = {"S": draw.choice("gh")}
    condition = draw.choice(
        [
            {"ConditionExpression": "attribute_not_exists(pk)"},
            {
                "ConditionExpression": "v = :c OR attribute_not_exists(v)",
                "ExpressionAttributeValues": {":c": {"N": draw.choice("123")}},
            },
            {"ConditionExpression": "v = :missing"},
            {},
        ]
    )
    update = draw.choice(["SET d = :n", "ADD v :n", "SET d.x = :n", "REMOVE d", "SET v = v + :n"])
    used = {":n": draw.choice([{"N": "2"}, {"S": "t"}, drawn_value(draw)])} if "n" in update else {}
    changed = {"TableName": "items", "Key": key, "UpdateExpression": update}
    if ":n" in update:
        changed["ExpressionAttributeValues"] = used
    sort = draw.choice(
        ["", " AND begins_with(sk, :s)", " AND sk > :s", " AND sk BETWEEN :s AND :t", " AND v = :s"]
    )
    values = {":p": {"S": draw.choice("ab")}, ":s": {"S": draw.choice(["x#", "y"])}}
    query = {
        "TableName": "items",
        "KeyConditionExpression": f"pk = :p{sort}",
        "ExpressionAttributeValues": {
            name: value
            for name, value in {**values, ":t": {"S": "y"}}.items()
            if name in f":p{sort}"
        },
        "ScanIndexForward": draw.random() < 0.5,
    }
    if draw.random() < 0.4:
        query["Limit"] = draw.randrange(1, 4)
    indexed = {
        "TableName": "items",
        "IndexName": "by-g",
        "KeyConditionExpression": "g = :p",
        "ExpressionAttributeValues": {":p": {"S": draw.choice("gh")}},
    }
    other = {"pk": {"S": "t"}, "sk": {"S": draw.choice("12")}, "d": drawn_value(draw)}
    transaction = {
        "TransactItems": [
            {"Put": {"TableName": "items", "Item": other}},
            {"Put": {"TableName": "items", "Item": item, **condition}},
        ]
    }
    return draw.choice(
        [
            (
                "PutItem",
                {"TableName": "items", "Item": item, "ReturnValues": "ALL_OLD", **condition},
            ),
            ("UpdateItem", {**changed, "ReturnValues": "ALL_NEW"}),
            ("UpdateItem", {**changed, "ReturnValues": "UPDATED_NEW"}),
            ("TransactWriteItems", transaction),
            ("DeleteItem", {"TableName": "items", "Key": key, **condition}),
            ("GetItem", {"TableName": "items", "Key": key, "ConsistentRead": True}),
            ("Query", query),
            ("Query", query),
            ("Query", indexed),
            ("Scan", {"TableName": "items"}),
        ]
    )


def answer_of_plain(module: ModuleType, operation: str, data: dict[str, Any]) -> Any:
    names = {"TransactWriteItems": "_transact_write_items"}
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in operation)
    handler = getattr(module, names.get(operation, snake))
    with scope("123456789012", "us-east-1"):
        status, _, body = handler(json.loads(json.dumps(data)))
    parsed = json.loads(body)
    if status < 300:
        return parsed
    return (parsed["__type"].rpartition("#")[2], parsed.get("message", parsed.get("Message")))


@pytest.mark.parametrize("seed", range(6))
def test_the_quicker_emulator_answers_what_the_emulator_answers(
    engine: Engine, plain: Any, seed: int
) -> None:
    plain.reset()
    client: Any = boto3.client("dynamodb", region_name="us-east-1")
    client.create_table(**SCHEMA)
    answer_of_plain(plain, "CreateTable", SCHEMA)
    draw = random.Random(seed)
    for _ in range(400):
        operation, data = drawn_request(draw)
        expected = answer_of_plain(plain, operation, data)
        try:
            actual = client._make_api_call(operation, json.loads(json.dumps(data)))
            actual.pop("ResponseMetadata")
        except ClientError as error:
            told = error.response["Error"]
            actual = (told["Code"], told["Message"])
        assert actual == expected, (operation, data)


def test_writes_are_observed_with_old_and_new_images_once_they_hold(engine: Engine) -> None:
    client = engine.table()
    seen: list[tuple[Any, ...]] = []
    engine.dynamodb.observe(lambda *change: seen.append(change))
    a, b = {"pk": {"S": "a"}}, {"pk": {"S": "b"}}
    client.put_item(TableName="items", Item={**a, "n": {"N": "1"}})
    client.put_item(TableName="items", Item={**a, "n": {"N": "1"}})
    with pytest.raises(ClientError):
        client.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": "items", "Item": b}},
                {
                    "ConditionCheck": {
                        "TableName": "items",
                        "Key": a,
                        "ConditionExpression": "attribute_not_exists(pk)",
                    }
                },
            ]
        )
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "items", "Item": b}},
            {
                "Update": {
                    "TableName": "items",
                    "Key": a,
                    "UpdateExpression": "SET n = :n",
                    "ExpressionAttributeValues": {":n": {"N": "2"}},
                }
            },
        ]
    )
    client.delete_item(TableName="items", Key=b)
    assert seen == [
        ("items", "INSERT", a, None, {**a, "n": {"N": "1"}}),
        ("items", "INSERT", b, None, b),
        ("items", "MODIFY", a, {**a, "n": {"N": "1"}}, {**a, "n": {"N": "2"}}),
        ("items", "REMOVE", b, b, None),
    ]


def test_an_item_past_its_time_to_live_goes_days_later(engine: Engine) -> None:
    client = engine.table()
    client.update_time_to_live(
        TableName="items",
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
    )
    due = str(int(START.timestamp()) + 3600)
    client.put_item(TableName="items", Item={"pk": {"S": "a"}, "expires_at": {"N": due}})
    client.put_item(TableName="items", Item={"pk": {"S": "b"}, "expires_at": {"N": due}})
    far = str(int(START.timestamp()) + 999_999_999)
    client.put_item(TableName="items", Item={"pk": {"S": "b"}, "expires_at": {"N": far}})
    events: list[str] = []
    engine.dynamodb.observe(lambda _, event, keys, *__: events.append(f"{event} {keys['pk']['S']}"))
    engine.hub.run(until=engine.hub.now + 2 * 86_400)
    client.put_item(TableName="items", Item={"pk": {"S": "c"}})
    assert events == ["INSERT c"]
    engine.hub.run(until=engine.hub.now + 3_601)
    client.put_item(TableName="items", Item={"pk": {"S": "d"}})
    assert events == ["INSERT c", "REMOVE a", "INSERT d"]


def test_what_a_caller_does_to_an_answer_changes_nothing_stored(engine: Engine) -> None:
    client = engine.table()
    item = {"pk": {"S": "a"}, "list": {"L": [{"N": "1"}]}}
    client.put_item(TableName="items", Item=item)
    item["list"]["L"].append({"N": "2"})
    client.get_item(TableName="items", Key={"pk": {"S": "a"}})["Item"]["list"]["L"].clear()
    stored = client.get_item(TableName="items", Key={"pk": {"S": "a"}})["Item"]
    assert stored["list"] == {"L": [{"N": "1"}]}


QUERY = (
    "query(TableName='items', KeyConditionExpression='pk = :p', ConsistentRead=True,"
    " ExpressionAttributeValues={':p': BIG['pk']})"
)


@pytest.mark.parametrize(
    ("code", "reads", "writes"),
    [
        ("put_item(TableName='items', Item={**A, 'x': {'S': 'x' * 3000}})", 0, 3),
        ("get_item(TableName='items', Key=A)", 0.5, 0),
        ("get_item(TableName='items', Key=A, ConsistentRead=True)", 1, 0),
        ("get_item(TableName='items', Key=BIG, ConsistentRead=True)", 3, 0),
        (QUERY, 3, 0),
        ("transact_write_items(TransactItems=[{'Put': {'TableName': 'items', 'Item': A}}])", 0, 2),
        ("transact_get_items(TransactItems=[{'Get': {'TableName': 'items', 'Key': A}}])", 2, 0),
        ("delete_item(TableName='items', Key=BIG)", 0, 10),
        ("delete_item(TableName='items', Key={'pk': {'S': 'none'}})", 0, 1),
    ],
)
def test_capacity_is_counted_as_aws_bills_it(
    engine: Engine, code: str, reads: float, writes: float
) -> None:
    client = engine.table()
    client.put_item(TableName="items", Item={"pk": {"S": "big"}, "x": {"S": "x" * 9_500}})
    engine.function(
        "caller",
        f"""
        import boto3
        dynamodb = boto3.client("dynamodb")
        A, BIG = {{"pk": {{"S": "a"}}}}, {{"pk": {{"S": "big"}}}}
        def handler(event, context):
            dynamodb.{code}
        """,
    )
    assert engine.invoke("caller").error is None
    assert engine.meter.tables["items"] == [reads, writes]


def test_a_message_comes_back_when_its_visibility_ends_and_goes_to_the_dead_letters(
    engine: Engine,
) -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    policy = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 2}
    url = sqs.create_queue(
        QueueName="work",
        Attributes={"VisibilityTimeout": "60", "RedrivePolicy": json.dumps(policy)},
    )["QueueUrl"]
    assert url == "https://sqs.us-east-1.amazonaws.com/123456789012/work"
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    assert [m["Body"] for m in engine.sqs.receive(url, 10)] == ["hello"]
    assert engine.sqs.receive(url, 10) == []
    engine.hub.run(until=engine.hub.now + 61)
    assert "Messages" in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    engine.hub.run(until=engine.hub.now + 61)
    assert engine.sqs.receive(url, 10) == []
    assert [m["Body"] for m in engine.sqs.receive(dead, 10)] == ["hello"]


def test_s3_keeps_bytes_metadata_and_versions(engine: Engine) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="mails")
    s3.put_bucket_versioning(Bucket="mails", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="mails", Key="a/b ü.eml", Body=b"one", Metadata={"step": "1"})
    s3.put_object(Bucket="mails", Key="a/b ü.eml", Body=b"two" * 100_000)
    found = s3.get_object(Bucket="mails", Key="a/b ü.eml", VersionId=first["VersionId"])
    assert found["Body"].read() == b"one"
    assert found["Metadata"] == {"step": "1"}
    assert found["LastModified"] == START
    assert [o["Key"] for o in s3.list_objects_v2(Bucket="mails")["Contents"]] == ["a/b ü.eml"]
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="mails", Key="none")


def test_secrets_are_read_with_typed_times(engine: Engine) -> None:
    secrets = boto3.client("secretsmanager", region_name="us-east-1")
    secrets.create_secret(Name="links", SecretString='{"current": "1"}')
    found = secrets.get_secret_value(SecretId="links")
    assert json.loads(found["SecretString"]) == {"current": "1"}
    assert found["CreatedDate"] == START
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId="other")


def test_worlds_after_one_another_share_nothing(build: Callable[..., Engine]) -> None:
    engine = build()
    engine.table()
    boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="work")
    engine = build()
    assert boto3.client("dynamodb", region_name="us-east-1").list_tables()["TableNames"] == []
    assert "QueueUrls" not in boto3.client("sqs", region_name="us-east-1").list_queues()


def test_the_emulator_starts_no_thread(engine: Engine) -> None:
    engine.table()
    assert not [t.name for t in threading.enumerate() if "dynamodb" in t.name]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("pk = :p", ("pk", ":p", "", "", "", "")),
        ("#k = :p AND sk >= :s", ("#k", ":p", "sk", ">=", ":s", ":s")),
        (
            "(#n0 = :v0 AND begins_with(#n1, :v1))",
            ("#n0", ":v0", "#n1", "begins_with", ":v1", ":v1"),
        ),
        ("pk = :p and sk between :a and :b", ("pk", ":p", "sk", "between", ":a", ":b")),
        ("begins_with(sk, :s) AND pk = :p", None),
    ],
)
def test_common_key_conditions_are_read(expression: str, expected: object) -> None:
    assert plan(expression) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text(max_size=2) | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["S", "N", "M", "L", "B", "BOOL", "x"]), inner, max_size=2
        )
    ),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_the_quick_validation_never_accepts_what_botocore_refuses(value: object) -> None:
    shape = _model().shape_for("AttributeValue")
    if _Compiler().compile(shape)(value):
        assert not ParamValidator().validate(value, shape).has_errors()


@cache
def _model() -> Any:
    return get_session().get_service_model("dynamodb")


def test_the_process_has_its_own_time_again_after_a_world(build: Callable[..., Engine]) -> None:
    engine = build()
    inside = time.time()
    engine.hub.close()
    assert inside == START.timestamp()
    assert time.time() > inside + 86_400
