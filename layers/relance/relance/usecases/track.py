"""Opens and clicks: what is recorded follows the contact's tracking mode, when it happens.

The answer never depends on it: the pixel is always a picture, a click always reaches its page.
"""

from relance.contacts import read_register
from relance.content.rules import OpenTracking, Tracking
from relance.errors import ConditionFailed, ContactNotFound
from relance.events import Event, Name
from relance.ids import event_id, milliseconds
from relance.landing import on_website, with_token
from relance.ledger import Send, send_of
from relance.links import Click, Landing
from relance.moments import day_of
from relance.ports import Services
from relance.register import RECORD as REGISTER
from relance.register import Register
from relance.storage import AllOf, AnyOf, Below, Missing, Present, Table, Update, Value
from relance.usecases.steps import append


def record_open(send_id: str, request_id: str, services: Services) -> None:
    """Record that the pixel of a mail was fetched, as far as the contact allows it now.

    `none`: nothing. `hygiene`: the day of the last open, overwritten, and no event. `full`: the
    event `email_opened`.
    """
    seen = _send_and_register(send_id, services)
    if seen is None:
        return
    send, register = seen
    mode = _tracking(register, services).opens
    if mode is OpenTracking.FULL:
        append(services, _event(Name.EMAIL_OPENED, send, request_id, {}, services))
    elif mode is OpenTracking.HYGIENE:
        _note_last_open(send.step.contact_id, services)


def click_target(click: Click, services: Services) -> str:
    """Where the link leads.

    Raises:
        TokenInvalid: the message never had such a link.
    """
    return services.link_tables.address(click.message_version, click.link)


def record_click(click: Click, address: str, request_id: str, services: Services) -> str:
    """Record that a link was followed, if the contact allows it; where to lead the person.

    To a page of the company's own website goes a token along, so that the page can tell whose link
    it was.
    """
    seen = _send_and_register(click.send_id, services)
    if seen is None:
        return address
    send, register = seen
    if not _tracking(register, services).clicks:
        return address
    about: dict[str, Value] = {"link": address, "link_number": click.link}
    append(services, _event(Name.EMAIL_CLICKED, send, request_id, about, services))
    if not on_website(address, services.content.company.website):
        return address
    landing = Landing(send.step.contact_id, send.send_id, services.now())
    return with_token(address, services.signer.landing_token(landing))


def _send_and_register(send_id: str, services: Services) -> tuple[Send, Register] | None:
    item = services.store.get(Table.SENDS, (send_id,))
    if item is None:
        return None  # the ledger is shorter-lived than the mail
    send = send_of(item)
    try:
        register = read_register(services.store, send.step.contact_id)
    except ContactNotFound:
        return None
    return None if register.erased_at else (send, register)


def _tracking(register: Register, services: Services) -> Tracking:
    return register.tracking_or(services.content.rules.tracking_default)


def _event(
    name: Name, send: Send, request_id: str, about: dict[str, Value], services: Services
) -> Event:
    now = services.now()
    return Event(
        contact_id=send.step.contact_id,
        event_id=event_id(milliseconds(now), "tracking", f"{name}#{send.send_id}#{request_id}"),
        name=name,
        occurred_at=now,
        received_at=now,
        source="tracking",
        properties={**send.about(), **about},
    )


def _note_last_open(contact_id: str, services: Services) -> None:
    today = day_of(services.now())
    try:
        services.store.write(
            Update(
                Table.CONTACTS,
                (contact_id, REGISTER),
                set={"last_open_date": today},
                when=AllOf(
                    (
                        Present(),
                        AnyOf((Missing("last_open_date"), Below("last_open_date", today))),
                    )
                ),
            )
        )
    except ConditionFailed:
        return  # noted today already
