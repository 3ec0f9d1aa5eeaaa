"""Campaigns: one message to many people, once each.

The name that a marketer gives is the key: there is one record of it, in the table Sends, and one
send for each person in the ledger (`relance.ledger`), in an index by campaign and state. What
became of whom is counted there and nowhere else, so the figures are those of the ledger.

```
 (nothing) ─▶ sending ─▶ sent
               │  ▲  └─▶ cancelled
               ▼  │          ▲
              paused ────────┘
```

A *run* is one execution that sees to the campaign. Whoever resumes, cancels or tries again starts
the next one; two at the same time do no harm, since every send is claimed.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from relance.ledger import Planned, SendState, send_id_of
from relance.moments import to_text
from relance.reasons import Reason
from relance.storage import (
    Absent,
    AllOf,
    AnyOf,
    Check,
    Equals,
    Item,
    Missing,
    Put,
    Store,
    Table,
    Update,
    Value,
)
from relance.workflows import Step

WORKFLOW = "campaign"
"""What the ledger and the events call the workflow of a campaign's messages."""

_STEP = "send"

KEPT_LONGER = timedelta(days=30)
"""How much longer than its sends the record of a campaign is kept, so that no name comes back."""


class CampaignState(StrEnum):
    """Where a campaign stands."""

    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Campaign:
    """The record of a campaign.

    `audience` counts the people in the file `listed`; `execution` is the ARN of its latest run,
    begun at `run_at`; `reason` says why it is paused, in a sentence.
    """

    name: str
    state: CampaignState
    message: str
    message_version: str
    whom: str
    audience: int
    listed: str
    run: int
    execution: str
    started_at: str
    run_at: str
    ended_at: str | None = None
    reason: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nobody is to get anything any more."""
        return self.ended_at is not None

    def to_item(self, *, keep: timedelta, now: datetime) -> dict[str, Value]:
        """The record."""
        return {
            "send_id": campaign_key(self.name)[0],
            "campaign": self.name,
            "standing": self.state.value,
            "message": self.message,
            "message_version": self.message_version,
            "whom": self.whom,
            "audience": self.audience,
            "listed": self.listed,
            "run": self.run,
            "execution": self.execution,
            "started_at": self.started_at,
            "run_at": self.run_at,
            "expires_at": round((now + keep + KEPT_LONGER).timestamp()),
        }


def campaign_key(name: str) -> tuple[str]:
    """The key of a campaign's record; no send has such an id, which is letters and digits."""
    return (f"campaign#{name}",)


def campaign_of(item: Item) -> Campaign:
    """The campaign that an item holds."""
    ended_at, reason = item.get("ended_at"), item.get("paused_because")
    return Campaign(
        name=str(item["campaign"]),
        state=CampaignState(str(item["standing"])),
        message=str(item["message"]),
        message_version=str(item["message_version"]),
        whom=str(item["whom"]),
        audience=int(str(item["audience"])),
        listed=str(item["listed"]),
        run=int(str(item["run"])),
        execution=str(item["execution"]),
        started_at=str(item["started_at"]),
        run_at=str(item["run_at"]),
        ended_at=None if ended_at is None else str(ended_at),
        reason=None if reason is None else str(reason),
    )


def read_campaign(store: Store, name: str) -> Campaign | None:
    """The campaign of a name, None if there is none."""
    item = store.get(Table.SENDS, campaign_key(name))
    return campaign_of(item) if item else None


def begin(campaign: Campaign, *, keep: timedelta, now: datetime) -> Put:
    """The write that begins a campaign, refused if the name was used before."""
    return Put(Table.SENDS, campaign.to_item(keep=keep, now=now), when=Absent())


def pause(name: str, *, reason: str | None) -> Update:
    """The write that holds a campaign up, refused if it is not being sent."""
    return Update(
        Table.SENDS,
        campaign_key(name),
        set={"standing": CampaignState.PAUSED.value, "paused_because": reason},
        when=_stands(CampaignState.SENDING),
    )


def take_up(
    campaign: Campaign, *, state: CampaignState, execution: str, version: str, now: datetime
) -> Update:
    """The write by which the next run takes a campaign up, refused if another was first."""
    return Update(
        Table.SENDS,
        campaign_key(campaign.name),
        set={
            "standing": state.value,
            "run": campaign.run + 1,
            "run_at": to_text(now),
            "execution": execution,
            "message_version": version,
        },
        remove=("paused_because", "ended_at"),
        when=AllOf((_stands(campaign.state), Equals("run", campaign.run))),
    )


def end(campaign: Campaign, *, now: datetime) -> Update:
    """The write that ends a campaign: everybody is in a final state."""
    state = CampaignState.SENT if campaign.state is CampaignState.SENDING else campaign.state
    return Update(
        Table.SENDS,
        campaign_key(campaign.name),
        set={"standing": state.value, "ended_at": to_text(now)},
        when=_stands(campaign.state),
    )


def _stands(*states: CampaignState) -> AnyOf:
    return AnyOf(tuple(Equals("standing", each.value) for each in states))


def step_of(campaign: str, contact_id: str) -> Step:
    """The step that sends a campaign's message to a contact."""
    return Step(WORKFLOW, contact_id, campaign, _STEP)


def send_id_in(campaign: str, contact_id: str) -> str:
    """The id of a contact's send in the ledger."""
    return send_id_of(step_of(campaign, contact_id))


def planned(
    campaign: Campaign,
    contact_id: str,
    *,
    topic: str | None,
    now: datetime,
    keep: timedelta,
    settling: timedelta,
    attempt: str,
) -> Planned:
    """The send to a contact."""
    return Planned(
        step=step_of(campaign.name, contact_id),
        message=campaign.message,
        message_version=campaign.message_version,
        topic=topic,
        now=now,
        keep=keep,
        attempt=attempt,
        settling=settling,
        campaign=campaign.name,
    )


_OPEN = (SendState.RELEASED, SendState.DEFERRED)
"""The states of a send that nobody has claimed and that is still to be decided."""


def is_open(state: SendState, until: str | None, now: datetime) -> bool:
    """Whether a run may claim a send in this state; one that is deferred has to be due."""
    due = until is None or until <= to_text(now)
    return state is SendState.RELEASED or (state is SendState.DEFERRED and due)


def claim(plan: Planned) -> Put:
    """The write that claims a send, refused unless it is open."""
    return replace(plan.claim(), when=_when_open())


def leave_out(plan: Planned, reason: Reason) -> Put:
    """The write that ends a send which nobody has claimed."""
    return _unclaimed(plan, {"state": SendState.SKIPPED.value, "reason": reason.value})


def defer(plan: Planned, *, until: datetime, reason: Reason) -> Put:
    """The write that leaves a send which nobody has claimed to its hour."""
    told = {"state": SendState.DEFERRED.value, "reason": reason.value, "until": to_text(until)}
    return _unclaimed(plan, told)


def stand_in(plan: Planned, *, by: str) -> Put:
    """The write that closes a person's place, who gets the message under another id, `by`."""
    told = {
        "state": SendState.SKIPPED.value,
        "reason": Reason.SAME_PERSON.value,
        "stood_in_by": by,
    }
    mine = AnyOf((_when_open(), Equals("stood_in_by", by)))
    return replace(_unclaimed(plan, told), when=mine)


def not_reached(campaign: str, contact_id: str) -> Check:
    """The condition that the message is not sent, nor being sent, to a person under this id."""
    skipped = Equals("state", SendState.SKIPPED.value)
    key = (send_id_in(campaign, contact_id),)
    return Check(Table.SENDS, key, when=AnyOf((_when_open(), skipped)))


def _unclaimed(plan: Planned, told: Item) -> Put:
    claimed = ("attempt", "unsettled_shard", "unsettled_at")
    item = {name: value for name, value in plan.claim().item.items() if name not in claimed}
    return Put(Table.SENDS, {**item, **told}, when=_when_open())


def _when_open() -> AnyOf:
    return AnyOf((Absent(), *(Equals("state", each.value) for each in _OPEN)))


def put_back(ident: str, *, attempt: str) -> Update:
    """The write by which an attempt takes its claim back: nothing was sent.

    The record leaves the index of unsettled sends: the campaign itself sees to it, however long
    that is paused, and nobody gives it up meanwhile.
    """
    return Update(
        Table.SENDS,
        (ident,),
        set={"state": SendState.RELEASED.value},
        remove=("unsettled_shard", "unsettled_at"),
        when=AllOf((Equals("state", SendState.CLAIMED.value), Equals("attempt", attempt))),
    )


def allow_again(ident: str) -> Update:
    """The write by which a person's word lets a campaign send what failed or was given up.

    Refused for whatever SES took, and for whatever was left out for a reason of the person's. The
    send is deferred until now: if SES says after all that it took the first one, the record moves
    on and no second one is made.
    """
    not_made = AllOf(
        (
            Equals("state", SendState.SKIPPED.value),
            Equals("reason", Reason.CONTENT_INVALID.value),
        )
    )
    failed = (Equals("state", SendState.GIVEN_UP.value), Equals("state", SendState.REFUSED.value))
    return Update(
        Table.SENDS,
        (ident,),
        set={"state": SendState.DEFERRED.value, "reason": Reason.RETRIED.value},
        remove=("unsettled_shard", "unsettled_at"),
        when=AllOf((Missing("ses_message_id"), Missing("erased"), AnyOf((*failed, not_made)))),
    )


def braked(message: str, because: str) -> str:
    """That the brake has stopped a message, and what to do about it."""
    return (
        f'The message "{message}" was stopped: {because.rstrip(".")}. Mend it or its audience, '
        f'then paste {{"release": "{message}"}} into check_setup.'
    )
