"""Events: what happened to a contact, written once and never changed.

An event is `contact_id, event_id, name (snake_case, past tense), occurred_at, received_at, source,
properties, context`. `occurred_at` is corrected for the sender's clock and never later than
`received_at`; `event_id` holds the sender's own, uncorrected time (`relance.ids.event_id`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from relance.ids import earliest_event_id, ulid_ms
from relance.moments import from_text, to_text
from relance.storage import Absent, Item, Put, Table, Value

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""What the name of an event looks like."""


class Name(StrEnum):
    """The events that the suite itself writes."""

    SIGNED_UP = "signed_up"
    CONFIRMED = "confirmed"
    IDENTIFIED = "identified"
    IDENTITY_CLAIMED = "identity_claimed"
    ALIASED = "aliased"
    GROUP_JOINED = "group_joined"
    IMPORTED = "imported"
    FILE_DOWNLOADED = "file_downloaded"
    ORDER_COMPLETED = "order_completed"
    EMAIL_DEFERRED = "email_deferred"
    EMAIL_SENT = "email_sent"
    EMAIL_DELIVERED = "email_delivered"
    EMAIL_OPENED = "email_opened"
    EMAIL_CLICKED = "email_clicked"
    EMAIL_REPLIED = "email_replied"
    EMAIL_BOUNCED = "email_bounced"
    EMAIL_COMPLAINED = "email_complained"
    UNSUBSCRIBED = "unsubscribed"
    CONSENT_CHANGED = "consent_changed"
    PREFERENCES_CHANGED = "preferences_changed"
    PREFERENCES_CONFIRMED = "preferences_confirmed"
    LIST_JOINED = "list_joined"
    LIST_LEFT = "list_left"
    POINTS_AWARDED = "points_awarded"
    TIME_PASSED = "time_passed"
    RULES_CHANGED = "rules_changed"
    COMPANY_JOINED = "company_joined"
    COMPANY_LEFT = "company_left"
    COMPANY_CHANGED = "company_changed"
    HISTORY_CONDENSED = "history_condensed"
    SUPPRESSED = "suppressed"
    SUPPRESSION_LIFTED = "suppression_lifted"
    ERASED = "erased"
    JOINED = "joined"
    JOIN_UNDONE = "join_undone"
    WORKFLOW_ENTERED = "workflow_entered"
    WORKFLOW_LEFT = "workflow_left"
    HELD_OUT = "held_out"
    ENTRY_HELD = "entry_held"
    ENTRY_MOVED = "entry_moved"
    BRANCH_CHOSEN = "branch_chosen"
    TRAIT_CHANGED = "trait_changed"
    PEOPLE_ALERTED = "people_alerted"
    SERVICE_CALLED = "service_called"
    HANDED_OVER = "handed_over"
    LEAD_ACCEPTED = "lead_accepted"
    LEAD_REFUSED = "lead_refused"
    JOURNEY_STARTED = "journey_started"
    SEGMENT_ENTERED = "segment_entered"
    SEGMENT_LEFT = "segment_left"
    STAGE_ADVANCED = "stage_advanced"
    STAGE_FELL_BACK = "stage_fell_back"
    QUALIFIED = "qualified"
    PERSONA_ASSIGNED = "persona_assigned"


CONCLUSIONS = frozenset(
    {
        Name.WORKFLOW_ENTERED,
        Name.WORKFLOW_LEFT,
        Name.HELD_OUT,
        Name.ENTRY_HELD,
        Name.ENTRY_MOVED,
        Name.BRANCH_CHOSEN,
        Name.PEOPLE_ALERTED,
        Name.SERVICE_CALLED,
        Name.HANDED_OVER,
        Name.JOURNEY_STARTED,
        Name.SEGMENT_ENTERED,
        Name.SEGMENT_LEFT,
        Name.STAGE_ADVANCED,
        Name.STAGE_FELL_BACK,
        Name.QUALIFIED,
        Name.PERSONA_ASSIGNED,
        Name.EMAIL_DEFERRED,
    }
)
"""What the suite concludes from other events: for people and workflows to see, never folded."""

JOINS = frozenset({Name.JOINED, Name.JOIN_UNDONE})
"""The events that change whose history counts. `contact` among the properties is who was absorbed;
`joined` stands in the survivor's history, `join_undone` in both."""

GIVING_TRAITS = frozenset(
    {
        Name.CONFIRMED,
        Name.IDENTIFIED,
        Name.IMPORTED,
        Name.PREFERENCES_CHANGED,
        Name.TRAIT_CHANGED,
    }
)
"""The events whose `traits` become the contact's."""

ABOUT_COMPANIES = frozenset({Name.COMPANY_JOINED, Name.COMPANY_LEFT, Name.COMPANY_CHANGED})
"""The events that name a company: the id that stands in their property `company`."""

SERVERS = frozenset({"segment", "cloudevents", "hook"})
"""The sources of events that came with a secret key, or signed with a secret: what they say of a
person is believed."""

_BY_FORM = "let the person fill in a form"
_BY_LINK = "the link in every mail leads there"
_BY_MAIL = "it is recorded when a mail is sent and when its receipt, opens and clicks are reported"
_BY_STEP = "a step of a workflow does it"
_BY_PAGE = "whoever got the lead decides on the page that the mail links to"
_BY_JOINING = "it is recorded when two contacts turn out to be one person, or not to be"
_BY_IMPORT = "an import does it"
_BY_OPERATION = "the operation manage-suppressions does it"
_BY_SUITE = "it is recorded when it happens"
_BY_CALL = "the calls identify, group and alias write it"

RESERVED: Mapping[str, str] = {
    Name.SIGNED_UP: _BY_FORM,
    Name.CONFIRMED: _BY_FORM,
    Name.IDENTITY_CLAIMED: _BY_CALL,
    Name.ALIASED: _BY_CALL,
    Name.GROUP_JOINED: _BY_CALL,
    Name.IMPORTED: _BY_IMPORT,
    Name.UNSUBSCRIBED: _BY_LINK,
    Name.CONSENT_CHANGED: _BY_LINK,
    Name.PREFERENCES_CHANGED: _BY_LINK,
    Name.PREFERENCES_CONFIRMED: _BY_LINK,
    Name.EMAIL_DEFERRED: _BY_MAIL,
    Name.EMAIL_SENT: _BY_MAIL,
    Name.EMAIL_DELIVERED: _BY_MAIL,
    Name.EMAIL_OPENED: _BY_MAIL,
    Name.EMAIL_CLICKED: _BY_MAIL,
    Name.EMAIL_REPLIED: _BY_MAIL,
    Name.EMAIL_BOUNCED: _BY_MAIL,
    Name.EMAIL_COMPLAINED: _BY_MAIL,
    Name.LIST_JOINED: _BY_STEP,
    Name.LIST_LEFT: _BY_STEP,
    Name.POINTS_AWARDED: _BY_STEP,
    Name.TRAIT_CHANGED: _BY_STEP,
    Name.BRANCH_CHOSEN: _BY_STEP,
    Name.PEOPLE_ALERTED: _BY_STEP,
    Name.SERVICE_CALLED: _BY_STEP,
    Name.HANDED_OVER: _BY_STEP,
    Name.LEAD_ACCEPTED: _BY_PAGE,
    Name.LEAD_REFUSED: _BY_PAGE,
    Name.JOURNEY_STARTED: _BY_STEP,
    Name.HELD_OUT: _BY_SUITE,
    Name.ENTRY_HELD: _BY_SUITE,
    Name.ENTRY_MOVED: _BY_SUITE,
    Name.TIME_PASSED: _BY_SUITE,
    Name.RULES_CHANGED: _BY_SUITE,
    Name.COMPANY_JOINED: _BY_SUITE,
    Name.COMPANY_LEFT: _BY_SUITE,
    Name.COMPANY_CHANGED: _BY_SUITE,
    Name.SUPPRESSED: _BY_OPERATION,
    Name.SUPPRESSION_LIFTED: _BY_OPERATION,
    Name.ERASED: _BY_SUITE,
    Name.HISTORY_CONDENSED: _BY_SUITE,
    Name.JOINED: _BY_JOINING,
    Name.JOIN_UNDONE: _BY_JOINING,
    Name.WORKFLOW_ENTERED: _BY_SUITE,
    Name.WORKFLOW_LEFT: _BY_SUITE,
    Name.SEGMENT_ENTERED: _BY_SUITE,
    Name.SEGMENT_LEFT: _BY_SUITE,
    Name.STAGE_ADVANCED: _BY_SUITE,
    Name.STAGE_FELL_BACK: _BY_SUITE,
    Name.QUALIFIED: _BY_SUITE,
    Name.PERSONA_ASSIGNED: _BY_SUITE,
}
"""The events that no client may send, since more belongs to each than an event; and what to do
instead. `identified`, `order_completed` and `file_downloaded` come from clients as well."""

PUBLIC_PROPERTIES = frozenset(
    {
        "form", "list", "message", "workflow", "entry", "step", "send_id", "link", "outcome",
        "order_id", "cart_id", "product_id", "revenue", "currency", "cause", "permanent",
        "segment", "stage", "from_stage", "qualification", "persona", "topic", "actor",
        "goal", "branch", "split", "journey", "service", "occasion_id",
    }
)  # fmt: skip
"""The properties that go on the bus with an event: what rules decide on, nothing personal."""

ODD_CLOCK = timedelta(hours=48)
"""How far the time in an event's id may lie from its arrival before it counts as an odd clock."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one contact. Instants are aware, UTC, whole milliseconds.

    `company` is the id of the contact's company, on its way to the bus alone and only where the
    event may change what the company amounts to; it is not stored.
    """

    contact_id: str
    event_id: str
    name: str
    occurred_at: datetime
    received_at: datetime
    source: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    context: Mapping[str, Value] = field(default_factory=dict)
    company: str | None = None

    @property
    def order(self) -> tuple[datetime, str]:
        """What a replay sorts by."""
        return self.received_at, self.event_id

    @property
    def folded(self) -> bool:
        """Whether the profile follows from it: a conclusion is only looked at.

        What was condensed is no event to be folded; a replay begins with it.
        """
        return self.name not in CONCLUSIONS and self.name != Name.HISTORY_CONDENSED

    @property
    def has_odd_clock(self) -> bool:
        """Whether a range of event ids around its arrival would miss it."""
        away = self.received_at.timestamp() - ulid_ms(self.event_id) / 1000
        return abs(away) > ODD_CLOCK.total_seconds()

    def public(self) -> dict[str, Value]:
        """What the bus is told: ids, the name, and properties that are not personal."""
        shown = {
            key: value
            for key, value in self.properties.items()
            if key in PUBLIC_PROPERTIES and _is_plain(value)
        }
        company = self.properties["company"] if self.name in ABOUT_COMPANIES else self.company
        return {
            **shown,
            **({"company": company} if company else {}),
            "contact_id": self.contact_id,
            "event_id": self.event_id,
            "name": self.name,
            "occurred_at": to_text(self.occurred_at),
        }

    def to_item(self) -> Item:
        """The event as it is stored."""
        return {
            "contact_id": self.contact_id,
            "event_id": self.event_id,
            "name": self.name,
            "occurred_at": to_text(self.occurred_at),
            "received_at": to_text(self.received_at),
            "source": self.source,
            "properties": self.properties or None,
            "context": self.context or None,
        }


def _is_plain(value: Value) -> bool:
    """Whether a value may go on the bus: a number, yes or no, a short text without an address."""
    if isinstance(value, str):
        return len(value) <= 200 and "@" not in value
    return isinstance(value, bool | int | float)


def event_of(item: Item) -> Event:
    """The event that an item of the table Events holds."""
    properties, context = item.get("properties") or {}, item.get("context") or {}
    assert isinstance(properties, Mapping)  # noqa: S101 - written by to_item
    assert isinstance(context, Mapping)  # noqa: S101
    return Event(
        contact_id=str(item["contact_id"]),
        event_id=str(item["event_id"]),
        name=str(item["name"]),
        occurred_at=from_text(str(item["occurred_at"])),
        received_at=from_text(str(item["received_at"])),
        source=str(item["source"]),
        properties=properties,
        context=context,
    )


def put_once(event: Event) -> Put:
    """The write that appends the event, and fails if the same event is there already."""
    return Put(Table.EVENTS, event.to_item(), when=Absent())


def in_order(events: Iterable[Event]) -> Sequence[Event]:
    """The events by arrival, as a replay reads them."""
    return sorted(events, key=lambda event: event.order)


def earliest_relevant(since: datetime) -> str:
    """Where a range of event ids begins that holds all that arrived since, odd clocks aside."""
    return earliest_event_id(since - ODD_CLOCK)
