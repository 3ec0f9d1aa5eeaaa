"""Exporting contacts, told as stories: whom, into which files, and what goes wrong."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator

import pytest
from relance.storage import Table, Update

from local.faults import not_allowed
from local.permissions import missing
from local.world import ROOT, World
from tests.workflows.crowd import Crowd
from tests.workflows.story import MONDAY
from tests.workflows.test_importing import AGREED, Importing, customers, table

EXPORT = "export-contacts"


@pytest.fixture
def crowd() -> Iterator[Crowd]:
    """Five imported customers, of whom two are engaged."""
    with World.build(start=MONDAY, seed=1) as world:
        yield imported(world)


def imported(world: World) -> Crowd:
    rows = customers(5, **AGREED, Country="FR", Company="=1+1")
    for row in rows[:2]:
        row["Engaged"] = "yes"
    Importing(world).imports(table(rows))
    return Crowd(world, 0)


def files(crowd: Crowd, ending: str) -> list[str]:
    """What stands in the exported files."""
    s3, bucket = crowd.world.client("s3"), crowd.world.stack.resources["OperationsBucket"].name
    found = s3.list_objects_v2(Bucket=bucket, Prefix="people/export_contacts/")
    return [
        s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode("utf-8-sig")
        for each in found.get("Contents", [])
        if each["Key"].endswith(ending)
    ]


def test_everybody_is_written_with_traits_consents_stage_segments_and_scores(crowd: Crowd) -> None:
    ended = crowd.asks(EXPORT, {"everybody": True})["output"]
    assert ended["outcome"] == "exported"
    assert ended["summary"].startswith("Exported 5 contacts to s3://")
    assert "/people/export_contacts/" in ended["summary"]
    assert ended["found"]["exported"]["count"] == ended["read"] == 5
    people = [json.loads(line) for text in files(crowd, ".ndjson") for line in text.splitlines()]
    assert {each["address"] for each in people} == {f"p{n}@example.com" for n in range(5)}
    first = next(each for each in people if each["address"] == "p0@example.com")
    assert first["traits"]["first_name"] == "P0"
    assert first["consents"]["newsletter"]["state"] == "granted"
    assert first["lists"] == ["engaged"]
    assert {"stage", "segments", "scores", "persona", "qualified"} <= first.keys()
    rows = [row for text in files(crowd, ".csv") for row in csv.DictReader(io.StringIO(text))]
    assert len(rows) == 5
    row = next(each for each in rows if each["address"] == "p0@example.com")
    assert (row["trait country"], row["consent newsletter"]) == ("FR", "granted")
    assert row["trait company"] == "'=1+1"
    assert "example.com" not in json.dumps(ended)


def test_a_list_is_written_and_nobody_else(crowd: Crowd) -> None:
    ended = crowd.asks(EXPORT, {"list": "engaged"})["output"]
    assert ended["summary"].startswith("Exported 2 contacts of engaged to s3://")
    assert ended["found"]["others"]["count"] == 3
    assert sum(len(text.splitlines()) for text in files(crowd, ".ndjson")) == 2
    nobody = crowd.asks(EXPORT, {"segment": "hot"})["output"]
    assert nobody["summary"].startswith("Exported 0 contacts of hot")


def test_whoever_was_erased_is_left_out_and_a_broken_contact_ends_red(crowd: Crowd) -> None:
    (one, two, *_) = [row for row in crowd.rows("Contacts") if row["record"] == "now#profile"]
    key = (one["contact_id"], "now#register")
    crowd.store.write(Update(Table.CONTACTS, key, set={"erased_at": "2026-01-05T09:00:00.000Z"}))
    assert crowd.asks(EXPORT, {"everybody": True})["output"]["found"]["exported"]["count"] == 4
    key = (two["contact_id"], "now#profile")
    crowd.store.write(Update(Table.CONTACTS, key, set={"body": "{"}))
    ended = crowd.asks(EXPORT, {"everybody": True})
    assert (ended["status"], ended["error"]) == ("FAILED", "Incomplete")


def test_an_export_and_its_redrive_write_the_same_files(crowd: Crowd) -> None:
    crowd.world.sandboxes.faults = not_allowed("export-batch")
    failed = crowd.asks(EXPORT, {"everybody": True})
    assert failed["status"] == "FAILED"
    crowd.world.sandboxes.faults = None
    crowd.world.client("stepfunctions").redrive_execution(executionArn=failed["executionArn"])
    ended = crowd.ending(failed["executionArn"])
    assert ended["output"]["found"]["exported"]["count"] == 5


def test_every_call_is_allowed_by_the_template(crowd: Crowd) -> None:
    crowd.asks(EXPORT, {"everybody": True})
    assert missing(crowd.world.stack, crowd.world.recorder.uses) == []


SAMPLES = {
    "nothing": "nothing to do yet",
    "look": "dry run",
    "everybody": "exported",
    "a_segment": "exported",
    "a_list": "exported",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
}


def test_every_sample_ends_as_it_should(crowd: Crowd) -> None:
    folder = ROOT / "events" / "executions" / "operation-export-contacts"
    assert {path.stem for path in folder.glob("*.json")} == set(SAMPLES)
    for sample, outcome in SAMPLES.items():
        data = json.loads((folder / f"{sample}.json").read_text(encoding="utf-8"))
        ended = crowd.asks(EXPORT, data)
        assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome, sample
        assert "ana@example.com" not in ended.get("cause", "")


def test_every_branch_is_reached() -> None:
    taken: Counter[tuple[str, str, str]] = Counter()
    name = f"relance-operation-{EXPORT}"
    for fault in (None, "list-contacts", "export-batch", "sum-up"):
        with World.build(start=MONDAY, seed=1) as world:
            Crowd(world, 0).asks(EXPORT, {"everybody": True})
            crowd = imported(world)
            world.sandboxes.faults = not_allowed(fault) if fault else None
            look = {"everybody": True, "dry_run": True}
            for data in ({}, look, {"everybody": True}, {"list": 7}):
                crowd.asks(EXPORT, data)
            taken += Counter(world.machines.branches(name))
            ways = world.machines.branches(name)
    missed = {way[0] for way in ways if not taken[way]}
    assert missed <= {"What is to be done?", "Do the numbers add up?"}
