"""The register: what protects a person, beside the profile and read fresh before every send.

It holds the address, the consents, suppression, erasure, the tracking mode and the counters of
frequency caps. It is written in the same transaction as the event that changes it, before the
request is answered: whoever was told "you are unsubscribed" is.

Attributes of the record `now#register` of the table Contacts:

| attribute | holds |
|---|---|
| `address`, `language` | where and in which language to write |
| `consent#<topic>` | `{state, at, by}`: e-mail consent to a topic, its last change, the event id |
| `withdrawn#<topic>` | when the consent was last withdrawn |
| `consent#<channel>/<topic>` | the same for another channel |
| `tracking` | `{opens: none, hygiene or full, clicks: yes or no, web: yes or no, at, by}` |
| `frequency` | `{mode: all, weekly or monthly, at, by}` |
| `pause` | `{until, at, by}`: no marketing until then |
| `turn` | `{day, send_id}`: the last marketing mail to somebody who wants few, by calendar day |
| `marketing_day` | the calendar day on which a marketing mail went last |
| `suppressed` | `{reason, at, scope}`; the scope is `all` unless it says `marketing` |
| `erased_at` | when the contact was erased: the register is a *tombstone* (`relance.erasing`) |
| `count#<what>#<day>` | how many messages went on a day of the contact's own calendar |
| `room` | how often a message took room in the contact's day (`relance.room`) |
| `known_by` | what names the person for good: `address`, `user` or `crm`; missing: a visitor |
| `gift` | `{file, by, at}`: the file that a form promised (`relance.gifts`) |
| `first_touch`, `last_touch` | where somebody came from when they first and last confirmed |
| `joined_to` | the contact that this one was joined to: it is found there (`relance.joins`) |
| `absorbed` | who was joined to this one: `{<contact id>: {into, at, quiet}}` |
| `joins` | how often this contact was joined to somebody, or somebody to it, or this was undone |
| `apart` | contacts that a person said are somebody else |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from relance.choices import Frequency
from relance.content.rules import OpenTracking, Tracking
from relance.gifts import Gift, gift_of
from relance.moments import to_text
from relance.storage import (
    AllOf,
    AnyOf,
    Below,
    Condition,
    Equals,
    Item,
    Missing,
    Present,
    Table,
    Update,
    Value,
)

RECORD = "now#register"


class ConsentState(StrEnum):
    """Whether a person may be written to about a topic."""

    PENDING = "pending"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class SuppressionReason(StrEnum):
    """Why an address gets nothing any more.

    Of these the person may lift `erased`, by signing up anew and confirming it; somebody who looks
    after the list may lift all others but `complained` (`relance.suppression`).
    """

    BOUNCED = "bounced"
    UNREACHABLE = "unreachable"
    COMPLAINED = "complained"
    BY_HAND = "by_hand"
    IMPORTED = "imported"
    ERASED = "erased"


class Scope(StrEnum):
    """What an address gets nothing of: of everything, or of marketing."""

    ALL = "all"
    MARKETING = "marketing"


@dataclass(frozen=True, slots=True)
class Consent:
    """The consent to one topic: its state, since when, and the event that set it."""

    state: ConsentState
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A contact that was joined to another, `into`, at an instant.

    Of a quiet one nothing needs to be read but its history: no address, no consent, no journey.
    """

    into: str
    at: str
    quiet: bool

    def to_value(self) -> Value:
        """As it stands in the attribute `absorbed`."""
        return {"into": self.into, "at": self.at, "quiet": self.quiet}


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """The last marketing mail to somebody who wants few: its calendar day and the send."""

    day: str
    send_id: str


@dataclass(frozen=True, slots=True)
class Register:
    """The register as read. Instants are texts as `relance.moments` writes them.

    `changed_at` says when `frequency`, `pause` and `tracking` were changed last.
    """

    contact_id: str
    address: str | None = None
    language: str | None = None
    consents: Mapping[str, Consent] = field(default_factory=dict)
    withdrawn: Mapping[str, str] = field(default_factory=dict)
    tracking: Tracking | None = None
    frequency: Frequency = Frequency.ALL
    paused_until: str | None = None
    marketing_day: str | None = None
    turn: Turn | None = None
    changed_at: Mapping[str, str] = field(default_factory=dict)
    suppressed: SuppressionReason | None = None
    suppressed_for: Scope = Scope.ALL
    erased_at: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    room: int = 0
    known_by: str | None = None
    joined_to: str | None = None
    absorbed: Mapping[str, Absorbed] = field(default_factory=dict)
    joins: int = 0
    apart: frozenset[str] = frozenset()
    first_touch: str | None = None
    gift: Gift | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is known who this is: by a user id, a CRM's id or a confirmed address."""
        granted = ConsentState.GRANTED
        return bool(self.known_by) or any(it.state is granted for it in self.consents.values())

    def consent_to(self, topic: str) -> ConsentState | None:
        """The state of the consent to a topic, None if never asked."""
        consent = self.consents.get(topic)
        return consent.state if consent else None

    @property
    def is_pending(self) -> bool:
        """Whether some consent waits for its confirmation."""
        return any(each.state is ConsentState.PENDING for each in self.consents.values())

    def is_paused(self, now: datetime) -> bool:
        """Whether the person asked to be left alone for a while that is not over."""
        return self.paused_until is not None and to_text(now) < self.paused_until

    def tracking_or(self, default: Tracking) -> Tracking:
        """What may be followed: as the contact said, else the company's default."""
        said = self.tracking or default
        return said if said.web is not None else replace(said, web=default.web)

    @property
    def refuses_web(self) -> bool:
        """Whether the person said that visits to the web site may not be seen.

        Whoever said nothing of it here is asked by the web site itself, browser by browser.
        """
        return self.tracking is not None and self.tracking.web is False


def register_of(item: Item) -> Register:
    """The register that an item holds."""
    suppressed, tracking = item.get("suppressed"), item.get("tracking")
    return Register(
        contact_id=str(item["contact_id"]),
        address=_text(item.get("address")),
        language=_text(item.get("language")),
        consents={
            name.removeprefix("consent#"): Consent(
                ConsentState(str(value["state"])), str(value["at"]), str(value["by"])
            )
            for name, value in item.items()
            if name.startswith("consent#") and isinstance(value, Mapping)
        },
        withdrawn={
            name.removeprefix("withdrawn#"): str(value)
            for name, value in item.items()
            if name.startswith("withdrawn#")
        },
        tracking=(
            Tracking(
                OpenTracking(str(tracking["opens"])),
                clicks=tracking["clicks"] is True,
                web=_flag(tracking.get("web")),
            )
            if isinstance(tracking, Mapping)
            else None
        ),
        frequency=Frequency(_part(item, "frequency", "mode") or Frequency.ALL),
        paused_until=_part(item, "pause", "until"),
        marketing_day=_text(item.get("marketing_day")),
        first_touch=_text(item.get("first_touch")),
        gift=gift_of(item.get("gift")),
        turn=_turn(item.get("turn")),
        changed_at={
            name: at
            for name in ("frequency", "pause", "tracking")
            if (at := _part(item, name, "at"))
        },
        suppressed=(
            SuppressionReason(str(suppressed["reason"]))
            if isinstance(suppressed, Mapping)
            else None
        ),
        suppressed_for=Scope(_part(item, "suppressed", "scope") or Scope.ALL),
        erased_at=_text(item.get("erased_at")),
        counters={
            name: value
            for name, value in item.items()
            if name.startswith("count#") and isinstance(value, int)
        },
        room=int(str(item.get("room") or 0)),
        known_by=_text(item.get("known_by")),
        joined_to=_text(item.get("joined_to")),
        absorbed=_absorbed(item.get("absorbed")),
        joins=int(str(item.get("joins") or 0)),
        apart=_names(item.get("apart")),
    )


def _turn(value: Value) -> Turn | None:
    return Turn(str(value["day"]), str(value["send_id"])) if isinstance(value, Mapping) else None


def _absorbed(value: Value) -> dict[str, Absorbed]:
    return {
        name: Absorbed(str(it["into"]), str(it["at"]), it["quiet"] is True)
        for name, it in (value.items() if isinstance(value, Mapping) else ())
        if isinstance(it, Mapping)
    }


def _names(value: Value) -> frozenset[str]:
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    return frozenset(map(str, listed))


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _flag(value: Value) -> bool | None:
    return value if isinstance(value, bool) else None


def _part(item: Item, name: str, part: str) -> str | None:
    value = item.get(name)
    return _text(value.get(part)) if isinstance(value, Mapping) else None


def new_register(contact_id: str, *, address: str | None) -> dict[str, Value]:
    """The register of a contact that is being created."""
    return {"contact_id": contact_id, "record": RECORD, "address": address}


def consent_value(state: ConsentState, at: datetime, by: str) -> Value:
    """The attribute `consent#<topic>`."""
    return {"state": state.value, "at": to_text(at), "by": by}


def change_consent(
    contact_id: str,
    topic: str,
    state: ConsentState,
    *,
    at: datetime,
    by: str,
    also: Item | None = None,
    without: Sequence[str] = (),
) -> Update:
    """The write that changes a consent, refused by the store where it must not act.

    The last writer wins, and at a tie the withdrawal. What is granted is neither asked for nor
    granted again: anybody can type somebody's address into a form, and a button can be pressed
    twice. `also` holds attributes that change with it, `without` those that go with it.
    """
    name, moment = f"consent#{topic}", to_text(at)
    mine = f"{name}.at"
    last: Condition
    if state is ConsentState.WITHDRAWN:
        last = AnyOf((Missing(name), Below(mine, moment), Equals(mine, moment)))
    else:
        open_states = (ConsentState.WITHDRAWN, ConsentState.PENDING)
        is_open = AnyOf(tuple(Equals(f"{name}.state", each) for each in open_states))
        last = AnyOf((Missing(name), AllOf((Below(mine, moment), is_open))))
    return Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={
            name: consent_value(state, at, by),
            **({f"withdrawn#{topic}": moment} if state is ConsentState.WITHDRAWN else {}),
            **(also or {}),
        },
        remove=without,
        when=AllOf((Present(), Missing("erased_at"), last)),
    )


def ask_again(contact_id: str, topic: str, *, at: datetime, by: str) -> Update:
    """The write that asks for a consent which was granted here and withdrawn under another id."""
    name = f"consent#{topic}"
    return Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={name: consent_value(ConsentState.PENDING, at, by)},
        when=AllOf((Present(), Missing("erased_at"), Below(f"{name}.at", to_text(at)))),
    )


def suppress(
    contact_id: str, reason: SuppressionReason, *, at: datetime, scope: Scope = Scope.ALL
) -> Update:
    """The write that ends mail to the contact's address; a stronger reason replaces a weaker.

    Refused where the same or a stronger one stands.
    """
    weaker = tuple(Equals("suppressed.reason", each.value) for each in weaker_than(reason))
    return Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={"suppressed": suppressed_value(reason, at, scope=scope)},
        when=AllOf((Present(), Missing("erased_at"), AnyOf((Missing("suppressed"), *weaker)))),
    )


def lift(contact_id: str, reason: SuppressionReason) -> Update:
    """The write that lets mail go to the contact's address again, if this is why it did not."""
    return Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        remove=("suppressed",),
        when=AllOf((Present(), Equals("suppressed.reason", reason.value))),
    )


_STRENGTH = (
    SuppressionReason.IMPORTED,
    SuppressionReason.BY_HAND,
    SuppressionReason.ERASED,
    SuppressionReason.UNREACHABLE,
    SuppressionReason.BOUNCED,
    SuppressionReason.COMPLAINED,
)


def weaker_than(reason: SuppressionReason) -> tuple[SuppressionReason, ...]:
    """The reasons that this one replaces: what a person said outweighs what a server answered."""
    return _STRENGTH[: _STRENGTH.index(reason)]


def suppressed_value(reason: SuppressionReason, at: datetime, *, scope: Scope = Scope.ALL) -> Value:
    """The attribute `suppressed`."""
    part = {} if scope is Scope.ALL else {"scope": scope.value}
    return {"reason": reason.value, "at": to_text(at), **part}


def tracking_value(tracking: Tracking, at: datetime, by: str) -> Value:
    """The attribute `tracking`."""
    return {
        "opens": tracking.opens.value,
        "clicks": tracking.clicks,
        **({} if tracking.web is None else {"web": tracking.web}),
        "at": to_text(at),
        "by": by,
    }


def frequency_value(frequency: Frequency, at: datetime, by: str) -> Value:
    """The attribute `frequency`."""
    return {"mode": frequency.value, "at": to_text(at), "by": by}


def pause_value(until: datetime, at: datetime, by: str) -> Value:
    """The attribute `pause`; a pause that is ended ends at `at`."""
    return {"until": to_text(until), "at": to_text(at), "by": by}


def first_free(day: date, frequency: Frequency) -> str:
    """The calendar day from which on a turn leaves no room for another on `day`."""
    return (day - timedelta(days=frequency.days - 1)).isoformat()


def take_turn(contact_id: str, send_id: str, *, day: date, frequency: Frequency) -> Update:
    """The write by which a marketing mail takes its turn on a calendar day.

    Refused while the turn of another mail was less than the frequency's days ago, so that of two
    senders at the same time one sends. The same mail may take it again.
    """
    return Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={"turn": turn_value(day.isoformat(), send_id)},
        when=AllOf(
            (
                Present(),
                AnyOf(
                    (
                        Missing("turn"),
                        Below("turn.day", first_free(day, frequency)),
                        Equals("turn.send_id", send_id),
                    )
                ),
            )
        ),
    )


def give_turn_back(contact_id: str, send_id: str) -> Update:
    """The write by which a mail that was not sent leaves its turn to the next."""
    return Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        remove=("turn",),
        when=Equals("turn.send_id", send_id),
    )


def turn_value(day: str, send_id: str) -> Value:
    """The attribute `turn`."""
    return {"day": day, "send_id": send_id}


def counter(what: str, day: str) -> str:
    """The name of the attribute that counts messages of a kind on a calendar day."""
    return f"count#{what}#{day}"
