"""Who a message is about: the one place of the collection API that decides it.

With a server key a message is taken at its word: its user id counts, then the address among its
traits, then its visitor. A user id that is not known yet is tied to the contact of the address, and
an `identify` gives its address to a contact that has none: the libraries send several batches at
once, so an event can come before the call that says whose it is. A message with a browser key names
a visitor and nothing else. Whoever is new is made: identities and register in one transaction, for
a visitor without an address.
"""

from collections.abc import Iterable

from relance.collecting.messages import Kind, Message, Who
from relance.errors import ConditionFailed
from relance.identities import (
    email_identity,
    find,
    find_or_make,
    link,
    user_identity,
    visitor_identity,
)
from relance.ports import Services
from relance.register import RECORD, suppressed_value
from relance.storage import Absent, AllOf, Missing, Present, Put, Store, Table, Update


class Known:
    """The contacts of the identities in a batch: read at once, and kept up to date by `recognise`.

    `made` are the contacts that were made since.
    """

    def __init__(self, store: Store, messages: Iterable[Message]) -> None:
        identities = {each for message in messages for each in identities_of(message.said.who)}
        found = store.get_many(Table.IDENTITIES, [(each,) for each in sorted(identities)])
        self._contacts = {identity: str(item["contact_id"]) for (identity,), item in found.items()}
        self.made: set[str] = set()

    def get(self, identity: str) -> str | None:
        """The contact that an identity leads to."""
        return self._contacts.get(identity)

    def learn(self, identity: str, contact_id: str) -> str:
        """Remember who it is; returns the contact."""
        self._contacts[identity] = contact_id
        return contact_id


def identities_of(who: Who) -> list[str]:
    """What a message may be recognised by, the surest first."""
    named = (
        (user_identity, who.user_id),
        (email_identity, who.address),
        (visitor_identity, who.visitor_id),
    )
    return [identity(value) for identity, value in named if value]


def recognise(message: Message, known: Known, services: Services) -> str:
    """The contact that a message is about, made if it is new.

    Raises:
        StoreBusy: nobody can tell now; the same message again finds what was made of it.
    """
    who = message.said.who
    first, *others = identities_of(who)
    there = known.get(first)
    if who.user_id is None or who.address is None:
        return there or _made(first, (), who.address, known, services)
    email = others[0]
    if there:
        if message.kind is Kind.IDENTIFY and known.get(email) is None:
            _give_address(there, who.address, known, services)
        return there
    owner = known.get(email)
    if owner is None:
        return _made(first, (email,), who.address, known, services)
    link(services.store, first, owner)
    return known.learn(first, find(services.store, first) or owner)


def _made(
    identity: str, also: tuple[str, ...], address: str | None, known: Known, services: Services
) -> str:
    """The contact of an identity that nobody knew, and of others too if it has to be made."""
    found = find_or_make(services, identity, address=address)
    if found.is_new:
        writes = (*found.writes, *(_leads_to(each, found.contact_id) for each in also))
        try:
            services.store.transact(writes)
        except ConditionFailed:  # somebody made one of them meanwhile
            owner = next(filter(None, (find(services.store, each) for each in also)), None)
            if owner:
                link(services.store, identity, owner)
            return _made(identity, (), address, known, services)
        known.made.add(found.contact_id)
        for each in also:
            known.learn(each, found.contact_id)
    return known.learn(identity, found.contact_id)


def _give_address(contact_id: str, address: str, known: Known, services: Services) -> None:
    """Tie an address to a contact that has none, unless it is somebody's already.

    A suppressed address stays suppressed.
    """
    email = email_identity(address)
    reason = services.suppressions.reason(address)
    suppressed = {"suppressed": suppressed_value(reason, services.now())} if reason else {}
    register = Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={"address": address, **suppressed},
        when=AllOf((Present(), Missing("address"), Missing("erased_at"))),
    )
    try:
        services.store.transact((_leads_to(email, contact_id), register))
    except ConditionFailed:
        return
    known.learn(email, contact_id)


def _leads_to(identity: str, contact_id: str) -> Put:
    return Put(Table.IDENTITIES, {"identity": identity, "contact_id": contact_id}, when=Absent())
