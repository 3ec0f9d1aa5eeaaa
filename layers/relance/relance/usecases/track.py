"""Opens and clicks at the door: answered at once, noted as far as the contact allows it now.

The answer never depends on it: the pixel is always a picture, a click always reaches its page.
What was asked for waits in a queue for some seconds and is recorded by `record_engagement`, which
asks the contact's mode anew. A request for a head is noted beside the mail and recorded nowhere:
people's programs make none, so it tells on who comes with it.
"""

from contextlib import suppress

from relance.contacts import read_register
from relance.content.rules import OpenTracking, Tracking
from relance.engagement import USER_AGENT, Request
from relance.errors import ConditionFailed, ContactNotFound
from relance.http import HttpRequest, network_of
from relance.landing import on_website, with_token
from relance.ledger import Send, send_of
from relance.links import Click, Landing
from relance.machines import Act
from relance.ports import Services
from relance.register import Register
from relance.storage import Table


def take_open(send_id: str, request: HttpRequest, services: Services) -> None:
    """Note that the pixel of a mail was asked for, as far as the contact allows it now.

    `none`: nothing. `hygiene`: not beside the mail, since only the day may be kept.

    Raises:
        StoreBusy, ServiceUnavailable: it could not be noted.
    """
    seen = _send_and_register(send_id, services)
    mode = _tracking(seen[1], services).opens if seen else OpenTracking.NONE
    if mode is OpenTracking.NONE:
        return
    act = Act.LOOK if request.method == "HEAD" else Act.OPEN
    asked = _request(act, send_id, request, services)
    _take(asked, services, is_noted=mode is OpenTracking.FULL)


def click_target(click: Click, services: Services) -> str:
    """Where the link leads.

    Raises:
        TokenInvalid: the message never had such a link.
    """
    return services.link_tables.address(click.message_version, click.link)


def take_click(click: Click, address: str, request: HttpRequest, services: Services) -> str:
    """Note that a link was followed, if the contact allows it; where to lead the person.

    To a page of the company's own website goes a token along, so that the page can tell whose link
    it was.

    Raises:
        StoreBusy, ServiceUnavailable: it could not be noted.
    """
    seen = _send_and_register(click.send_id, services)
    if seen is None:
        return address
    send, register = seen
    if not _tracking(register, services).clicks:
        return address
    act = Act.LOOK if request.method == "HEAD" else Act.CLICK
    asked = _request(act, click.send_id, request, services, click)
    _take(asked, services, is_noted=True)
    if act is Act.LOOK or not on_website(address, services.content.company.website):
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


def _request(
    act: Act, send_id: str, request: HttpRequest, services: Services, click: Click | None = None
) -> Request:
    return Request(
        act=act,
        send_id=send_id,
        at=services.now(),
        request_id=request.request_id,
        user_agent=request.headers.get("user-agent", "")[:USER_AGENT],
        network=network_of(request.source_ip),
        link=click.link if click else -1,
        version=click.message_version if click else "",
    )


def _take(asked: Request, services: Services, *, is_noted: bool) -> None:
    """Note it beside the mail first: whoever is judged meanwhile is judged with it."""
    if is_noted:
        with suppress(ConditionFailed):  # enough is noted
            services.store.write(asked.note())
    if asked.act is not Act.LOOK:
        services.engagement.keep([asked.to_body()])
