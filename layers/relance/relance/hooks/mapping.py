"""What a payload says, in items of the Segment form, by the rules of a hook.

Every rule looks at the payload, or at each entry of a list in it; an entry that cannot be read is
told by itself, and the rest is taken. An entry that names nobody makes no event: there is no
history that it could stand in.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from relance.addresses import address_to_send_to
from relance.content.hooks import EventRule, Hook, Person, Shape, Taken, Unit, When
from relance.errors import InvalidInput
from relance.events import Name
from relance.hooks.money import currency_of, from_smallest_unit, number_of
from relance.ids import moment_of
from relance.moments import from_text, to_text

MOST_ENTRIES = 2000
"""Entries of one payload that are looked at; Meta sends 1,000 at most."""

PAYLOAD, HEADER = "payload:", "header:"
"""What stands before a path that looks at the whole payload, or at a header."""

_LONGEST_ID = 200


class Unreadable(InvalidInput):
    """An entry of a payload is not as the rule says; names what, never what stood there."""


@dataclass(frozen=True, slots=True)
class Call:
    """What came: the payload, and the headers by their names in lower case."""

    payload: object = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a payload becomes. `unnamed` entries name nobody; `problems` say what cannot be read."""

    items: tuple[Mapping[str, object], ...] = ()
    problems: tuple[str, ...] = ()
    unnamed: int = 0

    @property
    def is_wanted(self) -> bool:
        """Whether any rule was for this payload."""
        return bool(self.items or self.problems or self.unnamed)


@cache
def compiled(path: str) -> "jmespath.parser.ParsedResult":
    """A path ready to be searched, without what may stand before it.

    Raises:
        JMESPathError: it is none.
    """
    return jmespath.compile(path.removeprefix(PAYLOAD))


def map_payload(hook: Hook, call: Call) -> Mapped:
    """The items that a payload becomes, in the order of the rules."""
    items: list[Mapping[str, object]] = []
    problems: list[str] = []
    unnamed = 0
    for number, rule in enumerate(hook.events, 1):
        for item in _entries(rule, call):
            entry = _Entry(item, call)
            try:
                if all(entry.is_so(each) for each in rule.when):
                    made = _item(hook, rule, entry)
                    items += [made] if made else []
                    unnamed += not made
            except Unreadable as error:
                problems.append(f"rule {number}, {rule.event}: {error}")
    return Mapped(tuple(items), tuple(problems), unnamed)


def _entries(rule: EventRule, call: Call) -> Iterator[object]:
    if rule.for_each is None:
        yield call.payload
        return
    try:
        found = compiled(rule.for_each).search(call.payload)
    except (JMESPathError, RecursionError):
        return
    if isinstance(found, list):
        yield from found[:MOST_ENTRIES]


class _Entry:
    """One entry of a payload, and what paths find there."""

    def __init__(self, item: object, call: Call) -> None:
        self._item = item
        self._call = call

    def at(self, path: str) -> Any:
        """What stands at a path; None where nothing does."""
        if path.startswith(HEADER):
            return self._call.headers.get(path.removeprefix(HEADER).strip().lower())
        root = self._call.payload if path.startswith(PAYLOAD) else self._item
        try:
            return compiled(path).search(root)
        except (JMESPathError, RecursionError):
            raise Unreadable(f'"{path}" does not fit what came') from None

    def is_so(self, when: When) -> bool:
        """Whether the entry says one of the values; `no` is also said by what is missing."""
        found = self.at(when.path)
        return any(
            bool(found) is value if isinstance(value, bool) else _equal(found, value)
            for value in when.values
        )

    def text(self, path: str | None) -> str | None:
        """A text, or a whole number as one; None where nothing stands.

        Raises:
            Unreadable: something else stands there.
        """
        found = self.at(path) if path else None
        if found is None or found == "":
            return None
        if isinstance(found, int) and not isinstance(found, bool) and abs(found) < 10**30:
            found = str(found)
        if not isinstance(found, str):
            raise Unreadable(f'"{path}" is neither a text nor a whole number')
        return found


def _equal(found: object, value: object) -> bool:
    return not isinstance(found, bool) and found == value


def _item(hook: Hook, rule: EventRule, entry: _Entry) -> Mapping[str, object] | None:
    """The item of an entry; None if it names nobody."""
    person = _person(rule.who, entry)
    if person is None:
        return None
    context = person.pop("context")
    assert isinstance(context, dict)  # noqa: S101 - made below
    item: dict[str, object] = {
        **person,
        "messageId": _message_id(hook, rule, entry),
        "context": {"hook": {"name": hook.name}, **context},
    }
    moment = _moment(rule, entry)
    if moment:
        item["timestamp"] = to_text(moment)
    if rule.only_known:
        item["onlyKnown"] = True
    if rule.event == Name.IDENTIFIED:
        return {**item, "type": "identify", "traits": _values(rule.traits, entry)}
    properties = _values(rule.properties, entry)
    return {**item, "type": "track", "event": rule.event, "properties": properties}


def _person(who: Person, entry: _Entry) -> dict[str, object] | None:
    """Whom an entry is about, in the words of the Segment form; None if it does not say."""
    user = entry.text(who.user_id)
    ids = [
        {"type": system, "id": found, "collection": "users"}
        for system, path in who.ids.items()
        if (found := entry.text(path))
    ]
    phone = _phone(entry.text(who.phone))
    if phone:
        ids.append({"type": "phone", "id": phone, "collection": "users"})
    email = _address(entry.text(who.email), is_needed=not (user or ids))
    if not (user or ids or email):
        return None
    context: dict[str, object] = {"externalIds": ids} if ids else {}
    if email:
        context["traits"] = {"email": email}
    return {"userId": user, "context": context}


def _phone(given: str | None) -> str | None:
    """The number in E.164; None unless it is written with its country, since it could be any."""
    digits = "".join(each for each in given or "" if each not in " -./()\u00a0")
    number = f"+{digits[2:]}" if digits.startswith("00") else digits
    ok = number.startswith("+") and number[1:].isascii() and number[1:].isdigit()
    return number if ok and 8 <= len(number) <= 16 else None


def _address(given: str | None, *, is_needed: bool) -> str | None:
    """The address as it is written to; one that is none counts only where nothing else does."""
    if given is None:
        return None
    try:
        return address_to_send_to(given)
    except InvalidInput:
        if is_needed:
            raise Unreadable(
                "the address of the person is none, and nothing else is known"
            ) from None
        return None


def _message_id(hook: Hook, rule: EventRule, entry: _Entry) -> str:
    """What tells a repeated delivery from a new event: of the hook, the event and its ids."""
    header = f"{HEADER}{hook.scheme.id}" if hook.scheme.id else None
    paths = rule.id or ((header,) if header else ())
    parts = [entry.text(path) for path in paths]
    if not parts or None in parts:
        raise Unreadable("its id is missing, which tells a repeated delivery from a new event")
    whole = " ".join(each for each in parts if each)
    if len(whole) > _LONGEST_ID:
        whole = hashlib.sha256(whole.encode(errors="surrogatepass")).hexdigest()
    return f"{hook.name} {rule.event} {whole}"


def _moment(rule: EventRule, entry: _Entry) -> datetime | None:
    if rule.time is None:
        return None
    found = entry.at(rule.time)
    if found is None:
        return None
    try:
        return _as_moment(found, rule.unit)
    except (ValueError, OverflowError, OSError):
        raise Unreadable(f'"{rule.time}" is no time in {_UNITS[rule.unit]}') from None


_UNITS = {
    Unit.ISO: "the form of ISO 8601",
    Unit.SECONDS: "seconds since 1970",
    Unit.MILLISECONDS: "milliseconds since 1970",
}


def _as_moment(found: object, unit: Unit) -> datetime:
    if unit is Unit.ISO:
        return moment_of(_ms(from_text(found if isinstance(found, str) else "")))
    number = number_of(found)
    if number is None or not 0 <= number < 10**15:
        raise ValueError("no time")
    return moment_of(round(number * (1 if unit is Unit.MILLISECONDS else 1000)))


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _values(wanted: Mapping[str, Taken], entry: _Entry) -> dict[str, object]:
    """The values that are there; of what is missing nothing is said."""
    found = {name: _value(name, taken, entry) for name, taken in wanted.items()}
    return {name: value for name, value in found.items() if value is not None}


def _value(name: str, taken: Taken, entry: _Entry) -> object:
    if taken.path is None:
        return taken.value
    found = entry.at(taken.path)
    if found is None or taken.shape is None:
        return found
    made = _shaped(taken, found, entry)
    if made is None:
        raise Unreadable(f'"{name}" ({taken.path}) cannot be read as {taken.shape}')
    return made


def _shaped(taken: Taken, found: object, entry: _Entry) -> object:
    if taken.shape is Shape.NUMBER:
        return number_of(found)
    if taken.shape is Shape.CURRENCY:
        return currency_of(found)
    if taken.shape is Shape.MONEY:
        currency = currency_of(entry.at(taken.currency or ""))
        return from_smallest_unit(found, currency) if currency else None
    if taken.shape is Shape.TIME:
        return _iso(found)
    if isinstance(found, bool | list | dict):
        return None
    return str(found)


def _iso(seconds: object) -> str | None:
    """Seconds since 1970 as ISO 8601; None if they are none."""
    try:
        return to_text(_as_moment(seconds, Unit.SECONDS))
    except (ValueError, OverflowError, OSError):
        return None
