"""Two interpreters, one table: ours and moto's must agree, or the case says who is right."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from types import SimpleNamespace

import pytest
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl

from tests.local.states.cases import Case, functions
from tests.local.states.cases_branching import BRANCHING_CASES
from tests.local.states.cases_plain import EXPRESSION_CASES, STATE_CASES
from tests.local.states.cases_tasks import TASK_CASES
from tests.local.states.moto_machines import MotoMachines, Seen, moto_machines
from tests.local.states.simulation import Function, Simulation

CASES = [*STATE_CASES, *TASK_CASES, *BRANCHING_CASES, *EXPRESSION_CASES]


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoMachines]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setattr(retrier_decl, "time", SimpleNamespace(sleep=lambda seconds: None))
        with moto_machines() as machines:
            yield machines


def ours(case: Case) -> Seen:
    simulation = Simulation(functions())

    def echo(payload: object) -> object:
        if case.answer is not None:
            assert isinstance(payload, Mapping)
            token = str(payload["token"])
            simulation.hub.at(simulation.hub.now + 0.2, lambda: answer(token))
        return payload

    def answer(token: str) -> None:
        kind, value = case.answer or ("", "")
        if kind == "success":
            simulation.machines.send_task_success(token, value)
        else:
            simulation.machines.send_task_failure(token, value, "cause")

    simulation.functions.functions["echo"] = echo
    run = simulation.run(case.definition, case.input)
    types = tuple(str(each) for each in run.types)
    error = run.described.get("error")
    return Seen(str(run.status), run.output, None if error is None else str(error), types)


def theirs(case: Case, moto: MotoMachines) -> Seen:
    table: dict[str, Function] = functions()

    def echo(payload: object) -> object:
        if case.answer is not None:
            assert isinstance(payload, Mapping)
            threading.Timer(0.2, moto.answer, (str(payload["token"]), *case.answer)).start()
        return payload

    table["echo"] = echo
    return moto.run(case.definition, {} if case.input is None else case.input, table)


def comparable(seen: Seen, case: Case) -> tuple[object, ...]:
    types: object = Counter(seen.types) if case.in_any_order else seen.types
    return seen.status, without_payload_order(seen.output), seen.error, types


def without_payload_order(output: object) -> object:
    """Leave out what moto does not model of an invocation's answer, and numbers' types."""
    if isinstance(output, dict):
        return {
            key: without_payload_order(value)
            for key, value in output.items()
            if key not in ("SdkHttpMetadata", "SdkResponseMetadata", "ExecutedVersion")
        }
    if isinstance(output, list):
        return [without_payload_order(each) for each in output]
    return output


@pytest.mark.parametrize("case", [each for each in CASES if not each.fault], ids=lambda c: c.id)
def test_both_interpreters_agree(case: Case, moto: MotoMachines) -> None:
    assert comparable(ours(case), case) == comparable(theirs(case, moto), case)


@pytest.mark.parametrize("case", [each for each in CASES if each.fault], ids=lambda c: c.id)
def test_where_moto_is_at_fault_the_specification_decides(case: Case, moto: MotoMachines) -> None:
    mine = ours(case)

    assert (mine.status, mine.error or mine.output) == case.expected
    assert comparable(mine, case) != comparable(theirs(case, moto), case), (
        "moto agrees by now: take the fault out of the table"
    )


def test_the_table_covers_every_state_type() -> None:
    text = json.dumps([case.definition for case in CASES])

    for kind in ("Task", "Choice", "Wait", "Pass", "Parallel", "Map", "Succeed", "Fail"):
        assert f'"Type": "{kind}"' in text
