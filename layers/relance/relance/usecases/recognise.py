"""Who a message is about: the one place of the collection API that decides it.

With a server key a message is taken at its word. `identify` and `alias` say who somebody is, for
good (`relance.usecases.identify`). Every other call only says whose it is: its user id counts, then
its ids of other systems, then the address among its traits, then a telephone number, which several
people may share, then its visitor; an id that is not known yet is tied to the contact that was
found by another. A message with a browser key names a visitor and nothing else. Whoever is new is
made: identities and register in one transaction, for a visitor without an address.
"""

from collections.abc import Iterable

from relance.collecting.keys import Scope
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
from relance.storage import Absent, Put, Store, Table, Value
from relance.usecases import identify as identities
from relance.usecases.identify import Trust


class Known:
    """The contacts of the identities in a batch: read at once, and kept up to date by `recognise`.

    `made` are the contacts that were made since.
    """

    def __init__(self, store: Store, messages: Iterable[Message]) -> None:
        self._store = store
        asked = {each for message in messages for each in identities_of(message.said.who)}
        found = store.get_many(Table.IDENTITIES, [(each,) for each in sorted(asked)])
        self._contacts = {identity: str(item["contact_id"]) for (identity,), item in found.items()}
        self._absent = asked - self._contacts.keys()
        self.made: set[str] = set()

    def get(self, identity: str) -> str | None:
        """The contact that an identity leads to."""
        if identity not in self._contacts and identity not in self._absent:
            there = find(self._store, identity)
            return self.learn(identity, there) if there else None
        return self._contacts.get(identity)

    def learn(self, identity: str, contact_id: str) -> str:
        """Remember who it is; returns the contact."""
        self._contacts[identity] = contact_id
        return contact_id

    def doubt(self) -> None:
        """Identities that led to nobody may lead to somebody by now: look again."""
        self._absent = set()


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
    said = message.said.who
    who = identities.Who(
        user=said.user_id, crm=dict(said.ids), address=said.address, visitor=said.visitor_id
    )
    if message.source != Scope.BROWSER and who.keys:
        if message.kind is Kind.IDENTIFY:
            found = identities.identify(who, Trust.SECRET, services, look=known.get)
            known.doubt()
            return found.contact_id
        previous = message.said.previous_id
        if previous and who.user:
            aliased = identities.alias(previous, who.user, Trust.SECRET, services)
            known.doubt()
            if aliased:
                return aliased.contact_id
    return _whose(said, known, services)


def is_known(message: Message, known: Known) -> bool:
    """Whether somebody is there already whom the message is about."""
    return any(known.get(each) for each in identities_of(message.said.who))


def _whose(who: Who, known: Known, services: Services) -> str:
    """Whose message it is, which says no more than that."""
    first = identities_of(who)[0]
    email = [email_identity(who.address)] if who.address else []
    keys = [*_ids_of(who), *email]
    if not keys:
        return known.get(first) or _made(who, first, (), known, services)
    owner = next(filter(None, map(known.get, keys)), None)
    if owner is None:
        return _made(who, first, tuple(keys[1:]), known, services)
    missing = [each for each in _ids_of(who) if known.get(each) is None]
    for each in missing:
        known.learn(each, link(services.store, each, owner))
    if missing:
        identities.known_for_good(owner, "user" if who.user_id else "crm", services)
    return known.get(first) or owner


def _made(who: Who, identity: str, also: tuple[str, ...], known: Known, services: Services) -> str:
    """The contact of an identity that nobody knew, and of others too if it has to be made."""
    register = _known_by(who)
    found = find_or_make(services, identity, address=who.address, register=register)
    if found.is_new:
        writes = (*found.writes, *(_leads_to(each, found.contact_id) for each in also))
        try:
            services.store.transact(writes)
        except ConditionFailed:  # somebody made one of them meanwhile
            owner = next(filter(None, (find(services.store, each) for each in also)), None)
            if owner:
                link(services.store, identity, owner)
            return _made(who, identity, (), known, services)
        known.made.add(found.contact_id)
        for each in also:
            known.learn(each, found.contact_id)
    return known.learn(identity, found.contact_id)


def _known_by(who: Who) -> dict[str, Value]:
    """What the register of a new contact says of why it is known: an id, an address."""
    by = "user" if who.user_id else "crm" if who.ids else "address" if who.address else None
    return {"known_by": by} if by else {}


def _leads_to(identity: str, contact_id: str) -> Put:
    return Put(Table.IDENTITIES, {"identity": identity, "contact_id": contact_id}, when=Absent())
