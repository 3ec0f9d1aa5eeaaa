"""One simulated world with its loopback web, its audience and its visitors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from relance.storage import Table

from local.audience import Audience
from local.demo.browser import Answer
from local.demo.snapshot import Item, Snapshot, attribute, plain
from local.demo.trails import trails
from local.demo.visitors import Visitors
from local.hub import Hub, Outcome
from local.world import World

ROOT = Path(__file__).resolve().parents[2]
FORM = "newsletter"
WORKFLOW = "welcome"

# What somebody who deploys types in; the demo sends to everybody because nobody is there.
PARAMETERS: Mapping[str, str] = {
    "SenderName": "Northbank Coffee",
    "PostalAddress": "Northbank Coffee, 12 Example Street, 75011 Paris, France",
    "SendMode": "live",
    "Currency": "USD",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a stage listens on 127.0.0.1; 0 takes any free port."""

    api: int = 0


class Stage:
    """Build with `open`, use as a context; greenlets that fail end the run."""

    def __init__(self, world: World, *, seed: int, ports: Ports | None = None) -> None:
        self.world = world
        self.seed = seed
        self.server = world.serve_http(port=(ports or Ports()).api)
        self._client = world.browser(self.server)
        self.audience = Audience(self.hub, self.spawn, self.fetch, seed=seed)
        self.audience.attach(world.mailbox)
        self.visitors = Visitors(
            self, self.fetch, self.audience, form=f"/f/{FORM}", write_key=self.write_key, seed=seed
        )

    @classmethod
    def open(cls, *, start: datetime, seed: int, ports: Ports | None = None) -> Self:
        """Build the world from the template and set the stage in it."""
        world = World.build(root=ROOT, start=start, seed=seed, parameters=PARAMETERS)
        return cls(world, seed=seed, ports=ports)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the process its own time and network back."""
        self.world.close()

    @property
    def hub(self) -> Hub:
        """The loop."""
        return self.world.hub

    @property
    def url(self) -> str:
        """Where the API answers on this machine."""
        return f"http://127.0.0.1:{self.server.port}"

    @cached_property
    def write_key(self) -> str:
        """The shop server's key for the collection API."""
        return self._secret("WRITE_KEYS", "server")

    @property
    def browser_key(self) -> str:
        """The key that the pages of the website carry."""
        return self._secret("BROWSER_KEYS", "browser")

    @cached_property
    def hook_secret(self) -> str:
        """What the booking system signs with."""
        return self._secret("HOOK_SECRETS", "booking")

    def _secret(self, setting: str, name: str) -> str:
        secrets = self.world.client("secretsmanager")
        value = secrets.get_secret_value(SecretId=self._setting(setting))["SecretString"]
        return str(json.loads(value)[name])

    def at(self, when: float, errand: Callable[[], None]) -> None:
        """Run an errand in a greenlet at an instant."""
        self.hub.at(when, lambda: self.spawn(errand))

    def spawn(self, errand: Callable[[], None]) -> None:
        """Run an errand in a greenlet from now on."""
        self.hub.spawn(errand, _must_succeed)

    def fetch(
        self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """Make one HTTP request over 127.0.0.1."""
        response = self._client.fetch(method, url, headers=headers or {}, body=body)
        found = {name.lower(): value for name, value in response.headers}
        return Answer(response.status, found, response.body)

    @property
    def machine(self) -> str:
        """The physical name of the workflow's machine."""
        return self.world.machine_arn(WORKFLOW).rpartition(":")[2]

    def snapshot(self) -> Snapshot:
        """Take the tables, and the ways through the journeys, as they are now."""
        tables = {t.value: self._items(self._setting(f"{t.value.upper()}_TABLE")) for t in Table}
        return Snapshot(self.hub.now, self.seed, tables, trails(self.world))

    def _setting(self, name: str) -> str:
        """Return what the template gives functions under this name."""
        functions = self.world.stack.functions.values()
        return next(f.environment[name] for f in functions if name in f.environment)

    def load(self, snapshot: Snapshot) -> None:
        """Put the items of a saved run into the empty tables, as if they had always been there.

        Nothing is told of it: no stream, no rule, no sweep begins because of it.
        """
        database = self.world.dynamodb
        observers, database._observers = database._observers, []  # noqa: SLF001
        client = self.world.client("dynamodb")
        try:
            for table in Table:
                name = self._setting(f"{table.value.upper()}_TABLE")
                for item in snapshot.tables.get(table.value, ()):
                    client.put_item(
                        TableName=name, Item={n: attribute(value) for n, value in item.items()}
                    )
        finally:
            database._observers = observers  # noqa: SLF001

    def _items(self, table: str) -> list[Item]:
        found = [
            {name: plain(value) for name, value in item.items()}
            for item in self.world.dynamodb.items(table)
        ]
        return sorted(found, key=_key)


def _key(item: Item) -> tuple[str, ...]:
    names = ("contact_id", "identity", "send_id", "record", "event_id")
    return tuple(str(item.get(name, "")) for name in names)


def _must_succeed(outcome: Outcome[None]) -> None:
    outcome.unwrap()
