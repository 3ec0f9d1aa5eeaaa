"""Everything about a contact that one query reads: profile, register, enrolments, waits.

In the table Contacts these stand in one key range, `now#…`; what is over (`past#…`) stands
outside it, so that the range stays small for as long as a contact lives.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from relance.conditions.facts import FOREVER
from relance.content.stage_rules import Stage
from relance.engine import Conclusion, NeedsHistory, Plan, advance, difference, fold, refold, replay
from relance.engine.companies import company_view
from relance.engine.points import value_of
from relance.engine.taking import zone_of
from relance.errors import ContactNotFound
from relance.events import Event, earliest_relevant, event_of
from relance.ids import milliseconds, moment_of
from relance.moments import to_text as moment_text
from relance.preferences import CHANNELS, preferences
from relance.profiles import Profile, copy_of, from_text, to_text
from relance.register import RECORD as REGISTER
from relance.register import Register, register_of
from relance.storage import AllOf, Condition, Equals, Missing, Present, Put, Store, Table, Value
from relance.workflows import Enrolment, Wait, enrolment_of, wait_of

PROFILE = "now#profile"
NOW = "now#"

DUE_SHARDS = 4
"""Over how many partitions the index of due contacts is spread."""


@dataclass(frozen=True, slots=True)
class Contact:
    """One consistent look at a contact."""

    contact_id: str
    profile: Profile
    register: Register
    enrolments: Sequence[Enrolment] = field(default_factory=tuple)
    waits: Sequence[Wait] = field(default_factory=tuple)

    def enrolment(self, workflow: str, entry: str) -> Enrolment | None:
        """The open enrolment of this entry."""
        return next(
            (each for each in self.enrolments if each.is_of(workflow, entry)),
            None,
        )


def read_contact(store: Store, contact_id: str) -> Contact:
    """The contact as it is now.

    Raises:
        ContactNotFound: there is no register, so there is no such contact.
    """
    items = {
        str(item["record"]): item for item in store.query(Table.CONTACTS, contact_id, prefix=NOW)
    }
    if REGISTER not in items:
        raise ContactNotFound(f"there is no contact {contact_id}")
    stored = items.get(PROFILE)
    return Contact(
        contact_id=contact_id,
        profile=(
            from_text(contact_id, str(stored["body"]), int(str(stored["version"])))
            if stored
            else Profile(contact_id)
        ),
        register=register_of(items[REGISTER]),
        enrolments=tuple(
            enrolment_of(item) for name, item in items.items() if name.startswith("now#enrolment#")
        ),
        waits=tuple(wait_of(item) for name, item in items.items() if name.startswith("now#wait#")),
    )


def read_register(store: Store, contact_id: str) -> Register:
    """The register alone, which is readable whatever became of the profile.

    Raises:
        ContactNotFound: there is no such contact.
    """
    item = store.get(Table.CONTACTS, (contact_id, REGISTER))
    if item is None:
        raise ContactNotFound(f"there is no contact {contact_id}")
    return register_of(item)


def profile_version(store: Store, contact_id: str) -> int:
    """How often the profile was written, whatever stands in it: a broken one can be replaced."""
    stored = store.get(Table.CONTACTS, (contact_id, PROFILE))
    return int(str(stored["version"])) if stored else 0


def read_history(store: Store, contact_id: str, *, since: datetime | None = None) -> list[Event]:
    """The events of a contact, all of them or those that arrived since an instant.

    An event whose sender's clock was more than two days off may be missing from the latter:
    whoever folds such an event looks at the waits once more (`update_contact`).
    """
    start = earliest_relevant(since) if since else ""
    found = [event_of(item) for item in store.query(Table.EVENTS, contact_id, start=start)]
    return [event for event in found if since is None or event.received_at >= since]


def write_profile(profile: Profile) -> Put:
    """The write of a profile, refused if somebody else wrote it since it was read.

    It stands in the index of due contacts if time alone will change something.
    """
    when: Condition = (
        AllOf((Present(), Equals("version", profile.version)))
        if profile.version
        else Missing("version")
    )
    due = profile.due
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


def due_shard(contact_id: str) -> str:
    """The partition of the index of due contacts that a contact belongs to."""
    return f"due-{sum(contact_id.encode()) % DUE_SHARDS}"


def fold_or_replay(
    store: Store, profile: Profile, events: Iterable[Event], plan: Plan
) -> tuple[Profile, list[Conclusion]]:
    """The profile with these events in it, and what followed from them.

    Where the events alone do not say it, the profile is folded anew from the whole history, and
    what follows is what it now says differently. Where the rules have changed since it was written,
    what they change is told apart from what the events do.
    """
    events = list(events)
    if profile.version and profile.rules != plan.version:
        return _with_other_rules(store, profile, events, plan)
    before = copy_of(profile)
    try:
        return profile, fold(profile, events, plan)
    except NeedsHistory:
        history = [*read_history(store, profile.contact_id), *events]
        after = replay(profile.contact_id, history, plan, version=profile.version)
        return after, difference(before, after, plan)


def _with_other_rules(
    store: Store, profile: Profile, events: Sequence[Event], plan: Plan
) -> tuple[Profile, list[Conclusion]]:
    """The profile under the plan's rules, first without the events and then with them."""
    fresh = [each for each in events if each.folded and each.event_id not in profile.recent]
    up_to = min((milliseconds(each.received_at) - 1 for each in fresh), default=profile.newest)
    history = read_history(store, profile.contact_id)
    now, changed = refold(profile, history, plan, up_to=up_to)
    before = copy_of(now)
    try:
        return now, [*changed, *fold(now, events, plan)]
    except NeedsHistory:
        after = replay(profile.contact_id, [*history, *events], plan, version=profile.version)
        return after, [*changed, *difference(before, after, plan)]


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
        "contact": contact.contact_id,
        "persona": profile.said("persona") or "unknown",
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
