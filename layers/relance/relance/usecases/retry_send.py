"""Trying a message again that was given up or refused, because a person asks for it.

No machine does so by itself, since the message may have been sent. The person's word makes it a
deferred message that is due; everything is decided afresh when it wakes, consent and caps included.
If SES says in between that it took the first one, the record moves to `sent` and nothing is made.
"""

from enum import StrEnum

from relance.errors import ConditionFailed
from relance.ledger import try_again
from relance.ports import Services
from relance.storage import Table

LONGEST_NAME = 200
"""How much of whoever asked is kept: the name of an execution, never that of a person."""


class Retry(StrEnum):
    """What became of the wish."""

    WILL_BE_TRIED = "will_be_tried"
    NOT_TO_BE_TRIED = "not_to_be_tried"
    NO_SUCH_MESSAGE = "no_such_message"


def retry_send(send_id: str, *, asked_by: str, services: Services) -> Retry:
    """Have the message tried again within a minute or two, if it was given up or refused.

    Asking twice is harmless: a message that is deferred or sent is not to be tried again.
    """
    if services.store.get(Table.SENDS, (send_id,)) is None:
        return Retry.NO_SUCH_MESSAGE
    again = try_again(send_id, now=services.now(), asked_by=asked_by[:LONGEST_NAME])
    try:
        services.store.write(again)
    except ConditionFailed:
        return Retry.NOT_TO_BE_TRIED
    return Retry.WILL_BE_TRIED
