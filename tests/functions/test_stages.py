"""A stage may close a journey: who stands there is not let in, and the answer says why."""

import json

import pytest
from relance.content.stage_rules import Stage

from tests.functions.conftest import SAMPLES, Bench


def test_a_journey_that_the_stage_does_not_allow_lets_nobody_in(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = json.loads((SAMPLES / "enter_workflow" / "signed_up.json").read_text("utf-8"))
    event["workflow"] = "spring_sale"
    monkeypatch.setattr(Stage, "allows_journey", lambda _, name: name != event["workflow"])
    answer = bench.call("enter_workflow", event, monkeypatch)
    assert (answer["decision"], answer["reason"]) == ("not_eligible", "not in stage lead")
    assert "workflow_entered" not in bench.history()
