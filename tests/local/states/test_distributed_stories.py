"""25,000 contacts from a file, a hundred at a time, and three batches that fail at first."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.local.states.buckets import WRITER, Depot, distributed, reading
from tests.local.states.cases import task
from tests.local.states.simulation import Raise, Run

CONTACTS = 25_000
PER_BATCH = 100
SICK = ("contact-00100", "contact-12300", "contact-24900")
"""The first contacts of batches 1, 123 and 249."""


class Store:
    """The function that settles a batch of contacts, and what it has settled."""

    def __init__(self) -> None:
        self.sick = set(SICK)
        self.settled: list[str] = []

    def __call__(self, payload: object) -> object:
        assert isinstance(payload, dict)
        ids = [item["id"] for item in payload["Items"]]
        if ids[0] in self.sick:
            raise Raise("StoreUnavailable", f"no answer for {ids[0]}")
        self.settled += ids
        return {"settled": len(ids), "rules": payload["BatchInput"]["rules"]}


def world() -> tuple[Depot, Store]:
    store = Store()
    depot = Depot({"settle": store})
    rows = "".join(f"contact-{number:05},{number % 7}\n" for number in range(CONTACTS))
    depot.buckets.objects["in", "contacts.csv"] = f"id,shard\n{rows}"
    return depot, store


def machine(**fields: object) -> Mapping[str, object]:
    settle = task("settle", "{% $states.input %}", TimeoutSeconds=60)
    return distributed(
        {"A": {**settle, "Output": "{% $states.result.Payload %}"}},
        ItemReader=reading("CSV"),
        ItemBatcher={
            "MaxItemsPerBatch": PER_BATCH,
            "BatchInput": {"rules": "{% $states.input.rules %}"},
        },
        MaxConcurrency=10,
        ResultWriter=WRITER,
        **fields,
    )


def counts(depot: Depot, run: Run, of: str) -> dict[str, int]:
    found = depot.map_run(run)[f"{of}Counts"]
    assert isinstance(found, dict)
    return {name: number for name, number in found.items() if number}


GIVEN = {"file": "contacts.csv", "rules": "r7"}


def test_three_tolerated_batches_leave_the_rest_settled() -> None:
    depot, store = world()
    run = depot.run(machine(ToleratedFailureCount=300), GIVEN)

    assert run.status == "SUCCEEDED"
    assert len(store.settled) == len(set(store.settled)) == CONTACTS - 300
    assert counts(depot, run, "execution") == {
        "succeeded": 247,
        "failed": 3,
        "total": 250,
        "resultsWritten": 250,
    }
    assert counts(depot, run, "item") == {
        "succeeded": 24_700,
        "failed": 300,
        "total": 25_000,
        "resultsWritten": 25_000,
    }
    assert isinstance(run.output, dict)
    folder = run.output["ResultWriterDetails"]["Key"].removesuffix("manifest.json")
    failed = depot.buckets.json(f"{folder}FAILED_0.json")
    assert [each["Error"] for each in failed] == ["StoreUnavailable"] * 3  # type: ignore[attr-defined]
    assert depot.buckets.requests == {"getObject": 1, "putObject": 3}
    assert int(str(run.last_event_id)) == 8


def test_what_is_tolerated_counts_items_and_not_batches() -> None:
    depot, _ = world()

    assert depot.run(machine(ToleratedFailureCount=299), GIVEN).status == "FAILED"


def test_a_percentage_is_of_the_items() -> None:
    depot, _ = world()

    assert depot.run(machine(ToleratedFailurePercentage=1.2), GIVEN).status == "SUCCEEDED"


def test_a_redrive_finishes_what_was_left_and_only_that() -> None:
    """Nothing is tolerated: the first sick batch ends the run, the redrive does the rest."""
    depot, store = world()
    run = depot.run(machine(), GIVEN)
    assert run.status == "FAILED"
    assert run.described["error"] == "States.ExceedToleratedFailureThreshold"
    settled = list(store.settled)
    assert counts(depot, run, "execution")["pending"] > 200

    depot.hub.run(until=depot.hub.now + 86_400)
    store.sick.clear()
    depot.machines.redrive_execution(run.arn)
    depot.hub.run()

    assert run.status == "SUCCEEDED"
    assert store.settled[: len(settled)] == settled
    assert len(store.settled) == len(set(store.settled)) == CONTACTS
    assert counts(depot, run, "execution") == {
        "succeeded": 250,
        "total": 250,
        "resultsWritten": 250,
    }
    assert [child["redriveCount"] for child in depot.children(run)].count(1) == 1


def test_a_redrive_after_three_failures_runs_three_children() -> None:
    """All the others have been through by the time the three give up."""
    depot, store = world()
    retry = {"ErrorEquals": ["StoreUnavailable"], "IntervalSeconds": 3_600, "MaxAttempts": 2}
    definition = dict(machine())
    child = definition["States"]["M"]["ItemProcessor"]["States"]["A"]  # type: ignore[index]
    child["Retry"] = [retry]
    run = depot.run(definition, GIVEN)
    assert run.status == "FAILED"
    assert counts(depot, run, "execution") == {
        "succeeded": 247,
        "failed": 3,
        "total": 250,
        "resultsWritten": 250,
    }
    calls = len(depot.functions.calls)

    store.sick.clear()
    depot.machines.redrive_execution(run.arn)
    depot.hub.run()

    assert run.status == "SUCCEEDED"
    assert len(depot.functions.calls) == calls + 3
    assert sorted(set(store.settled)) == sorted(store.settled)
    assert len(store.settled) == CONTACTS


@pytest.mark.parametrize("at_once", [1, 10, 1_000])
def test_however_many_at_once_every_contact_is_settled_once(at_once: int) -> None:
    depot, store = world()
    store.sick.clear()
    definition = dict(machine())
    definition["States"]["M"]["MaxConcurrency"] = at_once  # type: ignore[index]
    run = depot.run(definition, GIVEN)

    assert run.status == "SUCCEEDED"
    assert store.settled == [f"contact-{number:05}" for number in range(CONTACTS)]
    assert depot.transitions["M", "A"] == 250
