"""What could not be stored at once, as it waits in a queue: items as they came, and how they came.

A body is at most 200 KB, within what any SQS queue takes (256 KB). No key and no IP address is in
it.
"""

import json
from collections.abc import Iterable, Iterator, Sequence

from relance.collecting.delivery import Delivery, delivery_of
from relance.errors import InvalidInput

MAX_BODY = 200_000
"""Bytes of one body. The largest item, 32 KB, grows to 96 KB as ASCII."""


def pack(items: Iterable[object], delivery: Delivery) -> Iterator[str]:
    """The bodies that hold these items, in ASCII: SQS does not take every character."""
    head = json.dumps(delivery.to_json())
    waiting: list[str] = []
    size = 0
    for item in items:
        text = json.dumps(item, separators=(",", ":"))
        if waiting and len(head) + size + len(text) > MAX_BODY:
            yield _body(head, waiting)
            waiting, size = [], 0
        waiting.append(text)
        size += len(text) + 1
    if waiting:
        yield _body(head, waiting)


def unpack(body: str) -> tuple[Sequence[object], Delivery]:
    """The items in a body, and how they came.

    Raises:
        InvalidInput: `pack` did not write it.
    """
    try:
        value = json.loads(body)
        return list(value["items"]), delivery_of(value["delivery"])
    except (ValueError, KeyError, TypeError):
        raise InvalidInput("this is no batch that was set aside") from None


def _body(head: str, items: Sequence[str]) -> str:
    return f'{{"delivery":{head},"items":[{",".join(items)}]}}'
