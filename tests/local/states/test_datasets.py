"""Where items come from: JSON, JSON Lines, CSV and lists of objects in S3; and their batches.

The cases marked "recorded" were recorded on AWS by others (the snapshots of LocalStack's tests).
"""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.states.datasets import batches
from local.states.errors import Failure
from tests.local.states.buckets import LIST, Depot, distributed, reading
from tests.local.states.cases import passing
from tests.local.states.simulation import Run

SAME = {"A": passing()}
RECORDED = "Col1,Col2,Col3\nValue1,Value2,Value3\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n"


def read(text: str, kind: str = "CSV", *, depot: Depot | None = None, **config: object) -> Run:
    depot = depot or Depot()
    depot.buckets.objects["in", "file.x"] = text
    machine = distributed(SAME, ItemReader=reading(kind, **config))
    return depot.run(machine, {"file": "file.x", "most": 2})


def test_rows_become_objects() -> None:
    """Recorded."""
    assert read(RECORDED).output == [
        {"Col1": "Value1", "Col2": "Value2", "Col3": "Value3"},
        {"Col1": "", "Col2": "", "Col3": ""},
        {"Col1": "true", "Col2": "1", "Col3": "'HelloWorld'"},
        {"Col1": "Null", "Col2": "None", "Col3": ""},
        {"Col1": "   ", "Col2": "", "Col3": ""},
    ]


@pytest.mark.parametrize(
    ("text", "config", "items"),
    [
        ("a,b\n1,2\n", {}, [{"a": "1", "b": "2"}]),
        ("a,b\r\n1,2\r\n", {}, [{"a": "1", "b": "2"}]),
        ("\ufeffa,b\n1,2", {}, [{"a": "1", "b": "2"}]),
        ("a,b\n1,2,3\n", {}, [{"a": "1", "b": "2"}]),
        ("a,b\n1\n", {}, [{"a": "1", "b": ""}]),
        ("a,\n1,2\n", {}, [{"a": "1", "": "2"}]),
        ("a\n\n1\n\n", {}, [{"a": "1"}]),
        ('a,b\n"x,y","two\nlines"\n', {}, [{"a": "x,y", "b": "two\nlines"}]),
        ('a\n"say ""hi"""\n', {}, [{"a": 'say "hi"'}]),
        ("a\nC:\\\\Program Files\n", {}, [{"a": "C:\\Program Files"}]),
        ("a,b\nx\\,y,z\n", {}, [{"a": "x,y", "b": "z"}]),
        ("a\nx\\qy\n", {}, [{"a": "xqy"}]),
        ("a|b\n1|2,3\n", {"CSVDelimiter": "PIPE"}, [{"a": "1", "b": "2,3"}]),
        ("a\tb\n1\t2\n", {"CSVDelimiter": "TAB"}, [{"a": "1", "b": "2"}]),
        ("a;b\n1;2\n", {"CSVDelimiter": "SEMICOLON"}, [{"a": "1", "b": "2"}]),
        ("", {}, []),
        ("a,b\n", {}, []),
        ("1,2\n", {"CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"]}, [{"a": "1"}]),
        ("é\nü\n", {}, [{"é": "ü"}]),
    ],
)
def test_csv_is_read_by_the_rules(text: str, config: dict[str, object], items: object) -> None:
    assert read(text, **config).output == items


@pytest.mark.parametrize(
    ("most", "number"),
    [(0, 4), (2, 2), (100_000_000, 4), ("{% $states.input.most %}", 2), ("{% 0 %}", 4)],
)
def test_so_many_items_are_read(most: object, number: int) -> None:
    """Recorded for literals: 0 means all."""
    output = read("a\n1\n2\n3\n4\n", MaxItems=most).output
    assert isinstance(output, list)
    assert len(output) == number
    lines = read("1\n2\n3\n4", "JSONL", MaxItems=most).output
    assert isinstance(lines, list)
    assert len(lines) == len(json.loads(json.dumps(lines))) == number


@pytest.mark.parametrize(
    ("text", "kind", "items"),
    [
        ("[1, {}]", "JSON", [1, {}]),
        ('{"a": 1}\n\n[2]\n', "JSONL", [{"a": 1}, [2]]),
        ('{"a/b": {"c": [[7, 8]]}}', {"ItemsPointer": "/a~1b/c/0"}, [7, 8]),
    ],
)
def test_json_is_read(text: str, kind: object, items: object) -> None:
    if isinstance(kind, dict):
        assert read(text, "JSON", **kind).output == items
    else:
        assert read(text, str(kind)).output == items


@pytest.mark.parametrize(
    ("text", "kind", "config", "cause"),
    [
        ("a,a\n1,2\n", "CSV", {}, "CSV headers cannot contain duplicates."),
        ('{"a": 1}', "JSON", {}, "Attempting to map over non-iterable node."),
        ("a\n1\n", "CSV", {"MaxItems": "{% -1 %}"}, "field MaxItems must be positive"),
        ("a\n1\n", "CSV", {"MaxItems": "{% 1.5 %}"}, "field MaxItems must be a whole number"),
        ("[1", "JSON", {}, "The file is not JSON"),
        ("1\n[2", "JSONL", {}, "Line 2 of the file is not JSON"),
        ("{}", "JSON", {"ItemsPointer": "/a"}, "ItemsPointer /a leads nowhere"),
    ],
)
def test_what_cannot_be_read_fails_the_map_run(
    text: str, kind: str, config: dict[str, object], cause: str
) -> None:
    """The first three recorded, the events with them."""
    run = read(text, kind, **config)

    assert (run.status, run.described["error"]) == ("FAILED", "States.ItemReaderFailed")
    assert cause in str(run.described["cause"])
    assert run.types == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]
    assert run.details("MapStateStarted") == {"length": 0}


def test_a_missing_object_fails_the_map_run() -> None:
    depot = Depot()
    run = depot.run(distributed(SAME, ItemReader=reading("JSON")), {"file": "nope"})

    assert (run.status, run.described["error"]) == ("FAILED", "States.ItemReaderFailed")
    assert run.described["cause"] == "The specified key does not exist."


def test_a_compressed_object_is_refused_by_name() -> None:
    depot = Depot()
    machine = distributed(SAME, ItemReader=reading("CSV"))

    with pytest.raises(NotImplementedError, match=r"people\.csv\.gz"):
        depot.run(machine, {"file": "people.csv.gz"})


def test_all_pages_of_a_list_are_read() -> None:
    """The fields of an item and their order are recorded."""
    depot = Depot()
    for key in ("a/1", "a/2", "a/3", "b/1"):
        depot.buckets.objects["in", key] = "x"
    reader = {"Resource": LIST, "Arguments": {"Bucket": "in", "Prefix": "a/"}}
    output = depot.run(distributed(SAME, ItemReader=reader)).output
    assert isinstance(output, list)

    assert [item["Key"] for item in output] == ["a/1", "a/2", "a/3"]
    assert list(output[0]) == ["Etag", "Key", "LastModified", "Size", "StorageClass"]
    assert output[0]["LastModified"] == 1_767_268_800
    assert depot.buckets.requests == {"listObjectsV2": 2}


def test_a_list_is_read_as_far_as_wanted() -> None:
    depot = Depot()
    for number in range(9):
        depot.buckets.objects["in", str(number)] = "x"
    reader = {"Resource": LIST, "Arguments": {"Bucket": "in"}, "ReaderConfig": {"MaxItems": 3}}
    output = depot.run(distributed(SAME, ItemReader=reader)).output
    assert isinstance(output, list)

    assert [item["Key"] for item in output] == ["0", "1", "2"]
    assert depot.buckets.requests == {"listObjectsV2": 2}


# -- batches ---------------------------------------------------------------------------------------


def test_items_come_in_batches() -> None:
    depot = Depot()
    batcher = {
        "MaxItemsPerBatch": "{% 1 + 1 %}",
        "BatchInput": {"n": "{% $count($states.input) %}"},
    }
    run = depot.run(distributed(SAME, ItemBatcher=batcher), ["a", "b", "c"])

    assert run.output == [
        {"BatchInput": {"n": 3}, "Items": ["a", "b"]},
        {"BatchInput": {"n": 3}, "Items": ["c"]},
    ]
    assert [child["itemCount"] for child in depot.children(run)] == [2, 1]
    counts = depot.map_run(run)
    assert counts["itemCounts"]["total"] == 3  # type: ignore[index]
    assert counts["executionCounts"]["total"] == 2  # type: ignore[index]


def test_selected_items_come_in_batches() -> None:
    depot = Depot()
    fields = {
        "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}"},
        "ItemBatcher": {"MaxItemsPerBatch": 2},
    }
    run = depot.run(distributed(SAME, **fields), [1, 2, 3])

    assert run.output == [{"Items": [{"v": 1}, {"v": 2}]}, {"Items": [{"v": 3}]}]


def test_the_failure_of_a_batch_is_the_failure_of_its_items() -> None:
    depot = Depot()
    fails = {"A": {"Type": "Fail", "Error": "E"}}
    batcher = {"MaxItemsPerBatch": 10}
    run = depot.run(distributed(fails, ItemBatcher=batcher, ToleratedFailureCount=9), [1] * 10)

    assert run.described["error"] == "States.ExceedToleratedFailureThreshold"
    assert depot.map_run(run)["itemCounts"]["failed"] == 10  # type: ignore[index]


@given(
    items=st.lists(st.text(max_size=30), max_size=60),
    most_items=st.none() | st.integers(1, 10),
    most_bytes=st.none() | st.integers(60, 400),
    given_too=st.booleans(),
)
def test_batches_hold_everything_in_order_and_keep_their_limits(
    items: list[str], most_items: int | None, most_bytes: int | None, given_too: bool
) -> None:
    made = list(
        batches(
            list(items),
            most_items=most_items,
            most_bytes=most_bytes,
            given={"day": 1},
            add=given_too,
        )
    )
    loaded = [orjson.loads(text) for text, _ in made]

    assert [item for batch in loaded for item in batch["Items"]] == items
    for (text, number), batch in zip(made, loaded, strict=True):
        assert number == len(batch["Items"])
        assert ("BatchInput" in batch) is given_too
        assert most_items is None or number <= most_items
        assert most_bytes is None or len(text) <= most_bytes or number == 1
    sizes = [len(text) for text, _ in made]
    for index in range(1, len(made)):
        first = len(orjson.dumps(loaded[index]["Items"][0]))
        full = made[index - 1][1] == most_items
        assert full or sizes[index - 1] + first + 1 > (most_bytes or 262_144)


def test_without_a_size_a_batch_takes_what_an_execution_takes() -> None:
    items: list[object] = ["x" * 1_000] * 1_000
    sizes = [
        len(text)
        for text, _ in batches(items, most_items=None, most_bytes=None, given=None, add=False)
    ]

    assert max(sizes) <= 262_144
    assert sizes[0] > 261_000


def test_an_item_that_no_execution_can_take_fails_the_map_run() -> None:
    depot = Depot()
    depot.buckets.objects["in", "large"] = json.dumps(["x" * 263_000])
    machine = distributed(SAME, ItemReader=reading("JSON"))
    run = depot.run(machine, {"file": "large"})

    assert (run.status, run.described["error"]) == ("FAILED", "States.DataLimitExceeded")
    with pytest.raises(Failure):
        list(batches(["x" * 263_000], most_items=1, most_bytes=None, given=None, add=False))


def test_a_large_item_can_be_made_small_by_the_selector() -> None:
    depot = Depot()
    depot.buckets.objects["in", "large"] = json.dumps([{"id": 1, "text": "x" * 263_000}])
    selector = {"id": "{% $states.context.Map.Item.Value.id %}"}
    machine = distributed(SAME, ItemReader=reading("JSON"), ItemSelector=selector)

    assert depot.run(machine, {"file": "large"}).output == [{"id": 1}]
