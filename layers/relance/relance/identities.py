"""Who is who: an address, a user id or a visitor id leads to one contact, a domain to a company.

An identity is an item of the table Identities with the contact it leads to. It is created in one
transaction with the contact, so that two requests at once make one contact. It is never changed:
where two contacts turn out to be one person, the contact itself leads on (`relance.joins`), so a
message that is delivered again finds the history that it stood in before.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from relance.errors import ConditionFailed
from relance.ids import milliseconds, ulid
from relance.ports import Services
from relance.register import new_register, suppressed_value
from relance.storage import IDENTITIES_OF, Absent, Put, Store, Table, Value, Write
from relance.suppression import Entry


def email_identity(address: str) -> str:
    """The identity of an e-mail address to send to: its upper case does not count."""
    return f"email:{address.strip().lower()}"


def address_of(identity: str) -> str | None:
    """The address that an identity is, None if it is none."""
    return identity.removeprefix("email:") if identity.startswith("email:") else None


def user_identity(user_id: str) -> str:
    """The identity of a user id of the company's own systems, to the letter."""
    return f"user:{user_id}"


def phone_identity(number: str) -> str:
    """The identity of a telephone number in E.164, `+33612345678`."""
    return f"phone:{number}"


def visitor_identity(anonymous_id: str) -> str:
    """The identity of a browser."""
    return f"visitor:{anonymous_id}"


def company_identity(domain: str) -> str:
    """The identity of a domain that leads to a company."""
    return f"company:{domain.lower()}"


def crm_identity(system: str, crm_id: str) -> str:
    """The identity of a company's id in another system, to the letter."""
    return f"crm:{system}:{crm_id}"


def soft_identity(anonymous_id: str) -> str:
    """Whose campaign link a browser followed last: no identity, since links are forwarded."""
    return f"softly:{anonymous_id}"


def identities_of(store: Store, contact_id: str) -> list[str]:
    """What leads to a contact, as far as the index has caught up."""
    return [str(each["identity"]) for each in store.query_index(IDENTITIES_OF, contact_id)]


@dataclass(frozen=True, slots=True)
class Found:
    """The contact of an identity; `writes` create it, if it is new."""

    contact_id: str
    writes: tuple[Write, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether the contact is still to be created."""
        return bool(self.writes)


def find(store: Store, identity: str) -> str | None:
    """The contact that an identity leads to."""
    item = store.get(Table.IDENTITIES, (identity,))
    return str(item["contact_id"]) if item else None


def find_or_make(
    services: Services,
    identity: str,
    *,
    address: str | None,
    register: Mapping[str, Value] | None = None,
) -> Found:
    """The contact of an identity, or the writes that make it one.

    A suppressed address stays suppressed, whoever gains it (`relance.suppression`).
    """
    there = find(services.store, identity)
    if there:
        return Found(there)
    entry = services.suppressions.entry(address) if address else None
    return new_contact(services, identity, address=address, register=register, entry=entry)


def new_contact(
    services: Services,
    identity: str,
    *,
    address: str | None,
    register: Mapping[str, Value] | None = None,
    entry: Entry | None = None,
) -> Found:
    """The writes that make a contact of an identity that led nowhere; refused if it does by now.

    `entry` is what the list of suppressed addresses says of the address.
    """
    contact_id = ulid(milliseconds(services.now()), services.random_bytes(10))
    value = suppressed_value(entry.reason, services.now(), scope=entry.scope) if entry else None
    suppressed = {"suppressed": value} if value else {}
    return Found(
        contact_id,
        (
            Put(
                Table.IDENTITIES,
                {"identity": identity, "contact_id": contact_id},
                when=Absent(),
            ),
            Put(
                Table.CONTACTS,
                {
                    **new_register(contact_id, address=address),
                    **(register or {}),
                    **suppressed,
                },
                when=Absent(),
            ),
        ),
    )


def link(store: Store, identity: str, contact_id: str) -> str:
    """Let one more identity lead to a contact, unless it leads to somebody already; to whom."""
    try:
        store.write(
            Put(
                Table.IDENTITIES,
                {"identity": identity, "contact_id": contact_id},
                when=Absent(),
            )
        )
    except ConditionFailed:
        return find(store, identity) or contact_id
    return contact_id
