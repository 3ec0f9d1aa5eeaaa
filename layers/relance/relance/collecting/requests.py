"""What is asked for, by the last word of the address: `POST /v1/<word>`.

Servers say `track`, browsers `t`, and so on; `batch`, `b` and `events` bring many at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from relance.collecting.delivery import MAX_BATCH, MAX_EVENT, Form
from relance.collecting.messages import Kind
from relance.errors import InvalidInput

_BATCHES = ("batch", "b")
_CLOUDEVENTS = "events"
_KINDS: Mapping[str, Kind] = {name: kind for kind in Kind for name in (kind.value, kind.value[0])}

WORDS = (*_BATCHES, _CLOUDEVENTS, *_KINDS)
"""The last words of the addresses that take events."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The items of a request as they came. `is_one` says that the body was one item."""

    items: Sequence[object] = field(repr=False)
    form: Form = Form.SEGMENT
    sent_at: object = None
    is_one: bool = False


def limit_of(word: str) -> int:
    """The bytes that a request may have."""
    return MAX_EVENT if word in _KINDS else MAX_BATCH


def asked_of(word: str, body: object) -> Asked:
    """What a request asks, by the last word of its address, which is one of WORDS.

    Raises:
        InvalidInput: the body is not of that form.
    """
    if word == _CLOUDEVENTS:
        many = isinstance(body, list)
        return Asked(body if isinstance(body, list) else [body], Form.CLOUDEVENTS, is_one=not many)
    if not isinstance(body, Mapping):
        raise InvalidInput("The body must be a JSON object.")
    if word in _KINDS:
        item = {**body, "type": _KINDS[word].value}
        return Asked([item], sent_at=body.get("sentAt"), is_one=True)
    items = body.get("batch")
    if not isinstance(items, list):
        raise InvalidInput('"batch" must be a list of events.')
    return Asked(items, sent_at=body.get("sentAt"))


def write_key_in(body: object) -> object:
    """The write key in a body, for clients that put it there."""
    return body.get("writeKey") if isinstance(body, Mapping) else None
