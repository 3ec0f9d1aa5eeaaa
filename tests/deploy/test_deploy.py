"""The real `sam build` and `sam deploy --guided` into an independent emulator, and then: use it.

Somebody signs up through the deployed HTTP API; what that makes is looked for in the deployed
tables and state machines. Nothing of `local/` runs here but the reader of the template.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.translation import read_template
from tests.deploy import preparation

pytestmark = [pytest.mark.deploy, pytest.mark.enable_socket]

STACK = "relance-test"
ANSWERS = {
    "SenderAddress": "hello@example.com",
    "PostalAddress": "Example Ltd, 1 Main Street, Springfield",
    "SenderIdentity": "existing",
    "AllowList": "@example.com",
}
PATIENCE = 60.0
"""Seconds to wait for what the deployed stack does by itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the HTTP API answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack in the emulator."""

    address: str
    asked: list[str]
    outputs: Mapping[str, str]

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.address,
            region_name=preparation.REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource."""
        answer = self.client("cloudformation").describe_stack_resources(
            StackName=STACK, LogicalResourceId=logical_id
        )
        return str(answer["StackResources"][0]["PhysicalResourceId"])

    def items(self, table: str) -> list[Mapping[str, Any]]:
        answer = self.client("dynamodb").scan(TableName=self.resource(table))
        return list(answer["Items"])

    def request(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Answer:
        """Ask the HTTP API, addressed as the emulator serves it: by the Host header."""
        host = urllib.parse.urlsplit(self.outputs["SignUpForm"]).hostname or ""
        port = urllib.parse.urlsplit(self.address).port
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=urllib.parse.urlencode(form).encode() if form is not None else None,
            headers={"Host": f"{host.split('.')[0]}.execute-api.localhost:{port}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers.items()), answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, dict(refused.headers.items()), refused.read())


def eventually(look: Callable[[], list[Any]]) -> list[Any]:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.5)
    pytest.fail(f"nothing was found within {PATIENCE:.0f} seconds")


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("project")
    preparation.copy_project(folder)
    preparation.sam("build", folder=folder, RELANCE_PYTHON=sys.executable, RELANCE_WHEELS="native")
    with preparation.emulator(tmp_path_factory.mktemp("emulator")) as address:
        asked = guided(folder, address)
        yield Deployed(address, asked, outputs(address))


def guided(folder: Path, address: str) -> list[str]:
    """Deploy as the README says; the parameters that were asked for."""
    parameters = read_template(preparation.ROOT / "template.yaml")["Parameters"]
    answers = [STACK, preparation.REGION]
    answers += [ANSWERS.get(name, "") for name in parameters]
    # Confirm changes, let SAM make roles, keep what failed, save the answers: as proposed but last.
    answers += ["", "", "", "n"]
    printed = preparation.sam(
        "deploy",
        "--guided",
        folder=folder,
        answers="\n".join(answers) + "\n",
        AWS_ENDPOINT_URL=address,
    )
    return preparation.questions(printed)


def outputs(address: str) -> Mapping[str, str]:
    client = Deployed(address, [], {}).client("cloudformation")
    (stack,) = client.describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def test_every_parameter_is_asked_for_once(deployed: Deployed) -> None:
    assert deployed.asked == list(read_template(preparation.ROOT / "template.yaml")["Parameters"])


def test_the_outputs_lead_on(deployed: Deployed) -> None:
    assert deployed.outputs["WelcomeJourneyLink"].endswith(f"stateMachine:{STACK}-journey-welcome")
    assert deployed.outputs["SignUpForm"].endswith("/f/newsletter")
    assert "not yours" in deployed.outputs["LinkWarning"]


def test_the_pixel_answers_even_a_token_that_nobody_gave(deployed: Deployed) -> None:
    answer = deployed.request("GET", "/o/nobody-gave-this")
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/gif"
    assert answer.body.startswith(b"GIF89a")
    assert "no-store" in answer.headers["cache-control"]


def test_a_sign_up_lands_in_the_tables_and_a_welcome_journey_starts(deployed: Deployed) -> None:
    form = deployed.request("GET", "/f/newsletter")
    assert form.status == 200
    hidden = re.findall(rb'<input type="hidden" name="(\w+)" value="([^"]*)"', form.body)
    fields = {name.decode(): value.decode() for name, value in hidden}
    fields |= {"email": "ada@example.com", "first_name": "Ada", "consent": "yes"}

    time.sleep(2.1)  # nobody fills in a form faster
    taken = deployed.request("POST", "/f/newsletter", fields)
    assert taken.status == 200, taken.body.decode()

    kept = deployed.items("Identities")
    (identity,) = [each for each in kept if not each["identity"]["S"].startswith("limit:")]
    assert identity["identity"]["S"] == "email:ada@example.com"
    contact_id = identity["contact_id"]["S"]
    events = [each for each in deployed.items("Events") if each["contact_id"]["S"] == contact_id]
    assert "signed_up" in {each["name"]["S"] for each in events}

    records = eventually(lambda: [r for r in deployed.items("Contacts") if "profile" in record(r)])
    assert {each["contact_id"]["S"] for each in records} == {contact_id}

    states = deployed.client("stepfunctions")
    machine = deployed.resource("WelcomeJourney")
    (execution,) = eventually(lambda: states.list_executions(stateMachineArn=machine)["executions"])
    started = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(started["input"])["contact"] == contact_id
    (entered,) = eventually(
        lambda: [r for r in deployed.items("Contacts") if "enrolment" in record(r)]
    )
    assert entered["contact_id"]["S"] == contact_id


def record(item: Mapping[str, Any]) -> str:
    return str(item["record"]["S"])
