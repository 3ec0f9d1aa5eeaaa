"""What waited in the queue is stored by the same steps as what came just now.

It keeps the time at which it was received, so it is the same event as if it had not waited; a
batch that is taken from the queue twice is stored once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relance.collecting.backlog import unpack
from relance.collecting.messages import Message
from relance.collecting.segment import read_item
from relance.errors import InvalidInput, StoreBusy
from relance.ports import Services
from relance.usecases.collect_events import append


@dataclass(slots=True)
class Drained:
    """What became of the bodies, which are named by the ids of the queue.

    `again` says why a body has to come again; `refused` counts items that could not be read after
    all, which only another version of the suite can have let in.
    """

    stored: int = 0
    refused: int = 0
    again: dict[str, str] = field(default_factory=dict)


def drain_backlog(bodies: Mapping[str, str], services: Services) -> Drained:
    """Store what is in these bodies of the queue.

    One that fails does not hold up the others: it comes again, and after some times it is kept
    with the dead letters.
    """
    drained = Drained()
    for message_id, body in bodies.items():
        try:
            _store(body, drained, services)
        except Exception as error:  # noqa: BLE001 - one body that fails must not stop the rest
            drained.again[message_id] = type(error).__name__
    return drained


def _store(body: str, drained: Drained, services: Services) -> None:
    items, delivery = unpack(body)
    messages: list[Message] = []
    for item in items:
        try:
            messages.append(read_item(item, delivery, services.currency))
        except InvalidInput:
            drained.refused += 1
    if append(messages, services).left:
        raise StoreBusy("the tables take nothing now")
    drained.stored += len(messages)
