"""Who looks at a page, as far as the browser tells.

A visitor is told by the id in the browser's own cookie, which nobody can guess, or softly by the
token of a link just followed. An address or a user id tells nobody, since anybody can claim them.
"""

import re
from dataclasses import dataclass

from relance.errors import TokenInvalid
from relance.ports import Services
from relance.usecases.identify import who_looks

_VISITOR = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks: the visitor id of the browser, and the token of the link that led here."""

    visitor: str = ""
    landing: str = ""


def looking_contact(looking: Looking, services: Services) -> str | None:
    """Who followed a link here within the hour, else whose browser this is or may be."""
    if looking.landing:
        try:
            landing = services.signer.read_landing(looking.landing)
        except TokenInvalid:
            pass
        else:
            if landing.tells(services.now()):
                return landing.contact_id
    if not _VISITOR.fullmatch(looking.visitor):
        return None
    seen = who_looks(looking.visitor, services)
    return seen.contact_id if seen else None
