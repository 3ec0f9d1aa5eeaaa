"""Room for one more message to a contact: counted by the days of its own calendar.

Room is taken by one conditional write on the register, in the transaction that claims the message,
just before the call to SES. The write is refused when another message took room meanwhile (`room`
counts how often that was done), or when the person unsubscribed, asked for a pause or was erased:
whoever is refused reads the contact again and decides afresh. So of two senders with room for one,
one sends.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from relance.content.compiled import Message, MessageClass
from relance.content.sending_rules import Cap
from relance.register import RECORD, Register, Scope, counter, turn_value
from relance.storage import (
    AllOf,
    AnyOf,
    Condition,
    Equals,
    Missing,
    Present,
    Table,
    Update,
    Value,
)

WEEK = 7
"""How many calendar days in a row a bound `per_week` looks at."""

COUNTS_KEPT = timedelta(days=9)
"""How long the counts of a calendar day are kept: a week, wherever the contact lives."""

MARKETING = "email:marketing"
"""What every marketing mail is counted as."""


def own_count(message: Message) -> str:
    """What the messages of this name are counted as."""
    return f"email/{message.name}"


def used(register: Register, what: str, day: date, *, days: int = 1) -> int:
    """How many were counted on a calendar day, or on so many days that end with it."""
    each = (day - timedelta(days=back) for back in range(days))
    return sum(register.counters.get(counter(what, it.isoformat()), 0) for it in each)


def room_on(register: Register, cap: Cap, day: date) -> int | None:
    """How many more marketing mails fit into a day; None: as many as there are."""
    left = []
    if cap.per_day is not None:
        left.append(cap.per_day - used(register, MARKETING, day))
    if cap.per_week is not None:
        left.append(cap.per_week - used(register, MARKETING, day, days=WEEK))
    return max(0, min(left)) if left else None


def first_day_with_room(register: Register, cap: Cap, day: date) -> date | None:
    """The first day from this one on with room; None if there never is any ("0 per day")."""
    days = (day + timedelta(days=ahead) for ahead in range(WEEK + 1))
    return next((each for each in days if room_on(register, cap, each) != 0), None)


@dataclass(frozen=True, slots=True)
class Room:
    """What a message takes up in the register of its contact on a calendar day.

    `counts` are what it is counted as; `turn` is whether the contact wants few mails, so that this
    one takes its turn; `bounded` whether somebody else's message may take the last room.
    """

    send_id: str
    day: date
    counts: tuple[str, ...]
    topic: str | None
    marketing: bool
    turn: bool
    bounded: bool

    def take(self, register: Register) -> Update:
        """The write that takes the room, refused unless the register is as it was read."""
        set_: dict[str, Value] = {}
        if self.marketing:
            set_["marketing_day"] = self.day.isoformat()
        if self.turn:
            set_["turn"] = turn_value(self.day.isoformat(), self.send_id)
        return Update(
            Table.CONTACTS,
            (register.contact_id, RECORD),
            set=set_,
            add={"room": 1, **self._counted(1)},
            when=AllOf(tuple(self._as_read(register))),
        )

    def give_back(self, contact_id: str) -> Update:
        """The write that takes the count back: the message was not made after all."""
        return Update(Table.CONTACTS, (contact_id, RECORD), add=self._counted(-1), when=Present())

    def _counted(self, by: int) -> dict[str, int]:
        return {counter(each, self.day.isoformat()): by for each in self.counts}

    def _as_read(self, register: Register) -> list[Condition]:
        found: list[Condition] = [Present(), Missing("joined_to"), Missing("erased_at")]
        found.append(AnyOf(tuple(self._not_suppressed(register))))
        if self.bounded:
            found.append(Equals("room", register.room) if register.room else Missing("room"))
        if self.marketing and not register.absorbed:
            if self.topic:
                found.append(Equals(f"consent#{self.topic}.state", "granted"))
            for name in ("pause", "frequency"):
                at = register.changed_at.get(name)
                found.append(Equals(f"{name}.at", at) if at else Missing(name))
        return found

    def _not_suppressed(self, register: Register) -> list[Condition]:
        """What the register may say of the address: nothing, or what does not stop this message."""
        found: list[Condition] = [Missing("suppressed")]
        if not self.marketing:
            found.append(Equals("suppressed.scope", Scope.MARKETING.value))
        if register.suppressed and register.suppressed_for is Scope.ALL:  # erased, and asked anew
            found.append(Equals("suppressed.reason", register.suppressed.value))
        return found


def room_for(message: Message, register: Register, cap: Cap, *, send_id: str, day: date) -> Room:
    """What a message takes up that goes on this calendar day."""
    marketing = message.message_class is MessageClass.MARKETING
    capped = marketing and (cap.per_day is not None or cap.per_week is not None)
    own = message.at_most_per_day is not None
    turn = marketing and register.frequency.days > 0
    counts = (*((MARKETING,) if marketing else ()), *((own_count(message),) if own else ()))
    return Room(
        send_id=send_id,
        day=day,
        counts=counts,
        topic=message.topic,
        marketing=marketing,
        turn=turn,
        bounded=capped or own or turn,
    )


def old_counts(register: Register, now: datetime) -> list[str]:
    """The counts that no bound looks at any more."""
    first_kept = (now - COUNTS_KEPT).date().isoformat()
    return [name for name in register.counters if name.rpartition("#")[2] < first_kept]
