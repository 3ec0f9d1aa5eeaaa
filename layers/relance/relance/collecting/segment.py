"""An item in the words of the Segment API, read into a message.

https://segment.com/docs/connections/spec/ says what the calls hold. With a server key an item is
taken at its word; with a browser key, who somebody is and what they are like is a claim.
"""

import json
from collections.abc import Mapping

from relance.collecting.claims import as_claim
from relance.collecting.clock import times_of
from relance.collecting.delivery import MAX_EVENT, Delivery
from relance.collecting.keys import Scope
from relance.collecting.messages import Kind, Message, Said
from relance.collecting.naming import event_name, trait_name
from relance.collecting.storable import json_object
from relance.collecting.who import needed_id, who_of
from relance.errors import InvalidInput
from relance.events import Name
from relance.links import Purpose
from relance.storage import Value

_AMOUNTS = ("revenue", "total", "value", "price")
_NOT_KEPT = ("ip", "request_ip")


def without_addresses(item: object) -> object:
    """The item without the IP address that some libraries put into its context, and without a key.

    It is taken out before anything else is done, so that it stands in no table and no queue.
    """
    if not isinstance(item, Mapping):
        return item
    kept = {key: value for key, value in item.items() if key not in (*_NOT_KEPT, "writeKey")}
    context = kept.get("context")
    if isinstance(context, Mapping):
        kept["context"] = {key: each for key, each in context.items() if key not in _NOT_KEPT}
    return kept


def read_item(item: object, delivery: Delivery, currency: str) -> Message:
    """The message in an item of a batch; an amount without a currency is in `currency`.

    Raises:
        InvalidInput: it cannot be taken, now or later; the message says what is wrong with it.
    """
    if not isinstance(item, Mapping):
        raise InvalidInput("an event is a JSON object")
    _check_size(item)
    kind = _kind(item)
    message_id = item.get("messageId")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= 255:
        raise InvalidInput('"messageId" is missing: it tells a repeated delivery from a new event')
    times = times_of(item, delivery.sent_at, delivery.received)
    said = _said(item, kind, delivery.scope, currency)
    return Message(
        kind=kind,
        message_id=message_id,
        source=delivery.source,
        said=said,
        claimed=times.claimed,
        occurred=times.occurred,
        received=delivery.received,
        landing=_landing(item) if delivery.scope is Scope.BROWSER else None,
        item=item,
    )


def _check_size(item: Mapping[str, object]) -> None:
    try:
        text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        raise InvalidInput("an event is nested too deeply") from None
    if len(text.encode()) > MAX_EVENT:
        raise InvalidInput(f"an event has at most {MAX_EVENT // 1024} KB")


def _kind(item: Mapping[str, object]) -> Kind:
    given = item.get("type", "track")
    try:
        return Kind(given if isinstance(given, str) else "")
    except ValueError:
        raise InvalidInput(f'"type" can be {", ".join(Kind)}') from None


def _said(item: Mapping[str, object], kind: Kind, scope: Scope, currency: str) -> Said:
    context = json_object(item.get("context"), "context")
    context.pop(Purpose.LANDING, None)  # it opens what it tells for an hour: it is not kept
    traits = _traits(item, kind, context.get("traits"))
    if kind is Kind.TRACK:
        name = event_name(item.get("event"), scope)
        properties = _with_currency(json_object(item.get("properties"), "properties"), currency)
    else:
        name, properties = _PARTS[kind][0], _PARTS[kind][1](item, traits)
    if scope is Scope.BROWSER:
        return as_claim(item, kind, name, traits=traits, properties=properties, context=context)
    return Said(
        name,
        who_of(item, kind),
        properties=properties,
        context=context,
        previous_id=str(properties["previous_id"]) if kind is Kind.ALIAS else None,
    )


def _landing(item: Mapping[str, object]) -> str | None:
    context = item.get("context")
    token = context.get(Purpose.LANDING) if isinstance(context, Mapping) else None
    return token if isinstance(token, str) else None


def _traits(item: Mapping[str, object], kind: Kind, others: Value) -> dict[str, Value]:
    """The traits under the names that content declares.

    The RudderStack libraries put those of an `identify` into its context.
    """
    given = json_object(item.get("traits"), "traits")
    if kind is Kind.IDENTIFY and isinstance(others, Mapping):
        given = {**others, **given}
    return {trait_name(name): value for name, value in given.items()}


def _with_currency(properties: dict[str, Value], currency: str) -> dict[str, Value]:
    """The properties; an amount without a currency is in the company's own."""
    has_amount = any(properties.get(name) is not None for name in _AMOUNTS)
    if has_amount and properties.get("currency") is None:
        return {**properties, "currency": currency}
    return properties


def _of_view(item: Mapping[str, object], _: Mapping[str, Value]) -> dict[str, Value]:
    given = {each: item.get(each) for each in ("name", "category")}
    named = {key: value for key, value in given.items() if isinstance(value, str) and value}
    return {**named, **json_object(item.get("properties"), "properties")}


def _of_identify(_: Mapping[str, object], traits: Mapping[str, Value]) -> dict[str, Value]:
    return {"traits": traits}


def _of_group(item: Mapping[str, object], traits: Mapping[str, Value]) -> dict[str, Value]:
    return {"group_id": needed_id(item, "groupId"), "traits": traits}


def _of_alias(item: Mapping[str, object], _: Mapping[str, Value]) -> dict[str, Value]:
    return {"previous_id": needed_id(item, "previousId")}


_PARTS = {
    Kind.PAGE: ("page_viewed", _of_view),
    Kind.SCREEN: ("screen_viewed", _of_view),
    Kind.IDENTIFY: (Name.IDENTIFIED, _of_identify),
    Kind.GROUP: (Name.GROUP_JOINED, _of_group),
    Kind.ALIAS: (Name.ALIASED, _of_alias),
}
"""The name of each call's event, and its properties."""
