"""Events from a company's own systems and pages, in the words of Segment or of CloudEvents.

A batch is taken item by item: what is malformed is reported by its index and set aside, the rest
is taken. A message delivered twice has the same id and is the same event. What cannot be stored
now waits in a queue and is stored from there by the same steps (`drain_backlog`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from relance.collecting.backlog import pack
from relance.collecting.cloudevents import item_of
from relance.collecting.delivery import MAX_ITEMS, Delivery, Form
from relance.collecting.keys import Scope
from relance.collecting.messages import Kind, Message, Said
from relance.collecting.segment import read_item, without_addresses
from relance.contacts import read_register
from relance.errors import ConditionFailed, InvalidInput, StoreBusy, TokenInvalid
from relance.events import put_once
from relance.identities import user_identity, visitor_identity
from relance.ports import Services
from relance.register import RECORD, Register, register_of
from relance.storage import Table
from relance.usecases.identify import recognise_softly
from relance.usecases.recognise import Known, identities_of, recognise


class TooMany(InvalidInput):
    """The batch holds more events than are taken at once."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that was not taken: its index in the batch, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of a batch; `waiting` of its items are safe in the queue."""

    refused: Sequence[Refused] = field(default_factory=tuple)
    waiting: int = 0


def collect(items: Sequence[object], delivery: Delivery, services: Services) -> Collected:
    """Append the events of a batch; when this returns, all that was not refused is safe.

    Raises:
        TooMany: more than MAX_ITEMS; none was taken.
        ServiceUnavailable: neither the tables nor the queue took them; send them all again.
    """
    if len(items) > MAX_ITEMS:
        raise TooMany(f"A batch holds at most {MAX_ITEMS} events: send these in several.")
    messages: list[Message] = []
    refused: list[Refused] = []
    for index, item in enumerate(items):
        try:
            messages.append(_read(item, delivery, services))
        except InvalidInput as error:
            refused.append(Refused(index, str(error)))
    left = append(messages, services)
    if left:
        services.backlog.keep(list(pack((each.item for each in left), delivery)))
    return Collected(refused, len(left))


def append(messages: Sequence[Message], services: Services) -> Sequence[Message]:
    """Append messages to the histories of those they are about; those for which it had no time.

    Nothing is known of the latter: they may be appended again.
    """
    try:
        owners = _owners(messages, services)
        _follow_landings(messages, owners, services)
    except StoreBusy:
        return messages
    for index, (message, contact_id) in enumerate(zip(messages, owners, strict=True)):
        if contact_id is None:
            continue
        try:
            services.store.write(put_once(message.event_of(contact_id)))
        except ConditionFailed:
            continue  # delivered before
        except StoreBusy:
            return messages[index:]
    return ()


def _named(said: Said) -> list[str]:
    """Everybody that a message names, by the former id of an `alias` too."""
    former = said.previous_id
    by_alias = [user_identity(former), visitor_identity(former)] if former else []
    return [*identities_of(said.who), *by_alias]


def _read(item: object, delivery: Delivery, services: Services) -> Message:
    plain = item_of(item) if delivery.form is Form.CLOUDEVENTS else without_addresses(item)
    return read_item(plain, delivery, services.currency)


def _owners(messages: Sequence[Message], services: Services) -> list[str | None]:
    """The contact of each message; None where nothing more may be kept of it.

    Of somebody who was erased nothing is kept, nor what tells of a time before that and comes late;
    of somebody who does not want to be followed on the web nothing that a browser reports.
    """
    known = Known(services.store, messages)
    late = _late(messages, known, services)
    contacts = [
        None if message_is_late else recognise(message, known, services)
        for message, message_is_late in zip(messages, late, strict=True)
    ]
    there = dict.fromkeys(each for each in contacts if each and each not in known.made)
    keys = [(each, RECORD) for each in there]
    found = services.store.get_many(Table.CONTACTS, keys)
    registers = {
        contact: _whole(register_of(item), services) for (contact, _), item in found.items()
    }
    erased = {contact for contact, each in registers.items() if each.erased_at}
    unseen = {contact for contact, each in registers.items() if each.refuses_web}
    return [
        None
        if contact in erased or (contact in unseen and message.source == Scope.BROWSER)
        else contact
        for message, contact in zip(messages, contacts, strict=True)
    ]


def _whole(register: Register, services: Services) -> Register:
    """The register of the person, whoever was joined to whom."""
    if register.joined_to or not all(each.quiet for each in register.absorbed.values()):
        return read_register(services.store, register.contact_id)
    return register


def _follow_landings(
    messages: Sequence[Message], owners: Sequence[str | None], services: Services
) -> None:
    """Note softly whose link led a browser to a page, while the link tells."""
    landed = {
        (message.said.who.visitor_id, message.landing): message.received
        for message, owner in zip(messages, owners, strict=True)
        if owner and message.landing and message.kind is Kind.PAGE
    }
    for (visitor, token), received in landed.items():
        try:
            landing = services.signer.read_landing(token or "")
        except TokenInvalid:
            continue
        if visitor and landing.tells(received):
            recognise_softly(visitor, landing, services)


def _late(messages: Sequence[Message], known: Known, services: Services) -> list[bool]:
    """Which messages tell of a time before an erasure of whoever they are about.

    What led to somebody erased leads nowhere now, so only who is unknown is looked up.
    """
    named = [_named(message.said) for message in messages]
    unknown = {each for its in named for each in its if known.get(each) is None}
    erased = services.suppressions.forgotten(sorted(unknown)) if unknown else {}
    return [
        any(message.occurred <= erased[each] for each in its if each in erased)
        for message, its in zip(messages, named, strict=True)
    ]
