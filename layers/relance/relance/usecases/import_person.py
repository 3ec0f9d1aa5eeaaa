"""One row of an import: found or made, and told to its history, once however often it is tried.

Every event has an id that follows from the upload, the mapping and the row, so a repetition, a
redrive and a second start write nothing twice. What protects a person stands above the file: a
withdrawal that there is stays, suppression stays, and whoever was erased is not brought back.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from relance.contacts import read_contact, read_register
from relance.errors import ConditionFailed, ContactNotFound, StoreBusy
from relance.events import Event, Name, put_once
from relance.identities import (
    crm_identity,
    email_identity,
    find,
    find_or_make,
    link,
    user_identity,
)
from relance.ids import event_id, moment_of
from relance.importing.job import Job, Mode
from relance.importing.person import Grant, Person, Withdrawal
from relance.moments import to_text
from relance.ports import Services
from relance.register import (
    RECORD,
    ConsentState,
    Register,
    change_consent,
    consent_value,
    register_of,
)
from relance.storage import (
    Absent,
    AllOf,
    AnyOf,
    Equals,
    Missing,
    Present,
    Put,
    Table,
    Update,
    Value,
    Write,
)
from relance.usecases.steps import append

_TRIES = 4


class Became(StrEnum):
    """What became of a row: of each exactly one."""

    NEW = "new"
    KNOWN = "known"
    AGAIN = "again"
    SUPPRESSED = "suppressed"
    ERASED = "erased"
    REFUSED = "refused"
    OTHER_CHANNEL = "other_channel"


class Noted(StrEnum):
    """What else is counted."""

    GRANTED = "consents_granted"
    KEPT_OUT = "consents_not_granted"
    WITHDRAWN = "consents_withdrawn"
    ID_TAKEN = "ids_of_somebody_else"


@dataclass(slots=True)
class Outcome:
    """What became of a row, and what else is counted of it."""

    became: Became
    noted: list[Noted] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RowToTake:
    """A row that was read: its number, the person, and whether an earlier row tells of it too."""

    number: int
    person: Person
    again: bool


def take_row(row: RowToTake, job: Job, services: Services) -> Outcome:
    """Look at the row or write it, as the job says.

    Raises:
        StoreBusy: try again.
    """
    return _Taking(row, job, services).outcome()


class _Taking:
    """One row while it is taken."""

    def __init__(self, row: RowToTake, job: Job, services: Services) -> None:
        self._row = row
        self._person = row.person
        self._job = job
        self._services = services
        self._noted: list[Noted] = []

    def outcome(self) -> Outcome:
        for _ in range(_TRIES):
            contact_id = self._find()
            if contact_id is not None:
                return self._known(contact_id)
            if self._job.mode is Mode.LOOK or self._made():
                return self._new()
        raise StoreBusy("somebody else is making the same contact; try again")

    # -- who it is -----------------------------------------------------------------------------

    def _find(self) -> str | None:
        """The contact of the address; without one, of the user id or the id in a CRM.

        An id leads to the contact also where that one has no address yet.
        """
        store, address = self._services.store, self._person.address
        found = find(store, email_identity(address)) if address else None
        if found:
            return found
        for identity in self._ids():
            by_id = find(store, identity)
            if by_id and (address is None or self._has_no_address(by_id)):
                return by_id
        return None

    def _has_no_address(self, contact_id: str) -> bool:
        try:
            return read_register(self._services.store, contact_id).address is None
        except ContactNotFound:
            return False

    def _ids(self) -> list[str]:
        person = self._person
        ids = [user_identity(person.user_id)] if person.user_id else []
        return ids + [crm_identity(system, its_id) for system, its_id in person.crm]

    # -- somebody new --------------------------------------------------------------------------

    def _new(self) -> Outcome:
        if self._row.again:
            return Outcome(Became.AGAIN, self._noted)
        granted = Noted.GRANTED if self._person.address else Noted.KEPT_OUT
        self._noted += [granted] * len(self._person.grants)
        self._noted += [Noted.WITHDRAWN] * len(self._person.withdrawals)
        return Outcome(Became.NEW, self._noted)

    def _made(self) -> bool:
        """Make the contact with all that the row says, at once; False if it is there by now."""
        person, services = self._person, self._services
        identities = [*([email_identity(person.address)] if person.address else []), *self._ids()]
        free = [each for each in identities if find(services.store, each) is None]
        if not free or free[0] != identities[0]:
            return False
        found = find_or_make(
            services, free[0], address=person.address, register=self._register_values()
        )
        if not found.is_new:
            return False
        contact_id = found.contact_id
        others = [
            Put(Table.IDENTITIES, {"identity": each, "contact_id": contact_id}, when=Absent())
            for each in free[1:]
        ]
        events = [
            self._imported(contact_id),
            *(self._granted(contact_id, each) for each in self._fresh_grants()),
            *(self._withdrawn(contact_id, each) for each in person.withdrawals),
            *self._joined(contact_id),
        ]
        try:
            services.store.transact([*found.writes, *others, *map(put_once, events)])
        except ConditionFailed:
            return False
        self._noted += [Noted.ID_TAKEN] * (len(identities) - len(free))
        return True

    def _register_values(self) -> dict[str, Value]:
        person = self._person
        return {
            "came_by": self._came_by,
            "language": person.traits.get("language"),
            **{
                f"consent#{each.topic}": consent_value(
                    ConsentState.GRANTED, each.at, self._id(f"consent#{each.topic}")
                )
                for each in self._fresh_grants()
            },
            **{
                name: value
                for each in person.withdrawals
                for name, value in (
                    (
                        f"consent#{each.topic}",
                        consent_value(
                            ConsentState.WITHDRAWN, each.at, self._id(f"consent#{each.topic}")
                        ),
                    ),
                    (f"withdrawn#{each.topic}", to_text(each.at)),
                )
            },
        }

    def _fresh_grants(self) -> tuple[Grant, ...]:
        return self._person.grants if self._person.address else ()

    @property
    def _came_by(self) -> str:
        return f"import:{self._job.execution}"

    # -- somebody known ------------------------------------------------------------------------

    def _known(self, contact_id: str) -> Outcome:
        item = self._services.store.get(Table.CONTACTS, (contact_id, RECORD))
        register = register_of(item) if item else None
        if item is None or register is None or register.erased_at:
            return Outcome(Became.ERASED)
        if register.suppressed:
            became = Became.SUPPRESSED
        elif self._row.again:
            became = Became.AGAIN
        else:
            became = Became.NEW if item.get("came_by") == self._came_by else Became.KNOWN
        if self._job.mode is Mode.WRITE:
            self._tie(contact_id, register)
            append(self._services, self._imported(contact_id))
            for event in self._joined(contact_id, but=self._left_lists(contact_id)):
                append(self._services, event)
        for withdrawal in self._person.withdrawals:
            self._withdraw(register, withdrawal)
        for grant in self._person.grants:
            self._grant(register, grant)
        return Outcome(became, self._noted)

    def _left_lists(self, contact_id: str) -> frozenset[str]:
        """The lists that the person left: nobody is put on one again."""
        if not self._person.lists:
            return frozenset()
        lists = read_contact(self._services.store, contact_id).profile.lists
        return frozenset(name for name, stamped in lists.items() if stamped.value is False)

    def _tie(self, contact_id: str, register: Register) -> None:
        """Let every id of the row lead to the contact, unless it leads to somebody else."""
        services, person = self._services, self._person
        if person.address and register.address is None:
            self._give_address(contact_id, person.address)
        for identity in self._ids():
            there = find(services.store, identity)
            if there is None:
                link(services.store, identity, contact_id)
            elif there != contact_id:
                self._noted.append(Noted.ID_TAKEN)
        language = person.traits.get("language")
        if language and register.language is None:
            self._set_once(contact_id, "language", str(language))

    def _give_address(self, contact_id: str, address: str) -> None:
        identity = {"identity": email_identity(address), "contact_id": contact_id}
        try:
            self._services.store.transact(
                [
                    Put(Table.IDENTITIES, identity, when=Absent()),
                    self._once(contact_id, "address", address),
                ]
            )
        except ConditionFailed:
            return

    def _set_once(self, contact_id: str, name: str, value: str) -> None:
        try:
            self._services.store.write(self._once(contact_id, name, value))
        except ConditionFailed:
            return

    @staticmethod
    def _once(contact_id: str, name: str, value: str) -> Update:
        return Update(
            Table.CONTACTS,
            (contact_id, RECORD),
            set={name: value},
            when=AllOf((Present(), Missing("erased_at"), Missing(name))),
        )

    # -- what the person agreed to -------------------------------------------------------------

    def _grant(self, register: Register, grant: Grant) -> None:
        """Grant a consent; never over a withdrawal, and never to an address that is suppressed."""
        event = self._granted(register.contact_id, grant)
        consent = register.consents.get(grant.topic)
        if consent and consent.state is ConsentState.GRANTED:
            if consent.by == event.event_id:
                self._noted.append(Noted.GRANTED)
            return
        if (
            register.suppressed
            or grant.topic in register.withdrawn
            or not self._has_address(register)
        ):
            self._noted.append(Noted.KEPT_OUT)
            return
        if consent and consent.state is ConsentState.WITHDRAWN:
            self._noted.append(Noted.KEPT_OUT)
            return
        done = self._write(grant_for_the_first_time(register.contact_id, grant, event), event)
        self._noted.append(Noted.GRANTED if done else Noted.KEPT_OUT)

    def _has_address(self, register: Register) -> bool:
        return bool(register.address or self._person.address)

    def _withdraw(self, register: Register, withdrawal: Withdrawal) -> None:
        event = self._withdrawn(register.contact_id, withdrawal)
        consent = register.consents.get(withdrawal.topic)
        if consent and consent.by == event.event_id:
            self._noted.append(Noted.WITHDRAWN)
            return
        if consent and (
            consent.state is ConsentState.WITHDRAWN or consent.at > to_text(withdrawal.at)
        ):
            return
        change = change_consent(
            register.contact_id,
            withdrawal.topic,
            ConsentState.WITHDRAWN,
            at=withdrawal.at,
            by=event.event_id,
        )
        if self._write(change, event):
            self._noted.append(Noted.WITHDRAWN)

    def _write(self, change: Write, event: Event) -> bool:
        """Change the register and tell the history, at once; False if somebody said more since."""
        if self._job.mode is Mode.LOOK:
            return True
        try:
            self._services.store.transact([change, put_once(event)])
        except ConditionFailed:
            return False
        return True

    # -- events --------------------------------------------------------------------------------

    def _id(self, about: str) -> str:
        """The id of an event: of two rows about one person the later row's sorts later."""
        at = self._job.at + self._row.number
        return event_id(at, f"import:{self._job.file}", f"{self._row.number}#{about}")

    def _event(
        self,
        contact_id: str,
        name: Name,
        about: str,
        properties: dict[str, Value],
        at: datetime | None = None,
    ) -> Event:
        return Event(
            contact_id=contact_id,
            event_id=self._id(about),
            name=name,
            occurred_at=at or moment_of(self._job.at),
            received_at=self._services.now(),
            source="import",
            properties=properties,
        )

    def _imported(self, contact_id: str) -> Event:
        said: dict[str, Value] = {"traits": dict(self._person.traits), "file": self._job.file}
        return self._event(contact_id, Name.IMPORTED, "imported", said)

    def _joined(self, contact_id: str, *, but: frozenset[str] = frozenset()) -> Iterator[Event]:
        for name in self._person.lists:
            if name in but:
                continue
            yield self._event(contact_id, Name.LIST_JOINED, f"list#{name}", {"list": name})

    def _granted(self, contact_id: str, grant: Grant) -> Event:
        proof = {"source": grant.source, "date": to_text(grant.at), "text": grant.text}
        return self._consent(contact_id, grant.topic, ConsentState.GRANTED, grant.at, proof)

    def _withdrawn(self, contact_id: str, withdrawal: Withdrawal) -> Event:
        return self._consent(
            contact_id, withdrawal.topic, ConsentState.WITHDRAWN, withdrawal.at, {}
        )

    def _consent(
        self,
        contact_id: str,
        topic: str,
        state: ConsentState,
        at: datetime,
        proof: dict[str, str],
    ) -> Event:
        said: dict[str, Value] = {"topic": topic, "state": state.value, "proof": {**proof}}
        return self._event(contact_id, Name.CONSENT_CHANGED, f"consent#{topic}", said, at)


def grant_for_the_first_time(contact_id: str, grant: Grant, event: Event) -> Update:
    """The write of a consent that comes with its proof, refused where there was ever another word.

    A sign-up that waits for its confirmation is none.
    """
    name = f"consent#{grant.topic}"
    return Update(
        Table.CONTACTS,
        (contact_id, RECORD),
        set={name: consent_value(ConsentState.GRANTED, grant.at, event.event_id)},
        when=AllOf(
            (
                Present(),
                Missing("erased_at"),
                Missing("suppressed"),
                Missing(f"withdrawn#{grant.topic}"),
                AnyOf((Missing(name), Equals(f"{name}.state", ConsentState.PENDING))),
            )
        ),
    )
