"""Confirming a sign-up and leaving a list: the two links that a person can always rely on.

Only a POST acts; whoever fetches a page (a scanner, a preview) changes nothing. An answered
unsubscription stands in the register before the answer leaves, so every send that begins
afterwards sees it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from relance.contacts import read_register
from relance.content.pages import SafeHtml, file_link
from relance.content.rules import OpenTracking, Tracking
from relance.errors import ConditionFailed, ContactNotFound, StoreBusy
from relance.events import Event, Name, event_of, put_once
from relance.gifts import Gift
from relance.ids import event_id, milliseconds
from relance.lead_counts import Measure, counted
from relance.ledger import Send, send_of
from relance.links import Confirmation, Unsubscribe
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.register import (
    ConsentState,
    Register,
    SuppressionReason,
    change_consent,
    tracking_value,
)
from relance.storage import Item, Table, Value
from relance.touches import touch_in


class ConfirmOutcome(StrEnum):
    """What became of a confirmation."""

    CONFIRMED = "confirmed"
    TOO_LATE = "too_late"


CONFIRM_WITHIN = timedelta(days=7)
"""For how long the button of a double opt-in mail works, as the mail says."""

_TRIES = 4
"""How often a change is tried anew when somebody else changes the same consent."""


def language_of(contact_id: str, services: Services) -> str | None:
    """The language that a contact reads, as far as it is known."""
    try:
        return read_register(services.store, contact_id).language
    except ContactNotFound:
        return None


def confirm(target: Confirmation, proof: Mapping[str, Value], services: Services) -> ConfirmOutcome:
    """Grant the consent that the sign-up asked for; once, however often the button is pressed.

    A sign-up that is gone, is older than seven days, or lies before a withdrawal confirms nothing.
    An address that was erased gets mail again from here on.
    """
    signup = _sign_up(target, services)
    if signup is None:
        return ConfirmOutcome.TOO_LATE
    topic = str(signup.properties["topic"])
    for _ in range(_TRIES):
        try:
            register = read_register(services.store, target.contact_id)
        except ContactNotFound:
            return ConfirmOutcome.TOO_LATE
        if register.consent_to(topic) is ConsentState.GRANTED:
            return ConfirmOutcome.CONFIRMED
        if register.erased_at or _is_too_old(signup, register.withdrawn.get(topic), services):
            return ConfirmOutcome.TOO_LATE
        if _granted(signup, topic, proof, register, services):
            return ConfirmOutcome.CONFIRMED
    raise StoreBusy("this consent is being changed by somebody else; try again")


def _sign_up(target: Confirmation, services: Services) -> Event | None:
    """The sign-up that is confirmed; it may stand under another id of the same person."""
    found = services.store.get(Table.EVENTS, (target.contact_id, target.signup_event_id))
    if found is None:
        with suppress(ContactNotFound):
            register = read_register(services.store, target.contact_id)
            ids = (register.contact_id, *register.absorbed)
            keys = [(each, target.signup_event_id) for each in ids if each != target.contact_id]
            items = (services.store.get(Table.EVENTS, key) for key in keys)
            found = next(filter(None, items), None)
    return event_of(found) if found and found.get("name") == Name.SIGNED_UP else None


def _is_too_old(signup: Event, withdrawn_at: str | None, services: Services) -> bool:
    if signup.received_at + CONFIRM_WITHIN < services.now():
        return True
    return withdrawn_at is not None and withdrawn_at >= to_text(signup.received_at)


def _granted(
    signup: Event,
    topic: str,
    proof: Mapping[str, Value],
    register: Register,
    services: Services,
) -> bool:
    """Write the consent and what the sign-up claimed; False if somebody came between."""
    gift = _gift(signup, services)
    event = _confirmed(signup, register, proof, at=_after(register, topic, services))
    grant = change_consent(
        signup.contact_id,
        topic,
        ConsentState.GRANTED,
        at=event.occurred_at,
        by=event.event_id,
        also={
            **_KNOWN,
            **_tracking_granted(signup, event, register),
            **_touched(signup, register),
            **gift,
        },
        without=("suppressed",) if register.suppressed is SuppressionReason.ERASED else (),
    )
    try:
        services.store.transact([grant, put_once(event), counted(Measure.CONFIRMED, signup)])
    except ConditionFailed:
        return False
    return True


def _after(register: Register, topic: str, services: Services) -> datetime:
    """Now, or just after the last word on this consent: clocks of two functions may differ."""
    consent = register.consents.get(topic)
    now = services.now()
    return max(now, from_text(consent.at) + timedelta(milliseconds=1)) if consent else now


def _confirmed(
    signup: Event, register: Register, proof: Mapping[str, Value], *, at: datetime
) -> Event:
    visitor = signup.properties.get("visitor")
    claims = signup.properties.get("claims")
    told = touch_in(signup.properties.get("source")).told
    first = {} if register.first_touch else {"first_touch": told}
    traits = {**(claims if isinstance(claims, Mapping) else {}), **first, "last_touch": told}
    return Event(
        contact_id=signup.contact_id,
        event_id=event_id(milliseconds(at), "confirm", signup.event_id),
        name=Name.CONFIRMED,
        occurred_at=at,
        received_at=at,
        source="confirm",
        properties={
            "topic": signup.properties["topic"],
            "form": signup.properties.get("form"),
            "traits": traits,
            "proof": {**proof, "sign_up": signup.event_id},
            **({"visitor": visitor} if visitor else {}),
        },
    )


def _tracking_granted(signup: Event, event: Event, register: Register) -> Item:
    """The tracking of mail that the sign-up asked for holds from the confirmation on."""
    if signup.properties.get("wants_tracking") is not True:
        return {}
    web = register.tracking.web if register.tracking else None
    granted = Tracking(opens=OpenTracking.FULL, clicks=True, web=web)
    return {"tracking": tracking_value(granted, event.occurred_at, event.event_id)}


def _gift(signup: Event, services: Services) -> Item:
    """The file that the form promised."""
    form = services.content.form(str(signup.properties.get("form")))
    file = services.content.files.get((form and form.file) or "")
    if file is None:
        return {}
    return {"gift": Gift.of(file, signup.event_id, services.now()).to_value()}


def promised_file(target: Confirmation, services: Services) -> SafeHtml:
    """The link to the file that a confirmed sign-up asked for; nothing if it did not."""
    register = read_register(services.store, target.contact_id)
    gift = register.gift
    if gift is None or gift.signup_event_id != target.signup_event_id:
        return file_link(None, "")
    files = services.content.files.values()
    title = next((each.title for each in files if each.id == gift.file), "")
    return file_link(f"../d/{gift.token(register.contact_id, services.signer)}", title)


def _touched(signup: Event, register: Register) -> Item:
    """What the register notes of where somebody came from: first, and lately."""
    told = touch_in(signup.properties.get("source")).told
    return {"last_touch": told, **({} if register.first_touch else {"first_touch": told})}


_KNOWN: Item = {"known_by": "address"}
"""Who confirms has shown whose address it is."""


class Way(StrEnum):
    """How somebody left: the mail client's own button, our page, or a mail."""

    ONE_CLICK = "one_click"
    PAGE = "page"
    MAIL = "mail"


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
        _withdraw(leave, topic, send, services)


def _withdraw(leave: Leave, topic: str, send: Send | None, services: Services) -> None:
    """Withdraw one consent; whoever is told so must be able to rely on it.

    Raises:
        StoreBusy: somebody else kept changing the same consent.
    """
    contact_id = leave.target.contact_id
    for _ in range(_TRIES):
        register = read_register(services.store, contact_id)
        if register.erased_at or register.consent_to(topic) is ConsentState.WITHDRAWN:
            return
        event = _unsubscribed(leave, topic, send, at=_after(register, topic, services))
        withdrawal = change_consent(
            contact_id, topic, ConsentState.WITHDRAWN, at=event.occurred_at, by=event.event_id
        )
        try:
            services.store.transact([withdrawal, put_once(event)])
        except ConditionFailed:
            continue
        return
    raise StoreBusy("this consent is being changed by somebody else; try again")


def _unsubscribed(leave: Leave, topic: str, send: Send | None, *, at: datetime) -> Event:
    contact_id, send_id = leave.target.contact_id, leave.target.send_id
    return Event(
        contact_id=contact_id,
        event_id=event_id(milliseconds(at), "unsubscribe", f"{contact_id}#{topic}#{send_id}"),
        name=Name.UNSUBSCRIBED,
        occurred_at=at,
        received_at=at,
        source="unsubscribe",
        properties={
            "topic": topic,
            "way": leave.way.value,
            "send_id": send_id,
            **({"message": send.message, "workflow": send.step.workflow} if send else {}),
        },
    )
