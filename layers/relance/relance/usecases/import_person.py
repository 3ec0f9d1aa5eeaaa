"""One row of an import: found or made, and told to its history, once however often it is tried.

Every event has an id that follows from the upload, the mapping and the row, so a repetition, a
redrive and a second start write nothing twice. What protects a person stands above the file: a
withdrawal that there is stays, suppression stays, and whoever was erased is not brought back.

A row of somebody who was joined to another is about the person whom they are together: what
protects the person is the stricter of all its registers. What is told goes under the id that the
row's own identity leads to, as from everywhere else (docs/identities.md), and is folded into the
survivor.
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from relance.contacts import UNREADABLE, read_register
from relance.errors import ConditionFailed, StoreBusy
from relance.events import Event, event_of, put_once
from relance.identities import (
    crm_identity,
    email_identity,
    link,
    new_contact,
    user_identity,
)
from relance.importing.job import Job, Mode
from relance.importing.person import Grant, Person, Withdrawal
from relance.importing.telling import Telling
from relance.moments import to_text
from relance.ports import Services
from relance.register import (
    RECORD,
    ConsentState,
    Register,
    SuppressionReason,
    change_consent,
    consent_value,
    register_of,
    suppressed_value,
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
from relance.suppression import Entry
from relance.usecases.steps import append, fresh_contact

_TRIES = 4


class Became(StrEnum):
    """What became of a row: of each exactly one."""

    NEW = "new"
    KNOWN = "known"
    AGAIN = "again"
    SUPPRESSED = "suppressed"
    UNCHANGED = "unchanged"
    ERASED = "erased"
    REFUSED = "refused"
    OTHER_CHANNEL = "other_channel"


TAKEN = frozenset({Became.NEW, Became.KNOWN, Became.AGAIN, Became.SUPPRESSED})
"""What was written, or would be. Of the others, `UNCHANGED` was written by an earlier execution."""


class Noted(StrEnum):
    """What else is counted."""

    GRANTED = "consents_granted"
    KEPT_OUT = "consents_not_granted"
    WITHDRAWN = "consents_withdrawn"
    LIST_LEFT = "lists_left_before"
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


@dataclass(frozen=True, slots=True)
class _Known:
    """A contact that a row leads to.

    `own` is the register under the id that is led to, `register` that of the person.
    """

    contact_id: str
    own: Register
    register: Register
    came_by: str

    @property
    def home(self) -> str:
        """The id under which the register is written: the survivor's, if nobody reads the own.

        Of a quiet absorbed contact the history alone counts (`relance.joins`).
        """
        absorbed = self.register.absorbed.get(self.contact_id)
        return self.register.contact_id if absorbed and absorbed.quiet else self.contact_id


class _Taking:
    """One row while it is taken."""

    def __init__(self, row: RowToTake, job: Job, services: Services) -> None:
        self._row = row
        self._person = row.person
        self._job = job
        self._services = services
        self._telling = Telling(row.number, row.person, job, services.now)
        self._noted: list[Noted] = []
        self._silence: Became | None = None
        self._led: dict[str, str] = {}
        self._entry: Entry | None = None
        self._is_forgotten = False

    def outcome(self) -> Outcome:
        for _ in range(_TRIES):
            known = self._find()
            self._silence = self._silenced(known.register if known else None)
            if self._silence is Became.ERASED:
                return Outcome(Became.ERASED)
            if known:
                return self._known(known)
            if self._job.mode is Mode.LOOK or self._made():
                return self._new()
        raise StoreBusy("somebody else is making the same contact; try again")

    def _silenced(self, register: Register | None) -> Became | None:
        """`SUPPRESSED`: nothing is sent there any more. `ERASED`: nothing may even be kept.

        The one place of an import that decides it; `register` is the person's, if it is known.
        """
        if register is not None and register.erased_at:
            return Became.ERASED
        if register is None and self._is_forgotten:
            return Became.ERASED
        gains = register is None or register.address is None
        listed = self._entry.reason if self._entry and gains else None
        reason = (register.suppressed if register else None) or listed
        if reason is SuppressionReason.ERASED:
            return Became.ERASED
        return Became.SUPPRESSED if reason else None

    # -- who it is -----------------------------------------------------------------------------

    def _find(self) -> _Known | None:
        """The contact of the address; without one, of the user id or the id in a CRM.

        An id leads to the contact also where that one has no address yet.
        """
        self._look_up()
        address = self._person.address
        found = self._led.get(email_identity(address)) if address else None
        if found:
            return self._read(found)
        for by_id in filter(None, map(self._led.get, self._ids())):
            known = self._read(by_id)
            if address is None or known.register.address is None:
                return known
        return None

    def _look_up(self) -> None:
        """Whom the row's identities lead to, and what is remembered of them; one call."""
        suppressions, address = self._services.suppressions, self._person.address
        identities = self._identities()
        keys = [*((each,) for each in identities), *suppressions.keys(identities)]
        items = self._services.store.get_many(Table.IDENTITIES, keys)
        self._led = {
            each: str(items[each,]["contact_id"]) for each in identities if (each,) in items
        }
        self._entry = suppressions.entry_in(items, address) if address else None
        self._is_forgotten = bool(suppressions.forgotten_in(items, identities))

    def _identities(self) -> list[str]:
        address = self._person.address
        return [*([email_identity(address)] if address else []), *self._ids()]

    def _read(self, contact_id: str) -> _Known:
        """The contact; what leads to nobody any more led to somebody who was erased."""
        store = self._services.store
        item = store.get(Table.CONTACTS, (contact_id, RECORD))
        if item is None:
            gone = Register(contact_id, erased_at=to_text(self._services.now()))
            return _Known(contact_id, gone, gone, came_by="")
        own = register_of(item)
        joined = own.joined_to or own.absorbed
        register = read_register(store, contact_id) if joined else own
        return _Known(contact_id, own, register, str(item.get("came_by") or ""))

    def _ids(self) -> list[str]:
        person = self._person
        ids = [user_identity(person.user_id)] if person.user_id else []
        return ids + [crm_identity(system, its_id) for system, its_id in person.crm]

    # -- somebody new --------------------------------------------------------------------------

    def _new(self) -> Outcome:
        if self._job.mode is Mode.LOOK and self._row.again:
            return Outcome(Became.AGAIN, self._noted)
        granted = Noted.GRANTED if self._fresh_grants() else Noted.KEPT_OUT
        self._noted += [granted] * len(self._person.grants)
        self._noted += [Noted.WITHDRAWN] * len(self._person.withdrawals)
        return Outcome(self._silence or Became.NEW, self._noted)

    def _made(self) -> bool:
        """Make the contact with all that the row says, at once; False if it is there by now."""
        person, services = self._person, self._services
        identities = self._identities()
        free = [each for each in identities if each not in self._led]
        if not free or free[0] != identities[0]:
            return False
        found = new_contact(
            services,
            free[0],
            address=person.address,
            register=self._register_values(),
            entry=self._entry,
        )
        contact_id = found.contact_id
        others = [
            Put(Table.IDENTITIES, {"identity": each, "contact_id": contact_id}, when=Absent())
            for each in free[1:]
        ]
        events = [
            self._telling.imported(contact_id),
            *(self._telling.granted(contact_id, each) for each in self._fresh_grants()),
            *(self._telling.withdrawn(contact_id, each) for each in person.withdrawals),
            *self._telling.joined(contact_id),
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
            "known_by": self._known_by,
            "language": person.traits.get("language"),
            **{
                f"consent#{each.topic}": self._consent(ConsentState.GRANTED, each)
                for each in self._fresh_grants()
            },
            **{
                f"consent#{each.topic}": self._consent(ConsentState.WITHDRAWN, each)
                for each in person.withdrawals
            },
            **{f"withdrawn#{each.topic}": to_text(each.at) for each in person.withdrawals},
        }

    def _consent(self, state: ConsentState, said: Grant | Withdrawal) -> Value:
        return consent_value(state, said.at, self._telling.id_of(f"consent#{said.topic}"))

    def _fresh_grants(self) -> tuple[Grant, ...]:
        return self._person.grants if self._person.address and not self._silence else ()

    @property
    def _came_by(self) -> str:
        return f"import:{self._job.execution}#{self._row.number}"

    @property
    def _known_by(self) -> str:
        """What names the person for good; a file of the company's own is as good as its server."""
        person = self._person
        return "user" if person.user_id else "crm" if person.crm else "address"

    # -- somebody known ------------------------------------------------------------------------

    def _known(self, known: _Known) -> Outcome:
        """The event `imported` is written last: where it stands, the whole row was taken."""
        imported = self._telling.imported(known.contact_id)
        if self._taken_by(imported) not in ("", self._job.execution):
            return Outcome(Became.UNCHANGED)
        for withdrawal in self._person.withdrawals:
            self._withdraw(known, withdrawal)
        for grant in self._person.grants:
            self._grant(known, grant)
        left = self._left_lists(known.contact_id)
        self._noted += [Noted.LIST_LEFT] * len(left)
        if self._job.mode is Mode.WRITE:
            self._tie(known)
            for event in self._telling.joined(known.contact_id, but=left):
                append(self._services, event)
            append(self._services, imported)
        return Outcome(self._silence or self._whose_row(known), self._noted)

    def _whose_row(self, known: _Known) -> Became:
        """Whether this row made the contact, another row of this execution did, or nobody here."""
        if known.came_by == self._came_by:
            return Became.NEW
        here = known.came_by.startswith(f"import:{self._job.execution}#")
        return Became.AGAIN if here or self._row.again else Became.KNOWN

    def _taken_by(self, imported: Event) -> str:
        """The execution that took this very row, "" if none did."""
        key = (imported.contact_id, imported.event_id)
        item = self._services.store.get(Table.EVENTS, key)
        return str(event_of(item).properties.get("import")) if item else ""

    def _left_lists(self, contact_id: str) -> frozenset[str]:
        """Those of the row's lists that the person left: nobody is put on one again.

        Of somebody whose profile cannot be read nobody knows; it is put on none.
        """
        wanted = frozenset(self._person.lists)
        if not wanted:
            return wanted
        try:
            contact, _ = fresh_contact(self._services, contact_id)
        except UNREADABLE:
            return wanted
        lists = contact.profile.lists
        return frozenset(name for name in wanted if name in lists and lists[name].value is False)

    def _tie(self, known: _Known) -> None:
        """Let every id of the row lead to the person, unless it leads to somebody else."""
        services, person = self._services, self._person
        if person.address and known.register.address is None:
            self._give_address(known, person.address)
        for identity in self._ids():
            there = self._led.get(identity) or link(services.store, identity, known.contact_id)
            if there not in (known.register.contact_id, *known.register.absorbed):
                self._noted.append(Noted.ID_TAKEN)
        language = person.traits.get("language")
        if language and known.register.language is None:
            self._set_once(known.home, "language", str(language))
        if not known.register.known_by:
            self._set_once(known.home, "known_by", self._known_by)

    def _give_address(self, known: _Known, address: str) -> None:
        identity = {"identity": email_identity(address), "contact_id": known.contact_id}
        values: dict[str, Value] = {"address": address}
        entry = self._entry
        if entry and not known.register.suppressed:
            now = self._services.now()
            values["suppressed"] = suppressed_value(entry.reason, now, scope=entry.scope)
        gain = replace(self._once(known.home, "address", address), set=values)
        try:
            self._services.store.transact([Put(Table.IDENTITIES, identity, when=Absent()), gain])
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

    def _grant(self, known: _Known, grant: Grant) -> None:
        """Grant a consent; never over a withdrawal, and never to an address that is suppressed."""
        event = self._telling.granted(known.contact_id, grant)
        if self._stands(known, event, grant.topic):
            self._noted.append(Noted.GRANTED)
            return
        consent = known.register.consents.get(grant.topic)
        if consent and consent.state is ConsentState.GRANTED:
            return
        done = self._may_grant(known, grant.topic) and self._write(
            grant_for_the_first_time(known.home, grant, event), event
        )
        self._noted.append(Noted.GRANTED if done else Noted.KEPT_OUT)

    def _may_grant(self, known: _Known, topic: str) -> bool:
        consent = known.register.consents.get(topic)
        withdrawn = consent is not None and consent.state is ConsentState.WITHDRAWN
        has_address = bool(known.register.address or self._person.address)
        return not (
            self._silence or withdrawn or topic in known.register.withdrawn or not has_address
        )

    @staticmethod
    def _stands(known: _Known, event: Event, topic: str) -> bool:
        """Whether a consent is as this very event left it."""
        standing = (known.own.consents.get(topic), known.register.consents.get(topic))
        return any(each is not None and each.by == event.event_id for each in standing)

    def _withdraw(self, known: _Known, withdrawal: Withdrawal) -> None:
        event = self._telling.withdrawn(known.contact_id, withdrawal)
        if self._stands(known, event, withdrawal.topic):
            self._noted.append(Noted.WITHDRAWN)
            return
        consent = known.register.consents.get(withdrawal.topic)
        if consent and (
            consent.state is ConsentState.WITHDRAWN or consent.at > to_text(withdrawal.at)
        ):
            return
        change = change_consent(
            known.home,
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
