"""Redrive: what broke off is taken up where it broke off, and nothing else is done again.

Histories said to be recorded are those of radkawar/stackd's captures of AWS (2026), whose tasks
are activities: here they are functions. Rules:
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from local.states import StatesError
from local.states.branching import Members
from tests.local.states.buckets import WRITER, Depot, distributed, reading
from tests.local.states.cases import passing, task
from tests.local.states.simulation import Function, Raise, Run, Simulation, code_of

DAY = 86_400.0
NO_MORE = {"ErrorEquals": ["Broken"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 1}


class Switch:
    """A function that fails until it is mended; it knows how often it was called, and with what."""

    def __init__(self, *broken: object) -> None:
        self.broken = set(broken)
        self.calls: list[object] = []

    def __call__(self, payload: object) -> object:
        self.calls.append(payload)
        if payload in self.broken:
            raise Raise("Broken", f"{payload} is broken")
        return payload


def redrive(simulation: Simulation, run: Run, token: str | None = None) -> object:
    when = simulation.machines.redrive_execution(run.arn, token)["redriveDate"]
    simulation.hub.run()
    return when


def links(run: Run, first: int) -> list[tuple[object, object]]:
    """Return type and previous event of every event from a number on."""
    return [(e["type"], e["previousEventId"]) for e in run.history if int(str(e["id"])) >= first]


def test_only_the_failed_state_is_done_again() -> None:
    """The links between the events are as recorded: entering is not told again."""
    work, before = Switch("x"), Switch()
    simulation = Simulation({"work": work, "before": before})
    states = {
        "A": task("before", "a", Assign={"kept": 1}, Next="B"),
        "B": task("work", "x", Retry=[NO_MORE], Next="C"),
        "C": passing(Output="{% $kept %}"),
    }
    run = simulation.run({"StartAt": "A", "States": states})
    assert (run.status, len(work.calls)) == ("FAILED", 2)
    failed = int(str(run.last_event_id))
    entered = run.types.index("TaskStateEntered", run.types.index("TaskStateExited")) + 1
    work.broken.clear()
    redrive(simulation, run)

    assert (run.status, run.output) == ("SUCCEEDED", 1)
    assert (len(before.calls), len(work.calls)) == (1, 3)
    assert links(run, failed) == [
        ("ExecutionFailed", failed - 1),
        ("ExecutionRedriven", failed),
        ("TaskScheduled", entered),
        ("TaskStarted", failed + 2),
        ("TaskSucceeded", failed + 3),
        ("TaskStateExited", failed + 4),
        ("PassStateEntered", failed + 5),
        ("PassStateExited", failed + 6),
        ("ExecutionSucceeded", failed + 7),
    ]
    assert run.details("ExecutionRedriven") == {"redriveCount": 1}


def test_retries_are_counted_anew() -> None:
    work = Switch("x")
    simulation = Simulation({"work": work})
    states = {"A": task("work", "x", Retry=[NO_MORE])}
    run = simulation.run({"StartAt": "A", "States": states})
    redrive(simulation, run)

    assert run.status == "FAILED"
    assert len(work.calls) == 4
    assert run.described["redriveCount"] == 1


def test_the_context_tells_of_the_redrive() -> None:
    work = Switch("x")
    simulation = Simulation({"work": work})
    context = "{% $states.context %}"
    run = simulation.run({"StartAt": "A", "States": {"A": task("work", "x", Output=context)}})
    simulation.hub.now += 5
    work.broken.clear()
    redrive(simulation, run)
    assert isinstance(run.output, dict)

    assert run.output["Execution"]["RedriveCount"] == 1
    assert run.output["Execution"]["RedriveTime"] == "2026-01-01T12:00:05.000Z"
    assert run.output["State"]["EnteredTime"] == "2026-01-01T12:00:00.000Z"
    assert run.output["State"]["RetryCount"] == 0


def test_the_time_outs_begin_anew() -> None:
    simulation = Simulation({"slow": lambda payload: payload})
    simulation.functions.seconds = 8.0
    states = {
        "W": {"Type": "Wait", "Seconds": 5, "Next": "A"},
        "A": task("slow", TimeoutSeconds=9),
    }
    machine = {"StartAt": "W", "TimeoutSeconds": 10, "States": states}
    run = simulation.run(machine)
    assert run.status == "TIMED_OUT"
    before = simulation.hub.now
    redrive(simulation, run)

    assert run.status == "SUCCEEDED"
    assert simulation.hub.now == before + 8


def test_only_failed_and_aborted_branches_are_taken_up() -> None:
    """The links are as recorded."""
    work = Switch("bad")
    simulation = Simulation({"work": work})
    resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    waiting = task("work", "w", Resource=resource, TimeoutSeconds=60)
    branches = [
        {"StartAt": "Good", "States": {"Good": task("work", "good", Output=1)}},
        {"StartAt": "Waits", "States": {"Waits": waiting}},
        {"StartAt": "Bad", "States": {"Bad": task("work", "bad", Output=3)}},
    ]
    machine = {
        "StartAt": "P",
        "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}},
    }
    run = simulation.run(machine)
    assert run.status == "FAILED"
    assert "TaskStateAborted" in run.types
    entered = [e["id"] for e in run.history if e["type"] == "TaskStateEntered"]
    failed = int(str(run.last_event_id))
    work.broken.clear()
    work.calls.clear()
    simulation.machines.redrive_execution(run.arn)
    simulation.hub.run(until=simulation.hub.now + 1)
    assert work.calls == ["w", "bad"]
    assert [link for link in links(run, failed + 1) if link[0] == "TaskScheduled"] == [
        ("TaskScheduled", entered[1]),
        ("TaskScheduled", entered[2]),
    ]
    execution = simulation.machines._executions.find(run.arn)
    group = execution.root.pause
    assert isinstance(group, Members)
    (waiting_branch,) = group._working.values()
    simulation.machines.send_task_success(str(waiting_branch.token), "2")
    simulation.hub.run()

    assert (run.status, run.output) == ("SUCCEEDED", [1, 2, 3])
    assert run.types.count("ParallelStateStarted") == 1


def test_only_failed_and_pending_iterations_of_an_inline_map_are_done() -> None:
    work = Switch(2)
    simulation = Simulation({"work": work})
    processor = {"StartAt": "A", "States": {"A": task("work", "{% $states.input %}", Output=0)}}
    state = {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 1, "End": True}
    run = simulation.run({"StartAt": "M", "States": {"M": state}}, [1, 2, 3])
    assert work.calls == [1, 2]
    work.broken.clear()
    redrive(simulation, run)

    assert (run.status, work.calls) == ("SUCCEEDED", [1, 2, 2, 3])
    assert run.output == [0, 0, 0]
    assert run.types.count("MapStateStarted") == 1


def test_a_parallel_within_a_map_is_taken_up_too() -> None:
    work = Switch("b2")
    simulation = Simulation({"work": work})

    def branch(name: str) -> dict[str, object]:
        payload = "{% '" + name + "' & $states.input %}"
        return {"StartAt": name, "States": {name: task("work", payload, Output=name)}}

    inner = {"Type": "Parallel", "Branches": [branch("a"), branch("b")], "End": True}
    processor = {"StartAt": "P", "States": {"P": inner}}
    state = {"Type": "Map", "ItemProcessor": processor, "End": True}
    run = simulation.run({"StartAt": "M", "States": {"M": state}}, [1, 2])
    work.broken.clear()
    work.calls.clear()
    redrive(simulation, run)

    assert run.output == [["a", "b"], ["a", "b"]]
    assert work.calls == ["b2"]


def test_a_state_that_gave_too_much_begins_anew() -> None:
    """Documented for States.DataLimitExceeded: the branches that succeeded are done again."""
    large = Switch()
    simulation = Simulation({"large": lambda payload: large(payload) or "x" * 100_000})
    processor = {
        "StartAt": "A",
        "States": {"A": task("large", "{% $states.input %}", Output="{% $pad('x', 100000) %}")},
    }
    state = {"Type": "Map", "ItemProcessor": processor, "End": True}
    run = simulation.run({"StartAt": "M", "States": {"M": state}}, [1, 2, 3])
    assert run.described["error"] == "States.DataLimitExceeded"
    redrive(simulation, run)

    assert large.calls == [1, 2, 3, 1, 2, 3]
    assert run.types.count("MapStateStarted") == 2


def test_a_fail_state_fails_again() -> None:
    simulation = Simulation()
    run = simulation.run({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E"}}})
    redrive(simulation, run)

    assert (run.status, run.described["error"]) == ("FAILED", "E")
    assert run.types == [
        "ExecutionStarted",
        "FailStateEntered",
        "ExecutionFailed",
        "ExecutionRedriven",
        "FailStateEntered",
        "ExecutionFailed",
    ]


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [({"Seconds": 60}, 60), ({"Timestamp": "2026-01-01T12:01:00Z"}, 0)],
)
def test_a_stopped_wait_waits_again_unless_its_time_has_passed(
    wait: dict[str, object], seconds: float
) -> None:
    simulation = Simulation()
    run = simulation.start({"StartAt": "W", "States": {"W": {"Type": "Wait", "End": True, **wait}}})
    simulation.hub.run(until=simulation.hub.now + 30)
    simulation.machines.stop_execution(run.arn)
    simulation.hub.run(until=simulation.hub.now + 60)
    before = simulation.hub.now
    redrive(simulation, run)

    assert run.status == "SUCCEEDED"
    assert simulation.hub.now - before == seconds


def test_what_was_stopped_before_it_began_begins() -> None:
    simulation = Simulation()
    run = simulation.start({"StartAt": "A", "States": {"A": passing(Output=1)}})
    simulation.machines.stop_execution(run.arn)
    redrive(simulation, run)

    assert run.output == 1
    assert run.types.count("PassStateEntered") == 1


def test_an_old_token_is_not_heard_any_more() -> None:
    simulation = Simulation({"ask": lambda payload: None})
    resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    asking = task("ask", {"t": "{% $states.context.Task.Token %}"}, Resource=resource)
    run = simulation.start({"StartAt": "A", "States": {"A": {**asking, "TimeoutSeconds": 60}}})
    simulation.hub.run(until=simulation.hub.now + 1)
    old = str(simulation.functions.calls[0][1]["t"])  # type: ignore[index]
    simulation.machines.send_task_success(old, "1")
    simulation.machines.stop_execution(run.arn)
    simulation.machines.redrive_execution(run.arn)
    simulation.hub.run(until=simulation.hub.now + 1)
    new = str(simulation.functions.calls[1][1]["t"])  # type: ignore[index]

    assert run.status == "RUNNING"
    assert code_of(lambda: simulation.machines.send_task_success(old, "1")) == "TaskTimedOut"
    simulation.machines.send_task_success(new, "2")
    simulation.hub.run()
    assert run.output == 2


# -- who may be redriven ---------------------------------------------------------------------------


def failed(functions: dict[str, Function] | None = None) -> tuple[Simulation, Run]:
    simulation = Simulation(functions or {"work": Switch("x")})
    return simulation, simulation.run({"StartAt": "A", "States": {"A": task("work", "x")}})


def refusal(simulation: Simulation, run: Run) -> str:
    with pytest.raises(StatesError) as refused:
        simulation.machines.redrive_execution(run.arn)
    assert refused.value.code == "ExecutionNotRedrivable"
    return refused.value.message


def test_what_succeeded_is_not_redriven() -> None:
    """The message is as recorded."""
    simulation = Simulation()
    run = simulation.run({"StartAt": "A", "States": {"A": passing()}})

    assert refusal(simulation, run) == (
        f"Execution {run.arn} invalid for redrive as: Execution is SUCCEEDED and cannot be redriven"
    )


def test_what_runs_is_not_redriven() -> None:
    simulation = Simulation()
    run = simulation.start(
        {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 9, "End": True}}}
    )
    simulation.hub.run(until=simulation.hub.now + 1)

    assert "Execution is RUNNING and cannot be redriven" in refusal(simulation, run)


def test_there_are_fourteen_days() -> None:
    simulation, run = failed()
    simulation.hub.run(until=simulation.hub.now + 14 * DAY)
    assert run.described["redriveStatus"] == "REDRIVABLE"
    simulation.hub.run(until=simulation.hub.now + 1)

    assert run.described["redriveStatus"] == "NOT_REDRIVABLE"
    assert run.described["redriveStatusReason"] == "Execution redrivable period exceeded"
    assert "Execution redrivable period exceeded" in refusal(simulation, run)


def test_the_days_begin_anew_with_every_end() -> None:
    simulation, run = failed()
    for _ in range(3):
        simulation.hub.run(until=simulation.hub.now + 10 * DAY)
        redrive(simulation, run)

    assert run.described["redriveCount"] == 3


def test_a_full_history_takes_no_redrive() -> None:
    simulation = Simulation()
    run = simulation.run({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}})

    assert "Execution history event limit exceeded" in refusal(simulation, run)


def test_the_same_token_is_the_same_redrive() -> None:
    """Recorded, as are the answers to old tokens."""
    simulation, run = failed()
    first = redrive(simulation, run, "A")
    simulation.hub.now += 1
    again = redrive(simulation, run, "A")
    second = redrive(simulation, run, "B")

    assert first == again == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert second == datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)
    assert run.described["redriveCount"] == 2
    assert redrive(simulation, run, "A") == first
    simulation.hub.now += 15 * 60 + 1
    redrive(simulation, run, "A")
    assert run.described["redriveCount"] == 3


def test_others_are_told_of_a_redrive() -> None:
    simulation, run = failed()
    redrive(simulation, run)
    details = [event["detail"] for event in simulation.events]

    assert [each["status"] for each in details] == [  # type: ignore[index]
        "RUNNING",
        "FAILED",
        "RUNNING",
        "FAILED",
    ]
    assert [each["redriveCount"] for each in details] == [0, 0, 1, 1]  # type: ignore[index]
    assert simulation.transitions["(redriven)", "A"] == 1
    assert simulation.transitions == simulation.machines.edges("m")


def test_redriven_executions_can_be_listed() -> None:
    simulation, run = failed()
    redrive(simulation, run)
    arn = str(run.described["stateMachineArn"])
    listed = simulation.machines.list_executions(arn, redriven="REDRIVEN")["executions"]
    others = simulation.machines.list_executions(arn, redriven="NOT_REDRIVEN")["executions"]

    assert (len(listed), len(others)) == (1, 0)  # type: ignore[arg-type]


# -- Map Runs --------------------------------------------------------------------------------------


def each(work: Switch) -> Depot:
    return Depot({"work": work})


WORK = {
    "A": {"Type": "Pass", "Assign": {"n": "{% $states.input %}"}, "Next": "B"},
    "B": task("work", "{% $n %}", Output="{% $n %}"),
}


def test_only_unsuccessful_children_of_a_map_run_are_taken_up() -> None:
    """The links of the parent's events are as recorded."""
    work = Switch(2)
    depot = each(work)
    run = depot.run(distributed(WORK, MaxConcurrency=1), [1, 2, 3])
    assert (run.status, work.calls) == ("FAILED", [1, 2])
    first = depot.map_run(run)
    children = [child["executionArn"] for child in depot.children(run)]
    failed = int(str(run.last_event_id))
    work.broken.clear()
    redrive(depot, run)

    assert (run.status, run.output) == ("SUCCEEDED", [1, 2, 3])
    assert work.calls == [1, 2, 2, 3]
    assert [child["executionArn"] for child in depot.children(run)][:2] == children
    assert [child["redriveCount"] for child in depot.children(run)] == [0, 1, 0]
    assert links(run, failed) == [
        ("ExecutionFailed", failed - 1),
        ("ExecutionRedriven", failed),
        ("MapRunRedriven", 3),
        ("MapRunSucceeded", failed + 2),
        ("MapStateSucceeded", failed + 3),
        ("MapStateExited", failed + 2),
        ("ExecutionSucceeded", failed + 5),
    ]
    again = depot.map_run(run)
    assert again["mapRunArn"] == first["mapRunArn"]
    assert (again["status"], again["redriveCount"]) == ("SUCCEEDED", 1)


def test_a_standard_child_goes_on_in_the_state_that_failed() -> None:
    work = Switch(1)
    depot = each(work)
    run = depot.run(distributed(WORK), [1])
    child = depot.child(run, 0)
    assert child.described["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    work.broken.clear()
    redrive(depot, run)

    assert child.status == "SUCCEEDED"
    assert child.types.count("PassStateEntered") == 1
    assert child.types.count("TaskScheduled") == 2
    assert child.types.count("TaskStateEntered") == 1


def test_an_express_child_begins_anew_under_its_name() -> None:
    work = Switch(1)
    depot = each(work)
    run = depot.run(distributed(WORK, kind="EXPRESS"), [1])
    (before,) = depot.children(run)
    depot.hub.now += 60
    work.broken.clear()
    redrive(depot, run)
    (after,) = depot.children(run)

    assert run.output == [1]
    assert after["executionArn"] == before["executionArn"]
    assert after["startDate"] == datetime(2026, 1, 1, 12, 1, tzinfo=UTC)
    assert after["redriveCount"] == 1


def test_a_child_is_redriven_by_its_map_run_only() -> None:
    depot = each(Switch(1))
    run = depot.run(distributed(WORK), [1])

    assert "redrive the execution that started it" in refusal(depot, depot.child(run, 0))


def test_the_limits_hold_in_a_redrive_too() -> None:
    work = Switch(1, 2, 3, 4)
    depot = each(work)
    depot.functions.seconds = 10.0
    run = depot.run(distributed(WORK, MaxConcurrency=4, ToleratedFailureCount=1), [1, 2, 3, 4])
    work.broken -= {3, 4}
    depot.machines.redrive_execution(run.arn)
    arn = str(depot.map_run(run)["mapRunArn"])
    depot.hub.run(until=depot.hub.now)
    depot.machines.update_map_run(arn, tolerated_failure_count=2)
    depot.hub.run()

    assert run.status == "SUCCEEDED"
    assert [child["status"] for child in depot.children(run)] == [
        "FAILED",
        "FAILED",
        "SUCCEEDED",
        "SUCCEEDED",
    ]


def test_a_child_that_cannot_be_redriven_stays_failed() -> None:
    """A child of the fourteenth day before counts as failed, whatever comes of the others."""
    work = Switch("old", "new")
    depot = each(work)
    states = {
        "A": task("work", "{% $states.input.name %}", Retry=[{**NO_MORE, "IntervalSeconds": 1}]),
    }
    late = {"A": {"Type": "Wait", "Seconds": "{% $states.input.wait %}", "Next": "B"}}
    machine = distributed({**late, "B": states["A"]}, ToleratedFailureCount=1, MaxConcurrency=2)
    items = [{"name": "old", "wait": 0}, {"name": "new", "wait": int(10 * DAY)}]
    run = depot.run(machine, items)
    assert run.status == "FAILED"
    depot.hub.run(until=depot.hub.now + 5 * DAY)
    counts = depot.map_run(run)["executionCounts"]
    assert counts["failuresNotRedrivable"] == 1  # type: ignore[index]
    work.broken.clear()
    redrive(depot, run)

    assert run.status == "SUCCEEDED"
    assert [child["status"] for child in depot.children(run)] == ["FAILED", "SUCCEEDED"]


def test_a_file_that_could_not_be_read_is_read_again() -> None:
    depot = Depot()
    machine = distributed({"A": passing()}, ItemReader=reading("JSON"))
    run = depot.run(machine, {"file": "late"})
    assert run.described["error"] == "States.ItemReaderFailed"
    depot.buckets.objects["in", "late"] = "[1, 2]"
    redrive(depot, run)

    assert run.output == [1, 2]
    assert len(depot.machines.list_map_runs(run.arn)["mapRuns"]) == 1  # type: ignore[arg-type]


def test_the_file_is_not_read_again_once_children_have_begun() -> None:
    work = Switch("2")
    depot = each(work)
    depot.buckets.objects["in", "ids"] = "id\n1\n2\n"
    states = {"A": task("work", "{% $states.input.id %}", Output="{% $states.input.id %}")}
    run = depot.run(distributed(states, ItemReader=reading("CSV")), {"file": "ids"})
    depot.buckets.objects["in", "ids"] = "id\n7\n8\n"
    work.broken.clear()
    redrive(depot, run)

    assert run.output == ["1", "2"]
    assert depot.buckets.requests["getObject"] == 1


def test_results_that_could_not_be_written_are_written() -> None:
    work = Switch()
    depot = each(work)
    depot.buckets.broken.add("putObject")
    run = depot.run(distributed(WORK, ResultWriter=WRITER), [1, 2])
    assert run.described["error"] == "States.ResultWriterFailed"
    depot.buckets.broken.clear()
    redrive(depot, run)

    assert run.status == "SUCCEEDED"
    assert work.calls == [1, 2]
    assert any(key.endswith("Redrive-1/manifest.json") for _, key in depot.buckets.objects)


def test_every_redrive_writes_into_a_folder_of_its_own() -> None:
    """Folders and manifests are as recorded."""
    work = Switch(2, 3)
    depot = each(work)
    machine = distributed(WORK, MaxConcurrency=1, ResultWriter=WRITER)
    run = depot.run(machine, [1, 2, 3])
    folder = f"results/{str(depot.map_run(run)['mapRunArn']).rsplit(':', 1)[1]}/"
    work.broken -= {2}
    redrive(depot, run)
    work.broken -= {3}
    redrive(depot, run)
    assert isinstance(run.output, dict)

    def files(of: str) -> dict[str, list[str]]:
        manifest = depot.buckets.json(f"{folder}{of}manifest.json")
        assert isinstance(manifest, dict)
        return {
            kind: [each["Key"].removeprefix(folder) for each in listed]
            for kind, listed in manifest["ResultFiles"].items()
        }

    assert files("") == {
        "FAILED": ["FAILED_0.json"],
        "PENDING": ["PENDING_0.json"],
        "SUCCEEDED": ["SUCCEEDED_0.json"],
    }
    assert files("Redrive-1/") == {
        "FAILED": ["Redrive-1/FAILED_0.json"],
        "PENDING": [],
        "SUCCEEDED": ["SUCCEEDED_0.json", "Redrive-1/SUCCEEDED_0.json"],
    }
    assert files("Redrive-2/") == {
        "FAILED": [],
        "PENDING": [],
        "SUCCEEDED": [
            "SUCCEEDED_0.json",
            "Redrive-1/SUCCEEDED_0.json",
            "Redrive-2/SUCCEEDED_0.json",
        ],
    }
    details = run.output["ResultWriterDetails"]
    assert details["Key"] == f"{folder}Redrive-2/manifest.json"
    assert depot.map_run(run)["executionCounts"]["resultsWritten"] == 3  # type: ignore[index]


def test_a_map_run_that_gave_too_much_begins_anew() -> None:
    work = Switch()
    depot = Depot({"work": work})
    states = {"A": task("work", "{% $states.input %}", Output="{% $pad('x', 100000) %}")}
    run = depot.run(distributed(states), [1, 2, 3])
    assert run.described["error"] == "States.DataLimitExceeded"
    redrive(depot, run)

    assert work.calls == [1, 2, 3, 1, 2, 3]
    assert len(depot.machines.list_map_runs(run.arn)["mapRuns"]) == 2  # type: ignore[arg-type]


def test_a_stopped_map_run_is_taken_up() -> None:
    depot = Depot()
    states = {"A": {"Type": "Wait", "Seconds": 60, "End": True}}
    run = depot.start(distributed(states, MaxConcurrency=1), [1, 2])
    depot.hub.run(until=depot.hub.now + 90)
    depot.machines.stop_execution(run.arn)
    redrive(depot, run)

    assert (run.status, run.output) == ("SUCCEEDED", [1, 2])
    assert [child["redriveCount"] for child in depot.children(run)] == [0, 1]
