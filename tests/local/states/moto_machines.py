"""Runs a machine in moto's own interpreter, which shares no code with ours.

moto needs an evaluator for JSONata (jsonata-python here) and functions that need no container;
both are put in. It waits in real time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

import boto3
from jsonata import Jsonata
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata

from tests.local.states.simulation import Function, Raise

ROLE = "arn:aws:iam::123456789012:role/states"


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of an execution."""

    status: str
    output: object
    error: str | None
    types: tuple[str, ...]


class MotoMachines:
    """moto's Step Functions."""

    def __init__(self) -> None:
        self._client = boto3.client("stepfunctions", region_name="us-east-1")
        self._count = 0

    def answer(self, token: str, kind: str, value: str) -> None:
        """Answer a token: with a result ("success") or an error ("failure")."""
        if kind == "success":
            self._client.send_task_success(taskToken=token, output=value)
        else:
            self._client.send_task_failure(taskToken=token, error=value, cause="cause")

    def run(
        self, definition: Mapping[str, object], value: object, functions: Mapping[str, Function]
    ) -> Seen:
        """Run a machine to its end."""
        self._count += 1
        text = json.dumps({"QueryLanguage": "JSONata", **definition})
        arn = self._client.create_state_machine(
            name=f"m{self._count}", definition=text, roleArn=ROLE
        )["stateMachineArn"]

        def invoke(parameters: Mapping[str, object], region: str, **_: object) -> object:
            payload = parameters.get("Payload", b"{}")
            assert isinstance(payload, bytes)
            name = parameters["FunctionName"]
            assert isinstance(name, str)
            try:
                result = functions[name](json.loads(payload))
            except Raise as error:
                told = {"errorType": error.error, "errorMessage": error.cause}
                return {"FunctionError": "Unhandled", "Payload": told, "StatusCode": 200}
            return {"ExecutedVersion": "$LATEST", "Payload": result, "StatusCode": 200}

        with patch.object(lambda_eval_utils, "_invoke_lambda_function", invoke):
            execution = self._client.start_execution(
                stateMachineArn=arn, name="e", input=json.dumps(value)
            )["executionArn"]
            return self._wait(execution)

    def _wait(self, arn: str) -> Seen:
        for _ in range(1_000):
            seen = self._client.describe_execution(executionArn=arn)
            if seen["status"] != "RUNNING":
                break
            time.sleep(0.005)
        events = self._client.get_execution_history(executionArn=arn, maxResults=1000)["events"]
        return Seen(
            status=seen["status"],
            output=_parsed(seen.get("output")),
            error=seen.get("error"),
            types=tuple(event["type"] for event in events),
        )


@contextmanager
def moto_machines() -> Iterator[MotoMachines]:
    """Open moto's Step Functions, with an evaluator."""
    with (
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
        patch.object(moto_jsonata, "_eval_jsonata", _evaluate),
    ):
        yield MotoMachines()


def _parsed(output: str | None) -> object:
    """Parse an output; moto leaves a text without its quotation marks."""
    try:
        return None if output is None else json.loads(output)
    except ValueError:
        return output


def _evaluate(expression: str) -> object:
    try:
        return _plain(Jsonata(expression).evaluate(None))
    except Exception as error:
        raise moto_jsonata.JSONataException("UNKNOWN", str(error)) from error


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, str | int | float):
        return value
    msg = f"{value} is not JSON"
    raise TypeError(msg)
