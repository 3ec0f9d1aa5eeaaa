"""Mistakes in the fields of Distributed Maps, and the rules of the house for them."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import pytest
from relance.states_language import DefinitionInvalid, check, parse

from local.states import StatesError
from tests.local.states.buckets import LIST, WRITER, distributed, reading
from tests.local.states.cases import passing, task
from tests.local.states.simulation import Simulation

SOUND = distributed(
    {"A": passing()},
    ItemReader=reading("CSV"),
    ItemBatcher={"MaxItemsPerBatch": 100},
    ResultWriter=WRITER,
    MaxConcurrency=10,
    ToleratedFailurePercentage=1.5,
)
CONFIG = "ItemProcessor/ProcessorConfig"


def changed(path: str, value: object) -> dict[str, object]:
    """Return SOUND with one field of the Map state set (`...` takes it out)."""
    whole: dict[str, object] = {"QueryLanguage": "JSONata", **copy.deepcopy(dict(SOUND))}
    part: object = whole["States"]["M"]  # type: ignore[index]
    *way, last = path.split("/")
    for key in way:
        part = part[key]  # type: ignore[index]
    if value is ...:
        del part[last]  # type: ignore[attr-defined]
    else:
        part[last] = value  # type: ignore[index]
    return whole


MISTAKES: list[tuple[str, object, str]] = [
    ("ItemReader/Resource", "arn:aws:states:::s3:get", "ItemReader.Resource must be "),
    ("ItemReader/Resource", ..., "ItemReader.Resource is missing."),
    ("ItemReader/Parameters", {}, "ItemReader.Parameters belongs to JSONPath"),
    ("ItemReader/Argumnts", {}, 'is not a field of an ItemReader. Did you mean "Arguments"?'),
    ("ItemReader/Arguments", {"Bucket": "b"}, "ItemReader.Arguments has no Key."),
    ("ItemReader/Arguments", ..., "ItemReader.Arguments has no Bucket and no Key."),
    ("ItemReader/ReaderConfig", ..., 'ReaderConfig.InputType is missing. Write for example "CSV".'),
    ("ItemReader/ReaderConfig/InputType", "TSV", "ItemReader.ReaderConfig.InputType must be "),
    (
        "ItemReader/ReaderConfig/CSVHeaderLocation",
        ...,
        'CSVHeaderLocation is missing. Write "FIRST_ROW" or "GIVEN".',
    ),
    ("ItemReader/ReaderConfig/CSVHeaderLocation", "GIVEN", "CSVHeaders is missing"),
    ("ItemReader/ReaderConfig/CSVHeaders", ["a"], 'needs "CSVHeaderLocation": "GIVEN".'),
    (
        "ItemReader/ReaderConfig/CsvHeaders",
        ["a"],
        'Did you mean "CSVHeaders" or "CSVHeaderLocation"?',
    ),
    ("ItemReader/ReaderConfig/MaxItems", -1, "MaxItems must be a whole number from 0 to 100000000"),
    ("ItemReader/ReaderConfig/MaxItemsPath", "$", "write MaxItems with an expression."),
    ("Items", [1], "both Items and ItemReader. Keep one of them."),
    ("ItemBatcher", {}, "ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch."),
    ("ItemBatcher/MaxItemsPerBatch", 0, "MaxItemsPerBatch must be a whole number, 1 or more"),
    ("ItemBatcher/MaxInputBytesPerBatch", 262_145, "must be at most 262144 (256 KiB)"),
    ("ResultWriter", {}, "ResultWriter is empty."),
    ("ResultWriter/Arguments", ..., "ResultWriter needs both Resource and Arguments, or neither."),
    ("ResultWriter/Arguments", {"Prefix": "p"}, "ResultWriter.Arguments has no Bucket."),
    ("ResultWriter/WriterConfig", {"OutputType": "CSV"}, 'OutputType must be "JSON" or "JSONL".'),
    ("Label", "two words", "Label must not contain ' '."),
    ("Label", "x" * 41, "Label must have 1 to 40 characters, not 41."),
    ("Label", "", "Label must have 1 to 40 characters, not 0."),
    ("MaxConcurrency", -1, "MaxConcurrency must be a whole number, 0 or more"),
    ("ToleratedFailurePercentage", 101, "must be a number from 0 to 100"),
    ("ToleratedFailureCountPath", "$", "write ToleratedFailureCount with an expression."),
    (f"{CONFIG}/ExecutionType", ..., 'ExecutionType is missing. Write "STANDARD".'),
    (f"{CONFIG}/ExecutionType", "FAST", 'ExecutionType must be "STANDARD" or "EXPRESS".'),
    (CONFIG, {"Mode": "INLINE"}, "ItemReader belongs to a Distributed Map."),
    (CONFIG, {"Mode": "INLINE"}, "Label belongs to a Distributed Map."),
    ("ItemReader/Arguments/Key", "{% $nope", "an expression begins with {% and ends with %}"),
]


def problems(definition: Mapping[str, object]) -> list[str]:
    try:
        parse(definition)
    except DefinitionInvalid as error:
        return [problem.removeprefix("definition: ") for problem in error.problems]
    return []


def test_a_sound_map_is_read() -> None:
    assert problems({"QueryLanguage": "JSONata", **SOUND}) == []


@pytest.mark.parametrize(("path", "value", "told"), MISTAKES)
def test_a_mistake_is_told_in_a_sentence(path: str, value: object, told: str) -> None:
    found = problems(changed(path, value))

    assert any(told in problem for problem in found), found
    assert all(problem.startswith('state "M": ') for problem in found)


def test_a_label_is_used_once() -> None:
    one, two = distributed({"A": passing()}), distributed({"B": passing()})
    processor = {**two["States"]["M"]["ItemProcessor"], "StartAt": "B"}  # type: ignore[index]
    branches = [one, {"StartAt": "N", "States": {"N": {**two["States"]["M"]}}}]  # type: ignore[index]
    branches[1]["States"]["N"]["ItemProcessor"] = processor  # type: ignore[index]
    parallel = {"Type": "Parallel", "Branches": branches, "End": True}
    found = problems({"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": parallel}})

    assert found == ['the machine: 2 Map states have the Label "each". Use each once.']


def within(states: Mapping[str, object], **fields: object) -> dict[str, object]:
    """Return a machine that assigns $day before a Distributed Map."""
    machine = distributed(states, **fields)
    before = {"Type": "Pass", "Assign": {"day": 1}, "Next": "M"}
    whole = {"Before": before, **machine["States"]}  # type: ignore[dict-item]
    return {"QueryLanguage": "JSONata", "StartAt": "Before", "States": whole}


def test_children_cannot_name_a_variable_from_outside() -> None:
    found = problems(within({"A": passing(Output="{% $day %}")}))

    (told,) = found
    assert told == (
        'state "A": Output: $day belongs to the level outside, which the children of a Distributed '
        "Map cannot see. Hand it over with ItemSelector or BatchInput."
    )


def test_nor_can_what_is_within_them() -> None:
    inner = {"StartAt": "B", "States": {"B": passing(Output="{% $day %}")}}
    parallel = {"Type": "Parallel", "Branches": [inner], "End": True}

    assert any(
        "$day belongs to the level outside" in each for each in problems(within({"A": parallel}))
    )


def test_the_state_itself_can() -> None:
    batcher = {"MaxItemsPerBatch": 1, "BatchInput": "{% $day %}"}
    selector = {"day": "{% $day %}"}

    assert problems(within({"A": passing()}, ItemBatcher=batcher, ItemSelector=selector)) == []


def test_children_have_variables_of_their_own() -> None:
    first = {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}

    assert problems(within({"A": first, "B": passing(Output="{% $x %}")})) == []


def test_a_name_from_outside_is_not_used_again() -> None:
    found = problems(within({"A": passing(Assign={"day": 2})}))

    (told,) = found
    assert told == (
        'state "A": Assign: $day belongs to the level outside; names are used once. '
        "Take another name."
    )


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (
            task(Resource="arn:aws:states:::lambda:invoke.waitForTaskToken"),
            "it waits for an answer, which an Express execution cannot.",
        ),
        (distributed({"B": passing()}, Label="b"), "an Express execution has no Distributed Map."),
    ],
)
def test_express_children_do_neither_wait_nor_fan_out(state: dict[str, object], told: str) -> None:
    if "States" in state:
        state = dict(state["States"]["M"])  # type: ignore[index]
        state["ItemProcessor"] = {**state["ItemProcessor"], "StartAt": "B"}  # type: ignore[dict-item]
    express = {"QueryLanguage": "JSONata", **distributed({"A": state}, kind="EXPRESS")}
    standard = {"QueryLanguage": "JSONata", **distributed({"A": state})}

    assert any(told in problem for problem in problems(express))
    assert problems(standard) == []


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("ItemReader/ReaderConfig", {"InputType": "PARQUET"}, "ItemReader of PARQUET is not supp"),
        ("ItemReader/ReaderConfig", {"ManifestType": "S3_INVENTORY"}, "S3_INVENTORY is not supp"),
        (
            "ItemReader",
            {
                "Resource": LIST,
                "Arguments": {"Bucket": "b"},
                "ReaderConfig": {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"},
            },
            "LOAD_AND_FLATTEN is not supported here",
        ),
        ("ResultWriter", {"WriterConfig": {"OutputType": "JSONL"}}, "JSONL without a bucket"),
        ("ItemReader/Arguments/Key", "{% $a + %}", "is not JSONata"),
    ],
)
def test_what_cannot_run_here_is_refused_by_name(path: str, value: object, told: str) -> None:
    definition = changed(path, value)
    assert problems(definition) == []

    with pytest.raises(StatesError, match=told) as refused:
        Simulation().create(definition)
    assert refused.value.code == "InvalidDefinition"


# -- the rules of the house ------------------------------------------------------------------------


def findings(definition: Mapping[str, object]) -> list[str]:
    return [str(each) for each in check(parse(definition), kind="operation")]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("MaxConcurrency", ..., "MaxConcurrency is missing. Without it 10000 children start"),
        ("MaxConcurrency", 0, "MaxConcurrency is missing."),
        ("ToleratedFailurePercentage", ..., "say how many failures are tolerated"),
        ("ResultWriter", ..., "ResultWriter is missing. Write the results to a bucket"),
        (
            "ResultWriter",
            {"WriterConfig": {"Transformation": "FLATTEN"}},
            "ResultWriter is missing.",
        ),
    ],
)
def test_an_operation_bounds_its_map(path: str, value: object, told: str) -> None:
    assert not any("MaxConcurrency" in each for each in findings(changed("Label", "each")))
    assert any(told in each for each in findings(changed(path, value)))


def test_an_operation_may_wait_and_have_a_distributed_map() -> None:
    wait = {"A": {"Type": "Wait", "Seconds": 5, "End": True}}
    definition = changed("ItemProcessor/States", wait)

    assert not any("has no" in each for each in findings(definition))
    journey = [str(each) for each in check(parse(definition))]
    assert any("a journey has no Map state" in each for each in journey)
    assert any("a journey has no Wait state" in each for each in journey)


def test_what_a_child_assigns_is_known_to_it_alone() -> None:
    first = {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}
    machine = within({"A": first, "B": passing(Output="{% $x %}")})
    machine["States"]["M"]["Output"] = "{% $x %}"  # type: ignore[index]
    found = [each for each in findings(machine) if "assigned nowhere" in each]

    assert found == ['state "M": Output: $x is assigned nowhere before.']
