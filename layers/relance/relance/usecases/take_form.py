"""What becomes of a form that was sent: taken, shown again, or refused before anything is written.

A program that fills in what nobody sees is answered like a person and nothing is written; so is an
address that was signed up too often today, since the answer must tell nothing of an address.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from relance.content.forms import (
    MAX_LENGTH,
    VISITOR,
    FormErrors,
    come_later,
    is_trapped,
    too_quick,
    validate,
)
from relance.errors import ConditionFailed
from relance.events import Event
from relance.ids import is_ulid, milliseconds, ulid_ms
from relance.limits import QUICKEST, of_network, seconds_left
from relance.ports import Services
from relance.storage import Value
from relance.usecases.learn import learn
from relance.usecases.show_form import Place
from relance.usecases.sign_up import SignUp, sign_up


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it was sent from the place where it stands; `proof` says from where."""

    place: Place
    fields: Mapping[str, str]
    proof: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Taken:
    """The form is right. `event` is None where nothing was written."""

    event: Event | None


@dataclass(frozen=True, slots=True)
class TooMany:
    """This network sent the form too often: nothing was written; after how many seconds again.

    `shown` is what to show: the form with all that was typed.
    """

    retry_after: int
    shown: FormErrors


def take_form(sent: Sent, services: Services) -> Taken | FormErrors | TooMany:
    """Record what a person sent.

    Raises:
        StoreBusy: try again.
    """
    form, place = sent.place.form, sent.place
    verdict = validate(form, sent.fields)
    if isinstance(verdict, FormErrors):
        return verdict
    if is_trapped(sent.fields):
        return Taken(None)
    if _is_too_quick(verdict.nonce, services):
        return too_quick(form, sent.fields)
    now = services.now()
    try:
        network = str(sent.proof.get("network", ""))
        services.store.write(of_network(form.name, network, now).count())
    except ConditionFailed:
        return TooMany(seconds_left(now), come_later(form, sent.fields))
    visitor = sent.fields.get(VISITOR, "")[:MAX_LENGTH]
    event = sign_up(SignUp(form, verdict, sent.proof, visitor, place.touch), services)
    if event:
        learn(form, verdict, event, place.looking, services)
    return Taken(event)


def _is_too_quick(nonce: str, services: Services) -> bool:
    """Whether the page was made just now; of a page that does not say when, nobody knows."""
    age = milliseconds(services.now()) - ulid_ms(nonce) if is_ulid(nonce) else None
    return age is not None and 0 <= age < QUICKEST.total_seconds() * 1000
