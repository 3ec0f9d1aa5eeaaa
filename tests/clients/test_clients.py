"""The libraries that people already use, unchanged: what they sent is what is in Events.

`make test-clients` installs them from their registries, locked, and runs this. Each speaks over a
real socket to `serve`, which saves its tables when it is stopped.
"""

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.demo.snapshot import Snapshot, load

pytestmark = pytest.mark.clients

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PYTHON = ROOT / ".tools" / "clients" / "bin" / "python"
NODE = str(ROOT / ".tools" / "clients-node" / "node_modules")
PATIENCE_SECONDS = 120

CLIENTS = [
    pytest.param([str(PYTHON), str(HERE / "segment_python.py")], "plain", id="segment, Python"),
    pytest.param([str(PYTHON), str(HERE / "segment_python.py")], "gzip", id="…, gzip"),
    pytest.param([str(PYTHON), str(HERE / "rudder_python.py")], "plain", id="rudder, Python"),
    pytest.param([str(PYTHON), str(HERE / "rudder_python.py")], "gzip", id="…, gzip"),
    pytest.param(["node", str(HERE / "segment_node.mjs"), NODE], "plain", id="segment, Node"),
    pytest.param(["node", str(HERE / "rudder_node.mjs"), NODE], "plain", id="rudder, Node"),
    pytest.param(["node", str(HERE / "rudder_node.mjs"), NODE], "gzip", id="…, gzip"),
]


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """A server on this machine: its address and its write key. Its tables are saved at the end."""
    command = [sys.executable, "-m", "local", "serve", "--port", "0", "--inbox-port", "0"]
    with subprocess.Popen(
        [*command, "--out", str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = key = ""
        while not key and (line := server.stdout.readline()):
            url = url or "".join(re.findall(r"POST (http://127\.0\.0\.1:\d+)/v1/", line))
            key = "".join(re.findall(r"^with write key\s+(\S+)$", line))
        try:
            yield url, key
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=PATIENCE_SECONDS)


def said_by(command: list[str], packing: str, folder: Path) -> Snapshot:
    """Let a client say everything it can; the tables afterwards."""
    with served(folder) as (url, key):
        client = subprocess.run(
            [*command, url, key, packing],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"},
        )
    assert client.returncode == 0, client.stderr
    return load(folder)


def reported(world: Snapshot) -> list[Mapping[str, Any]]:
    return [each for each in world.tables["events"] if each["source"] == "segment"]


@pytest.mark.parametrize(("command", "packing"), CLIENTS)
def test_what_a_client_sent_is_what_is_in_events(
    command: list[str], packing: str, tmp_path: Path
) -> None:
    world = said_by(command, packing, tmp_path)
    identities = {
        str(each["identity"]): each["contact_id"]
        for each in world.tables["identities"]
        if "contact_id" in each  # others lead to a company
    }
    cora = identities["user:cust-1"]
    assert identities["email:cora@example.com"] == cora
    events = reported(world)
    # Her visit as somebody unknown is hers since the alias, linked or joined as the calls came.
    visitor = identities["visitor:visitor-1"]
    joined = {
        each["contact_id"]: each["joined_to"]
        for each in world.tables["contacts"]
        if each.get("joined_to")
    }
    assert joined.get(visitor, visitor) == cora
    hers = [each for each in events if each["contact_id"] in (cora, visitor)]
    assert Counter(str(each["name"]) for each in hers) == {
        "identified": 1, "order_completed": 1, "page_viewed": 1, "screen_viewed": 1,
        "group_joined": 1, "aliased": 1, "product_added": 230, "product_viewed": 1,
    }  # fmt: skip
    (visit,) = [each for each in events if each["name"] == "product_viewed"]
    assert visit["properties"] == {"product_id": "p1"}

    found = {str(each["name"]): each for each in events}
    assert found["identified"]["properties"]["traits"]["first_name"] == "Cora"
    order = found["order_completed"]
    assert order["properties"]["revenue"] == 29.9
    assert order["properties"]["products"] == [{"product_id": "p1", "quantity": 2}]
    assert order["context"]["campaign"] == {"source": "news", "medium": "email"}
    page = found["page_viewed"]["properties"]
    assert (page["name"], page["category"], page["path"]) == ("Prices", "Sales", "/prices")
    assert found["group_joined"]["properties"]["group_id"] == "acme"
    assert found["aliased"]["properties"]["previous_id"] == "visitor-1"
    products = {
        str(each["properties"]["product_id"]) for each in events if each["name"] == "product_added"
    }
    assert products == {f"p{number}" for number in range(230)}
    assert "192.0.2.1" not in str(events)
