"""Saying who somebody is: by a company's own systems for good, by a browser as a claim.

| identity | made by | leads to |
|---|---|---|
| `user:<id>`, `crm:<system>:<id>` | a secret key | the contact, which is *known* from then on |
| `email:<address>` | a secret key, a form | the contact; one of a form is known once it confirms |
| `visitor:<id>` | an event, a secret key | whoever the browser turned out to be first |
| `softly:<id>` | a link in a mail | whose link the browser followed last, for 30 days |

A secret key is trusted: an anonymous visitor becomes, or is joined to, the contact. Two known
contacts are kept apart whatever a device or a system says; only a person joins them
(`join_contacts`). A public key says who somebody claims to be: nothing leads to anybody by it, the
answer is the same whoever is known, and the address is asked whether it agrees.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TypeAlias

from relance.contacts import read_register
from relance.content.forms import Form, Submission
from relance.errors import ConditionFailed, ContactNotFound, InvalidInput
from relance.identities import (
    crm_identity,
    email_identity,
    find,
    find_or_make,
    link,
    soft_identity,
    user_identity,
    visitor_identity,
)
from relance.links import Landing
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.register import RECORD, Register, suppressed_value
from relance.storage import AllOf, Missing, Present, Put, Table, Update, Value
from relance.usecases.join_contacts import Joined, Why, join_visitor
from relance.usecases.sign_up import SignUp, sign_up

SOFTLY_KNOWN = timedelta(days=30)
"""For how long a followed link says who may be looking."""

_BY_SYSTEM = Why("identify", "a system with a secret key said that they are one")
_BY_ALIAS = Why("alias", "a system with a secret key said that they are one")
_BY_CONFIRMING = Why("confirmation", "the address was confirmed for a sign-up from this browser")


class Trust(StrEnum):
    """What kind of key speaks: a server's, which is kept secret, or a page's, which anyone has."""

    SECRET = "secret"  # noqa: S105 - no password
    PUBLIC = "public"


class Outcome(StrEnum):
    """What became of it; only for whoever holds a secret key."""

    KNOWN = "known"
    NEW = "new"
    LINKED = "linked"
    JOINED = "joined"
    KEPT_APART = "kept_apart"
    CLAIMED = "claimed"


_WEIGHT = tuple(Outcome)


@dataclass(frozen=True, slots=True)
class Who:
    """What is said of who somebody is, the strongest first; the address as it can be written to.

    `crm` are ids by the name of the system.
    """

    user: str | None = None
    crm: Mapping[str, str] | None = None
    address: str | None = None
    visitor: str | None = None

    @property
    def keys(self) -> list[str]:
        """The identities, without the visitor's."""
        crm = [crm_identity(system, ident) for system, ident in sorted((self.crm or {}).items())]
        return [
            *([user_identity(self.user)] if self.user else []),
            *crm,
            *([email_identity(self.address)] if self.address else []),
        ]

    @property
    def known_by(self) -> str:
        """What makes the contact known."""
        return "user" if self.user else "crm" if self.crm else "address"


@dataclass(frozen=True, slots=True)
class Identified:
    """The id under which the event belongs into the history, and what became of it."""

    contact_id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Claim:
    """How the address of a claim is asked: by the form that was shown, with the proof of asking."""

    form: Form
    proof: Mapping[str, Value]


Look: TypeAlias = Callable[[str], str | None]
"""Whom an identity leads to; since that never changes, whoever asks may remember it."""


def identify(
    who: Who,
    trust: Trust,
    services: Services,
    *,
    claim: Claim | None = None,
    look: Look | None = None,
) -> Identified:
    """Find, make, link or join the contact that this is.

    With a public key the event belongs to the visitor, and with a `claim` the address is sent a
    double opt-in mail: whoever confirms it was that visitor. `look` finds identities, if they were
    read before.

    Raises:
        InvalidInput: nobody is named.
        StoreBusy: somebody else keeps writing the same contacts.
    """
    if trust is Trust.PUBLIC:
        return _claimed(who, claim, services)
    if not who.keys:
        raise InvalidInput('"userId" is missing: it says who this is')
    look = look or partial(find, services.store)
    found = {key: look(key) for key in who.keys}
    visitor = look(visitor_identity(who.visitor)) if who.visitor else None
    contact_id, outcome = _main(who, list(found.values()), visitor, services)
    outcomes = [outcome]
    outcomes += [
        _lead(key, there, contact_id, services)
        for key, there in found.items()
        if there != contact_id
    ]
    outcomes.append(_know(contact_id, who, outcomes, services))
    if who.visitor and visitor != contact_id:
        outcomes.append(_lead(visitor_identity(who.visitor), visitor, contact_id, services))
    return Identified(contact_id, max(outcomes, key=_WEIGHT.index))


def _main(
    who: Who, found: list[str | None], visitor: str | None, services: Services
) -> tuple[str, Outcome]:
    """The contact that is meant: the first there is, else the unknown visitor, else a new one."""
    there = next(filter(None, found), None)
    if there:
        return there, Outcome.KNOWN
    register = read_register(services.store, visitor) if visitor else None
    if visitor and register and not (register.is_known or register.erased_at):
        return visitor, Outcome.LINKED
    return _known_or_new(who.keys[0], who, services), Outcome.NEW


def _known_or_new(key: str, who: Who, services: Services) -> str:
    register: dict[str, Value] = {"known_by": who.known_by}
    while True:
        found = find_or_make(services, key, address=who.address, register=register)
        if not found.is_new:
            return found.contact_id
        try:
            services.store.transact(found.writes)
        except ConditionFailed:
            continue  # somebody else made it in between
        return found.contact_id


def _lead(
    key: str, there: str | None, contact_id: str, services: Services, why: Why = _BY_SYSTEM
) -> Outcome:
    """Let an identity lead to the contact: by linking it, or by joining whom it leads to."""
    there = there or link(services.store, key, contact_id)
    if there == contact_id:
        return Outcome.LINKED
    return _OF_JOIN[join_visitor(contact_id, there, why, services)]


_OF_JOIN: Mapping[Joined, Outcome] = {
    Joined.JOINED: Outcome.JOINED,
    Joined.ONE_ALREADY: Outcome.KNOWN,
    Joined.KEPT_APART: Outcome.KEPT_APART,
}


def _know(contact_id: str, who: Who, outcomes: list[Outcome], services: Services) -> Outcome:
    """Note in the register what the contact is known by, and the address to write to.

    An address that is somebody else's is not taken over.
    """
    if Outcome.NEW in outcomes or not (who.address or set(outcomes) - {Outcome.KNOWN}):
        return Outcome.KNOWN
    register = read_register(services.store, contact_id)
    changes: dict[str, Value] = {}
    if not register.known_by:
        changes["known_by"] = who.known_by
    if who.address and _may_take(who.address, register, services):
        changes["address"] = who.address
        entry = services.suppressions.entry(who.address)
        if entry and not register.suppressed:
            value = suppressed_value(entry.reason, services.now(), scope=entry.scope)
            changes["suppressed"] = value
    if changes and not register.erased_at:
        _change(register.contact_id, changes, services)
        return Outcome.LINKED
    return Outcome.KNOWN


def known_for_good(contact_id: str, known_by: str, services: Services) -> None:
    """Note that an id leads to a contact from now on, unless it was known before."""
    change = Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={"known_by": known_by},
        when=AllOf((Present(), Missing("erased_at"), Missing("known_by"))),
    )
    with suppress(ConditionFailed):
        services.store.write(change)


def _may_take(address: str, register: Register, services: Services) -> bool:
    """Whether it is another address than before, and leads to this very person."""
    if register.address and email_identity(register.address) == email_identity(address):
        return False
    whose = find(services.store, email_identity(address))
    return whose is not None and whose in (register.contact_id, *register.absorbed)


def _change(contact_id: str, changes: Mapping[str, Value], services: Services) -> None:
    """Change the register of a contact; one that was joined or erased in between is left alone."""
    holds = AllOf((Present(), Missing("joined_to"), Missing("erased_at")))
    change = Update(Table.CONTACTS, (contact_id, RECORD), set=changes, when=holds)
    try:
        services.store.write(change)
    except ConditionFailed:
        return


def _claimed(who: Who, claim: Claim | None, services: Services) -> Identified:
    if not who.visitor:
        raise InvalidInput('"anonymousId" is missing: it says whose event this is')
    contact_id = _visitor(who.visitor, services)
    if claim and who.address:
        nonce = f"visitor {who.visitor}"  # one sign-up in a quarter of an hour
        asked = Submission(traits={"email": who.address}, tracking=None, nonce=nonce)
        sign_up(SignUp(claim.form, asked, claim.proof, visitor=who.visitor), services)
    return Identified(contact_id, Outcome.CLAIMED)


def _visitor(visitor: str, services: Services) -> str:
    """The contact of a browser, made if it is new."""
    while True:
        found = find_or_make(services, visitor_identity(visitor), address=None)
        if not found.is_new:
            return found.contact_id
        try:
            services.store.transact(found.writes)
        except ConditionFailed:
            continue
        return found.contact_id


def whose(who: Who, services: Services) -> str:
    """The contact of an event that only says whose it is: found, or made; nothing is joined.

    What a public key says of more than the visitor is left out by whoever asks.

    Raises:
        InvalidInput: nobody is named.
    """
    for key in who.keys:
        there = find(services.store, key)
        if there:
            return there
    if who.keys:
        return _known_or_new(who.keys[0], who, services)
    if not who.visitor:
        raise InvalidInput('"userId" or "anonymousId" is missing: it says whose event this is')
    return _visitor(who.visitor, services)


def alias(previous: str, user: str, trust: Trust, services: Services) -> Identified | None:
    """Say that a former user id, or a visitor id, is this user; None for a claim: nothing is done.

    Raises:
        StoreBusy: somebody else keeps writing the same contacts.
    """
    if trust is Trust.PUBLIC:
        return None
    former = user_identity(previous)
    there = find(services.store, former)
    if there is None:
        return identify(Who(user=user, visitor=previous), trust, services)
    contact_id = find(services.store, user_identity(user))
    if contact_id is None:
        return Identified(there, _lead(user_identity(user), None, there, services, _BY_ALIAS))
    if contact_id == there:
        return Identified(contact_id, Outcome.KNOWN)
    joined = join_visitor(contact_id, there, _BY_ALIAS, services)
    return Identified(contact_id, _OF_JOIN[joined])


def resolve(contact_id: str, services: Services) -> str:
    """The contact that an id leads to: itself, or the one that it was joined to.

    Raises:
        ContactNotFound: there is no such contact.
    """
    item = services.store.get(Table.CONTACTS, (contact_id, RECORD))
    if item is None:
        raise ContactNotFound(f"there is no contact {contact_id}")
    return str(item.get("joined_to") or contact_id)


def confirmed_visitor(contact_id: str, visitor: str, services: Services) -> Outcome:
    """Whoever confirmed the address signed up in this browser: let it lead to them."""
    key = visitor_identity(visitor)
    there = find(services.store, key)
    return _lead(key, there, contact_id, services, _BY_CONFIRMING)


def recognise_softly(visitor: str, landing: Landing, services: Services) -> None:
    """Note whose link a browser followed; it may have been forwarded, so nothing is joined.

    Of somebody who does not want to be seen on the web nothing is noted.
    """
    try:
        register = read_register(services.store, landing.contact_id)
    except ContactNotFound:
        return
    if register.erased_at or register.refuses_web:
        return
    until = services.now() + SOFTLY_KNOWN
    services.store.write(
        Put(
            Table.IDENTITIES,
            {
                "identity": soft_identity(visitor),
                "contact_id": landing.contact_id,
                "until": to_text(until),
                "expires_at": int(until.timestamp()),
            },
        )
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """Who may be looking. `softly`: only a link says so; show nothing that is private."""

    contact_id: str
    softly: bool = False


def who_looks(visitor: str, services: Services) -> Seen | None:
    """Who a browser belongs to: who said so, else whose link it followed, else the visitor."""
    hard = find(services.store, visitor_identity(visitor))
    seen = Seen(resolve(hard, services)) if hard else None
    if seen and (seen.contact_id != hard or read_register(services.store, hard or "").is_known):
        return seen
    soft = services.store.get(Table.IDENTITIES, (soft_identity(visitor),))
    if soft and from_text(str(soft["until"])) > services.now():
        return Seen(resolve(str(soft["contact_id"]), services), softly=True)
    return seen
