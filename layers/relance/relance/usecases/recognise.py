"""Who a message is about: the one place of the collection API that decides it.

With a server key a message is taken at its word: its user id counts, then the address among its
traits, then its visitor. A user id that is not known yet is tied to the contact of the address. A
message with a browser key names a visitor and nothing else. Whoever is new is made: identity and
register in one transaction, for a visitor without an address.
"""

from collections.abc import Iterable

from relance.collecting.messages import Message, Who
from relance.errors import ConditionFailed
from relance.identities import (
    email_identity,
    find_or_make,
    link,
    user_identity,
    visitor_identity,
)
from relance.ports import Services
from relance.storage import Store, Table


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
    if not who.user_id or not who.address:
        return _known_or_new(identities_of(who)[0], who.address, known, services)
    user = user_identity(who.user_id)
    there = known.get(user)
    if there:
        return there
    contact_id = _known_or_new(email_identity(who.address), who.address, known, services)
    link(services.store, user, contact_id)
    return known.learn(user, contact_id)


def _known_or_new(identity: str, address: str | None, known: Known, services: Services) -> str:
    there = known.get(identity)
    if there:
        return there
    found = find_or_make(services, identity, address=address)
    if found.is_new:
        try:
            services.store.transact(found.writes)
        except ConditionFailed:
            return _known_or_new(identity, address, known, services)
        known.made.add(found.contact_id)
    return known.learn(identity, found.contact_id)
