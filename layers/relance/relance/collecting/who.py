"""Whom an item says it is about."""

import re
from collections.abc import Callable, Iterator, Mapping

from relance.addresses import address_to_send_to
from relance.collecting.messages import Kind, Who
from relance.errors import InvalidInput

_LONGEST = 255
"""Characters of an id; as an identity it is the key of an item, 2,048 bytes at most."""

_LARGEST = 10**15
"""Whole numbers below it are ids too: some systems count their customers."""

_SYSTEM = re.compile(r"[a-z][a-z0-9-]{0,39}")
"""The name of a system whose ids name people. Those of Segment that name a device have a dot or an
underscore (`ios.idfa`, `ga_client_id`): a device may be shared."""

_PHONE = re.compile(r"\+[0-9]{7,15}")
"""A number in E.164."""

_MOST_IDS = 10


def who_of(item: Mapping[str, object], kind: Kind) -> Who:
    """Whom an item with a server key is about: it is taken at its word.

    Raises:
        InvalidInput: it does not say, or what it says cannot be an id or an address.
    """
    context = item.get("context")
    places = [("context.traits", context.get("traits") if isinstance(context, Mapping) else None)]
    if kind is Kind.IDENTIFY:
        places.insert(0, ("traits", item.get("traits")))
    addresses = [_address(traits, place) for place, traits in places]
    who = Who(
        user_id=id_of(item, "userId"),
        address=next((each for each in addresses if each), None),
        visitor_id=id_of(item, "anonymousId"),
        ids=tuple(_external(context, lambda kind: kind not in ("email", "phone"))),
        phone=next((each for _, each in _external(context, "phone".__eq__)), None),
    )
    if who == Who():
        raise InvalidInput('"userId" is missing: it or "anonymousId" says whose event this is')
    return who


def visitor_of(item: Mapping[str, object]) -> Who:
    """The visitor that an item with a browser key is about; more it cannot say for sure.

    Raises:
        InvalidInput: it does not say.
    """
    visitor_id = id_of(item, "anonymousId")
    if visitor_id is None:
        raise InvalidInput(
            '"anonymousId" is missing: with a browser key it says whose event this is'
        )
    return Who(visitor_id=visitor_id)


def id_of(item: Mapping[str, object], field: str) -> str | None:
    """An id of the client's own: a text, or a whole number; nothing if it is empty.

    Raises:
        InvalidInput: it is neither, or too long.
    """
    value = item.get(field)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        value = str(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise InvalidInput(f'"{field}" must be a text of at most {_LONGEST} characters')
    return value


def _external(context: object, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """The ids of other systems in `context.externalIds`, of the kinds that are wanted.

    https://segment.com/docs/unify/identity-resolution/externalids/
    """
    given = context.get("externalIds") if isinstance(context, Mapping) else None
    for each in given[:_MOST_IDS] if isinstance(given, list) else ():
        if not isinstance(each, Mapping) or each.get("collection", "users") != "users":
            continue
        kind, found = each.get("type"), id_of(each, "id")
        if not isinstance(kind, str) or not _SYSTEM.fullmatch(kind) or found is None:
            continue
        if wanted(kind) and (kind != "phone" or _PHONE.fullmatch(found)):
            yield kind, found


def needed_id(item: Mapping[str, object], field: str) -> str:
    """An id that must be there.

    Raises:
        InvalidInput: it is not.
    """
    value = id_of(item, field)
    if value is None:
        raise InvalidInput(f'"{field}" is missing')
    return value


def _address(traits: object, place: str) -> str | None:
    address = traits.get("email") if isinstance(traits, Mapping) else None
    if address is None or address == "":
        return None
    try:
        return address_to_send_to(address if isinstance(address, str) else "")
    except InvalidInput as error:
        raise InvalidInput(f'"{place}.email": {error}') from None
