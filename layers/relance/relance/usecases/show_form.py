"""Where a form stands, and how it is shown: its own page, a landing page, somebody else's page.

Which variant of a landing page somebody sees follows from who they are, as far as the browser says
so with a cookie that they agreed to or the token of a link just followed; else it is drawn each
time, and nothing is stored. A page that was sent comes back as the variant that was shown.

What a form asks `until known` is not put to whoever has told it, as far as it is known who looks.
What was told is never shown.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from relance.content.forms import (
    SHOWN_IN,
    VISITOR,
    Form,
    FormErrors,
    Showing,
    filled,
    form_part,
)
from relance.content.landing_pages import Landing, PageVariant
from relance.errors import TokenInvalid
from relance.lead_counts import Origin, count_visit
from relance.links import Purpose
from relance.moments import day_of
from relance.ports import Services
from relance.touches import Touch, referring
from relance.usecases.learn import known_of
from relance.usecases.looking import Looking, looking_contact
from relance.usecases.sign_up import new_nonce

PART = "part"
"""The parameter by which a page of the company's asks for the form alone."""

LANDING_TOKEN = Purpose.LANDING.value


class Kind(StrEnum):
    """What kind of page a form stands in: the first part of its path."""

    OWN = "f"
    LANDING = "l"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says that matters here.

    `said` is the query of a page that is shown, or the fields of one that was sent. `languages`
    are the browser's; `visitor` is the id in the cookie of whoever agreed to it.
    """

    kind: Kind
    name: str
    said: Mapping[str, str]
    languages: tuple[str, ...]
    was_sent: bool
    host: str = ""
    referrer: str = ""
    visitor: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A form where it stands, with the questions that are put. `is_part`: in a page not ours.

    A form that `learns` puts fewer to whoever is known, as `looking` tells; `token` is that of the
    link, if there is one.
    """

    form: Form
    touch: Touch
    landing: Landing | None = None
    variant: PageVariant | None = None
    is_part: bool = False
    learns: bool = False
    token: str = ""
    looking: Looking = field(default_factory=Looking)


def find_place(asked: Asked, services: Services) -> Place | None:
    """The form that is meant, where it stands, and where the person came from."""
    find = _on_landing_page if asked.kind is Kind.LANDING else _alone
    place = find(asked, services)
    if place is None or not place.form.learns:
        return place
    # The visitor is told by the cookie, or by our script in the company's own page.
    visitor = asked.visitor or asked.said.get(VISITOR, "")
    looking = Looking(visitor=visitor, landing=asked.said.get(LANDING_TOKEN, ""))
    if asked.was_sent:
        form, token = place.form.as_sent(asked.said), looking.landing
    else:
        person = looking_contact(looking, services)
        form = place.form.asking(known_of(person, services) if person else ())
        token = looking.landing if person else ""
    return replace(place, form=form, learns=True, token=token, looking=looking)


def _alone(asked: Asked, services: Services) -> Place | None:
    spoken = (asked.said.get(SHOWN_IN) or asked.said.get("language"), *asked.languages)
    form = services.content.form(asked.name, *spoken)
    if form is None:
        return None
    is_part = PART in asked.said
    there = asked.said.get("page", "") if is_part else ""
    landing = "" if there or asked.was_sent else f"f/{form.name}"
    said = {**asked.said, "landing": there} if there else asked.said
    return Place(form, _touch(asked, said, landing=landing), is_part=is_part)


def shown(place: Place, services: Services, refused: FormErrors | None = None) -> str:
    """The page, or what stands of it in somebody else's."""
    nonce = (refused.nonce if refused else "") or new_nonce(services)
    showing = Showing(nonce, place.touch, refused, learns=place.learns, landing=place.token)
    if place.variant:
        return filled(place.variant.page, place.form, showing)
    if place.is_part:
        return form_part(place.form, showing)
    return filled(place.form.pages["form"], place.form, showing)


_PROGRAM = re.compile(
    r"bot|crawl|spider|preview|monitor|scan|curl|wget|python|java/|headless|facebookexternalhit",
    re.IGNORECASE,
)


def is_program(agent: str) -> bool:
    """Whether a client says of itself that nobody looks."""
    return _PROGRAM.search(agent) is not None


def note_visit(place: Place, agent: str, services: Services) -> None:
    """Count that the page was shown, without knowing to whom; programs, as they say, do not count.

    Raises:
        StoreBusy: it was not counted.
    """
    if not agent or is_program(agent):
        return
    day, chance = day_of(services.now()), services.random_bytes(1)[0]
    count_visit(Origin(place.form.name, place.touch), day, chance, services.store)


def _on_landing_page(asked: Asked, services: Services) -> Place | None:
    spoken = (asked.said.get(SHOWN_IN), *asked.languages)
    landing = services.content.landing(asked.name, *spoken)
    form = services.content.form(landing.form, landing.language) if landing else None
    if landing is None or form is None:
        return None
    told = landing.variant(asked.said.get("variant", "")) if asked.was_sent else None
    variant = told or landing.drawn(_chance(landing, asked, services))
    name = f"l/{landing.name}"
    touch = _touch(asked, asked.said, landing=name, variant=variant.name)
    return Place(form, touch, landing, variant)


def _chance(landing: Landing, asked: Asked, services: Services) -> bytes:
    """The same for somebody who may be known, at each visit; for others anything."""
    try:
        token = services.signer.read_landing(asked.said.get(LANDING_TOKEN, ""))
        return landing.chance_of(token.contact_id)
    except TokenInvalid:
        pass
    return landing.chance_of(asked.visitor) if asked.visitor else services.random_bytes(8)


def _touch(asked: Asked, said: Mapping[str, str], *, landing: str, variant: str = "") -> Touch:
    if asked.was_sent:
        return Touch.of(said, landing=landing, variant=variant)
    referrer = said.get("came_from") or asked.referrer
    own = (asked.host.partition(":")[0],)
    came_from = referring(referrer, own)
    return Touch.of({**said, "came_from": came_from}, landing=landing, variant=variant)
