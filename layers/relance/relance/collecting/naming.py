"""The names of events: those of clients as the suite writes them."""

import re

from relance.collecting.keys import Scope
from relance.errors import InvalidInput
from relance.events import GIVING_TRAITS, NAME, RESERVED


def event_name(given: object, scope: Scope = Scope.SERVER) -> str:
    """The name of a client's event as the suite writes it: `Order Completed` → `order_completed`.

    Raises:
        InvalidInput: it cannot be a name, or it is one that a client, or a browser, may not send.
    """
    if not isinstance(given, str):
        raise InvalidInput('"event" is missing: the name of what happened')
    name = re.sub(r"[^a-z0-9]+", "_", given.strip().lower()).strip("_")
    if not NAME.fullmatch(name):
        raise InvalidInput(
            '"event" must begin with a letter and hold letters, digits and spaces, at most 64'
        )
    if name in RESERVED:
        raise InvalidInput(_refusal(name, f"not taken from outside: {RESERVED[name]}"))
    if scope is Scope.BROWSER and name in GIVING_TRAITS:
        raise InvalidInput(_refusal(name, "not taken from a browser: call identify"))
    return name


def trait_name(given: str) -> str:
    """The name of a trait as content declares it: `firstName` → `first_name`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", given).lower()


def _refusal(name: str, why: str) -> str:
    advice = f'Send an event of your own under another name, for example "shop_{name}"'
    return f'"event": "{name}" is {why}. {advice}'
