"""Events from a company's own systems, in the words of the Segment API (`track` and `batch`).

A batch is taken item by item: what is malformed is reported by its index and set aside, the rest
is taken. A message delivered twice has the same id and is the same event. The sender's clock is
corrected: occurred = received − (sentAt − originalTimestamp), never later than received; a message
without a time of its own occurred when it was received.
"""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.addresses import address_to_send_to
from relance.errors import ConditionFailed, InvalidInput
from relance.events import NAME, RESERVED, Event, put_once
from relance.identities import email_identity, find, find_or_make, link, user_identity
from relance.ids import event_id, milliseconds, moment_of
from relance.moments import from_text
from relance.ports import Services
from relance.storage import Value

MAX_EVENT = 32 * 1024
"""Bytes of one event; the Segment API's own limit."""

MAX_BATCH = 500 * 1024
"""Bytes of one batch; the Segment API's own limit."""

MAX_ITEMS = 200
"""Events of one batch: each asks DynamoDB two to five times, 10 ms a time, and the whole batch has
10 s. The Segment libraries send 100 at most."""

_SMALLEST, _TOO_LARGE = 1e-130, 1e15
"""Between these lies every number but 0 that is stored: below is DynamoDB's own limit, above it
whole numbers would lose their last digits in a float.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

_SHOWN = 100
"""Characters of a place in an event that an answer repeats."""

_KINDS = ("track",)
_AMOUNTS = ("revenue", "total", "value", "price")


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that was not taken: its index in the batch, and why."""

    index: int
    reason: str


class TooMany(InvalidInput):
    """The batch holds more events than are taken at once."""


def key_is_known(write_key: object, services: Services) -> bool:
    """Whether this is one of the write keys, compared in constant time."""
    if not isinstance(write_key, str):
        return False
    given = write_key.encode(errors="surrogatepass")
    known = [hmac.compare_digest(given, each.encode()) for each in services.write_keys.values()]
    return any(known)


def collect(items: Sequence[object], sent_at: object, services: Services) -> list[Refused]:
    """Append the events of a batch; the items that were not taken.

    `sent_at` is the batch's own time, used for items that have none.

    Raises:
        TooMany: more than MAX_ITEMS; none was taken.
    """
    if len(items) > MAX_ITEMS:
        raise TooMany(f"A batch holds at most {MAX_ITEMS} events: send these in several.")
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
    _check_size(item)
    kind = item.get("type", "track")
    if kind not in _KINDS:
        raise InvalidInput(f'"type" can be {" or ".join(_KINDS)} for now')
    name = event_name(item.get("event"))
    message_id = item.get("messageId")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= 255:
        raise InvalidInput('"messageId" is missing: it tells a repeated delivery from a new event')
    received = services.now()
    claimed = _moment(item, "originalTimestamp") or _moment(item, "timestamp")
    sent = _moment(item, "sentAt") or _moment({"sentAt": sent_at}, "sentAt")
    occurred = _occurred(claimed, sent, received) if claimed else received
    properties = _properties(item, services)
    context = json_object(item.get("context"), "context")
    event = Event(
        contact_id=_contact(item, services),
        # Without a time of its own it gets none, or its second delivery would be a second event.
        event_id=event_id(milliseconds(claimed) if claimed else 0, "segment", message_id),
        name=name,
        occurred_at=occurred,
        received_at=received,
        source="segment",
        properties=properties,
        context=context,
    )
    try:
        services.store.write(put_once(event))
    except ConditionFailed:
        return  # delivered before


def _check_size(item: Mapping[str, object]) -> None:
    try:
        text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise InvalidInput("an event is nested too deeply") from None
    if len(text.encode()) > MAX_EVENT:
        raise InvalidInput(f"an event has at most {MAX_EVENT // 1024} KB")


def _occurred(claimed: datetime, sent: datetime | None, received: datetime) -> datetime:
    try:
        occurred = received - (sent - claimed) if sent else claimed
    except OverflowError:
        raise InvalidInput('"sentAt" lies too far from the time of the event') from None
    return moment_of(milliseconds(min(occurred, received)))


def _properties(item: Mapping[str, object], services: Services) -> dict[str, Value]:
    """The properties; an amount without a currency is in the company's own."""
    properties = json_object(item.get("properties"), "properties")
    has_amount = any(properties.get(name) is not None for name in _AMOUNTS)
    if has_amount and properties.get("currency") is None:
        properties["currency"] = services.currency
    return properties


def event_name(given: object) -> str:
    """The name of a client's event as the suite writes it: `Order Completed` → `order_completed`.

    Raises:
        InvalidInput: it cannot be a name, or it is one that only the suite writes.
    """
    if not isinstance(given, str):
        raise InvalidInput('"event" is missing: the name of what happened')
    name = re.sub(r"[^a-z0-9]+", "_", given.strip().lower()).strip("_")
    if not NAME.fullmatch(name):
        raise InvalidInput(
            '"event" must begin with a letter and hold letters, digits and spaces, at most 64'
        )
    if name in RESERVED:
        raise InvalidInput(
            f'"event": "{name}" is not taken from outside: {RESERVED[name]}. '
            f'Send an event of your own under another name, for example "shop_{name}"'
        )
    return name


def _moment(item: Mapping[str, object], field: str) -> datetime | None:
    value = item.get(field)
    if value is None:
        return None
    try:
        return from_text(value if isinstance(value, str) else "")
    except (ValueError, OverflowError):
        raise InvalidInput(f'"{field}" is not an ISO 8601 time') from None


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
    known_by: dict[str, Value] = {"known_by": "user" if address is None else "address"}
    found = find_or_make(services, identity, address=address, register=known_by)
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
    try:
        return address_to_send_to(address if isinstance(address, str) else "")
    except InvalidInput as error:
        raise InvalidInput(f'"context.traits.email": {error}') from None


def json_object(value: object, field: str) -> dict[str, Value]:
    """The JSON object in a field, {} where there is none; it must be storable."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInput(f'"{field}" must be a JSON object')
    return _storable_object(value, field, 1)


def _storable_object(value: Mapping[str, object], place: str, depth: int) -> dict[str, Value]:
    if "" in value:
        raise InvalidInput(f'"{place}" holds something without a name')
    return {
        name: _storable(each, f"{place}.{name}"[:_SHOWN], depth) for name, each in value.items()
    }


def _storable(value: object, place: str, depth: int) -> Value:
    if depth > 20:
        raise InvalidInput(f'"{place}" is nested too deeply (20 levels at most)')
    if isinstance(value, Mapping):
        return _storable_object(value, place, depth + 1)
    if isinstance(value, list):
        return [_storable(each, place, depth + 1) for each in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | float) and (value == 0 or _SMALLEST <= abs(value) < _TOO_LARGE):
        return value
    raise InvalidInput(f'"{place}" holds a number that is out of range')
