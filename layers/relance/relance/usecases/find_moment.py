"""Finding the instant until which a journey waits: a birthday at nine, three days on, a Tuesday.

It computes and waits for nothing: the instant goes to `await_event` as its deadline, so that exits
and goals end the wait at once. What is told is the instant alone, never the date it follows from.
In a tryout it is nearer, as its days are shorter.
"""

from collections.abc import Mapping
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from relance.begun import said_by_event
from relance.contacts import Contact
from relance.engine.taking import zone_of
from relance.errors import InvalidInput
from relance.instants import Weekday, Wish, next_anniversary, on_the_date, some_days_after
from relance.moments import to_text
from relance.ports import Services
from relance.storage import Value
from relance.usecases.inputs import StepRequest, Word
from relance.usecases.steps import fresh_contact, view
from relance.usecases.verdicts import rhythm_of


class Decision(StrEnum):
    """Whether there is such an instant, still to come."""

    FOUND = "found"
    PAST = "past"
    UNKNOWN = "unknown"


class MomentRequest(StepRequest):
    """Which instant: so many `days` after `after`, or from a date.

    The date is a `trait` of the profile, its next anniversary (`yearly`), or the `property` of an
    event, by itself the one that began the entry. `after` is the instant before which nothing
    counts.

    Two things go before `days` where they are known: a number of days that the event that began
    the entry says (the property `lasts`, 1 to 180), and then the contact's own `rhythm`, the mean
    time between three or more of a behaviour (7 to 180 days).
    """

    after: AwareDatetime
    trait: Word | None = None
    yearly: Word | None = None
    property: Word | None = None
    event: Word | None = None
    lasts: Word | None = None
    rhythm: Word | None = None
    days: Annotated[int, Field(ge=-366, le=366)] = 0
    at: time | None = None
    on: frozenset[Weekday] = frozenset()

    @model_validator(mode="after")
    def _from_one_date(self) -> Self:
        if sum(each is not None for each in (self.trait, self.yearly, self.property)) > 1:
            raise ValueError('only one of "trait", "yearly" and "property" can stand there')
        return self


def find_moment(request: MomentRequest, services: Services) -> dict[str, Value]:
    """The instant as `at`, and whether it is still to come.

    Raises:
        ContactNotFound: no such contact.
        InvalidInput: the content declares no such trait or behaviour.
    """
    contact, _ = fresh_contact(services, request.contact)
    enrolment = contact.enrolment(request.workflow, request.entry)
    tryout, after = enrolment.tryout if enrolment else None, request.after
    if enrolment and tryout:  # the calendar is asked as far as the tryout's days have come
        after = tryout.told(request.after, since=enrolment.entered_at)
    began = enrolment.began if enrolment else request.entry
    found = _instant(request, began, after, contact, services)
    decision = Decision.FOUND
    if found is None:
        decision = Decision.UNKNOWN
    elif found < after:
        decision = Decision.PAST
    if found and enrolment and tryout:
        found = tryout.shortened(found, since=enrolment.entered_at)
    return {
        "decision": decision.value,
        "at": to_text(found) if found else "",
        "view": view(services, contact),
    }


def _instant(
    request: MomentRequest, began: str, after: datetime, contact: Contact, services: Services
) -> datetime | None:
    """The instant, for an entry that this event began."""
    traits = contact.profile.trait_values()
    zone = zone_of(traits.get("time_zone")) or services.plan.zone
    wish = Wish(_days(request, began, contact, services), request.at, request.on)
    named = request.yearly or request.trait
    if named:
        _declared(named, services)
    if request.yearly:
        return next_anniversary(traits.get(request.yearly), wish, zone, after=after)
    if request.trait:
        return on_the_date(traits.get(request.trait), wish, zone)
    if request.property:
        event = began if request.event in (None, request.entry) else request.event
        said = _said(request, event, contact, services)
        return on_the_date(said.get(request.property), wish, zone)
    return some_days_after(after, wish, zone)


def _days(request: MomentRequest, began: str, contact: Contact, services: Services) -> int:
    """How many days, by what is known: what the event says, the contact's rhythm, or `days`."""
    if request.lasts:
        lasts = _said(request, began, contact, services).get(request.lasts)
        if isinstance(lasts, int | float) and lasts is not True and 1 <= lasts <= _LONGEST:
            return int(lasts)
    if request.rhythm:
        rhythm = rhythm_of(request.rhythm, contact, services, where="rhythm")
        if rhythm and _SHORTEST <= rhythm.days <= _LONGEST:
            return rhythm.days
    return request.days


_SHORTEST, _LONGEST = 7, 180
"""Days between which a rhythm is one that a journey can wait for."""


def _said(
    request: MomentRequest, event: str, contact: Contact, services: Services
) -> Mapping[str, Value]:
    return said_by_event(services.store, (request.contact, *contact.ids), event)


def _declared(name: str, services: Services) -> None:
    if name not in {each.name for each in services.content.rules.traits}:
        raise InvalidInput(f'There is no trait "{name}" in traits.yaml.')
