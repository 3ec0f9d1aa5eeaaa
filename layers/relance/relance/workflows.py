"""Workflows: enrolments, waits and exits.

An *enrolment* says that a contact is in a workflow; it is a lease, held by one execution and
closed by its end, at the latest at the machine's time-out. A *wait* says what a pause is waiting
for. *Exits* and *goals* name the events that end a journey early: a goal is what it was made for.
They are records of the contact in its `now#` range, so that whoever folds an event sees them in the
same read.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from relance.events import Event, Name
from relance.machines import Actor
from relance.moments import from_text, to_text
from relance.storage import Item, Value
from relance.tryouts import Tryout, is_tryout, tryout_of


def entry_of(kind: str, execution: str) -> str:
    """The entry of an execution that was given none, the same however often it asks.

    It is a hash: anything may have been typed as the execution's name.
    """
    digest = hashlib.sha256(execution.encode()).digest()[:16]
    return f"{kind}-{base64.b32encode(digest).decode().rstrip('=')}"


class ExitRule(StrEnum):
    """What ends a journey early, wherever it stands."""

    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"
    REFUSED_WEB = "refused_web"

    def is_met_by(self, event: Event) -> bool:
        """Whether the event makes the contact leave.

        A bounce counts when it is permanent, a preference when it is not to be seen on the web.
        """
        if event.name != _EXIT_EVENTS[self]:
            return False
        if self is ExitRule.REFUSED_WEB:
            tracking = event.properties.get("tracking")
            return isinstance(tracking, Mapping) and tracking.get("web") is False
        return self is not ExitRule.BOUNCED or event.properties.get("permanent") is True


_EXIT_EVENTS: Mapping[ExitRule, Name] = {
    ExitRule.UNSUBSCRIBED: Name.UNSUBSCRIBED,
    ExitRule.BOUNCED: Name.EMAIL_BOUNCED,
    ExitRule.COMPLAINED: Name.EMAIL_COMPLAINED,
    ExitRule.ERASED: Name.ERASED,
    ExitRule.REFUSED_WEB: Name.PREFERENCES_CHANGED,
}


class ReEntry(StrEnum):
    """Whether a contact may go through a workflow again."""

    ONCE = "once"
    AFTER = "after"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one entry: what makes a repeated invocation the same act.

    `round` tells the turns of a loop apart and begins at 1.
    """

    workflow: str
    contact_id: str
    entry: str
    step: str
    round: int = 1

    @property
    def name(self) -> str:
        """The step within its contact, as records are keyed."""
        return f"{self.workflow}#{self.entry}#{self.step}#{self.round}"

    @property
    def is_tryout(self) -> bool:
        """Whether it is tried: nothing that it does may be seen outside the tryout."""
        return is_tryout(self.entry)


@dataclass(frozen=True, slots=True)
class Awaited:
    """One kind of event that a pause waits for: a name, and properties that must be equal."""

    event: str
    where: Mapping[str, Value] = field(default_factory=dict)

    def is_met_by(self, event: Event) -> bool:
        """Whether this is the event; what a machine did answers nobody."""
        return (
            event.name == self.event
            and event.properties.get("actor") != Actor.MACHINE
            and all(event.properties.get(name) == value for name, value in self.where.items())
        )

    def to_value(self) -> Mapping[str, Value]:
        """As it stands in a record."""
        return {"event": self.event, "where": dict(self.where)}


@dataclass(frozen=True, slots=True)
class Ending:
    """An event that ends a journey, and the reason that is told.

    `same` are properties that must be equal where the event has them: of two carts the order of
    one ends the journey of that one, and an order that names no cart ends both.
    """

    reason: str
    awaited: Awaited
    same: Mapping[str, Value] = field(default_factory=dict)

    def is_met_by(self, event: Event) -> bool:
        """Whether the event is the one."""
        return self.awaited.is_met_by(event) and all(
            event.properties.get(name, value) == value for name, value in self.same.items()
        )

    def to_value(self) -> Mapping[str, Value]:
        """As it stands in the record of an enrolment."""
        return {"reason": self.reason, **self.awaited.to_value(), "same": dict(self.same)}


Exit: TypeAlias = ExitRule | Ending


class Departure(StrEnum):
    """How a journey ends early, as its pauses and sends are answered."""

    LEFT = "left"
    GOAL = "goal"


@dataclass(frozen=True, slots=True)
class Branch:
    """The branch of an adaptive split that an entry was sent down, and the goal that counts."""

    split: str
    name: str
    goal: str


ENDED_BY_HAND = "ended_by_hand"
"""The reason of those for whom a person ended the journey."""

MOVED = "moved"
"""What marks an entry that a person moves to another execution: its pauses end, its messages go."""

_SPLIT = "split#"
_USED = "used#"


def split_attribute(split: str) -> str:
    """Where the record of an enrolment keeps the branch of a split."""
    return f"{_SPLIT}{split}"


def used_by(step: Step) -> str:
    """Where the record of a tryout keeps what a pause took to happen."""
    return f"{_USED}{step.step}#{step.round}"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A contact is in a workflow.

    `began_at` is when the event arrived that began it, if one did (a paused journey lets in later).
    `per` is what it is there for (a hash of the cart's id), where that may be several things.
    `splits` are the branches of adaptive splits that it was sent down. A `tryout` stands beside the
    real one; `used` is what its pauses took to happen. `taken_over` says that it was moved to its
    execution, which has not looked at it yet. `on_list` is the list on which the contact is for as
    long as the enrolment is open.
    """

    contact_id: str
    workflow: str
    entry: str
    execution: str
    entered_at: datetime
    until: datetime
    exits: tuple[Exit, ...] = ()
    goals: tuple[Ending, ...] = ()
    per: str = ""
    leaving: str | None = None
    splits: tuple["Branch", ...] = ()
    taken_over: bool = False
    on_list: str | None = None
    tryout: Tryout | None = None
    used: Mapping[str, str] = field(default_factory=dict)
    began_at: datetime | None = None

    @property
    def heard_since(self) -> datetime:
        """From when on what happens concerns it: from what began it, not from the letting in."""
        return self.began_at or self.entered_at

    @property
    def began(self) -> str:
        """The id of the event that began it; no event has it where none did."""
        return self.tryout.began if self.tryout else self.entry

    @property
    def record(self) -> str:
        """The sort key while it is open: a contact is in a workflow once at a time for a thing."""
        return f"now#enrolment#{self.workflow}" + (f"#{self.per}" if self.per else "")

    @property
    def key(self) -> tuple[str, str]:
        """The key of the open record."""
        return self.contact_id, self.record

    def next_to_happen(self, step: Step) -> str | None:
        """What a pause of a tryout may take to happen: what it did take, else the next event."""
        mine = self.used.get(used_by(step))
        happens = self.tryout.happens if self.tryout else ()
        return mine or next(iter(happens[len(self.used) :]), None)

    def is_of(self, workflow: str, entry: str) -> bool:
        """Whether it is this entry of this workflow."""
        return self.workflow == workflow and self.entry == entry

    def exit_met_by(self, events: Sequence[Event]) -> str | None:
        """The reason of the first exit or goal that an event since it began meets.

        Where one event meets several, an exit goes first.
        """
        for event in sorted(events, key=lambda each: (each.occurred_at, each.event_id)):
            if event.received_at < self.heard_since or event.event_id == self.entry:
                continue
            for rule in (*self.exits, *self.goals):
                if rule.is_met_by(event):
                    return reason_of(rule)
        return None

    @property
    def is_being_moved(self) -> bool:
        """Whether another execution is about to take it over."""
        return self.leaving == MOVED

    def departure(self, reason: str) -> Departure:
        """Whether this reason is a goal."""
        reached = any(each.reason == reason for each in self.goals)
        return Departure.GOAL if reached else Departure.LEFT

    def to_item(self) -> dict[str, Value]:
        """The open record."""
        return {
            "contact_id": self.contact_id,
            "record": self.record,
            "workflow": self.workflow,
            "entry": self.entry,
            "execution": self.execution,
            "entered_at": to_text(self.entered_at),
            "began_at": to_text(self.began_at) if self.began_at else None,
            "until": to_text(self.until),
            "exits": [
                rule.value if isinstance(rule, ExitRule) else rule.to_value() for rule in self.exits
            ],
            "goals": [each.to_value() for each in self.goals] or None,
            "per": self.per or None,
            "leaving": self.leaving,
            "on_list": self.on_list,
            "tryout": self.tryout.to_value() if self.tryout else None,
            **self.used,
            "taken_over": True if self.taken_over else None,
            **{
                split_attribute(each.split): {"branch": each.name, "goal": each.goal}
                for each in self.splits
            },
        }

    def to_past(self, *, ended_at: datetime, outcome: str) -> dict[str, Value]:
        """The record of an enrolment that is over, by workflow and time; it stays for good."""
        return {
            **self.to_item(),
            "record": f"{past_prefix(self.workflow)}{to_text(ended_at)}",
            "ended_at": to_text(ended_at),
            "outcome": outcome,
        }


def reason_of(rule: Exit) -> str:
    """What is told where the rule ends a journey."""
    return rule.value if isinstance(rule, ExitRule) else rule.reason


def thing(value: Value) -> str:
    """What a workflow is entered for, as records are keyed: a hash, for anything may stand there.

    Nothing (an event that does not say) is the empty text.
    """
    if value is None or value == "":
        return ""
    digest = hashlib.sha256(f"{type(value).__name__}:{value}".encode()).digest()[:10]
    return base64.b32encode(digest).decode()


def past_prefix(workflow: str) -> str:
    """What the keys of a workflow's closed enrolments begin with."""
    return f"past#enrolment#{workflow}#"


def enrolment_of(item: Item) -> Enrolment:
    """The enrolment that an item holds, open or past."""
    exits, goals, leaving = item.get("exits"), item.get("goals"), item.get("leaving")
    on_list = item.get("on_list")
    return Enrolment(
        contact_id=str(item["contact_id"]),
        workflow=str(item["workflow"]),
        entry=str(item["entry"]),
        execution=str(item["execution"]),
        entered_at=from_text(str(item["entered_at"])),
        until=from_text(str(item["until"])),
        exits=tuple(map(_exit_of, exits)) if isinstance(exits, Sequence) else (),
        goals=tuple(map(_ending_of, goals)) if isinstance(goals, Sequence) else (),
        per=str(item.get("per") or ""),
        splits=tuple(
            Branch(name.removeprefix(_SPLIT), str(said["branch"]), str(said["goal"]))
            for name, said in item.items()
            if name.startswith(_SPLIT) and isinstance(said, Mapping)
        ),
        leaving=None if leaving is None else str(leaving),
        tryout=tryout_of(item.get("tryout")),
        used={name: str(said) for name, said in item.items() if name.startswith(_USED)},
        taken_over=item.get("taken_over") is True,
        on_list=None if on_list is None else str(on_list),
        began_at=from_text(str(item["began_at"])) if item.get("began_at") else None,
    )


def _exit_of(value: Value) -> Exit:
    return ExitRule(value) if isinstance(value, str) else _ending_of(value)


def _ending_of(value: Value) -> Ending:
    assert isinstance(value, Mapping)  # noqa: S101 - written by to_item
    same = value.get("same")
    return Ending(
        str(value["reason"]), _awaited_of(value), same if isinstance(same, Mapping) else {}
    )


class WaitKind(StrEnum):
    """What a wait stands for."""

    EVENT = "event"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause of a journey: who answers it needs its token, which only `answering` knows.

    `send_id` is set where the pause waits for the outcome of a send. One that is deferred says
    until when, and its priority among others; its token is empty where no journey waits for it.
    """

    step: Step
    token: str
    kind: WaitKind
    since: datetime
    until: datetime
    awaited: tuple[Awaited, ...] = ()
    send_id: str | None = None
    deferred_until: datetime | None = None
    priority: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The key of the record."""
        return self.step.contact_id, wait_record(self.step)

    @property
    def is_of_a_journey(self) -> bool:
        """Whether a journey waits: a message that is alone is deferred for nobody's sake."""
        return bool(self.token)

    def answered_by(self, events: Sequence[Event]) -> Event | None:
        """The first event since `since` that the pause waits for."""
        for event in sorted(events, key=lambda each: (each.occurred_at, each.event_id)):
            if event.received_at >= self.since and any(a.is_met_by(event) for a in self.awaited):
                return event
        return None

    def to_item(self) -> dict[str, Value]:
        """The record."""
        return {
            "contact_id": self.step.contact_id,
            "record": wait_record(self.step),
            "workflow": self.step.workflow,
            "entry": self.step.entry,
            "step": self.step.step,
            "round": self.step.round,
            "token": self.token,
            "kind": self.kind.value,
            "since": to_text(self.since),
            "until": to_text(self.until),
            "awaited": [each.to_value() for each in self.awaited],
            "send_id": self.send_id,
            "deferred_until": to_text(self.deferred_until) if self.deferred_until else None,
            "priority": self.priority,
        }


def wait_record(step: Step) -> str:
    """The sort key of the wait of a step."""
    return f"now#wait#{step.name}"


def wait_of(item: Item) -> Wait:
    """The wait that an item holds."""
    awaited, send_id = item.get("awaited"), item.get("send_id")
    deferred, priority = item.get("deferred_until"), item.get("priority")
    return Wait(
        step=Step(
            workflow=str(item["workflow"]),
            contact_id=str(item["contact_id"]),
            entry=str(item["entry"]),
            step=str(item["step"]),
            round=int(str(item["round"])),
        ),
        token=str(item["token"]),
        kind=WaitKind(str(item["kind"])),
        since=from_text(str(item["since"])),
        until=from_text(str(item["until"])),
        awaited=tuple(_awaited_of(each) for each in awaited)
        if isinstance(awaited, Sequence)
        else (),
        send_id=None if send_id is None else str(send_id),
        deferred_until=None if deferred is None else from_text(str(deferred)),
        priority=None if priority is None else str(priority),
    )


def _awaited_of(value: Value) -> Awaited:
    assert isinstance(value, Mapping)  # noqa: S101 - written by to_item
    where = value.get("where")
    return Awaited(str(value["event"]), where if isinstance(where, Mapping) else {})
