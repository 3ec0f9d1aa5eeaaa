"""Confirming a sign-up and leaving a list: the two links that a person can always rely on.

Only a POST acts; whoever fetches a page (a scanner, a preview) changes nothing. An answered
unsubscription stands in the register before the answer leaves, so every send that begins
afterwards sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from relance.contacts import read_register
from relance.content.rules import OpenTracking, Tracking
from relance.errors import ConditionFailed, ContactNotFound
from relance.events import Event, Name, event_of, put_once
from relance.ids import event_id, milliseconds, ulid_ms
from relance.ledger import Send, send_of
from relance.links import Confirmation, Unsubscribe
from relance.moments import from_text
from relance.ports import Services
from relance.register import ConsentState, Register, change_consent, tracking_value
from relance.storage import Item, Table, Value


class ConfirmOutcome(StrEnum):
    """What became of a confirmation."""

    CONFIRMED = "confirmed"
    TOO_LATE = "too_late"


def confirm(target: Confirmation, proof: Mapping[str, Value], services: Services) -> ConfirmOutcome:
    """Grant the consent that the sign-up asked for; once, however often the button is pressed.

    A sign-up that is gone, was erased, or lies before a later withdrawal confirms nothing.
    """
    found = services.store.get(Table.EVENTS, (target.contact_id, target.signup_event_id))
    if found is None or found.get("name") != Name.SIGNED_UP:
        return ConfirmOutcome.TOO_LATE
    signup = event_of(found)
    topic = str(signup.properties["topic"])
    try:
        register = read_register(services.store, target.contact_id)
    except ContactNotFound:
        return ConfirmOutcome.TOO_LATE
    if register.erased_at or _withdrawn_since(register, topic, signup):
        return ConfirmOutcome.TOO_LATE
    if register.consent_to(topic) is ConsentState.GRANTED:
        return ConfirmOutcome.CONFIRMED
    event = _confirmed(signup, topic, proof, at=_after(register, topic, services))
    grant = change_consent(
        target.contact_id,
        topic,
        ConsentState.GRANTED,
        at=event.occurred_at,
        by=event.event_id,
        also=_tracking_granted(signup, event),
    )
    try:
        services.store.transact([grant, put_once(event)])
    except ConditionFailed:
        return confirm(target, proof, services)  # another press, or a withdrawal, came between
    return ConfirmOutcome.CONFIRMED


def _withdrawn_since(register: Register, topic: str, signup: Event) -> bool:
    consent = register.consents.get(topic)
    if consent is None or consent.state is not ConsentState.WITHDRAWN:
        return False
    return consent.at >= str(signup.to_item()["received_at"])


def _after(register: Register, topic: str, services: Services) -> datetime:
    """Now, or just after the last word on this consent: clocks of two functions may differ."""
    consent = register.consents.get(topic)
    now = services.now()
    return max(now, from_text(consent.at) + timedelta(milliseconds=1)) if consent else now


def _confirmed(signup: Event, topic: str, proof: Mapping[str, Value], *, at: datetime) -> Event:
    return Event(
        contact_id=signup.contact_id,
        event_id=event_id(ulid_ms(signup.event_id), "confirm", signup.event_id),
        name=Name.CONFIRMED,
        occurred_at=at,
        received_at=at,
        source="confirm",
        properties={
            "topic": topic,
            "form": signup.properties.get("form"),
            "proof": {**proof, "sign_up": signup.event_id},
        },
    )


def _tracking_granted(signup: Event, event: Event) -> Item:
    """The tracking that the sign-up asked for holds from the confirmation on."""
    if signup.properties.get("wants_tracking") is not True:
        return {}
    granted = Tracking(opens=OpenTracking.FULL, clicks=True)
    return {"tracking": tracking_value(granted, event.occurred_at)}


class Way(StrEnum):
    """How somebody left: the mail client's own button, or our page."""

    ONE_CLICK = "one_click"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Leave:
    """A wish to leave, from a signed link."""

    target: Unsubscribe
    way: Way


def unsubscribe(leave: Leave, services: Services) -> None:
    """Withdraw the consent to the topic of the mail that the link stood in.

    The record of the mail may be gone, since links outlive the ledger: then every consent is
    withdrawn. Somebody who left already is left alone.
    """
    try:
        register = read_register(services.store, leave.target.contact_id)
    except ContactNotFound:
        return
    item = services.store.get(Table.SENDS, (leave.target.send_id,))
    send = send_of(item) if item else None
    topics = [send.topic] if send and send.topic else sorted(register.consents)
    for topic in topics:
        if register.consent_to(topic) is not ConsentState.WITHDRAWN:
            at = _after(register, topic, services)
            _withdraw(leave, topic, send, at, services)


def _withdraw(
    leave: Leave, topic: str, send: Send | None, at: datetime, services: Services
) -> None:
    contact_id = leave.target.contact_id
    event = Event(
        contact_id=contact_id,
        event_id=event_id(
            milliseconds(at), "unsubscribe", f"{contact_id}#{topic}#{leave.target.send_id}"
        ),
        name=Name.UNSUBSCRIBED,
        occurred_at=at,
        received_at=at,
        source="unsubscribe",
        properties={
            "topic": topic,
            "way": leave.way.value,
            "send_id": leave.target.send_id,
            **({"message": send.message, "workflow": send.step.workflow} if send else {}),
        },
    )
    withdrawal = change_consent(contact_id, topic, ConsentState.WITHDRAWN, at=at, by=event.event_id)
    try:
        services.store.transact([withdrawal, put_once(event)])
    except ConditionFailed:
        return  # withdrawn at this very moment, or erased: nothing is left to withdraw
