"""The decision to send (`relance.deciding`), with the content, the rules and the sender of here."""

from collections.abc import Iterable
from datetime import datetime

from relance.contacts import Contact
from relance.content.compiled import Message
from relance.deciding import Decision, Waiting, case_of, decide
from relance.ports import Services


def decide_to_send(
    message: Message,
    contact: Contact,
    services: Services,
    *,
    now: datetime,
    send_id: str = "",
    wanted_at: datetime | None = None,
    waiting: Iterable[Waiting] = (),
    leaving: bool = False,
    braked: bool = False,
    paused: bool = False,
) -> Decision:
    """Whether a message may go to a contact at `now`; wanted since then unless said otherwise."""
    case = case_of(
        contact,
        message,
        send_id=send_id,
        wanted_at=wanted_at or now,
        waiting=waiting,
        leaving=leaving,
        braked=braked,
        paused=paused,
        plan=services.plan,
        sender=services.sender,
        now=now,
    )
    content = services.content
    return decide(
        case, sender=services.sender, company=content.company, rules=content.sending, now=now
    )
