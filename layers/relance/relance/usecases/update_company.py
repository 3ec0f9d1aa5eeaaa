"""Bringing a company up to date: what its members amount to, told to each of them.

One query for the members, one for each of their profiles. Members are told where a condition can
see a difference, in one transaction with the record of what they were told (in several where they
are many; whoever was left out is told the same by the next update). What they are told makes no
company be looked at again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from relance.companies import (
    Member,
    Told,
    asked_for,
    differs,
    half_life_of,
    member_key,
    read_company,
    standing_of,
)
from relance.contacts import Contact, read_contact
from relance.engine.companies import MEMBERSHIP, company_of, told_of
from relance.errors import ConditionFailed, ContactNotFound, StoreBusy
from relance.ids import milliseconds
from relance.ports import Services
from relance.storage import Delete, Put, Store, Table, Write

MOST_MEMBERS = 500
"""Nobody buys with more people than this: it is a domain that anybody may have."""

TRANSACTION = 100
"""How many writes DynamoDB takes at once."""


class Outcome(StrEnum):
    """What became of an update."""

    TOLD = "told"
    UNCHANGED = "unchanged"
    TOO_MANY = "too many members"


@dataclass(frozen=True, slots=True)
class _Found:
    """Who belongs to the company, and the records of those who no longer do."""

    there: Sequence[Contact]
    gone: Sequence[str]


def update_company(company_id: str, services: Services) -> Outcome:
    """Tell the members of a company what it amounts to, if that is news.

    Raises:
        StoreBusy: somebody else told them at the same time; try again.
    """
    plan, now = services.plan, milliseconds(services.now())
    company = plan.rules.company
    told, members = read_company(services.store, company_id)
    if company is None or (not members and told is None):
        return Outcome.UNCHANGED
    if len(members) > MOST_MEMBERS:
        return Outcome.TOO_MANY
    found = _look(services.store, company_id, members)
    standing = standing_of(
        company,
        [
            Member(
                each.contact_id,
                each.profile.trait_values(),
                each.profile.fading.get(company.of),
                deal=company.deals in each.profile.joined_lists(),
            )
            for each in found.there
        ],
        half_life=half_life_of(plan.rules, company),
        now=now,
    )
    writes: list[Write] = []
    news = told is None or differs(told.standing, standing, asked_for(plan.rules), now)
    if told is None or news:
        version, at = (told.version + 1, max(now, told.at + 1)) if told else (1, now)
        told = Told(company_id, version, at, standing)
        writes.append(told.write())
    writes += [
        Delete(Table.CONTACTS, member_key(company_id, contact_id)) for contact_id in found.gone
    ]
    writes += [Put(Table.EVENTS, told.event(each).to_item()) for each in _to_tell(found, told)]
    _write(services.store, writes)
    return Outcome.TOLD if news else Outcome.UNCHANGED


def _look(store: Store, company_id: str, members: dict[str, int]) -> _Found:
    """The members as they are now. Who is erased, or has left since, is one no longer."""
    there: list[Contact] = []
    gone: list[str] = []
    for contact_id, since in members.items():
        try:
            contact = read_contact(store, contact_id)
        except ContactNotFound:
            gone.append(contact_id)
            continue
        membership = contact.profile.company.get(MEMBERSHIP)
        elsewhere = company_of(contact.profile) != company_id
        left = membership is not None and elsewhere and membership.at > since
        if contact.register.erased_at or left:
            gone.append(contact_id)
        else:
            there.append(contact)
    return _Found(there, gone)


def _to_tell(found: _Found, told: Told) -> Iterator[str]:
    """Whoever does not know of this version yet."""
    for contact in found.there:
        known = told_of(contact.profile)
        if known is None or known["version"] != told.version:
            yield contact.contact_id


def _write(store: Store, writes: Sequence[Write]) -> None:
    for start in range(0, len(writes), TRANSACTION):
        try:
            store.transact(writes[start : start + TRANSACTION])
        except ConditionFailed:
            raise StoreBusy("somebody else told the members of this company") from None
