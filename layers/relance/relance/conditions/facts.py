"""What a condition may read about one contact.

The fold fills it from the profile; tests fill it by hand. Instants are whole milliseconds since
1970, UTC. Nothing in it lies later than the `now` of an evaluation: an event happened before it
was received, and a condition is evaluated when an event was received or later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TypeAlias

from relance.storage import Value

FOREVER = 2**62
"""The `until` of a verdict that time alone never changes."""

DAY = 86_400_000
"""A day of 24 hours in milliseconds."""

Act: TypeAlias = tuple[int, str, Mapping[str, float]]
"""One event of a behaviour: occurred at, event id, and the numbers that conditions ask for."""

Fading: TypeAlias = tuple[float, int, int]
"""An amount, the instant it is true of, and its half-life in milliseconds; 0: it does not fade."""

_NOTHING: Mapping[str, float] = {}


@dataclass(slots=True)
class Done:
    """How often a contact did something, and as much of when as `Depth` asks to keep.

    `newest` is in the order of (occurred at, event id), oldest first. `sums` and `maxima` are over
    everything that ever happened; an event without the property counts for neither.
    """

    times: int
    first: int
    last: int
    newest: Sequence[Act] = ()
    sums: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    maxima: Mapping[str, float] = field(default_factory=lambda: _NOTHING)


@dataclass(slots=True)
class Facts:
    """One contact, as conditions see it.

    `zone` is the contact's time zone, else the company's; None is UTC. `scores` has the key
    `intent` for a score, `intent/espresso` for its part about an offer, `interest/espresso` for an
    interest. `segments`, `lists` and `qualifications` hold those the contact is in, with since
    when; `population` the usual gap between two events of a behaviour (ms) and how many gaps that
    is worth.
    """

    contact_id: str = ""
    zone: tzinfo | None = None
    traits: Mapping[str, Value] = field(default_factory=dict)
    behaviours: Mapping[str, Done] = field(default_factory=dict)
    scores: Mapping[str, Fading] = field(default_factory=dict)
    grades: Mapping[str, str] = field(default_factory=dict)
    potentials: Mapping[str, float] = field(default_factory=dict)
    segments: Mapping[str, int] = field(default_factory=dict)
    qualifications: Mapping[str, int] = field(default_factory=dict)
    stage: str | None = None
    stage_since: int = 0
    persona: str | None = None
    persona_since: int = 0
    lists: Mapping[str, int] = field(default_factory=dict)
    consents: Mapping[str, str] = field(default_factory=dict)
    company: Mapping[str, Value] | None = None
    company_score: Fading | None = None
    population: Mapping[str, tuple[int, int]] = field(default_factory=dict)
