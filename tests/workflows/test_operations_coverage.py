"""What hardly ever happens to an operation: a defect, a list without end, somebody who is missing.

With the stories of each operation these take every way of every machine (`tests/ways.py`).
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from relance.storage import Delete, Table
from relance.usecases import resume_journey

from local.faults import not_allowed
from local.handler_errors import HandlerError
from local.sandbox import InvokeResult
from local.world import World
from tests.workflows.crowd import Crowd, in_parts_of, redraw
from tests.workflows.mailing import NAME, Gathered, Mailing
from tests.workflows.story import MONDAY, Story
from tests.workflows.test_importing import AGREED, Importing, customers, table

DEFECT = HandlerError("Defect", "on purpose")
SIZE = 60
EVERYBODY: dict[str, Any] = {"condition": {"did": "confirmed"}}
CAMPAIGN, START, EXPORT = "send-campaign", "start-journey-for-segment", "export-contacts"
LISTED: dict[str, tuple[dict[str, Any], str]] = {
    CAMPAIGN: ({"campaign": NAME, "message": "welcome", "to": EVERYBODY, "confirm": SIZE}, "sent"),
    START: ({"journey": "birthday", "to": EVERYBODY, "confirm": SIZE}, "started"),
    EXPORT: ({"everybody": True}, "exported"),
}
"""The operations that list people first: an input that is confirmed, and how it ends."""


@pytest.fixture(scope="module")
def gathered() -> Gathered:
    """Sixty people who agreed."""
    return Gathered.of(SIZE)


@pytest.fixture
def crowd(gathered: Gathered) -> Iterator[Mailing]:
    """They are in a world of their own."""
    with gathered.somewhere() as mailing:
        yield mailing


def answers(world: World, change: Callable[[Any], Any], function: str = "") -> None:
    """Let a function, or all, answer what `change` makes of the answer; it may be an error."""
    invoke = world.sandboxes.invoke
    wanted = world.function_name(function) if function else ""

    def invoked(name: str, event: Any, done: Callable[[InvokeResult], None], **more: Any) -> None:
        def answered(result: InvokeResult) -> None:
            told = change(result.payload)
            error = told if isinstance(told, HandlerError) else None
            payload = None if error else told
            done(InvokeResult(payload, error, result.billed_ms, result.request_id))

        concerned = not wanted or world.sandboxes.function(name).name == wanted
        invoke(name, event, answered if concerned else done, **more)

    world.sandboxes.invoke = invoked  # type: ignore[method-assign]


def breaks(_: Any) -> HandlerError:
    """An answer that is an error which does not pass."""
    return DEFECT


# -- a defect --------------------------------------------------------------------------------------


def test_a_defect_ends_every_operation_with_an_error_that_names_it() -> None:
    with World.build(start=MONDAY, seed=1, quick_tables=True) as world:
        answers(world, breaks)
        journeys = set(world.stack.journeys.values())
        operations = [each for each in world.stack.machines if each not in journeys]
        assert len(operations) == 19
        for operation in operations:
            machine = operation.removeprefix(f"{world.stack.name}-")
            # What is done with a journey and with a campaign are two steps of `control`.
            for data in ({}, {"journey": "welcome"}):
                told = Crowd(world, 0).ending(world.start(machine, data), minutes=1)
                assert (told["status"], told["error"]) == ("FAILED", "Defect"), operation
                assert '"errorMessage": "on purpose"' in told["cause"]


@pytest.mark.parametrize(
    ("operation", "function"), [(CAMPAIGN, "count_campaign"), (START, "sum_up")]
)
def test_a_defect_later_does_so_too(crowd: Mailing, operation: str, function: str) -> None:
    answers(crowd.world, breaks, function)
    assert crowd.asks(operation, LISTED[operation][0])["error"] == "Defect"


def test_a_defect_while_a_report_is_awaited_does_so_too() -> None:
    told: Iterator[Any] = iter(({"decision": "listen", "test": "t", "checks": []}, DEFECT))
    with World.build(start=MONDAY, seed=1, quick_tables=True) as world:
        answers(world, lambda _: next(told), "check_setup")
        ended = Crowd(world, 0).ending(world.start("operation-check-setup", {}))
    assert ended["error"] == "Defect"


def test_an_answer_that_nobody_foresaw_imports_nothing() -> None:
    with World.build(start=MONDAY, seed=1) as world:
        importing = Importing(world)
        answers(world, lambda _: {"decision": "perhaps"}, "cut_file")
        importing.put("f.csv", table(customers(3, **AGREED)))
        told = importing.asks({"file": "f.csv", "mapping": "customers", "confirm": 3})
        assert told["error"] == "DecisionUnknown"
        assert list(importing.rows("Contacts")) == []


# -- a list in parts -------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", LISTED)
def test_an_audience_is_looked_at_in_parts_and_comes_to_the_same(
    crowd: Mailing, operation: str
) -> None:
    data, outcome = LISTED[operation]
    in_parts_of(crowd.world, 25, operation)
    told = crowd.asks(operation, data)["output"]
    assert told["outcome"] == outcome
    ways = crowd.world.machines.branches(f"relance-operation-{operation}")
    goes_on = [
        taken for (_, how, to), taken in ways.items() if (how, to[:5]) == ("Choices[0]", "Find ")
    ]
    assert goes_on[0] >= 1
    if operation == CAMPAIGN:
        assert set(crowd.mails().values()) == {1}
        assert len(crowd.mails()) == SIZE
        crowd.adds_up({"output": told})
    else:
        assert told["contacts"] == SIZE


@pytest.mark.parametrize("operation", LISTED)
def test_a_list_without_end_is_given_up_before_anything_is_done(
    crowd: Mailing, operation: str
) -> None:
    in_parts_of(crowd.world, 25, operation, at_most=0)
    told = crowd.asks(operation, LISTED[operation][0])
    assert told["error"] == "TooManyContacts"
    assert "has more than" in told["cause"]
    assert crowd.mails() == {}
    assert crowd.world.machines.executions("relance-journey-birthday") == []


def test_a_journey_of_too_many_parts_goes_on_where_it_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resume_journey, "LET_IN_AT_ONCE", 1)
    with World.build(start=MONDAY, seed=1) as world:
        story, people = Story(world), [f"{name}@example.com" for name in "abcd"]
        redraw(world, "control", (r"\$parts < \d+", "$parts < 2"))
        crowd = Crowd(world, 0)
        crowd.asks("control", {"journey": "welcome", "do": "pause"}, minutes=1)
        for address in people:
            story.signs_up(address)
        resume = {"journey": "welcome", "do": "resume"}
        told = crowd.asks("control", resume, minutes=2)
        assert told["error"] == "TooManyParts"
        assert "it goes on where it stands" in told["cause"]
        assert crowd.asks("control", resume, minutes=2)["output"]["outcome"] == "done"
        assert [story.messages(each) for each in people] == [["confirm"]] * 4


# -- somebody is missing ---------------------------------------------------------------------------


def test_whoever_is_in_no_result_is_told_as_missing(crowd: Mailing) -> None:
    def loses_one(told: Any) -> Any:
        lost.append(told["found"]["started"].pop())
        return {**told, "contacts": told["contacts"] - 1}

    lost: list[str] = []
    answers(crowd.world, loses_one, "start_batch")
    told = crowd.asks(START, LISTED[START][0])
    assert told["error"] == "Incomplete"
    assert len(lost) == 3
    assert "3 contacts left no result" in told["cause"]


def test_a_row_that_is_in_no_result_is_told_as_missing() -> None:
    with World.build(start=MONDAY, seed=1) as world:
        importing = Importing(world)
        answers(world, lambda told: {**told, "rows": told["rows"] - 1}, "import_piece")
        importing.put("f.csv", table(customers(3, **AGREED)))
        told = importing.asks({"file": "f.csv", "mapping": "customers", "confirm": 3})
        assert told["error"] == "Incomplete"
        assert "1 row left no result" in told["cause"]


def test_a_campaign_that_is_not_over_after_all_looks_says_how_far_it_is(crowd: Mailing) -> None:
    redraw(crowd.world, CAMPAIGN, (r"\$rounds < \d+", "$rounds < 1"))
    crowd.world.sandboxes.faults = not_allowed("send-batch")
    told = crowd.asks(CAMPAIGN, LISTED[CAMPAIGN][0], minutes=60)
    assert told["error"] == "Incomplete"
    assert "0 of 60" in told["cause"]


def test_a_campaign_whose_record_is_gone_ends_and_says_so(crowd: Mailing) -> None:
    def forgets(told: Any) -> Any:
        record = crowd.record()
        assert record is not None
        crowd.store.write(Delete(Table.SENDS, (record["send_id"],)))
        return told

    answers(crowd.world, forgets, "list_audience")
    told = crowd.asks(CAMPAIGN, LISTED[CAMPAIGN][0])
    assert (told["error"], crowd.mails()) == ("InvalidInput", {})
    assert f'There is no campaign "{NAME}"' in told["cause"]
