"""A mail in a browser, for whoever has its address: the reader, and all to whom it was sent on.

It shows the version that was sent, with what is known of the contact now. What acts for the reader
(unsubscribe, preferences, confirmation, files, followed links, the pixel) is not on the page: its
links stand there as text, and those to the company's pages lead there directly.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from relance.begun import said_by_event
from relance.contacts import Contact, read_contact
from relance.content.compiled import Message
from relance.content.render import render
from relance.errors import TokenInvalid
from relance.ledger import Send, SendState, send_of
from relance.ports import Services
from relance.storage import Table, Value

_NEVER_SENT = frozenset({SendState.SKIPPED, SendState.REFUSED, SendState.RELEASED})
"""Whoever has a link got the mail; what is claimed or unknown may be under way."""

_PERSONAL = "relance:personal"
_LINK = re.compile(rf'<a\b[^>]*\bhref="{_PERSONAL}"[^>]*>(.*?)</a>', re.DOTALL | re.IGNORECASE)
_LEFT = re.compile(rf'\s(?:href|src|action)="{_PERSONAL}"')


@dataclass(frozen=True, slots=True)
class PageUrls:
    """The addresses on the page: none of them tells who reads."""

    message: Message
    unsubscribe_url: str = _PERSONAL
    preferences_url: str = _PERSONAL
    confirm_url: str = _PERSONAL
    file_url: str = _PERSONAL
    view_url: str = _PERSONAL
    image_base: str = "../i"
    pixel: str = ""

    def link(self, n: int, /) -> str:
        """Where link `n` leads, directly."""
        return self.message.links[n]


def show_mail(send_id: str, services: Services) -> str:
    """The page of a mail that was sent.

    Raises:
        TokenInvalid: no such mail was sent, its record is no longer kept, or its reader was erased.
        ContactNotFound, ContentInvalid: it cannot be shown any more.
        StoreBusy, ServiceUnavailable: try again.
    """
    item = services.store.get(Table.SENDS, (send_id,))
    if item is None or "state" not in item:
        raise TokenInvalid("the record of this mail is no longer kept")
    send = send_of(item)
    if send.state in _NEVER_SENT:
        raise TokenInvalid("this mail was never sent")
    contact = read_contact(services.store, send.sent_as or send.step.contact_id)
    message = services.messages.version(send.message_version)
    if message is None or contact.register.erased_at:
        raise TokenInvalid("this mail cannot be shown")
    spoken = contact.register.language
    rendered = render(
        message,
        variables={
            "contact": contact.profile.trait_values(),
            "company": services.content.company.variables(
                postal_address=services.postal_address, brand=message.brand
            ),
            "event": _event(send, message, contact, services),
        },
        urls=PageUrls(message),
        persona=contact.profile.said("persona"),
        language=spoken if spoken in services.languages else services.languages[0],
    )
    return _LEFT.sub("", _LINK.sub(r"\1", rendered.html))


def _event(
    send: Send, message: Message, contact: Contact, services: Services
) -> Mapping[str, Value]:
    """What the event says that began the workflow, where the message tells of it."""
    if not message.tells_of_its_event:
        return {}
    return said_by_event(services.store, (send.step.contact_id, *contact.ids), send.step.entry)
