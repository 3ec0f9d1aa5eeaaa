"""The ledger of messages: one record per step and round, claimed before the message is made.

```
            ┌─▶ skipped(reason)                 ┌─▶ bounced
 claimed ───┼─▶ sent ───────────────▶ delivered ┴─▶ complained
   │        ├─▶ refused(reason)
   │        └─▶ released ─▶ claimed             SES was not called, or said "not now"
   └─▶ unknown ─▶ sent | given_up               the call broke off: nobody repeats it
```

SES has no way to tell a repeated call, so a send whose outcome is not known is never made again
by a machine: an SES event with the same tag settles it, else it is given up after an hour. SES may
also take a message and refuse it later (a virus, say): that moves `sent` to `refused`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from relance.ids import send_id
from relance.moments import to_text
from relance.reasons import Reason
from relance.storage import (
    Absent,
    AllOf,
    AnyOf,
    Below,
    Condition,
    Equals,
    Item,
    Put,
    Table,
    Update,
    Value,
)
from relance.workflows import Step

SETTLING_TIME = timedelta(hours=1)
"""How long a send may stay unsettled before it is given up."""

SHARDS = 4
"""Over how many partitions the index of unsettled sends is spread."""


class SendState(StrEnum):
    """Where a message stands."""

    CLAIMED = "claimed"
    RELEASED = "released"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"

    @property
    def is_final(self) -> bool:
        """Whether nothing more has to happen: feedback may still say more of what was sent."""
        return self not in (SendState.CLAIMED, SendState.RELEASED, SendState.UNKNOWN)

    @property
    def went_out(self) -> bool:
        """Whether SES took the message."""
        return self in (
            SendState.SENT,
            SendState.DELIVERED,
            SendState.BOUNCED,
            SendState.COMPLAINED,
        )


@dataclass(frozen=True, slots=True)
class Send:
    """One record of the ledger. `doubted`: its journey was once left waiting for the outcome.

    `sent_as` is whose address it went to, where the contact had been joined to that one.
    """

    send_id: str
    step: Step
    message: str
    message_version: str
    topic: str | None
    state: SendState
    reason: Reason | None
    claimed_at: str
    doubted: bool = False
    sent_as: str | None = None

    def about(self) -> dict[str, Value]:
        """What every event about the message says of it."""
        return {
            "send_id": self.send_id,
            "message": self.message,
            "workflow": self.step.workflow,
            "entry": self.step.entry,
            "step": self.step.step,
        }


def send_id_of(step: Step) -> str:
    """The id of the message that this step sends."""
    return send_id(
        workflow=step.workflow,
        contact=step.contact_id,
        entry=step.entry,
        step=step.step,
        round_=step.round,
    )


def send_of(item: Item) -> Send:
    """The record that an item of the table Sends holds."""
    reason, topic, sent_as = item.get("reason"), item.get("topic"), item.get("sent_as")
    return Send(
        send_id=str(item["send_id"]),
        step=Step(
            workflow=str(item["workflow"]),
            contact_id=str(item["contact_id"]),
            entry=str(item["entry"]),
            step=str(item["step"]),
            round=int(str(item["round"])),
        ),
        message=str(item["message"]),
        message_version=str(item["message_version"]),
        topic=None if topic is None else str(topic),
        state=SendState(str(item["state"])),
        reason=None if reason is None else Reason(str(reason)),
        claimed_at=str(item["claimed_at"]),
        doubted=item.get("doubted") is True,
        sent_as=None if sent_as is None else str(sent_as),
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that a step is about to send.

    `keep` is how long its record is kept; `attempt` tells the claim of this invocation from
    another's, so that nobody gives back what is not theirs.
    """

    step: Step
    message: str
    message_version: str
    topic: str | None
    now: datetime
    keep: timedelta
    attempt: str = ""

    @property
    def send_id(self) -> str:
        """The id of its record."""
        return send_id_of(self.step)

    def claim(self) -> Put:
        """The write that makes this invocation the one that sends; refused if another has it."""
        return self._put(
            {
                "state": SendState.CLAIMED.value,
                "attempt": self.attempt,
                "unsettled_shard": shard_of(self.send_id),
                "unsettled_at": to_text(self.now + SETTLING_TIME),
            }
        )

    def skip(self, reason: Reason) -> Put:
        """The write that records a message that may not even be claimed."""
        return self._put({"state": SendState.SKIPPED.value, "reason": reason.value})

    def _put(self, state: Mapping[str, Value]) -> Put:
        item: dict[str, Value] = {
            "send_id": self.send_id,
            "contact_id": self.step.contact_id,
            "workflow": self.step.workflow,
            "entry": self.step.entry,
            "step": self.step.step,
            "round": self.step.round,
            "message": self.message,
            "message_version": self.message_version,
            "topic": self.topic,
            "claimed_at": to_text(self.now),
            "expires_at": round((self.now + self.keep).timestamp()),
            **state,
        }
        return Put(Table.SENDS, item, when=AnyOf((Absent(), Equals("state", SendState.RELEASED))))


def shard_of(ident: str) -> str:
    """The partition of the index of unsettled sends that a send belongs to."""
    return f"unsettled-{sum(ident.encode()) % SHARDS}"


def settle(
    ident: str,
    state: SendState,
    *,
    expected: tuple[SendState, ...],
    reason: Reason | None = None,
    note: Mapping[str, Value] | None = None,
    attempt: str | None = None,
) -> Update:
    """The write that moves a record to a final state, refused unless it is in an expected one.

    With `attempt` it is refused as well when the claim is another's.
    """
    return Update(
        Table.SENDS,
        (ident,),
        set={
            "state": state.value,
            **({"reason": reason.value} if reason else {}),
            **(note or {}),
        },
        remove=("unsettled_shard", "unsettled_at"),
        when=_in_state(expected) if attempt is None else _claimed_by(attempt, expected),
    )


def release(ident: str, *, attempt: str, now: datetime) -> Update:
    """The write by which an attempt gives its claim back: nothing was sent.

    Whoever claims next has the settling time to do so.
    """
    return Update(
        Table.SENDS,
        (ident,),
        set={
            "state": SendState.RELEASED.value,
            "unsettled_at": to_text(now + SETTLING_TIME),
        },
        when=_claimed_by(attempt, (SendState.CLAIMED,)),
    )


def doubt(ident: str, *, now: datetime) -> Update:
    """The write that says of a claim that nobody knows what became of it."""
    return Update(
        Table.SENDS,
        (ident,),
        set={
            "state": SendState.UNKNOWN.value,
            "reason": Reason.OUTCOME_UNKNOWN.value,
            "doubted": True,
            "unsettled_at": to_text(now + SETTLING_TIME),
        },
        when=_in_state((SendState.CLAIMED,)),
    )


def give_up(ident: str, *, now: datetime) -> Update:
    """The write that gives up a record that is due; refused if somebody moved it on meanwhile."""
    unsettled = (SendState.CLAIMED, SendState.UNKNOWN, SendState.RELEASED)
    due = Below("unsettled_at", to_text(now + timedelta(milliseconds=1)))
    return Update(
        Table.SENDS,
        (ident,),
        set={"state": SendState.GIVEN_UP.value, "reason": Reason.OUTCOME_UNKNOWN.value},
        when=AllOf((_in_state(unsettled), due)),
    )


def _claimed_by(attempt: str, states: tuple[SendState, ...]) -> Condition:
    return AllOf((_in_state(states), Equals("attempt", attempt)))


def _in_state(states: tuple[SendState, ...]) -> Condition:
    return AnyOf(tuple(Equals("state", state.value) for state in states))
