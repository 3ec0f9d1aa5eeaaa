"""Events from a company's own systems, in the words of the Segment API (`track` and `batch`).

A batch is taken item by item: what is malformed is reported by its index and set aside, the rest
is taken. A message delivered twice has the same id and is the same event. The sender's clock is
corrected: occurred = received − (sentAt − originalTimestamp), never later than received.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.errors import ConditionFailed, InvalidInput
from relance.events import NAME, Event, put_once
from relance.identities import email_identity, find, find_or_make, link, user_identity
from relance.ids import event_id, milliseconds, moment_of
from relance.moments import from_text
from relance.ports import Services
from relance.storage import Value

MAX_EVENT = 32 * 1024
"""Bytes of one event; the Segment API's own limit."""

MAX_BATCH = 500 * 1024
"""Bytes of one batch; the Segment API's own limit."""

_KINDS = ("track",)
_AMOUNTS = ("revenue", "total", "value", "price")


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that was not taken: its index in the batch, and why."""

    index: int
    reason: str


def key_is_known(write_key: str, services: Services) -> bool:
    """Whether this is one of the write keys, compared in constant time."""
    known = [hmac.compare_digest(write_key, each) for each in services.write_keys.values()]
    return any(known)


def collect(items: Sequence[object], sent_at: object, services: Services) -> list[Refused]:
    """Append the events of a batch; the items that were not taken.

    `sent_at` is the batch's own time, used for items that have none.
    """
    refused: list[Refused] = []
    for index, item in enumerate(items):
        try:
            _take(item, sent_at, services)
        except InvalidInput as error:
            refused.append(Refused(index, str(error)))
    return refused


def _take(item: object, sent_at: object, services: Services) -> None:
    if not isinstance(item, Mapping):
        raise InvalidInput("an event is a JSON object")
    kind = item.get("type", "track")
    if kind not in _KINDS:
        raise InvalidInput(f'"type" can be {" or ".join(_KINDS)} for now')
    name = event_name(item.get("event"))
    message_id = item.get("messageId")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= 255:
        raise InvalidInput('"messageId" is missing: it tells a repeated delivery from a new event')
    received = services.now()
    claimed = _moment(item, "originalTimestamp") or _moment(item, "timestamp") or received
    sent = _moment(item, "sentAt") or _moment({"sentAt": sent_at}, "sentAt")
    occurred = received - (sent - claimed) if sent else claimed
    contact_id = _contact(item, services)
    event = Event(
        contact_id=contact_id,
        event_id=event_id(milliseconds(claimed), "segment", message_id),
        name=name,
        occurred_at=moment_of(milliseconds(min(occurred, received))),
        received_at=received,
        source="segment",
        properties=_properties(item, services),
        context=json_object(item.get("context"), "context"),
    )
    try:
        services.store.write(put_once(event))
    except ConditionFailed:
        return  # delivered before


def _properties(item: Mapping[str, object], services: Services) -> dict[str, Value]:
    """The properties; an amount without a currency is in the company's own."""
    properties = json_object(item.get("properties"), "properties")
    has_amount = any(properties.get(name) is not None for name in _AMOUNTS)
    if has_amount and properties.get("currency") is None:
        properties["currency"] = services.currency
    return properties


def event_name(given: object) -> str:
    """The name of an event as the suite writes it: `Order Completed` → `order_completed`."""
    if not isinstance(given, str):
        raise InvalidInput('"event" is missing: the name of what happened')
    name = re.sub(r"[^a-z0-9]+", "_", given.strip().lower()).strip("_")
    if not NAME.fullmatch(name):
        raise InvalidInput(
            '"event" must begin with a letter and hold letters, digits and spaces, at most 64'
        )
    return name


def _moment(item: Mapping[str, object], field: str) -> datetime | None:
    value = item.get(field)
    if value is None:
        return None
    try:
        moment = from_text(str(value))
        milliseconds(moment)
    except (ValueError, OverflowError):
        raise InvalidInput(f'"{field}" is not an ISO 8601 time') from None
    return moment


def _contact(item: Mapping[str, object], services: Services) -> str:
    """The contact of an event: by user id, else by the address among its traits; made if new.

    A user id that is not known yet is tied to the contact of the address.
    """
    user_id, address = item.get("userId"), _address(item)
    if not isinstance(user_id, str) or not 0 < len(user_id) <= 255:
        if address is None:
            raise InvalidInput('"userId" is missing: it says whose event this is')
        return _known_or_new(email_identity(address), address, services)
    identity = user_identity(user_id)
    there = find(services.store, identity)
    if there:
        return there
    if address is None:
        return _known_or_new(identity, None, services)
    contact_id = _known_or_new(email_identity(address), address, services)
    link(services.store, identity, contact_id)
    return contact_id


def _known_or_new(identity: str, address: str | None, services: Services) -> str:
    found = find_or_make(services, identity, address=address)
    if found.is_new:
        try:
            services.store.transact(found.writes)
        except ConditionFailed:
            return _known_or_new(identity, address, services)
    return found.contact_id


def _address(item: Mapping[str, object]) -> str | None:
    context = item.get("context")
    traits = context.get("traits") if isinstance(context, Mapping) else None
    address = traits.get("email") if isinstance(traits, Mapping) else None
    if address is None:
        return None
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 - 40 ms

    try:
        return validate_email(str(address), check_deliverability=False).normalized
    except EmailNotValidError:
        raise InvalidInput('"context.traits.email" is not an e-mail address') from None


def json_object(value: object, field: str) -> dict[str, Value]:
    """The JSON object in a field, {} where there is none; it must be storable."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput(f'"{field}" must be a JSON object')
    return {str(name): _storable(each, f"{field}.{name}", 1) for name, each in value.items()}


def _storable(value: object, place: str, depth: int) -> Value:
    if depth > 20:
        raise InvalidInput(f'"{place}" is nested too deeply (20 levels at most)')
    if isinstance(value, Mapping):
        return {
            str(name): _storable(each, f"{place}.{name}", depth + 1) for name, each in value.items()
        }
    if isinstance(value, list):
        return [_storable(each, place, depth + 1) for each in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | float) and abs(value) < 1e15 and value == value:  # noqa: PLR0124
        return value
    raise InvalidInput(f'"{place}" holds a number that is out of range')
