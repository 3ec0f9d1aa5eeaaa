"""Opens and clicks some seconds later: judged with all that the mail got, and recorded once.

What was judged never changes: the event has the id of its request, so that a message that the
queue delivers again finds it there. What a machine did is recorded like everything else, with
`actor` and the `signs` that told it, and counts for nothing (`relance.content.behaviours`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from relance.contacts import read_register
from relance.content.rules import OpenTracking
from relance.engagement import Request, delivered_at, noted, notes_of, request_of
from relance.errors import ConditionFailed, ContactNotFound, InvalidInput
from relance.events import Event, Name
from relance.ids import event_id, milliseconds
from relance.ledger import send_of
from relance.machines import Act, Actor, Asker, Verdict, judge
from relance.moments import day_of, from_text
from relance.ports import Services
from relance.register import RECORD as REGISTER
from relance.storage import AllOf, AnyOf, Below, Item, Missing, Present, Table, Update, Value
from relance.usecases.steps import append


@dataclass(slots=True)
class Outcome:
    """What became of a batch; messages are named by the ids of the queue.

    `actors` counts what was recorded by who did it; `again` and `unreadable` say why.
    """

    actors: dict[str, int] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def record_engagement(bodies: Mapping[str, str], services: Services) -> Outcome:
    """Judge and record the opens and clicks in these messages of the queue.

    One that fails does not hold up the others: it comes again, and after some times it is kept
    with the dead letters.

    Raises:
        StoreBusy: nothing was recorded; all of them come again.
    """
    outcome = Outcome()
    requests: dict[str, Request] = {}
    for message_id, body in bodies.items():
        try:
            requests[message_id] = request_of(body)
        except InvalidInput as error:
            outcome.unreadable[message_id] = str(error)
    ids = {each.send_id for each in requests.values()}
    keys = {(send_id,) for send_id in ids} | {notes_of(send_id) for send_id in ids}
    items = services.store.get_many(Table.SENDS, sorted(keys))
    for message_id, request in requests.items():
        try:
            actor = _record(request, items, services)
        except Exception as error:  # noqa: BLE001 - one that fails must not stop the rest
            outcome.again[message_id] = type(error).__name__
        else:
            if actor:
                outcome.actors[actor] = outcome.actors.get(actor, 0) + 1
    return outcome


def _record(
    request: Request, items: Mapping[tuple[str, ...], Item], services: Services
) -> Actor | None:
    """Record one as far as the contact allows it by now; who did it, None if nothing was."""
    item = items.get((request.send_id,))
    if item is None or item.get("erased") is True:
        return None
    contact_id = send_of(item).step.contact_id
    try:
        register = read_register(services.store, contact_id)
    except ContactNotFound:
        return None
    if register.erased_at:
        return None
    tracking = register.tracking_or(services.content.rules.tracking_default)
    verdict = _judged(request, item, items.get(notes_of(request.send_id)), services)
    if request.act is Act.CLICK and tracking.clicks:
        append(services, _clicked(request, item, verdict, services))
    elif request.act is Act.OPEN and tracking.opens is OpenTracking.FULL:
        append(services, _event(Name.EMAIL_OPENED, request, item, verdict, services, about={}))
    elif request.act is Act.OPEN and tracking.opens is OpenTracking.HYGIENE:
        if verdict.actor is not Actor.MACHINE:
            _note_last_open(contact_id, day_of(request.at), services)
    else:
        return None
    return verdict.actor


def _judged(request: Request, item: Item, notes: Item | None, services: Services) -> Verdict:
    return judge(
        request.fetch,
        Asker(request.user_agent, in_data_centre=services.detector.in_data_centre(request.network)),
        noted(notes),
        delivered_at=from_text(delivered_at(item)),
        is_crawler=services.detector.is_crawler,
    )


def _clicked(request: Request, item: Item, verdict: Verdict, services: Services) -> Event:
    address = services.link_tables.address(request.version, request.link)
    about: dict[str, Value] = {"link": address, "link_number": request.link}
    return _event(Name.EMAIL_CLICKED, request, item, verdict, services, about=about)


def _event(
    name: Name,
    request: Request,
    item: Item,
    verdict: Verdict,
    services: Services,
    *,
    about: Mapping[str, Value],
) -> Event:
    send = send_of(item)
    told: dict[str, Value] = {"actor": verdict.actor.value}
    if verdict.signs:
        told["signs"] = [each.value for each in verdict.signs]
    message = f"{name}#{send.send_id}#{request.request_id}"
    return Event(
        contact_id=send.step.contact_id,
        event_id=event_id(milliseconds(request.at), "tracking", message),
        name=name,
        occurred_at=request.at,
        received_at=services.now(),
        source="tracking",
        properties={**send.about(), **about, **told},
    )


def _note_last_open(contact_id: str, day: str, services: Services) -> None:
    last = AnyOf((Missing("last_open_date"), Below("last_open_date", day)))
    try:
        services.store.write(
            Update(
                Table.CONTACTS,
                (contact_id, REGISTER),
                set={"last_open_date": day},
                when=AllOf((Present(), Missing("erased_at"), last)),
            )
        )
    except ConditionFailed:
        return  # noted today already
