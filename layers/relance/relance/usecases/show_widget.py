"""The pages that the custom widgets of the dashboard show, by what was asked for.

Who may call this function may see them. What is typed to find somebody is compared and forgotten:
it stands in no table, log or page. Pages are bounded, however much there is to show: a person's
costs five calls at most, where nobody was joined to it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from relance.addresses import address_to_send_to
from relance.campaigns import campaign_key, campaign_of
from relance.contacts import UNREADABLE, Contact, contact_view, read_contact
from relance.errors import ContactNotFound, InvalidInput, Retryable
from relance.events import Event, Name, event_of
from relance.funnels import ATTRIBUTES, funnel, prefixes, records
from relance.holds import hold_key, hold_of
from relance.identities import email_identity, find, user_identity
from relance.ids import is_ulid, moment_of, ulid_ms
from relance.ledger import Send, send_of
from relance.moments import from_text
from relance.ports import Services
from relance.storage import SENDS_OF, Item, Table
from relance.timeline import timeline
from relance.usecases.inputs import ContactId, Word, parse
from relance.widgets.campaigns import campaigns_page, latest_of_each
from relance.widgets.funnel import choice_page, funnel_page
from relance.widgets.html import Frame, Html, element, join, note
from relance.widgets.person import Seen, person_page

MOST_EVENTS = 50
"""Events of a contact on one page."""

MOST_RUNS = 30
"""Runs of campaigns that are looked at, each with a call."""

MOST_CAMPAIGNS = 10
"""Campaigns that are shown."""

LOOKS = timedelta(seconds=8)
"""How long the table of contacts is read for a funnel."""

MOST_TYPED = 254
"""Characters of what is looked for."""

DESCRIPTION = """
## Relance
Finds contacts, shows the last campaigns and counts journeys.

Parameter | Meaning
---|---
**view** | `find`, `campaigns` or `funnel`
**journeys** | for `funnel`: the names of the journeys to choose from
"""


class View(StrEnum):
    """The pages."""

    FIND = "find"
    PERSON = "person"
    CAMPAIGNS = "campaigns"
    FUNNEL = "funnel"
    COUNT = "count"


class _Told(BaseModel):
    """A part of what CloudWatch tells; what else it may tell is nobody's business here."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class _Typed(_Told):
    who: str = ""


class _Forms(_Told):
    all: _Typed = _Typed()


class _Zone(_Told):
    label: str = "UTC"
    offset: Annotated[str, Field(alias="offsetISO")] = "+00:00"


class _Parameters(_Told):
    journeys: tuple[Word, ...] = ()


class _Context(_Told):
    forms: _Forms = _Forms()
    timezone: _Zone = _Zone()
    params: _Parameters = _Parameters()


def _event_id(given: str) -> str:
    if not is_ulid(given):
        raise ValueError("is not the id of an event")
    return given


class WidgetRequest(_Told):
    """What CloudWatch calls with: the parameters of the widget or of a button, and the context."""

    describe: object = None
    view: View = View.FIND
    contact: ContactId | None = None
    before: Annotated[str, AfterValidator(_event_id)] | None = None
    journey: Word | None = None
    journeys: tuple[Word, ...] = ()
    context: Annotated[_Context, Field(alias="widgetContext")] = _Context()


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and what the log says of it."""

    html: str
    view: str
    contact: str | None = None


def show_widget(raw: object, endpoint: str, services: Services) -> Page:
    """The page that was asked for; one that says what is wrong where it cannot be shown.

    `endpoint` is the ARN of the function itself, which the buttons call.
    """
    frame = Frame(endpoint)
    try:
        asked = parse(WidgetRequest, raw)
        if asked.describe is not None:
            return Page(DESCRIPTION, "describe")
        zone = asked.context.timezone
        frame = Frame(endpoint, _offset(zone.offset), zone.label)
        return _PAGES[asked.view](asked, frame, services)
    except InvalidInput as error:
        return Page(_refusal(str(error), frame), "refused")
    except Retryable:
        return Page(_refusal("This could not be read just now. Try again.", frame), "busy")


def _find(_asked: WidgetRequest, frame: Frame, _services: Services) -> Page:
    return Page(_form(frame), View.FIND)


def _form(frame: Frame) -> Html:
    field = element("input", name="who", size="40", maxlength=str(MOST_TYPED), autocomplete="off")
    # Return would submit the form, and the address would stand in that of the page: not with a
    # button to submit it that is switched off.
    off = element("input", type="submit", disabled="disabled", style="display:none")
    label = element("label", "E-mail address, contact id or customer number ", field)
    said = note("What you type is compared and forgotten.")
    button = frame.button("Find", View.PERSON, primary=True)
    return join((element("form", label, off), button, said))


def _refusal(sentence: str, frame: Frame) -> Html:
    return join((note(sentence), frame.button("Back", View.FIND)))


def _person(asked: WidgetRequest, frame: Frame, services: Services) -> Page:
    contact_id = asked.contact or _sought(asked.context.forms.all.who, services)
    if contact_id is None:
        return Page(join((note("Nobody is known by this."), _form(frame))), "nobody")
    try:
        contact = read_contact(services.store, contact_id)
    except ContactNotFound:
        return Page(join((note("Nobody is known by this."), _form(frame))), "nobody")
    except UNREADABLE:
        return _broken(contact_id, frame)
    if contact.register.erased_at:
        said = f"This contact was erased on {contact.register.erased_at[:10]}."
        return Page(_refusal(said, frame), View.PERSON, contact.contact_id)
    try:
        seen = _look(contact, asked.before, services)
        html = person_page(seen, frame, services.now())
    except UNREADABLE:
        return _broken(contact_id, frame)
    return Page(html, View.PERSON, contact.contact_id)


def _broken(contact_id: str, frame: Frame) -> Page:
    said = (
        f"What is stored of contact {contact_id} cannot be read. Tell whoever operates the suite: "
        'docs/operating.md says what to do with "broken contacts".'
    )
    return Page(_refusal(said, frame), "broken", contact_id)


def _sought(typed: str, services: Services) -> str | None:
    """The contact of what was typed.

    Raises:
        InvalidInput: nothing was typed, or something that leads to nobody; it is not repeated.
    """
    who = typed.strip()
    if not who or len(who) > MOST_TYPED:
        raise InvalidInput("Type an e-mail address, a contact id or a customer number.")
    if is_ulid(who.upper()):
        return who.upper()
    if "@" in who:
        return find(services.store, email_identity(address_to_send_to(who)))
    return find(services.store, user_identity(who))


def _look(contact: Contact, before: str | None, services: Services) -> Seen:
    """Read what a page shows of a contact: as many events as it has room for."""
    now = services.now()
    found = [
        item
        for each in contact.ids
        for item in services.store.latest(
            Table.EVENTS, each, most=MOST_EVENTS + 1, before=before or ""
        )
    ]
    found.sort(key=lambda item: str(item["event_id"]), reverse=True)
    shown, more = found[:MOST_EVENTS], found[MOST_EVENTS:]
    events: list[Event] = [event_of(item) for item in shown]
    older = events[-1].event_id if more else None
    sends = _sends(contact, older, before, services)
    waiting = {each.send_id for each in contact.waits}
    kept = [each for each in events if each.name != Name.HISTORY_CONDENSED]
    unsent = [each for ident, each in sends.items() if ident not in waiting]
    return Seen(
        contact=contact,
        view=contact_view(contact, services.plan, now),
        sends=sends,
        days=timeline(kept, unsent),
        older=older,
        is_latest=before is None,
    )


def _sends(
    contact: Contact, older: str | None, before: str | None, services: Services
) -> dict[str, Send]:
    """The sends from between two events, the last of them, and those that journeys wait for."""
    begin = moment_of(ulid_ms(older)) if older else None
    end = moment_of(ulid_ms(before)) if before else None
    named = [
        str(each["send_id"])
        for contact_id in contact.ids
        for each in services.store.query_index(SENDS_OF, contact_id)
        if _within(from_text(str(each["claimed_at"])), begin, end)
    ]
    waited = {each.send_id for each in contact.waits if each.send_id}
    clicked = {
        str(awaited.where["send_id"])
        for each in contact.waits
        for awaited in each.awaited
        if "send_id" in awaited.where
    }
    wanted = {*named[-MOST_EVENTS:], *waited, *clicked}
    found = services.store.get_many(Table.SENDS, [(each,) for each in sorted(wanted)])
    return {key[0]: send_of(item) for key, item in found.items()}


def _within(moment: datetime, begin: datetime | None, end: datetime | None) -> bool:
    return (begin is None or moment >= begin) and (end is None or moment < end)


def _campaigns(_asked: WidgetRequest, frame: Frame, services: Services) -> Page:
    rows = latest_of_each(services.campaign_runs.latest(MOST_RUNS), MOST_CAMPAIGNS)
    keys = [campaign_key(each.campaign) for each in rows]
    found = services.store.get_many(Table.SENDS, keys)
    named = {item.name: item for item in map(campaign_of, found.values())}
    return Page(campaigns_page(rows, named, frame), View.CAMPAIGNS)


def _funnel(asked: WidgetRequest, frame: Frame, _services: Services) -> Page:
    journeys = asked.journeys or asked.context.params.journeys
    return Page(choice_page(journeys, frame), View.FUNNEL)


def _count(asked: WidgetRequest, frame: Frame, services: Services) -> Page:
    if asked.journey is None:
        raise InvalidInput('"journey" is missing.')
    reading = _Reading(asked.journey, services)
    items = list(reading)
    figures = funnel(asked.journey, items, now=services.now(), is_complete=reading.is_complete)
    key = hold_key(asked.journey)
    record = services.store.get_many(Table.SENDS, [key]).get(key, {})
    paused_at = hold_of(asked.journey, record).paused_at
    return Page(funnel_page(figures, frame, paused_at=paused_at), View.COUNT)


class _Reading:
    """The records of a journey, as far as they can be read in the time there is."""

    def __init__(self, journey: str, services: Services) -> None:
        self._journey = journey
        self._services = services
        self.is_complete = True

    def __iter__(self) -> Iterator[Item]:
        end = self._services.now() + LOOKS
        contact = ""
        for item in self._services.store.scan(
            Table.CONTACTS,
            records=records(self._journey),
            prefixes=prefixes(self._journey),
            attributes=ATTRIBUTES,
        ):
            # A contact is read whole or not at all.
            if item["contact_id"] != contact and self._services.now() > end:
                self.is_complete = False
                return
            contact = str(item["contact_id"])
            yield item


_OFFSET = re.compile(r"^([+-])(\d{2}):?(\d{2})$")


def _offset(told: str) -> timedelta:
    """`+02:00` as a duration; UTC for anything else."""
    found = _OFFSET.match(told)
    if not found or int(found[2]) > 14:
        return timedelta()
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -offset if found[1] == "-" else offset


_PAGES = {
    View.FIND: _find,
    View.PERSON: _person,
    View.CAMPAIGNS: _campaigns,
    View.FUNNEL: _funnel,
    View.COUNT: _count,
}
