"""What is taken to happen in a tryout: the pause that it ends is answered as if it had.

The names of events wait in the order in which they were typed. The next one is used up by the first
pause that it ends, because the pause waits for it or it is an exit or a goal; until then it waits.
Which one a pause has used stands in the enrolment, so that a pause that is asked again says the
same. No event is written: nobody but this pause learns of it.
"""

from collections.abc import Mapping
from dataclasses import replace

from relance.contacts import Contact
from relance.errors import ConditionFailed
from relance.events import Event
from relance.ports import Services
from relance.storage import AllOf, Equals, Missing, Table, Update, Value
from relance.usecases.steps import step_event, view
from relance.usecases.update_contact import departed
from relance.workflows import Ending, Enrolment, ExitRule, Wait, reason_of, used_by


def taken_to_happen(
    contact: Contact, wait: Wait, services: Services
) -> tuple[Mapping[str, Value] | None, Event | None]:
    """How the pause of a tryout ends at once: by an early answer, by an event, or by neither."""
    enrolment = contact.enrolment(wait.step.workflow, wait.step.entry)
    if enrolment is None or enrolment.tryout is None:
        return None, None
    event, rule = _ended_by(enrolment, wait, services)
    if event is None or not _use(enrolment, wait, event.name, services):
        return None, None
    if rule is not None:
        return departed(enrolment, reason_of(rule), view(services, contact)), None
    return None, event


def _ended_by(
    enrolment: Enrolment, wait: Wait, services: Services
) -> tuple[Event | None, ExitRule | Ending | None]:
    """The event that this pause takes to have happened, and the exit or goal that it meets."""
    name = enrolment.next_to_happen(wait.step)
    if name is None:
        return None, None
    for rule in (*enrolment.exits, *enrolment.goals):
        properties = _PERMANENT if isinstance(rule, ExitRule) else rule.awaited.where
        event = _event(name, wait, properties, services)
        if rule.is_met_by(event):
            return event, rule
    for awaited in wait.awaited:
        event = _event(name, wait, awaited.where, services)
        if awaited.is_met_by(event):
            return event, None
    return None, None


_PERMANENT: Mapping[str, Value] = {"permanent": True}
"""What makes a bounce an exit."""


def _event(name: str, wait: Wait, properties: Mapping[str, Value], services: Services) -> Event:
    said = step_event(services, wait.step, name, about=name, properties={})
    return replace(said, properties=properties)


def _use(enrolment: Enrolment, wait: Wait, name: str, services: Services) -> bool:
    """Note that this pause has used the event up; False if the tryout is over."""
    place = used_by(wait.step)
    mine = AllOf((Equals("entry", enrolment.entry), Missing(place)))
    try:
        services.store.write(Update(Table.CONTACTS, enrolment.key, set={place: name}, when=mine))
    except ConditionFailed:  # by an earlier attempt of this pause, or the tryout is over
        item = services.store.query(Table.CONTACTS, enrolment.key[0], prefix=enrolment.key[1])
        return any(each.get(place) == name for each in item)
    return True
