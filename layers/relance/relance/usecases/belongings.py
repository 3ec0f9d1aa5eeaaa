"""All that the four tables hold of one contact: what is exported, and what is erased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relance.erasing import Counts
from relance.errors import ContactNotFound
from relance.events import Name
from relance.identities import email_identity, identities_of
from relance.register import RECORD as REGISTER
from relance.storage import SENDS_OF, Item, Store, Table
from relance.workflows import Enrolment, Wait, enrolment_of, wait_of


@dataclass(frozen=True, slots=True)
class Belongings:
    """The items as they are stored, so that nothing has to be readable to be erased.

    `records` are the contact's items in Contacts but the register.
    """

    contact_id: str
    register: Item
    records: Sequence[Item]
    identities: Sequence[str]
    events: Sequence[Item]
    sends: Sequence[Item]

    @property
    def is_erased(self) -> bool:
        """Whether a tombstone stands in place of the register."""
        return "erased_at" in self.register

    def counts(self) -> Counts:
        """How many items there are, but for what stays of an erased contact."""
        return Counts(
            contacts=len(self.records) + (not self.is_erased),
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
        """Every company that the contact ever belonged to."""
        named = [
            each["properties"]["company"]
            for each in self.events
            if each["name"] == Name.COMPANY_JOINED and isinstance(each["properties"], Mapping)
        ]
        return sorted({str(each) for each in named})


def belongings_of(store: Store, contact_id: str) -> Belongings:
    """What there is of a contact. The indexes may lack what was written in the last second.

    Raises:
        ContactNotFound: there is no register, so there is no such contact.
    """
    records = store.query(Table.CONTACTS, contact_id)
    register = next((each for each in records if each["record"] == REGISTER), None)
    if register is None:
        raise ContactNotFound(f"there is no contact {contact_id}")
    return Belongings(
        contact_id=contact_id,
        register=register,
        records=[each for each in records if each["record"] != REGISTER],
        identities=_identities(store, contact_id, register),
        events=store.query(Table.EVENTS, contact_id),
        sends=_sends(store, contact_id),
    )


def _identities(store: Store, contact_id: str, register: Item) -> list[str]:
    """What leads to the contact; its address without the help of the index."""
    named = set(identities_of(store, contact_id))
    if register.get("address"):
        named.add(email_identity(str(register["address"])))
    items = ((each, store.get(Table.IDENTITIES, (each,))) for each in sorted(named))
    return [each for each, item in items if item and item.get("contact_id") == contact_id]


def _sends(store: Store, contact_id: str) -> list[Item]:
    ids = [str(each["send_id"]) for each in store.query_index(SENDS_OF, contact_id)]
    return [item for each in ids if (item := store.get(Table.SENDS, (each,)))]
