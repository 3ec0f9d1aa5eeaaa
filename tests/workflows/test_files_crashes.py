"""Imports and exports stopped at every AWS call, before and after it: complete, nothing twice."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from local.faults import CallMade, Fault, FaultPlan, Rule, stops_at
from local.world import World
from tests.workflows.crowd import Crowd
from tests.workflows.story import MONDAY
from tests.workflows.test_exporting import EXPORT, imported
from tests.workflows.test_importing import AGREED, Importing, add_up, customers, table


@pytest.fixture
def importing() -> Iterator[Importing]:
    """A world in which each import is about other people, so that one world does for all."""
    with World.build(start=MONDAY, seed=1) as world:
        yield Importing(world)


def people(turn: int) -> str:
    """A file with two who are new, one who signed up, one who comes twice, and a mistake."""
    rows = customers(3, **AGREED, Engaged="yes")
    for row in rows:
        row["E-mail"] = f"t{turn}{row['E-mail']}"
    rows[2]["Customer number"] = f"c{turn}"
    return table([*rows, {"Customer number": f"c{turn}", "Company": "Acme"}, {"E-mail": "x"}])


def take(importing: Importing, turn: int, faults: FaultPlan | None) -> tuple[Any, Counter[str]]:
    """Import the file of a turn while something goes wrong: how it ended, and what was written."""
    importing.story.signs_up(f"t{turn}p1@example.com")
    before = Counter(row["name"] for row in importing.rows("Events"))
    importing.put("f.csv", people(turn))
    importing.world.sandboxes.faults = faults
    ended = importing.asks({"file": "f.csv", "mapping": "customers", "confirm": 5}, minutes=20)
    importing.world.sandboxes.faults = None
    if ended["status"] == "FAILED":
        redrive = importing.world.client("stepfunctions").redrive_execution
        redrive(executionArn=ended["executionArn"])
        ended = importing.ending(ended["executionArn"])
    after = Counter(row["name"] for row in importing.rows("Events"))
    return ended, after - before


def traced(world: World, function: str) -> list[CallMade]:
    """The calls of a function in the import or export that was made last."""
    made = [each for each in world.sandboxes.trace or () if each.function.endswith(function)]
    return [each for each in made if each.invocation == made[-1].invocation]


def anywhere(plan: FaultPlan) -> FaultPlan:
    """The same rules for the next invocation, whichever it is."""
    for rule in plan.rules:
        rule.invocation = None
    return plan


@pytest.mark.parametrize("function", ["cut-file", "import-piece", "sum-up-import"])
def test_an_import_stopped_at_any_call_is_complete_and_writes_nothing_twice(
    importing: Importing, function: str
) -> None:
    turn = 1000 * len(function)
    take(importing, turn - 1, None)  # a secret is read once in a process
    importing.world.sandboxes.trace = []
    usual, written = take(importing, turn, None)
    calls = traced(importing.world, function)
    assert usual["output"]["counts"]["new"] == 2
    assert (usual["output"]["taken"], add_up(usual["output"])) == (4, 5)
    assert written["imported"] == 4
    plans = [(made, anywhere(plan)) for made, plan in stops_at(calls)]
    assert len(plans) >= 6
    for made, plan in plans:
        turn += 1
        ended, found = take(importing, turn, plan)
        assert plan.struck, made
        assert ended["output"]["counts"] == usual["output"]["counts"], made
        assert found == written, made


def test_an_import_that_fails_again_and_again_at_any_call_is_finished_by_a_redrive(
    importing: Importing,
) -> None:
    importing.world.sandboxes.trace = []
    usual, written = take(importing, 1, None)
    calls = traced(importing.world, "import-piece")
    for turn, made in enumerate(calls, 2):
        rule = Rule(Fault.STOP_AFTER, function="import-piece", index=made.index, times=None)
        ended, found = take(importing, turn, FaultPlan([rule]))
        assert ended["output"]["counts"] == usual["output"]["counts"], made
        assert found == written, made


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """Five customers; an export changes nothing, so one world does for all."""
    with World.build(start=MONDAY, seed=1) as world:
        yield imported(world)


def export(crowd: Crowd, faults: FaultPlan | None) -> tuple[dict[str, Any], list[str], list[Any]]:
    """Export the list while something goes wrong: the output, and what stands in both files."""
    crowd.world.sandboxes.faults = faults
    ended = crowd.asks(EXPORT, {"list": "engaged"}, minutes=20)
    crowd.world.sandboxes.faults = None
    if ended["status"] == "FAILED":
        redrive = crowd.world.client("stepfunctions").redrive_execution
        redrive(executionArn=ended["executionArn"])
        ended = crowd.ending(ended["executionArn"])
    folder = f"people/export_contacts/{ended['name']}/"
    s3, bucket = crowd.world.client("s3"), crowd.world.stack.resources["OperationsBucket"].name
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix=folder)["Contents"]]
    texts = {
        key.rpartition(".")[2]: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        for key in keys
    }
    assert len(keys) == len(texts) == 2
    people = [json.loads(line)["address"] for line in texts["ndjson"].splitlines()]
    rows = csv.DictReader(io.StringIO(texts["csv"].removeprefix("\ufeff")))
    return ended["output"]["found"], people, [row["address"] for row in rows]


@pytest.mark.parametrize("function", ["list-contacts", "export-batch", "sum-up"])
def test_an_export_stopped_at_any_call_is_complete_and_names_nobody_twice(
    crowd: Crowd, function: str
) -> None:
    crowd.world.sandboxes.trace = []
    usual = export(crowd, None)
    assert sorted(usual[1]) == sorted(usual[2]) == ["p0@example.com", "p1@example.com"]
    calls = traced(crowd.world, function)
    for made, plan in stops_at(calls):
        assert export(crowd, anywhere(plan)) == usual, made
        assert plan.struck, made
    if function != "export-batch":
        return
    for made in calls:
        rule = Rule(Fault.STOP_AFTER, function=function, index=made.index, times=None)
        assert export(crowd, FaultPlan([rule])) == usual, made
