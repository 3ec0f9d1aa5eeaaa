"""All that the four tables hold of one person: what is exported, and what is erased.

A person has one id, or several that were joined (`relance.joins`); whichever is given, what all of
them have belongs to the person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relance.erasing import Counts
from relance.errors import ContactNotFound, StoreBusy
from relance.events import Name
from relance.identities import email_identity, identities_of
from relance.register import RECORD as REGISTER
from relance.register import register_of
from relance.storage import SENDS_OF, Item, Store, Table
from relance.workflows import Enrolment, Wait, enrolment_of, wait_of

_TRIES = 4
"""How often somebody is looked up anew who was joined in between."""


@dataclass(frozen=True, slots=True)
class Belongings:
    """The items as they are stored, so that nothing has to be readable to be erased.

    `contact_id` is the survivor's. `registers` are by id, the survivor's first; `records` are the
    other items in Contacts. Every item names the id under which it stands.
    """

    contact_id: str
    registers: Mapping[str, Item]
    records: Sequence[Item]
    identities: Sequence[Item]
    events: Sequence[Item]
    sends: Sequence[Item]

    @property
    def register(self) -> Item:
        """The survivor's register, or the tombstone in its place."""
        return self.registers[self.contact_id]

    @property
    def is_erased(self) -> bool:
        """Whether a tombstone stands in place of the register."""
        return "erased_at" in self.register

    def counts(self) -> Counts:
        """How many items there are, but for what stays of an erased contact."""
        registers = ["erased_at" not in each for each in self.registers.values()]
        return Counts(
            contacts=len(self.records) + sum(registers),
            identities=len(self.identities),
            events=sum(each["name"] != Name.ERASED for each in self.events),
            sends=sum(each.get("erased") is not True for each in self.sends),
        )

    def enrolments(self) -> list[Enrolment]:
        """The journeys that are open."""
        return [
            enrolment_of(each)
            for each in self.records
            if str(each["record"]).startswith("now#enrolment#")
        ]

    def waits(self) -> list[Wait]:
        """The pauses that are open."""
        return [
            wait_of(each) for each in self.records if str(each["record"]).startswith("now#wait#")
        ]

    def companies(self) -> list[str]:
        """Every company that the person ever belonged to."""
        named = [
            each["properties"]["company"]
            for each in self.events
            if each["name"] == Name.COMPANY_JOINED and isinstance(each["properties"], Mapping)
        ]
        return sorted({str(each) for each in named})


def belongings_of(store: Store, contact_id: str) -> Belongings:
    """What there is of a person. The indexes may lack what was written in the last second.

    Raises:
        ContactNotFound: there is no register, so there is no such contact.
        StoreBusy: the contact is being joined all the time.
    """
    for _ in range(_TRIES):
        ids = _ids(store, contact_id)
        found = {each: store.query(Table.CONTACTS, each) for each in ids}
        registers = {each: _register(each, items) for each, items in found.items()}
        if list(register_of(registers[ids[0]]).absorbed) == ids[1:]:
            break
    else:
        raise StoreBusy(f"contact {contact_id} is being joined all the time")
    records = [each for items in found.values() for each in items if each["record"] != REGISTER]
    return Belongings(
        contact_id=ids[0],
        registers=registers,
        records=records,
        identities=[one for each in registers.values() for one in _identities(store, each)],
        events=[one for each in ids for one in store.query(Table.EVENTS, each)],
        sends=[one for each in ids for one in _sends(store, each)],
    )


def _ids(store: Store, contact_id: str) -> list[str]:
    """The survivor's id, and those of all who were joined to it."""
    items = store.query(Table.CONTACTS, contact_id, prefix=REGISTER)
    register = register_of(_register(contact_id, items))
    if register.joined_to:
        return _ids(store, register.joined_to)
    return [contact_id, *register.absorbed]


def _register(contact_id: str, items: Sequence[Item]) -> Item:
    found = next((each for each in items if each["record"] == REGISTER), None)
    if found is None:
        raise ContactNotFound(f"there is no contact {contact_id}")
    return found


def _identities(store: Store, register: Item) -> list[Item]:
    """What leads to a contact; its address without the help of the index."""
    contact_id = str(register["contact_id"])
    named = set(identities_of(store, contact_id))
    if register.get("address"):
        named.add(email_identity(str(register["address"])))
    items = (store.get(Table.IDENTITIES, (each,)) for each in sorted(named))
    return [each for each in items if each and each.get("contact_id") == contact_id]


def _sends(store: Store, contact_id: str) -> list[Item]:
    ids = [str(each["send_id"]) for each in store.query_index(SENDS_OF, contact_id)]
    return [item for each in ids if (item := store.get(Table.SENDS, (each,)))]
