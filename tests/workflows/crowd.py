"""A crowd in a world: many contacts with a past, content that changes, operations on them all.

A crowd arrives once (`Arrived.in_a_world`) and is put into other worlds as it was then.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from relance.aws.dynamodb import DynamoStore
from relance.aws.values import from_attributes
from relance.events import CONCLUSIONS, Event, put_once
from relance.ids import event_id, milliseconds, ulid
from relance.register import new_register
from relance.storage import Put, Table

from local.world import World
from tests.stack import table_names
from tests.workflows.story import MONDAY

FANS = "title: Fans of prices\nmembers: {{did: viewed_pricing, at_least: {at_least}}}\n"
TALK = """only_for: {{leads: {leads}}}
title: Ready for a talk
when: {{did: viewed_pricing, at_least: {at_least}, within: 60 days}}
"""


def rules(*, at_least: int, newcomers: bool) -> dict[str, str]:
    """Content whose rules ask for so many looks at prices; by path."""
    return {
        "segments/fans.yaml": FANS.format(at_least=at_least),
        **{
            f"qualifications/sales.{leads}.yaml": TALK.format(leads=leads, at_least=at_least + 1)
            for leads in ("equal", "weighted")
        },
        **(
            {"segments/newcomers.yaml": "title: New\nmembers: {did: viewed_pricing, exactly: 1}\n"}
            if newcomers
            else {}
        ),
    }


BEFORE, AFTER = rules(at_least=2, newcomers=False), rules(at_least=3, newcomers=True)


@dataclass(frozen=True)
class Arrived:
    """A crowd as it was once everybody was there and scored: what stood in which table, and when.

    `content` is what it was scored by.
    """

    content: Path
    people: list[str]
    moment: datetime
    tables: Mapping[str, Sequence[Mapping[str, Any]]]

    @classmethod
    def in_a_world(cls, size: int, content: Path) -> "Arrived":
        """Let so many arrive in a world of their own."""
        with World.build(start=MONDAY, seed=1) as world:
            world.deploy_content(content)
            crowd = Crowd(world, size)
            crowd.arrives()
            tables = {name: world.dynamodb.items(name) for name in table_names().values()}
            return cls(content, crowd.people, world.now, tables)

    @contextmanager
    def somewhere(self, **world: Any) -> Iterator["Crowd"]:
        """Put them into a world of their own, as if they had always been there."""
        with World.build(start=self.moment, seed=1, **world) as there:
            there.deploy_content(self.content)
            for name, items in self.tables.items():
                for item in items:
                    there.dynamodb.keep(name, orjson.loads(orjson.dumps(item)))
            yield Crowd(there, len(self.people), MONDAY, list(self.people))


@dataclass
class Crowd:
    """Contacts numbered from 0; the one with number n looked at prices n % 6 times."""

    world: World
    size: int
    start: datetime = MONDAY
    people: list[str] = field(default_factory=list)

    @cached_property
    def store(self) -> DynamoStore:
        """The tables, from outside."""
        return DynamoStore(
            self.world.client("dynamodb"), table_names(), sleep=lambda _: None, chance=lambda: 0.0
        )

    def arrives(self) -> None:
        """Everybody is there, with a past, and is scored."""
        for number in range(self.size):
            contact = ulid(milliseconds(self.start), number.to_bytes(10))
            self.people.append(contact)
            register = new_register(contact, address=f"person{number}@example.com")
            self.store.write(Put(Table.CONTACTS, register))
            for look in range(number % 6):
                self.looks_at_prices(number, f"look-{look}")
            if number % 6 == 0:
                self.happens(number, "session_started", "start")
        self.world.run(for_=timedelta(minutes=2))

    def looks_at_prices(self, number: int, message: str) -> None:
        """One look at the prices, now."""
        self.happens(number, "page_viewed", message, path="/pricing")

    def happens(self, number: int, name: str, message: str, **properties: Any) -> None:
        """One event, now."""
        contact, now = self.people[number], self.world.now
        its_id = event_id(milliseconds(now), "test", f"{contact}#{message}")
        event = Event(contact, its_id, name, now, now, "test", properties)
        self.store.write(put_once(event))

    def asks(self, operation: str, data: object, *, minutes: float = 10) -> dict[str, Any]:
        """Start an operation, let time pass, and say how it ended, its output as data."""
        execution = self.world.start(f"operation-{operation}", data)
        return self.ending(execution, minutes=minutes)

    def ending(self, execution: str, *, minutes: float = 10) -> dict[str, Any]:
        """Let time pass, and say how an execution ended."""
        self.world.run(for_=timedelta(minutes=minutes))
        told = self.world.describe(execution)
        return {**told, "output": json.loads(told["output"]) if "output" in told else None}

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """All items of a table."""
        for item in self.world.dynamodb.items(self.world.stack.resources[table].name):
            yield from_attributes(item)

    def events(self, name: str) -> list[dict[str, Any]]:
        """All events of a name."""
        return [row for row in self.rows("Events") if row["name"] == name]

    def conclusions(self, *, cause: str) -> Counter[str]:
        """How often each conclusion was drawn for this cause: `segment_entered/fans`."""
        found: Counter[str] = Counter()
        for row in self.rows("Events"):
            said = row.get("properties") or {}
            if row["name"] in CONCLUSIONS and said.get("cause") == cause:
                of = {name: value for name, value in said.items() if name in NAMED}
                found[f"{row['name']}/{next(iter(of.values()))}"] += 1
        return found

    def members(self, segment: str) -> set[str]:
        """Who has a record of being in the segment."""
        record = f"segment#{segment}"
        return {row["contact_id"] for row in self.rows("Contacts") if row["record"] == record}

    def histories(self) -> str:
        """Everything that the console shows of all executions, as text."""
        client = self.world.client("stepfunctions")
        told = []
        for machine in ("operation-rescore-contacts", "operation-preview-segment"):
            arn = self.world.machine_arn(machine)
            for each in client.list_executions(stateMachineArn=arn)["executions"]:
                history = client.get_execution_history(
                    executionArn=each["executionArn"], maxResults=1000
                )
                told.append(str(history["events"]) + str(self.world.describe(each["executionArn"])))
        return "".join(told)


NAMED = ("segment", "stage", "qualification", "persona")


def counts(found: Mapping[str, Any]) -> Counter[str]:
    """The counts of a dry run, named as `Crowd.conclusions` names them."""
    return Counter(
        {
            f"{kind}/{name}": told["count"]
            for kind, named in found.items()
            if kind != "changes"
            for name, told in named.items()
        }
    )


def in_parts_of(world: World, most: int, operation: str, *, at_most: int = 100) -> None:
    """Make an operation list so many contacts in one call, in so many parts at most."""
    redraw(
        world,
        operation,
        (r'"most": \d+', f'"most": {most}'),
        (r"\$parts < \d+", f"$parts < {at_most}"),
    )


def redraw(world: World, operation: str, *changes: tuple[str, str]) -> None:
    """Change the text of an operation's machine: for each pattern, all that matches it."""
    machine = world.stack.machines[f"relance-operation-{operation}"]
    text = json.dumps(machine.definition)
    for pattern, instead in changes:
        text, found = re.subn(pattern, instead, text)
        assert found, pattern
    world.machines.create(machine.name, text, arn=machine.arn)
