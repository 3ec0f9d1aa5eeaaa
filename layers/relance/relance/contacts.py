"""Everything about a contact that one query reads: profile, register, enrolments, waits.

In the table Contacts these stand in one key range, `now#…`; what is over (`past#…`) stands
outside it, so that the range stays small for as long as a contact lives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from relance.conditions.facts import FOREVER
from relance.content.stage_rules import Stage
from relance.engine import Plan, advance
from relance.engine.companies import company_view
from relance.engine.condensed import standing
from relance.engine.points import value_of
from relance.engine.taking import zone_of
from relance.errors import ContactNotFound, StoreBusy
from relance.events import Event, Name, earliest_relevant, event_of
from relance.ids import milliseconds, moment_of
from relance.joins import stricter
from relance.moments import to_text as moment_text
from relance.preferences import CHANNELS, preferences
from relance.profiles import Profile, from_text, to_text
from relance.register import RECORD as REGISTER
from relance.register import Register, register_of
from relance.storage import (
    AllOf,
    Condition,
    Equals,
    Item,
    Missing,
    Present,
    Put,
    Store,
    Table,
    Value,
)
from relance.workflows import Enrolment, Wait, enrolment_of, wait_of

PROFILE = "now#profile"
NOW = "now#"

_CONDENSED = Name.HISTORY_CONDENSED

_TRIES = 4
"""How often somebody is looked up anew who was joined in between."""

DUE_SHARDS = 4
"""Over how many partitions the index of due contacts is spread."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One consistent look at a contact.

    `asked` is the id by which it was asked for, where that is one that was joined to it: a journey
    goes on under the id that it was started with.
    """

    contact_id: str
    profile: Profile
    register: Register
    enrolments: Sequence[Enrolment] = field(default_factory=tuple)
    waits: Sequence[Wait] = field(default_factory=tuple)
    asked: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Its id, and those of the contacts that were joined to it."""
        return self.contact_id, *self.register.absorbed

    def enrolment(self, workflow: str, entry: str) -> Enrolment | None:
        """The open enrolment of this entry."""
        return next(
            (each for each in self.enrolments if each.is_of(workflow, entry)),
            None,
        )

    def entries_in(self, workflow: str) -> list[Enrolment]:
        """The open enrolments in a workflow; tryouts are none."""
        return [each for each in self.enrolments if each.workflow == workflow and not each.tryout]


def read_contact(store: Store, contact_id: str) -> Contact:
    """The contact as it is now; of one that was joined to another, the person they are together.

    Whoever was never joined is read by one query.

    Raises:
        ContactNotFound: there is no register, so there is no such contact.
        StoreBusy: the contact is being joined all the time.
    """
    first = _range(store, contact_id)
    register = register_of(first[REGISTER])
    if register.joined_to is None and not register.absorbed:
        return _contact(contact_id, first, register, [first])
    for _ in range(_TRIES):
        ranges = {contact_id: _range(store, contact_id)}
        top = register_of(ranges[contact_id][REGISTER]).joined_to or contact_id
        ranges.setdefault(top, _range(store, top))
        own = register_of(ranges[top][REGISTER])
        if own.joined_to or contact_id not in (top, *own.absorbed):
            continue  # joined anew, or undone, in between
        for each in _heard(own):
            ranges.setdefault(each, _range(store, each))
        others = [register_of(ranges[each][REGISTER]) for each in _heard(own)]
        contact = _contact(top, ranges[top], stricter(own, others), list(ranges.values()))
        return replace(contact, asked=contact_id)
    raise StoreBusy(f"contact {contact_id} is being joined all the time")


def read_contacts(store: Store, ids: Sequence[str]) -> dict[str, Contact | None]:
    """Many contacts as they are now, by the id asked for, fifty with one call.

    Only profile and register are read of whoever was never joined: no enrolments, no waits.
    Whoever is not there is left out; None stands for somebody whose records cannot be read.

    Raises:
        StoreBusy: some could not be read now.
    """
    keys = [(each, record) for each in ids for record in (PROFILE, REGISTER)]
    items = store.get_many(Table.CONTACTS, keys)
    found: dict[str, Contact | None] = {}
    for each in ids:
        stored = items.get((each, REGISTER))
        if stored is None:
            continue
        try:
            register = register_of(stored)
            if register.joined_to is None and not register.absorbed:
                profile = _profile(each, items.get((each, PROFILE)))
                found[each] = Contact(contact_id=each, profile=profile, register=register)
            else:
                found[each] = read_contact(store, each)
        except UNREADABLE:
            found[each] = None
    return found


UNREADABLE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError)
"""What is raised over data of a contact that are not what they should be."""

Records: TypeAlias = Mapping[str, Item]
"""The records of a contact, by sort key."""


def _range(store: Store, contact_id: str) -> Records:
    items = store.query(Table.CONTACTS, contact_id, prefix=NOW)
    records = {str(item["record"]): item for item in items}
    if REGISTER not in records:
        raise ContactNotFound(f"there is no contact {contact_id}")
    return records


def _heard(own: Register) -> list[str]:
    """The absorbed contacts that have more to say than their history."""
    return [each for each, it in own.absorbed.items() if not it.quiet]


def _contact(
    contact_id: str, own: Records, register: Register, ranges: Sequence[Records]
) -> Contact:
    every = [(name, item) for records in ranges for name, item in records.items()]
    return Contact(
        contact_id=contact_id,
        profile=_profile(contact_id, own.get(PROFILE)),
        register=register,
        enrolments=tuple(
            enrolment_of(item) for name, item in every if name.startswith("now#enrolment#")
        ),
        waits=tuple(wait_of(item) for name, item in every if name.startswith("now#wait#")),
    )


def _profile(contact_id: str, stored: Item | None) -> Profile:
    if stored is None:
        return Profile(contact_id)
    return from_text(contact_id, str(stored["body"]), int(str(stored["version"])))


def read_register(store: Store, contact_id: str) -> Register:
    """The register alone, which is readable whatever became of the profile.

    Of a contact that was joined to another it is the stricter of their registers, and the
    survivor's `contact_id`.

    Raises:
        ContactNotFound: there is no such contact.
        StoreBusy: the contact is being joined all the time.
    """
    for _ in range(_TRIES):
        own = own_register(store, contact_id)
        if own.joined_to:
            own = own_register(store, own.joined_to)
        if own.joined_to or contact_id not in (own.contact_id, *own.absorbed):
            continue  # joined anew, or undone, in between
        others = [own_register(store, each) for each in _heard(own)]
        return stricter(own, others) if others else own
    raise StoreBusy(f"contact {contact_id} is being joined all the time")


def own_register(store: Store, contact_id: str) -> Register:
    """The register that stands under this very id, whoever was joined to whom.

    Raises:
        ContactNotFound: there is no such contact.
    """
    item = store.get(Table.CONTACTS, (contact_id, REGISTER))
    if item is None:
        raise ContactNotFound(f"there is no contact {contact_id}")
    return register_of(item)


def profile_of(store: Store, contact_id: str) -> Profile:
    """The profile that stands under this very id: of an absorbed contact, as it was then."""
    found = store.query(Table.CONTACTS, contact_id, prefix=PROFILE)
    return _profile(contact_id, found[0] if found else None)


@dataclass(frozen=True, slots=True)
class Person:
    """The contact that an id leads to, all the ids it has, and how often its profile was written.

    It can be read when the profile is broken, which can then be replaced. Of one who was erased
    nothing is to be kept.
    """

    contact_id: str
    ids: tuple[str, ...]
    version: int
    is_erased: bool = False


def read_person(store: Store, contact_id: str) -> Person:
    """Who this is; one query where nobody was joined.

    Raises:
        ContactNotFound: there is no such contact.
    """
    records = _range(store, contact_id)
    register = register_of(records[REGISTER])
    if register.joined_to:
        return read_person(store, register.joined_to)
    version = int(str(records[PROFILE]["version"])) if PROFILE in records else 0
    ids = (contact_id, *register.absorbed)
    return Person(contact_id, ids, version, is_erased=register.erased_at is not None)


def read_history(store: Store, *ids: str, since: datetime | None = None) -> list[Event]:
    """The events of a contact, all of them or those that arrived since an instant.

    `ids` are all the ids of the contact (`Contact.ids`): the events of each stand by themselves.
    Of the whole history, `history_condensed` stands for what is older than behaviour is kept.

    An event whose sender's clock was more than two days off may be missing from the latter:
    whoever folds such an event looks at the waits once more (`update_contact`).
    """
    start = earliest_relevant(since) if since else ""
    items = (item for each in ids for item in store.query(Table.EVENTS, each, start=start))
    found = [event_of(item) for item in items]
    if since is None:
        return standing(found, ids)
    return [each for each in found if each.received_at >= since and each.name != _CONDENSED]


def write_profile(profile: Profile) -> Put:
    """The write of a profile, refused if somebody else wrote it since it was read.

    It stands in the index of due contacts if time alone will change something, or its history is
    to be condensed.
    """
    when: Condition = (
        AllOf((Present(), Equals("version", profile.version)))
        if profile.version
        else Missing("version")
    )
    due = profile.wake_at
    return Put(
        Table.CONTACTS,
        {
            "contact_id": profile.contact_id,
            "record": PROFILE,
            "version": profile.version + 1,
            "rules": profile.rules,
            "body": to_text(profile),
            "due_shard": due_shard(profile.contact_id) if due < FOREVER else None,
            "due_at": moment_text(moment_of(due)) if due < FOREVER else None,
        },
        when=when,
    )


def freeze_profile(profile: Profile) -> Put:
    """The write that leaves the profile of an absorbed contact as it is, never due.

    Whoever has read it before can write it no more.
    """
    put = write_profile(profile)
    return replace(put, item={**put.item, "due_shard": None, "due_at": None})


def due_shard(contact_id: str) -> str:
    """The partition of the index of due contacts that a contact belongs to."""
    return f"due-{sum(contact_id.encode()) % DUE_SHARDS}"


def _concern_of(profile: Profile, plan: Plan) -> str:
    """What the contact's persona cares about."""
    persona = profile.said("persona")
    found = (each.concern for each in plan.rules.personas if each.name == persona)
    return next(found, "unknown")


def contact_view(contact: Contact, plan: Plan, now: datetime) -> dict[str, Value]:
    """What a workflow may see of a contact now: nothing that names or describes the person.

    Every step returns it, so that a Choice state can branch on it. Time that has passed since the
    last event is taken into account.
    """
    profile, at = contact.profile, milliseconds(now)
    advance(profile, at, plan)
    traits = profile.trait_values()
    stage = stage_of(profile, plan)
    fits, potentials = profile.of_kind("fit"), profile.of_kind("potential")
    qualifications = profile.of_kind("qualification")
    return {
        "contact": contact.asked or contact.contact_id,
        "persona": profile.said("persona") or "unknown",
        "concern": _concern_of(profile, plan),
        "stage": stage.name if stage else "unknown",
        "segments": sorted(profile.segments()),
        "lists": profile.joined_lists(),
        "scores": {
            score.name: round(value_of(profile.fading.get(score.name), at), 2)
            for score in plan.rules.scores
        },
        "grades": {
            fit.name: fit.grade(float(fits[fit.name].value or 0.0))
            for fit in plan.rules.fits
            if fit.name in fits
        },
        "potentials": {name: it.value for name, it in potentials.items() if it.value is not None},
        "qualified": sorted(name for name, it in qualifications.items() if it.value is True),
        "prefers": preferences(
            profile,
            plan.rules.priors,
            zone=zone_of(traits.get("time_zone")) or plan.zone,
            now=at,
            among=tuple(each for each in CHANNELS if stage is None or each in stage.channels),
        ).to_json(),
        "consents": {
            topic: consent.state.value for topic, consent in contact.register.consents.items()
        },
        "traits": {
            name: traits[name] for name in sorted(plan.rules.visible_traits & traits.keys())
        },
        "company": company_view(profile, at),
    }


def stage_of(profile: Profile, plan: Plan) -> Stage | None:
    """The stage that the profile says the contact is on."""
    name = profile.said("stage")
    return next((each for each in plan.rules.stages if each.name == name), None)


def stage_at(profile: Profile, plan: Plan, now: datetime) -> Stage | None:
    """The stage of the contact now, the time since its last event taken into account."""
    advance(profile, milliseconds(now), plan)
    return stage_of(profile, plan)
