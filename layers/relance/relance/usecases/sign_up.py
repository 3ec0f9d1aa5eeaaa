"""Somebody fills in a form: a contact that still has to confirm, and the event `signed_up`.

A public form proves nothing: it can ask for consent (pending) and never grants it, what it says of
the person is a claim, and it answers the same to somebody who is known already. Only the
confirmation makes it true (`confirm`).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from relance.contacts import read_register
from relance.content.forms import Form, Submission
from relance.errors import ConditionFailed
from relance.events import Event, Name, put_once
from relance.gifts import Gift
from relance.identities import Found, email_identity, find_or_make
from relance.ids import event_id, is_ulid, milliseconds, ulid, ulid_ms
from relance.lead_counts import Measure, counted
from relance.limits import of_address
from relance.moments import to_text
from relance.ports import Services
from relance.register import RECORD as REGISTER
from relance.register import ConsentState, ask_again, change_consent, consent_value
from relance.storage import AllOf, Missing, Present, Table, Update, Value, Write
from relance.touches import NOWHERE, Touch

PAGE_KEPT = 24 * 3_600_000
"""For how long (ms) a page's own time is believed."""

QUARTER = 900_000
"""A quarter of an hour in ms."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """A checked submission.

    Its nonce comes from the page, so that a double click is one event; without one, every
    submission is its own. `proof` shows later where consent was asked for: network address,
    browser. `visitor` is the browser's own id where the page knows it: who confirms was that
    visitor. `touch` says where the person came from.
    """

    form: Form
    submission: Submission
    proof: Mapping[str, Value]
    visitor: str = ""
    touch: Touch = NOWHERE


def new_nonce(services: Services) -> str:
    """The hidden value of a page with a form: a ULID, so that it tells when the page was made."""
    return ulid(milliseconds(services.now()), services.random_bytes(10))


def sign_up(request: SignUp, services: Services) -> Event | None:
    """Record the sign-up once, whatever is known of the address.

    Returns the event, whether it was new or there already. None when this address was signed up so
    often today that nobody shall be written to again: then nothing is written.
    """
    try:
        for _ in range(3):
            with suppress(ConditionFailed):  # somebody signed it up in between: look again
                return _record(request, services)
        return _record(request, services)
    except _TooOftenToday:
        return None


class _TooOftenToday(Exception):
    """This address was signed up often enough today."""


def _record(request: SignUp, services: Services) -> Event:
    now = services.now()
    address = request.submission.email
    topic = request.form.consent_topic
    nonce = request.submission.nonce or new_nonce(services)
    source = f"form:{request.form.name}"
    ident = event_id(_made(nonce, milliseconds(now)), source, f"{address}#{nonce}")
    pending = {f"consent#{topic}": consent_value(ConsentState.PENDING, now, ident)}
    found = find_or_make(
        services,
        email_identity(address),
        address=address,
        register={**pending, "language": request.form.language},
    )
    event = _event(request, found, ident, services)
    limit = of_address(email_identity(address), now).count()
    appended = (put_once(event), counted(Measure.SIGNED_UP, event), limit)
    if found.is_new:
        _transact([*found.writes, *appended], services)
        return event
    ask = change_consent(found.contact_id, topic, ConsentState.PENDING, at=now, by=ident)
    try:
        _transact([ask, *appended], services)
    except ConditionFailed as refused:
        register = read_register(services.store, found.contact_id)
        if 1 in refused.failed or register.erased_at:
            return event
        said = register.consent_to(topic)
        if register.absorbed and said in (None, ConsentState.WITHDRAWN):  # by another of its ids
            again = ask_again(found.contact_id, topic, at=now, by=ident)
            _transact([again, *appended], services)
        else:  # the consent stays as it is: granted, say
            with suppress(ConditionFailed):
                _transact([*_gift(request, event, services), *appended], services)
    return event


def _gift(request: SignUp, event: Event, services: Services) -> list[Write]:
    """Whoever is on the list already need not confirm again to get the file of a form."""
    file = services.content.files.get(request.form.file or "")
    if file is None:
        return []
    gift = Gift.of(file, event.event_id, event.received_at).to_value()
    held = AllOf((Present(), Missing("erased_at")))
    key = (event.contact_id, REGISTER)
    return [Update(Table.CONTACTS, key, set={"gift": gift}, when=held)]


def _transact(writes: Sequence[Write], services: Services) -> None:
    """Write all; the last three append the event, count it, and count the address.

    Raises:
        ConditionFailed: a condition other than the counter's does not hold.
        _TooOftenToday: the counter has come to its end, and the event is a new one.
    """
    try:
        services.store.transact(writes)
    except ConditionFailed as refused:
        event, counter = len(writes) - 3, len(writes) - 1
        if counter in refused.failed and event not in refused.failed:
            raise _TooOftenToday from refused
        raise


def _made(nonce: str, now: int) -> int:
    """When the page was made, as far as its nonce says so and it was not long ago.

    Of any other page it is the quarter of an hour, so that a double click is still one event.
    """
    made = ulid_ms(nonce) if is_ulid(nonce) else 0
    return made if now - PAGE_KEPT <= made <= now else now - now % QUARTER


def _event(request: SignUp, found: Found, ident: str, services: Services) -> Event:
    now = services.now()
    return Event(
        contact_id=found.contact_id,
        event_id=ident,
        name=Name.SIGNED_UP,
        occurred_at=now,
        received_at=now,
        source=f"form:{request.form.name}",
        properties={
            "form": request.form.name,
            "topic": request.form.consent_topic,
            "claims": {**request.submission.traits},
            "wants_tracking": request.submission.tracking,
            "source": request.touch.about(),
            **({"visitor": request.visitor} if request.visitor else {}),
            "proof": {
                **request.proof,
                "asked_at": to_text(now),
                "text_version": request.form.consent_version,
            },
        },
    )
