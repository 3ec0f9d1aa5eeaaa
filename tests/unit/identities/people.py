"""A small world for identities: a store in memory with a stream that the test delivers itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

from relance.conditions.needs import Depth
from relance.contacts import Contact, read_contact, read_history
from relance.content.rules import Trait
from relance.engine import Plan, replay
from relance.errors import ConditionFailed
from relance.events import Event, Name, event_of, put_once
from relance.ids import event_id, milliseconds
from relance.links import LinkSigner
from relance.ports import Services
from relance.profiles import Profile
from relance.storage import MEMBERS, Put, Table, Write
from relance.suppression import Suppressions
from relance.usecases.update_contacts import update_contacts

from local.memory import MemoryStore
from tests.unit.engine.test_engine import RULES

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
TRAITS = tuple(
    Trait(name, "text", personal=True, visible_to_workflows=False) for name in ("name", "city")
)
DEPTHS = {**RULES.depths, "page_viewed": Depth()}
PLAN = Plan(replace(RULES, traits=TRAITS, depths=DEPTHS, version="people-1"), UTC)
TOLD = ("segment_entered", "segment_left", "stage_advanced", "stage_fell_back")


class Streamed(MemoryStore):
    """A store that tells which events were inserted, once each; `log` are all there ever were."""

    def __init__(self) -> None:
        super().__init__()
        self.stream: list[Event] = []
        self.log: list[Event] = []
        self.calls: list[str] = []

    def transact(self, writes: Sequence[Write]) -> None:
        """Carry the writes out and note the new events."""
        self.calls.append("transact")
        puts = [each for each in writes if isinstance(each, Put) and each.table is Table.EVENTS]
        keys = [(str(put.item["contact_id"]), str(put.item["event_id"])) for put in puts]
        there = [self.get(Table.EVENTS, key) is not None for key in keys]
        super().transact(writes)
        new = [event_of(put.item) for put, old in zip(puts, there, strict=True) if not old]
        self.stream += new
        self.log += new


@dataclass
class People:
    """The world: its store, its clock, what the bus was told."""

    store: Streamed = field(default_factory=Streamed)
    now: datetime = START
    published: list[Event] = field(default_factory=list)
    number: int = 0
    plan: Plan = PLAN

    @property
    def services(self) -> Services:
        """What use cases ask for."""
        made = SimpleNamespace(
            store=self.store,
            plan=self.plan,
            now=lambda: self.now,
            random_bytes=self._random_bytes,
            bus=SimpleNamespace(publish=self.published.extend),
            repair_queue=SimpleNamespace(set_aside=self._set_aside),
            executions=SimpleNamespace(succeed=lambda *_: True, is_running=lambda _: True),
            suppressions=Suppressions(self.store, secrets={"1": "s"}, current="1"),
            signer=LinkSigner(secrets={"1": "s"}, current="1"),
            currency="EUR",
        )
        return cast("Services", made)

    def _random_bytes(self, count: int) -> bytes:
        self.number += 1
        return self.number.to_bytes(count, "big")

    def _set_aside(self, contact_id: str, ids: Sequence[str], reason: str) -> None:
        raise AssertionError(f"{contact_id} was set aside: {reason}")

    def later(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)

    def does(
        self, contact_id: str, name: str, properties: Mapping[str, object] | None = None
    ) -> Event:
        """Let something happen to a contact; the clock moves on a second."""
        self.later(seconds=1)
        self.number += 1
        event = Event(
            contact_id=contact_id,
            event_id=event_id(milliseconds(self.now), "test", str(self.number)),
            name=name,
            occurred_at=self.now,
            received_at=self.now,
            source="test",
            properties=dict(properties or {}),  # type: ignore[arg-type]
        )
        self.store.write(put_once(event))
        return event

    def says(self, contact_id: str, **traits: str) -> Event:
        """Let traits become known."""
        return self.does(contact_id, Name.IDENTIFIED, {"traits": traits})

    def deliver(self, order: Sequence[int] = ()) -> list[Event]:
        """Deliver what the stream holds, and what follows, until nothing is left; what was new.

        `order` says which of those waiting goes first, again and again.
        """
        new: list[Event] = []
        turns = list(order)
        while self.store.stream:
            at = turns.pop(0) % len(self.store.stream) if turns else 0
            event = self.store.stream.pop(at)
            new.append(event)
            update_contacts([event], self.services)
        return new

    def contact(self, contact_id: str) -> Contact:
        """The person that an id leads to."""
        return read_contact(self.store, contact_id)

    def replayed(self, contact_id: str) -> Profile:
        """The person's profile as the history alone gives it."""
        contact = self.contact(contact_id)
        history = read_history(self.store, *contact.ids)
        return replay(contact.contact_id, history, self.plan, version=contact.profile.version)

    def members(self) -> set[tuple[str, str]]:
        """Who is in which segment, by the index."""
        return {
            (segment.name, str(item["contact_id"]))
            for segment in PLAN.rules.segments
            for shard in range(8)
            for item in self.store.query_index(MEMBERS, f"{segment.name}#{shard}")
        }

    def appended_once(self, event: Event) -> bool:
        """Whether the event was new to the history."""
        try:
            self.store.write(put_once(event))
        except ConditionFailed:
            return False
        return True


def said(profile: Profile) -> dict[str, object]:
    """What a profile says, sums to nine digits: comparable however it was folded."""
    return {
        "traits": profile.trait_values(),
        "behaviours": {name: it.times for name, it in profile.behaviours.items()},
        "segments": profile.segments(),
        "stage": profile.said("stage"),
        "lists": profile.joined_lists(),
        "consents": {name: it.value for name, it in profile.consents.items()},
        "fading": {
            name: (round(amount, 9), at) for name, (amount, at, _) in profile.fading.items()
        },
    }
