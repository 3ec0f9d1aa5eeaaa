"""Who a message is about: the one place of the collection API that decides it.

With a server key a message is taken at its word: its user id counts, then its ids of other systems,
then the address among its traits, then a telephone number, which several people may share, then its
visitor. An id that is not known yet is tied to the contact that was found by another, and
an `identify` gives its address to a contact that has none: the libraries send several batches at
once, so an event can come before the call that says whose it is. A message with a browser key names
a visitor and nothing else. Whoever is new is made: identities and register in one transaction, for
a visitor without an address.
"""

from collections.abc import Iterable

from relance.collecting.messages import Kind, Message, Who
from relance.errors import ConditionFailed
from relance.identities import (
    crm_identity,
    email_identity,
    find,
    find_or_make,
    link,
    phone_identity,
    user_identity,
    visitor_identity,
)
from relance.ports import Services
from relance.register import RECORD
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
        (email_identity, who.address),
        (phone_identity, who.phone),
        (visitor_identity, who.visitor_id),
    )
    return [*_ids_of(who), *(identity(value) for identity, value in named if value)]


def _ids_of(who: Who) -> list[str]:
    """The identities of the ids that systems gave."""
    user = [user_identity(who.user_id)] if who.user_id else []
    return [*user, *(crm_identity(system, given) for system, given in who.ids)]


def recognise(message: Message, known: Known, services: Services) -> str:
    """The contact that a message is about, made if it is new.

    Raises:
        StoreBusy: nobody can tell now; the same message again finds what was made of it.
    """
    who = message.said.who
    first = identities_of(who)[0]
    email = [email_identity(who.address)] if who.address else []
    keys = [*_ids_of(who), *email]
    if not keys:
        return known.get(first) or _made(first, (), None, known, services)
    owner = next(filter(None, map(known.get, keys)), None)
    if owner is None:
        return _made(first, tuple(keys[1:]), who.address, known, services)
    for each in _ids_of(who):
        if known.get(each) is None:
            known.learn(each, link(services.store, each, owner))
    if who.address and message.kind is Kind.IDENTIFY and known.get(email[0]) is None:
        _give_address(owner, who.address, known, services)
    return known.get(first) or owner


def is_known(message: Message, known: Known) -> bool:
    """Whether somebody is there already whom the message is about."""
    return any(known.get(each) for each in identities_of(message.said.who))


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
    """Tie an address to a contact that has none, unless it is somebody's already."""
    email = email_identity(address)
    register = Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={"address": address},
        when=AllOf((Present(), Missing("address"), Missing("erased_at"))),
    )
    try:
        services.store.transact((_leads_to(email, contact_id), register))
    except ConditionFailed:
        return
    known.learn(email, contact_id)


def _leads_to(identity: str, contact_id: str) -> Put:
    return Put(Table.IDENTITIES, {"identity": identity, "contact_id": contact_id}, when=Absent())
