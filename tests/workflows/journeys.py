"""The words in which the stories of journeys are told: people, their past, what they do next."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from relance.aws.dynamodb import DynamoStore
from relance.events import Event, put_once
from relance.ids import event_id, milliseconds, ulid
from relance.register import ConsentState, consent_value, new_register
from relance.storage import Put, Store, Table, Value

from local.quick_store import QuickStore
from local.world import World
from tests.stack import table_names
from tests.workflows.story import Story

SWITCHED_ON = {"Languages": "en,fr,pt", "JourneysStart": "by-themselves"}
"""Parameters of a stack in which journeys begin by their rules."""


@dataclass
class Tale(Story):
    """A story of one journey, told in days after its Monday at nine (UTC)."""

    journey: str = "welcome"
    domain: str = "example.com"
    count: int = field(default=0)

    @property
    def store(self) -> Store:
        """The tables, from outside."""
        if self.world.quick is not None:
            return QuickStore(self.world.quick)
        return DynamoStore(
            self.world.client("dynamodb"), table_names(), sleep=lambda _: None, chance=lambda: 0.0
        )

    def address(self, name: str) -> str:
        """The address of somebody."""
        return f"{name}@{self.domain}"

    def arrives(self, name: str, /, *, agreed: bool = True, **traits: Value) -> str:
        """Somebody is known by name, has agreed to the newsletter or not, and has these traits."""
        self.count += 1
        contact = ulid(milliseconds(self.world.now), self.count.to_bytes(10))
        address = self.address(name)
        register = {**new_register(contact, address=address), "language": traits.get("language")}
        if agreed:
            register["consent#newsletter"] = consent_value(
                ConsentState.GRANTED, self.world.now, contact
            )
        self.store.write(Put(Table.CONTACTS, register))
        self.store.write(
            Put(Table.IDENTITIES, {"identity": f"email:{address}", "contact_id": contact})
        )
        traits = {"email": address, **traits}
        if agreed:
            self.happens(name, "confirmed", topic="newsletter", traits=traits)
        else:
            self.happens(name, "imported", traits=traits)
        return contact

    def happens(self, name: str, event: str, /, **properties: Value) -> str:
        """Something happens to somebody now; the id of the event."""
        self.count += 1
        contact, now = self.contact(self.address(name)), self.world.now
        its_id = event_id(milliseconds(now), "test", f"{contact}#{self.count}")
        self.store.write(put_once(Event(contact, its_id, event, now, now, "test", properties)))
        self.a_moment(5)
        return its_id

    def hour(self, hours: float) -> None:
        """Let time pass until so many hours after the start."""
        self.day(hours / 24)

    def got(self, name: str) -> list[str]:
        """Which messages somebody has got."""
        return self.messages(self.address(name))

    def subject(self, name: str) -> str:
        """The subject of the last one."""
        return str(self.subjects(self.address(name))[-1])

    def page(self, name: str) -> str:
        """The HTML of the last one."""
        return str(self.mails(self.address(name))[-1].parts()[1])

    def of(self, journey: str = "") -> list[dict[str, Any]]:
        """The executions of the journey, oldest first."""
        client = self.world.client("stepfunctions")
        arn = self.world.machine_arn(f"journey-{(journey or self.journey).replace('_', '-')}")
        listed = client.list_executions(stateMachineArn=arn, maxResults=1000)["executions"]
        told = [self.world.describe(each["executionArn"]) for each in listed]
        return sorted(told, key=lambda each: each["startDate"])

    def ends(self, name: str, journey: str = "") -> list[str]:
        """How the journeys of somebody ended, oldest first."""
        contact = self.contact(self.address(name))
        return [
            json.loads(each["output"])["outcome"]
            if each["status"] == "SUCCEEDED"
            else each["status"]
            for each in self.of(journey)
            if json.loads(each["input"]).get("contact") == contact
        ]

    def all_have_ended(self) -> None:
        """Let days pass, as few as it takes."""
        for _ in range(220):
            if all(each["status"] != "RUNNING" for each in self.of()):
                return
            self.world.run(for_=timedelta(days=1))

    def declares(self, **connections: str) -> None:
        """Write into the secret of connections."""
        self.world.client("secretsmanager").put_secret_value(
            SecretId=self.world.stack.resources["Connections"].arn,
            SecretString=json.dumps(connections),
        )

    def paths(self, journey: str) -> dict[tuple[str, str, str], int]:
        """Every way of the journey and how often it was taken."""
        return self.world.machines.branches(f"relance-journey-{journey.replace('_', '-')}")


Tell = Callable[[str], Tale]
"""Begins a story about a journey."""


def tale_of(world: World, journey: str) -> Tale:
    """A story of this journey in this world."""
    return Tale(world, journey=journey)
