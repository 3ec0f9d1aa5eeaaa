"""Which company a contact belongs to: told by its address, or by the CRM.

An address tells it once it is known to be the contact's own: by a confirmation, or by a server with
a secret key. A server tells it by the id of a company or account (`context.groupId`, or the call
`group`), which comes before the address and may change. One company has one id, to which its
domain and its ids in the CRM lead. Contacts without a company cost no call.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.companies import member_key, member_since
from relance.contacts import Contact
from relance.content.score_rules import CompanyScore
from relance.engine.companies import MEMBERSHIP, company_of
from relance.errors import ConditionFailed, StoreBusy
from relance.events import SERVERS, Event, Name, put_once
from relance.identities import company_identity, crm_identity
from relance.ids import event_id, milliseconds, moment_of, ulid
from relance.ports import Services
from relance.register import ConsentState, Register
from relance.storage import Absent, Delete, Put, Store, Table, Write

BY_DOMAIN = "domain"
"""How a membership that the address tells is named; another is named by its identity."""

_TRIES = 4
"""How often it is tried anew when somebody else makes the same company at the same time."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """What tells of a company: `by`, from `at` on, told by the event `told`.

    `identities` lead to it; the first that leads anywhere decides.
    """

    by: str
    identities: tuple[str, ...]
    at: datetime
    told: str


def keep_company(contact: Contact, events: Sequence[Event], services: Services) -> None:
    """Join the company that the events, or the address, say; leave one that is none.

    Raises:
        StoreBusy: others kept making the same company; try again.
    """
    rules = services.plan.rules.company
    there = company_of(contact.profile)
    if rules is None or not events:
        return
    if there and (contact.register.erased_at or _is_none(contact, rules)):
        leave_company(contact, services, told=events[-1].event_id)
        return
    belonging = _belonging(contact, events, rules)
    if belonging and not contact.register.erased_at:
        join_company(contact, belonging, services)


def _is_none(contact: Contact, rules: CompanyScore) -> bool:
    """Whether the contact belongs to a company by a domain that is no company any more."""
    return _by(contact) == BY_DOMAIN and company_domain(contact.register, rules) is None


def _by(contact: Contact) -> str | None:
    membership = contact.profile.company.get(MEMBERSHIP)
    value = membership.value if membership else None
    return str(value["by"]) if isinstance(value, Mapping) else None


def company_domain(register: Register, rules: CompanyScore) -> str | None:
    """The domain of the contact's address, unless anybody may have an address there."""
    domain = (register.address or "").rpartition("@")[2].lower()
    return domain if domain and domain not in rules.not_companies else None


def _belonging(contact: Contact, events: Sequence[Event], rules: CompanyScore) -> Belonging | None:
    """What is new about the contact's company."""
    membership = contact.profile.company.get(MEMBERSHIP)
    domain = company_domain(contact.register, rules) if _is_own(contact, events) else None
    by_domain = (company_identity(domain),) if domain else ()
    for event in sorted(events, key=lambda each: (each.occurred_at, each.event_id), reverse=True):
        crm_id = _crm_id(event)
        if crm_id is None:
            continue
        by = crm_identity(event.source, crm_id)
        if by == _by(contact):
            return None
        if membership is None or milliseconds(event.occurred_at) > membership.at:
            return Belonging(by, (by, *by_domain), event.occurred_at, event.event_id)
        return None
    if domain and membership is None:
        newest = max(events, key=lambda each: each.order)
        return Belonging(BY_DOMAIN, by_domain, newest.occurred_at, newest.event_id)
    return None


def _is_own(contact: Contact, events: Sequence[Event]) -> bool:
    """Whether the address is known to be the contact's own. Traits come from who proved it."""
    granted = ConsentState.GRANTED in {each.state for each in contact.register.consents.values()}
    by_server = any(event.source in SERVERS for event in events)
    return granted or by_server or bool(contact.profile.traits)


def _crm_id(event: Event) -> str | None:
    """The id of the company that a server names with an event."""
    if event.source not in SERVERS:
        return None
    is_group = event.name == Name.GROUP_JOINED
    found = event.properties.get("group_id") if is_group else event.context.get("groupId")
    return found if isinstance(found, str) and 0 < len(found) <= 255 else None


def join_company(contact: Contact, belonging: Belonging, services: Services) -> None:
    """Let the contact belong to a company, which is made if nobody belongs to it yet.

    Raises:
        StoreBusy: others kept making the same company; try again.
    """
    for _ in range(_TRIES):
        try:
            _join(contact, belonging, services)
        except ConditionFailed:
            continue
        return
    raise StoreBusy(f"the company of contact {contact.contact_id} is being made by others")


def _join(contact: Contact, belonging: Belonging, services: Services) -> None:
    store, former = services.store, company_of(contact.profile)
    leads = {identity: _leads_to(store, identity) for identity in belonging.identities}
    company_id = (
        leads[belonging.identities[0]]
        or (former if _by(contact) == BY_DOMAIN else None)
        or next(filter(None, leads.values()), None)
        or ulid(milliseconds(services.now()), services.random_bytes(10))
    )
    makes: list[Write] = [
        Put(Table.IDENTITIES, {"identity": identity, "company_id": company_id}, when=Absent())
        for identity, known in leads.items()
        if known is None
    ]
    moves: list[Write] = [member_since(company_id, contact.contact_id, milliseconds(belonging.at))]
    if former and former != company_id:
        left = _event(Name.COMPANY_LEFT, contact, former, belonging, services)
        moves += [Delete(Table.CONTACTS, member_key(former, contact.contact_id)), put_once(left)]
    joined = _event(Name.COMPANY_JOINED, contact, company_id, belonging, services)
    try:
        store.transact([*makes, *moves, put_once(joined)])
    except ConditionFailed as refused:
        if min(refused.failed) < len(makes):
            raise  # somebody made the company in between; else this very thing was done before


def _leads_to(store: Store, identity: str) -> str | None:
    item = store.get(Table.IDENTITIES, (identity,))
    return str(item["company_id"]) if item else None


def _event(
    name: Name, contact: Contact, company_id: str, belonging: Belonging, services: Services
) -> Event:
    """The event of joining or leaving: the same one however often it is told."""
    # Leaving and joining are told at once: joining has to be the last word.
    at = milliseconds(belonging.at) - (name == Name.COMPANY_LEFT)
    about = f"{contact.contact_id}#{name}#{company_id}#{belonging.told}"
    return Event(
        contact_id=contact.contact_id,
        event_id=event_id(at, "company", about),
        name=name,
        occurred_at=moment_of(at),
        received_at=max(services.now(), moment_of(at)),
        source="company",
        properties={"company": company_id, "by": belonging.by},
    )


def leave_company(contact: Contact, services: Services, *, told: str) -> None:
    """Let the contact belong to no company; its address alone leads it back to none.

    `told` is what tells one leaving from another: the id of the event that it follows from.
    """
    company_id = company_of(contact.profile)
    if company_id is None:
        return
    joined = contact.profile.company[MEMBERSHIP].at
    at = moment_of(max(milliseconds(services.now()), joined + 2))
    belonging = Belonging(_by(contact) or BY_DOMAIN, (), at, told)
    event = _event(Name.COMPANY_LEFT, contact, company_id, belonging, services)
    gone = Delete(Table.CONTACTS, member_key(company_id, contact.contact_id))
    try:
        services.store.transact([gone, put_once(event)])
    except ConditionFailed:
        return
