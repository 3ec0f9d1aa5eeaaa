"""The ledger of messages: one record per step and round, claimed before the message is made.

```
             ┌─▶ skipped(reason)                  ┌─▶ bounced
 claimed ────┼─▶ sent ───────────────▶ delivered ─┴─▶ complained
  ▲  │  ▲    ├─▶ refused(reason)
  │  │  │    └─▶ released ─▶ claimed, given_up      SES was not called, or said "not now"
  │  │  └─── deferred(until, reason) ─▶ skipped     it waits for its hour or for room
  │  └─▶ unknown ─▶ sent, given_up                  the call broke off: nobody repeats it
  └── a person's retry ◀─ given_up, refused
```

SES has no way to tell a repeated call, so a send whose outcome is not known is never made again
by a machine: an SES event with the same tag settles it, else it is given up after the settling
time: *maybe sent*. That is also what is said when a sender died between its claim and SES, since
nobody can tell the two apart. SES may take a message and refuse it later (a virus, say): that moves
`sent` to `refused`.

Every move is one conditional write, so of two who want to move a record one does.
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
    Missing,
    Put,
    Table,
    Update,
    Value,
)
from relance.workflows import Step

SETTLING_TIME = timedelta(hours=1)
"""How long a send may stay unsettled before it is given up, unless sending.yaml says otherwise."""

SHARDS = 4
"""Over how many partitions the index of unsettled sends is spread, and that of deferred ones."""

TALLY_SHARDS = 8
"""Over how many partitions the sends of one campaign, or of a message in a month, are spread: 8,000
writes a second."""


class SendState(StrEnum):
    """Where a message stands."""

    CLAIMED = "claimed"
    DEFERRED = "deferred"
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
        return self not in UNSETTLED_STATES

    @property
    def went_out(self) -> bool:
        """Whether SES took the message."""
        return self in (
            SendState.SENT,
            SendState.DELIVERED,
            SendState.BOUNCED,
            SendState.COMPLAINED,
        )


UNSETTLED_STATES = frozenset(
    {SendState.CLAIMED, SendState.DEFERRED, SendState.RELEASED, SendState.UNKNOWN}
)
"""The states that are not final."""

RETRIABLE = (SendState.GIVEN_UP, SendState.REFUSED)
"""The states from which a person may have a message tried again."""


@dataclass(frozen=True, slots=True)
class Send:
    """One record of the ledger. `doubted`: its journey was once left waiting for the outcome.

    `sent_as` is whose address it went to, where the contact had been joined to that one.
    `wanted_at` is when the message was first meant to go, `until` when a deferred one is decided
    afresh. One that is `alone` belongs to no journey: no exit ends it, and nobody waits for it.
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
    wanted_at: str | None = None
    until: str | None = None
    alone: bool = False
    attempt: str | None = None

    def is_claimed_by(self, attempt: str) -> bool:
        """Whether this attempt has the claim: the answer to its write may have been lost."""
        return self.state is SendState.CLAIMED and self.attempt == attempt

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
    wanted_at, until = item.get("wanted_at"), item.get("until")
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
        wanted_at=None if wanted_at is None else str(wanted_at),
        until=None if until is None else str(until),
        alone=item.get("alone") is True,
        attempt=None if item.get("attempt") is None else str(item["attempt"]),
    )


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that a step is about to send.

    `keep` is how long its record is kept; `attempt` tells the claim of this invocation from
    another's, so that nobody gives back what is not theirs. It counts for the figures of
    `campaign`; without one, for those of its message and month. `settling` is how long its outcome
    may stay unknown. One that is `alone` belongs to no journey.
    """

    step: Step
    message: str
    message_version: str
    topic: str | None
    now: datetime
    keep: timedelta
    attempt: str = ""
    campaign: str | None = None
    settling: timedelta = SETTLING_TIME
    alone: bool = False

    @property
    def send_id(self) -> str:
        """The id of its record."""
        return send_id_of(self.step)

    def claim(self) -> Put:
        """The write that makes this invocation the one that sends; refused if there is a record."""
        return self._put({"state": SendState.CLAIMED.value, **self._unsettled()})

    def claim_again(self, state: SendState) -> Update:
        """The write that claims a record which stands in this state, and is somebody's no more.

        Since when the message is wanted stays as it is. Whoever claims what was deferred is not
        asked by the journey, which waits for the outcome; so the record says at once that it does.
        """
        return Update(
            Table.SENDS,
            (self.send_id,),
            set={
                "state": SendState.CLAIMED.value,
                "message_version": self.message_version,
                "claimed_at": to_text(self.now),
                **({"doubted": True} if state is SendState.DEFERRED else {}),
                **self._unsettled(),
            },
            remove=("reason", "until"),
            when=Equals("state", state.value),
        )

    def _unsettled(self) -> dict[str, Value]:
        return {
            "attempt": self.attempt,
            "unsettled_shard": shard_of(self.send_id),
            "unsettled_at": to_text(self.now + self.settling),
        }

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
            "tally_shard": tally_shard(
                self.campaign or group_of(self.message, to_text(self.now)[:7]), self.send_id
            ),
            "wanted_at": to_text(self.now),
            "alone": True if self.alone else None,
            "expires_at": round((self.now + self.keep).timestamp()),
            **state,
        }
        return Put(Table.SENDS, item, when=Absent())


def group_of(message: str, month: str) -> str:
    """What the sends of a message from journeys are told under: the message and the UTC month.

    No campaign bears such a name, which has no stroke.
    """
    return f"{message}/{month}"


def tally_shard(group: str, ident: str) -> str:
    """The partition of the index by state that a send belongs to: of a campaign, or of a month."""
    return f"{group}#{sum(ident.encode()) % TALLY_SHARDS}"


def shard_of(ident: str) -> str:
    """The partition of the index in which the sweep looks for whom to give up."""
    return f"unsettled-{sum(ident.encode()) % SHARDS}"


def deferred_shard(ident: str) -> str:
    """The partition of the same index in which the sweep looks for whom to wake."""
    return f"deferred-{sum(ident.encode()) % SHARDS}"


def deferred_shards() -> tuple[str, ...]:
    """All of them."""
    return tuple(f"deferred-{shard}" for shard in range(SHARDS))


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
        remove=("unsettled_shard", "unsettled_at", "until"),
        when=_in_state(expected) if attempt is None else _claimed_by(attempt, expected),
    )


def release(
    ident: str, *, attempt: str, now: datetime, settling: timedelta = SETTLING_TIME
) -> Update:
    """The write by which an attempt gives its claim back: nothing was sent.

    Whoever claims next has the settling time to do so.
    """
    return Update(
        Table.SENDS,
        (ident,),
        set={
            "state": SendState.RELEASED.value,
            "unsettled_at": to_text(now + settling),
        },
        when=_claimed_by(attempt, (SendState.CLAIMED,)),
    )


def defer(
    ident: str, *, attempt: str, until: datetime, reason: Reason | None, wake_at: datetime
) -> Update:
    """The write by which an attempt leaves a message to a later hour: nothing was sent.

    `until` is when it may go; the sweep looks for it at `wake_at`, which may be later where a
    message is due and could not be sent just now.
    """
    return Update(
        Table.SENDS,
        (ident,),
        set={
            "state": SendState.DEFERRED.value,
            "until": to_text(until),
            "unsettled_shard": deferred_shard(ident),
            "unsettled_at": to_text(wake_at),
            **({"reason": reason.value} if reason else {}),
        },
        when=_claimed_by(attempt, (SendState.CLAIMED,)),
    )


def skip_deferred(ident: str, reason: Reason) -> Update:
    """The write that ends a deferred message whose journey is over; refused once it is claimed."""
    return settle(ident, SendState.SKIPPED, expected=(SendState.DEFERRED,), reason=reason)


def wake(ident: str, reason: Reason, *, now: datetime) -> Update:
    """The write that has a message decided afresh that was deferred for this reason.

    The next sweep finds it.
    """
    return Update(
        Table.SENDS,
        (ident,),
        set={"until": to_text(now), "unsettled_at": to_text(now)},
        when=AllOf((_in_state((SendState.DEFERRED,)), Equals("reason", reason.value))),
    )


def woken(ident: str, *, due: str, again: datetime) -> Update:
    """The write that keeps the sweep from waking a message twice, unless it is still there then."""
    return Update(
        Table.SENDS,
        (ident,),
        set={"unsettled_at": to_text(again)},
        when=AllOf((_in_state((SendState.DEFERRED,)), Equals("unsettled_at", due))),
    )


def try_again(ident: str, *, now: datetime, asked_by: str) -> Update:
    """The write by which a person has a message tried again that was given up or refused.

    It is as if it had been deferred until now, and belongs to no journey any more. The record stays
    the same: if SES says after all that it took the first one, the second is not made.
    """
    return Update(
        Table.SENDS,
        (ident,),
        set={
            "state": SendState.DEFERRED.value,
            "reason": Reason.RETRIED.value,
            "retried_by": asked_by,
            "retried_at": to_text(now),
            "wanted_at": to_text(now),
            "until": to_text(now),
            "alone": True,
            "unsettled_shard": deferred_shard(ident),
            "unsettled_at": to_text(now),
        },
        when=AllOf((_in_state(RETRIABLE), Missing("ses_message_id"), Missing("erased"))),
    )


def doubt(ident: str, *, now: datetime, settling: timedelta = SETTLING_TIME) -> Update:
    """The write that says of a claim that nobody knows what became of it."""
    return Update(
        Table.SENDS,
        (ident,),
        set={
            "state": SendState.UNKNOWN.value,
            "reason": Reason.OUTCOME_UNKNOWN.value,
            "doubted": True,
            "unsettled_at": to_text(now + settling),
        },
        when=_in_state((SendState.CLAIMED,)),
    )


def give_up(ident: str, state: SendState, *, now: datetime) -> Update:
    """The write that gives up a record in this state that is due; refused if it moved on."""
    due = Below("unsettled_at", to_text(now + timedelta(milliseconds=1)))
    return Update(
        Table.SENDS,
        (ident,),
        set={"state": SendState.GIVEN_UP.value, "reason": given_up_for(state).value},
        when=AllOf((_in_state((state,)), due)),
    )


def given_up_for(state: SendState) -> Reason:
    """Why a record in this state is given up: what was released was not sent for sure."""
    released = state is SendState.RELEASED
    return Reason.NOT_TRIED_AGAIN if released else Reason.OUTCOME_UNKNOWN


def _claimed_by(attempt: str, states: tuple[SendState, ...]) -> Condition:
    return AllOf((_in_state(states), Equals("attempt", attempt)))


def _in_state(states: tuple[SendState, ...]) -> Condition:
    return AnyOf(tuple(Equals("state", state.value) for state in states))
