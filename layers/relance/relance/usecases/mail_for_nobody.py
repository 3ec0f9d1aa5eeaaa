"""A message as a contact would get it, made for test addresses.

Its links lead straight to their pages, so that nothing is recorded of whoever follows them, and
those that are signed (to unsubscribe, to confirm) are nobody's. It is marked as a test.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from relance.contacts import Contact
from relance.content.compiled import Message
from relance.content.rules import OpenTracking, Tracking
from relance.deciding import languages
from relance.ids import milliseconds, send_id_of, ulid
from relance.ports import Mail, Services
from relance.sending import compose_mail
from relance.storage import Value

NOT_TRACKED = Tracking(OpenTracking.NONE, clicks=False, web=False)


def mail_for_nobody(
    message: Message,
    contact: Contact,
    services: Services,
    *,
    workflow: str,
    event: Mapping[str, Value] | None = None,
) -> Mail:
    """The mail; `event` is what the event says that it tells of.

    Raises:
        ContentInvalid: it cannot be made for this contact.
    """
    nobody = ulid(milliseconds(services.now()), bytes(10))
    untracked = replace(contact.register, tracking=NOT_TRACKED, contact_id=nobody)
    return compose_mail(
        message,
        replace(contact, contact_id=nobody, register=untracked),
        send_id=send_id_of(bytes(16)),
        rules=services.content.rules,
        company=services.content.company,
        sender=services.sender,
        signer=services.signer,
        workflow=workflow,
        language=language_of(message, contact, services),
        event=event,
    )


def language_of(message: Message, contact: Contact, services: Services) -> str | None:
    """The language in which the contact would get it; None if it is written in none of theirs."""
    company, sender = services.content.company, services.sender
    return message.language_for(
        languages(contact.register.language, company=company, sender=sender)
    )


def tests_of(mail: Mail, message: Message, addresses: Sequence[str]) -> list[Mail]:
    """The mail as it goes to the test addresses; what is reported of it belongs to no message."""
    return [
        replace(
            mail,
            to=address,
            subject=f"[Test] {mail.subject}",
            tags={"message": message.name, "workflow": "test"},
        )
        for address in addresses
    ]
