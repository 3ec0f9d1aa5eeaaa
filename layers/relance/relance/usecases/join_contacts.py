"""Joining two contacts that are one person, and undoing it.

Only records are written, in one transaction with the event that says so; the profiles follow when
that event is folded (`refolding`). A person may join any two (`join_contacts`). Everything else
(`join_visitor`) joins somebody to whom it is not known yet who they are, and never those whom a
person set apart: two people may share a device.
"""

from dataclasses import dataclass
from enum import StrEnum

from relance.contacts import Contact, freeze_profile, read_contact
from relance.errors import ConditionFailed, ContactNotFound, InvalidInput, StoreBusy
from relance.events import Event, Name, put_once
from relance.ids import event_id, milliseconds
from relance.joins import absorb, as_read, branch, is_quiet
from relance.memberships import no_memberships
from relance.moments import to_text
from relance.ports import Services
from relance.register import RECORD, Absorbed, register_of
from relance.storage import AllOf, Equals, Missing, Table, Update, Value, Write

MOST_WRITES = 100
"""How many writes DynamoDB takes at once: two for each contact that is joined, and a few more."""

_TRIES = 6
"""How often a join is tried anew when somebody else writes the same contacts."""


class Joined(StrEnum):
    """What became of a join."""

    JOINED = "joined"
    ONE_ALREADY = "one_already"
    KEPT_APART = "kept_apart"


@dataclass(frozen=True, slots=True)
class Why:
    """Who joins or undoes, as `who` (a name or `identify`), and for which reason."""

    who: str
    reason: str

    def to_value(self) -> dict[str, Value]:
        """As it stands in the history."""
        return {"by": self.who, "reason": self.reason}


def join_contacts(survivor: str, absorbed: str, why: Why, services: Services) -> Joined:
    """Join `absorbed` to `survivor`, whoever they are; ids of joined contacts mean the person.

    Raises:
        ContactNotFound: there is no such contact.
        InvalidInput: one of them was erased, or too much hangs on the absorbed one.
        StoreBusy: somebody else keeps writing the same contacts.
    """
    for _ in range(_TRIES):
        one = read_contact(services.store, survivor)
        other = read_contact(services.store, absorbed)
        if one.contact_id == other.contact_id:
            return Joined.ONE_ALREADY
        if _join(one, other, why, services):
            return Joined.JOINED
    raise _busy(survivor)


def join_visitor(contact_id: str, visitor: str, why: Why, services: Services) -> Joined:
    """Join two contacts of which at most one is known; the known one survives, else the first.

    Raises:
        ContactNotFound, StoreBusy: as `join_contacts`.
    """
    for _ in range(_TRIES):
        one = read_contact(services.store, contact_id)
        other = read_contact(services.store, visitor)
        if one.contact_id == other.contact_id:
            return Joined.ONE_ALREADY
        if _are_two_people(one, other):
            return Joined.KEPT_APART
        if other.register.is_known:
            one, other = other, one
        try:
            if _join(one, other, why, services):
                return Joined.JOINED
        except InvalidInput:
            return Joined.KEPT_APART
    raise _busy(contact_id)


def _busy(contact_id: str) -> StoreBusy:
    return StoreBusy(f"contact {contact_id} is being changed by others all the time")


def _are_two_people(one: Contact, other: Contact) -> bool:
    both_known = one.register.is_known and other.register.is_known
    set_apart = one.register.apart & {*other.ids} or other.register.apart & {*one.ids}
    return both_known or bool(set_apart)


def _join(survivor: Contact, absorbed: Contact, why: Why, services: Services) -> bool:
    """Write the join; False if somebody wrote one of them in between.

    Raises:
        InvalidInput: one of them was erased, or too much hangs on the absorbed one.
    """
    if survivor.register.erased_at or absorbed.register.erased_at:
        raise InvalidInput("A contact that was erased is joined to nobody.")
    now = services.now()
    whole = {
        **survivor.register.absorbed,
        **absorbed.register.absorbed,
        absorbed.contact_id: Absorbed(survivor.contact_id, to_text(now), quiet=_is_quiet(absorbed)),
    }
    about = f"{absorbed.contact_id}#{survivor.register.joins}"
    event = _event(Name.JOINED, survivor.contact_id, absorbed.contact_id, about, why, services)
    writes: list[Write] = [
        absorb(survivor.register, whole, absorbed.register.counters),
        Update(
            Table.CONTACTS,
            (absorbed.contact_id, RECORD),
            set={"joined_to": survivor.contact_id},
            add={"joins": 1},
            remove=("absorbed",),
            when=AllOf((Missing("joined_to"), Missing("erased_at"), as_read(absorbed.register))),
        ),
        freeze_profile(absorbed.profile),
        put_once(event),
        *no_memberships(absorbed.contact_id, absorbed.profile.segments()),
        *(
            _leads_to(each, survivor.contact_id, before=absorbed.contact_id)
            for each in absorbed.register.absorbed
        ),
    ]
    return _written(writes, services)


def _is_quiet(contact: Contact) -> bool:
    return is_quiet(contact.register) and not contact.enrolments and not contact.waits


def _leads_to(contact_id: str, survivor: str, *, before: str) -> Update:
    """The write that lets an absorbed contact lead to another survivor."""
    return Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={"joined_to": survivor},
        when=Equals("joined_to", before),
    )


def _written(writes: list[Write], services: Services) -> bool:
    if len(writes) > MOST_WRITES:
        raise InvalidInput("Too many contacts and segments hang on this one: join the other to it.")
    try:
        services.store.transact(writes)
    except ConditionFailed:
        return False
    return True


def _event(  # noqa: PLR0917
    name: Name, contact_id: str, absorbed: str, about: str, why: Why, services: Services
) -> Event:
    now = services.now()
    return Event(
        contact_id=contact_id,
        event_id=event_id(milliseconds(now), "joins", f"{name}#{contact_id}#{about}"),
        name=name,
        occurred_at=now,
        received_at=now,
        source="joins",
        properties={"contact": absorbed, **why.to_value()},
    )


def undo_join(absorbed: str, why: Why, services: Services) -> str:
    """Let a contact that was joined be its own again, with those who came with it.

    The two are kept apart from then on, until a person joins them again. What was withdrawn or
    suppressed while they were one stays with the contact under which it was said.

    Returns the contact from which it was taken.

    Raises:
        ContactNotFound: there is no such contact.
        InvalidInput: it was not joined to anybody.
        StoreBusy: somebody else keeps writing the same contacts.
    """
    for _ in range(_TRIES):
        person = read_contact(services.store, absorbed)
        if person.contact_id == absorbed:
            raise InvalidInput("This contact was not joined to another: there is nothing to undo.")
        if _undo(absorbed, person, why, services):
            return person.contact_id
    raise _busy(absorbed)


def _undo(contact_id: str, person: Contact, why: Why, services: Services) -> bool:
    register = person.register
    if register.erased_at:
        raise InvalidInput("This contact was erased, with everybody who was joined to it.")
    its_own = branch(register.absorbed, contact_id)
    gone = {contact_id, *its_own}
    rest = {each: it for each, it in register.absorbed.items() if each not in gone}
    about = f"{contact_id}#{register.joins}"
    set_apart = _set_apart(services, contact_id)
    writes: list[Write] = [
        absorb(register, rest),
        Update(
            Table.CONTACTS,
            (contact_id, RECORD),
            set={
                "absorbed": {each: register.absorbed[each].to_value() for each in its_own} or None,
                "apart": sorted({*set_apart, person.contact_id, *rest}),
            },
            add={"joins": 1},
            remove=("joined_to",),
            when=Equals("joined_to", person.contact_id),
        ),
        *(_leads_to(each, contact_id, before=person.contact_id) for each in its_own),
        *(
            put_once(_event(Name.JOIN_UNDONE, each, contact_id, about, why, services))
            for each in (person.contact_id, contact_id)
        ),
    ]
    return _written(writes, services)


def _set_apart(services: Services, contact_id: str) -> frozenset[str]:
    """Those from whom the contact was set apart before."""
    items = services.store.query(Table.CONTACTS, contact_id, prefix=RECORD)
    if not items:
        raise ContactNotFound(f"there is no contact {contact_id}")
    return register_of(items[0]).apart
