"""A copy of the project that the emulator can take, and the emulator.

What the emulator (ministack) cannot do is worked around here, in the copy, never in the product:

- It loses the routes that SAM writes into the body of an HTTP API, so that the copy declares them
  as resources of their own.
- It runs functions on this machine, so that the copy's packages are built for this machine, and
  has no /opt, so that CONTENT names the built folder.
- It knows no versions and aliases of state machines in a template, so that the copy starts the
  machines themselves.
- It does not know the DKIM attributes of a domain, so that the test deploys with the parameter
  SenderIdentity=existing.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.translation import read_template

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".tools"
COPIED = ("functions", "layers", "statemachines")
REGION = "eu-west-1"
_IGNORED = shutil.ignore_patterns("__pycache__")


def copy_project(target: Path) -> None:
    """Copy what is deployed to the folder `target`, with a template that the emulator can take."""
    for name in COPIED:
        shutil.copytree(ROOT / name, target / name, ignore=_IGNORED)
    template = read_template(ROOT / "template.yaml")
    resources = template["Resources"]
    with_explicit_routes(resources)
    template["Resources"] = resources = without_aliases(resources)
    content = str(target / ".aws-sam" / "build" / "ContentLayer" / "content")
    for resource in resources.values():
        variables = resource["Properties"].get("Environment", {}).get("Variables", {})
        if "CONTENT" in variables:
            variables["CONTENT"] = content
    (target / "template.yaml").write_text(json.dumps(template), "utf-8")


def without_aliases(resources: dict[str, Any]) -> dict[str, Any]:
    """The resources with each machine in the place of its alias."""
    machines = [
        name for name, each in resources.items() if each["Properties"].pop("AutoPublishAlias", None)
    ]
    written = json.dumps(resources)
    for name in machines:
        written = written.replace(f"{name}Aliaslive", name)
    found: dict[str, Any] = json.loads(written)
    return found


def with_explicit_routes(resources: dict[str, Any]) -> None:
    """Replace the HTTP API and the events that refer to it by the resources that SAM would make."""
    del resources["LinkHost"], resources["LinkHostMapping"]
    resources["PublicApi"] = {
        "Type": "AWS::ApiGatewayV2::Api",
        "Properties": {"Name": "public", "ProtocolType": "HTTP"},
    }
    resources["PublicStage"] = {
        "Type": "AWS::ApiGatewayV2::Stage",
        "Properties": {"ApiId": {"Ref": "PublicApi"}, "StageName": "$default", "AutoDeploy": True},
    }
    for name, resource in list(resources.items()):
        events = resource["Properties"].get("Events", {})
        routes = {key: each for key, each in events.items() if each["Type"] == "HttpApi"}
        if not routes:
            continue
        resource["Properties"]["Events"] = {
            key: each for key, each in events.items() if key not in routes
        }
        resources.update(_integration(name))
        for key, each in routes.items():
            resources[f"{name}{key}Route"] = _route(name, each["Properties"])


def _integration(function: str) -> dict[str, Any]:
    return {
        f"{function}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "PublicApi"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Fn::GetAtt": [function, "Arn"]},
                "PayloadFormatVersion": "2.0",
            },
        },
        f"{function}Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "Action": "lambda:InvokeFunction",
                "FunctionName": {"Ref": function},
                "Principal": "apigateway.amazonaws.com",
            },
        },
    }


def _route(function: str, event: Mapping[str, str]) -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": {"Ref": "PublicApi"},
            "RouteKey": f"{event['Method']} {event['Path']}",
            "Target": {"Fn::Sub": f"integrations/${{{function}Integration}}"},
        },
    }


def environment(**more: str) -> dict[str, str]:
    """An environment without whatever AWS settings the machine has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        **more,
    }


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Run ministack in a process of its own, on a free port of 127.0.0.1; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    settings = environment(
        BIND_HOST="127.0.0.1",
        GATEWAY_PORT=str(port),
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        MINISTACK_REGION=REGION,
        TMPDIR=str(folder),
    )
    settings.pop("PYTHONPATH", None)
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            [TOOLS / "emulator" / "bin" / "python", "-m", "ministack"],
            cwd=folder,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_healthy(address, process)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        if process.poll() is not None:
            raise RuntimeError("the emulator ended before it was ready; see emulator.log")
        try:
            with urllib.request.urlopen(f"{address}/_ministack/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise RuntimeError("the emulator was not ready within 30 seconds; see emulator.log")


def sam(*arguments: str, folder: Path, answers: str = "", **settings: str) -> str:
    """Run the SAM CLI in a folder and return what it printed; answers go to its questions."""
    done = subprocess.run(
        [TOOLS / "sam" / "bin" / "sam", *arguments],
        cwd=folder,
        env=environment(
            SAM_CLI_TELEMETRY="0", __SAM_CLI_APP_DIR=str(folder / ".sam-home"), **settings
        ),
        input=answers,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    printed = done.stdout + done.stderr
    if done.returncode:
        raise AssertionError(f"sam {' '.join(arguments)} ended with {done.returncode}:\n{printed}")
    return printed


def questions(printed: str) -> list[str]:
    """The parameters that `sam deploy --guided` asked for, in its order."""
    return re.findall(r"Parameter (\w+) \[", printed)
