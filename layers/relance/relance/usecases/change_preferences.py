"""The preference page: what somebody has chosen, and a new choice.

A choice is written as a whole: the register, and one event for each consent and one for the rest,
in one transaction, before the page says "saved". Every event carries the proof: who (the contact of
the signed link), for which purpose, which text, on which page, from which mail, when.

Whoever says that everything shall stay as it is changes nothing and is heard all the same:
`preferences_confirmed`.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.choices import (
    Change,
    Choice,
    Frequency,
    Known,
    Standing,
    channel_of,
    difference,
    leave_all,
    offered_consents,
    pause_from,
    said_of_consent,
)
from relance.contacts import own_register, read_register
from relance.errors import ConditionFailed, ContactNotFound, StoreBusy
from relance.events import Event, Name, put_once
from relance.ids import event_id, milliseconds
from relance.links import Preferences
from relance.moments import from_text, to_text
from relance.ports import Services
from relance.register import (
    RECORD,
    ConsentState,
    Register,
    consent_value,
    frequency_value,
    pause_value,
    tracking_value,
    turn_value,
)
from relance.storage import AllOf, Condition, Equals, Missing, Present, Table, Update, Value

_TRIES = 4
"""How often a change is tried anew when somebody else changes the same."""

_SOURCE = "preferences"


@dataclass(frozen=True, slots=True)
class Page:
    """Whose page it is, in which languages its reader reads, and what shows where it was sent."""

    target: Preferences
    spoken: tuple[str, ...]
    proof: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Saved:
    """What is chosen from now on; `is_stale`: the page was too old for a part of it."""

    standing: Standing
    is_stale: bool


def standing_of(page: Page, services: Services) -> Standing | None:
    """What somebody has chosen; None where there is nobody, or nobody any more."""
    register = _register(page, services)
    return _known(register, page, services).standing if register else None


def change_preferences(page: Page, choice: Choice | None, services: Services) -> Saved | None:
    """Write a choice; without one, every consent is withdrawn. The same choice again is no change.

    From a page made after the last change it says that everything shall stay as it is.

    None where there is nobody, or nobody any more.

    Raises:
        StoreBusy: somebody else kept changing the same.
    """
    if choice is not None and choice.keeps:
        return _keep(page, choice, services)
    for _ in range(_TRIES):
        register = _register(page, services)
        if register is None:
            return None
        known = _known(register, page, services)
        change = leave_all(known) if choice is None else difference(known, choice)
        if change.is_none and choice is not None:
            _keep(page, choice, services)
        if change.is_none or _written(page, register, change, services):
            saved = standing_of(page, services)
            return Saved(saved, change.is_stale) if saved else None
    raise StoreBusy("these preferences are being changed by somebody else; try again")


def _keep(page: Page, choice: Choice, services: Services) -> Saved | None:
    """Note that somebody wants everything to stay as it is; None where there is nobody.

    A page that is older than a change says nothing about it, so nothing is noted.
    """
    register = _register(page, services)
    if register is None:
        return None
    known = _known(register, page, services)
    is_stale = choice.made_at < max(known.changed_at.values(), default=1)
    if not is_stale:
        event = _event(page, Name.PREFERENCES_CONFIRMED, services.now(), {})
        with suppress(ConditionFailed):  # pressed twice in a moment
            services.store.write(put_once(event))
    return Saved(known.standing, is_stale)


def _register(page: Page, services: Services) -> Register | None:
    try:
        register = read_register(services.store, page.target.contact_id)
    except ContactNotFound:
        return None
    return None if register.erased_at else register


def _known(register: Register, page: Page, services: Services) -> Known:
    company = services.content.company
    changed_at = {
        **{key: consent.at for key, consent in register.consents.items()},
        **register.changed_at,
    }
    states = {key: consent.state for key, consent in register.consents.items()}
    return Known(
        standing=Standing(
            consents=frozenset(
                key for key, state in states.items() if state is ConsentState.GRANTED
            ),
            frequency=register.frequency,
            paused_until=register.paused_until if register.is_paused(services.now()) else None,
            tracking=register.tracking_or(services.content.rules.tracking_default),
            language=company.language_for(register.language, *page.spoken),
        ),
        open=frozenset(key for key, state in states.items() if state is not ConsentState.WITHDRAWN),
        offered=frozenset(offered_consents(company.channels, company.topics)),
        changed_at={name: milliseconds(from_text(at)) for name, at in changed_at.items()},
    )


def _written(page: Page, register: Register, change: Change, services: Services) -> bool:
    """Write the change and its events; False if somebody came between."""
    own = register
    if register.absorbed:  # what is chosen stays with the id that chose, if the join is undone
        own = own_register(services.store, page.target.contact_id)
    at = _after(register, change, services)
    events = list(_events(page, change, at))
    ids = {str(each.properties.get("topic", "")): each.event_id for each in events}
    attributes = _attributes(register, change, at, ids)
    update = Update(
        Table.CONTACTS,
        (own.contact_id, RECORD),
        set={name: value for name, value in attributes.items() if value is not None},
        remove=[name for name, value in attributes.items() if value is None],
        when=AllOf((Present(), Missing("erased_at"), *_unchanged(own, change))),
    )
    try:
        services.store.transact([update, *(put_once(each) for each in events)])
    except ConditionFailed:
        return False
    return True


def _after(register: Register, change: Change, services: Services) -> datetime:
    """Now, or just after the last word on what changes: clocks of two functions may differ."""
    consents = [register.consents.get(key) for key in (*change.granted, *change.withdrawn)]
    last = [each.at for each in consents if each] + list(register.changed_at.values())
    return max([services.now(), *(from_text(at) + timedelta(milliseconds=1) for at in last)])


def _events(page: Page, change: Change, at: datetime) -> Iterator[Event]:
    for key in change.withdrawn:
        name = Name.UNSUBSCRIBED if channel_of(key) == "email" else Name.CONSENT_CHANGED
        yield _event(page, name, at, _said(key, ConsentState.WITHDRAWN))
    for key in change.granted:
        yield _event(
            page,
            Name.CONSENT_CHANGED,
            at,
            _said(key, ConsentState.GRANTED),
        )
    rest = _rest(change, at)
    if rest:
        yield _event(page, Name.PREFERENCES_CHANGED, at, rest)


def _said(key: str, state: ConsentState) -> dict[str, Value]:
    return said_of_consent(key, state.value, way=_SOURCE)


def _rest(change: Change, at: datetime) -> dict[str, Value]:
    """What the event says beside the consents: only what is different from now on."""
    said: dict[str, Value] = {}
    if change.frequency is not None:
        said["frequency"] = change.frequency.value
    if change.pause is not None:
        said["paused_until"] = to_text(pause_from(at) if change.pause else at)
    if change.tracking is not None:
        said["tracking"] = {
            "opens": change.tracking.opens.value,
            "clicks": change.tracking.clicks,
            "web": change.tracking.web,
        }
    if change.language is not None:
        said["traits"] = {"language": change.language}
    return said


def _event(page: Page, name: Name, at: datetime, about: Mapping[str, Value]) -> Event:
    contact_id, send_id = page.target.contact_id, page.target.send_id
    which = f"{contact_id}#{about.get('topic', '')}#{send_id}"
    return Event(
        contact_id=contact_id,
        event_id=event_id(milliseconds(at), _SOURCE, which),
        name=name,
        occurred_at=at,
        received_at=at,
        source=_SOURCE,
        properties={**about, "send_id": send_id, "proof": page.proof},
    )


def _attributes(
    register: Register, change: Change, at: datetime, ids: Mapping[str, str]
) -> dict[str, Value]:
    """The attributes of the register that change; None takes one away."""
    by = ids.get("", "")
    found: dict[str, Value] = {}
    for key in change.granted:
        found[f"consent#{key}"] = consent_value(ConsentState.GRANTED, at, ids[key])
    for key in change.withdrawn:
        found[f"consent#{key}"] = consent_value(ConsentState.WITHDRAWN, at, ids[key])
        found[f"withdrawn#{key}"] = to_text(at)
    if change.frequency is not None:
        found["frequency"] = frequency_value(change.frequency, at, by)
        if register.frequency is Frequency.ALL:
            # From now on turns are taken; what was sent before counts as well.
            last = register.marketing_day
            found["turn"] = turn_value(last, "") if last else None
    if change.pause is not None:
        found["pause"] = pause_value(pause_from(at) if change.pause else at, at, by)
    if change.tracking is not None:
        found["tracking"] = tracking_value(change.tracking, at, by)
    if change.language is not None:
        found["language"] = change.language
    return found


def _unchanged(register: Register, change: Change) -> Iterator[Condition]:
    """What was read is still so, as far as it changes."""
    for key in (*change.granted, *change.withdrawn):
        consent = register.consents.get(key)
        yield _still(f"consent#{key}", consent.at if consent else None)
    for name, changes in (
        ("frequency", change.frequency),
        ("pause", change.pause),
        ("tracking", change.tracking),
    ):
        if changes is not None:
            yield _still(name, register.changed_at.get(name))
    if change.frequency is not None:
        day = register.marketing_day
        yield Equals("marketing_day", day) if day else Missing("marketing_day")


def _still(name: str, at: str | None) -> Condition:
    return Equals(f"{name}.at", at) if at else Missing(name)
