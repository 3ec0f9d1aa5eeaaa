"""Who a message is about: the one place of the collection API that decides it.

With a server key a message is taken at its word. `identify` and `alias` say who somebody is, for
good (`relance.usecases.identify`). Every other call only says whose it is: its user id counts, then
the address among its traits, then its visitor, and a user id that is not known yet is tied to the
contact of the address. A message with a browser key names a visitor and nothing else. Whoever is
new is made: identities and register in one transaction, for a visitor without an address.
"""

from collections.abc import Iterable

from relance.collecting.keys import Scope
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
    said = message.said.who
    who = identities.Who(user=said.user_id, address=said.address, visitor=said.visitor_id)
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


def _whose(who: Who, known: Known, services: Services) -> str:
    """Whose message it is, which says no more than that."""
    first, *others = identities_of(who)
    there = known.get(first)
    if there or who.user_id is None or who.address is None:
        return there or _made(who, first, (), known, services)
    email = others[0]
    owner = known.get(email)
    if owner is None:
        return _made(who, first, (email,), known, services)
    link(services.store, first, owner)
    return known.learn(first, find(services.store, first) or owner)


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
    """What the register of a new contact says of why it is known; nothing of a visitor."""
    if who.user_id or who.address:
        return {"known_by": "user" if who.user_id else "address"}
    return {}


def _leads_to(identity: str, contact_id: str) -> Put:
    return Put(Table.IDENTITIES, {"identity": identity, "contact_id": contact_id}, when=Absent())
