"""The profile of a contact: what its history amounts to, as it is stored.

`relance.engine` makes it and changes it; everybody else reads it. Instants are whole milliseconds
since 1970, UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson

from relance.conditions.facts import FOREVER, Done, Fading
from relance.storage import Value

Counted: TypeAlias = tuple[int, str, float, tuple[str, ...]]
"""An event that counts on its day: occurred at, event id, points, and the offers it names."""


Said: TypeAlias = str | float | bool | None
"""What a rule can say of a contact: a name, points or money, yes or no, nothing."""


@dataclass(slots=True)
class Latest:
    """The value that the last writer gave, with what decides who is last."""

    value: Value
    at: int
    event_id: str


@dataclass(slots=True)
class Decided:
    """What a rule says of the contact, since when, and until when if nothing happens."""

    value: Said
    since: int
    until: int


def list_key(name: str, entry: str = "") -> str:
    """Where `Profile.lists` keeps whether somebody is on a list; of an entry, by itself."""
    return f"{name}#{entry}" if entry else name


def list_of(key: str) -> str:
    """The list that a key of `Profile.lists` is about."""
    return key.partition("#")[0]


@dataclass(slots=True)
class Profile:
    """What a contact's history amounts to.

    `version` counts the writes of the stored profile; `rules` names the version of the rules it
    was folded with; `newest` is the latest arrival that was folded. `fading` are the sums of scores
    (`intent`, `intent/espresso`, `interest/espresso`), `days` the bounded days of their rules,
    `decided` what follows, by the names in `Rules.order`. `company` says which one the contact
    belongs to and what it was last told of it (`relance.engine.companies`). `lists` says of each
    list, and of each entry of a journey that keeps the contact on one, whether it does
    (`list_key`). `condense_at` is when old events of its history are to be condensed; 0 if none of
    them expires.
    """

    contact_id: str
    version: int = 0
    rules: str = ""
    newest: int = 0
    traits: dict[str, Latest] = field(default_factory=dict)
    lists: dict[str, Latest] = field(default_factory=dict)
    consents: dict[str, Latest] = field(default_factory=dict)
    company: dict[str, Latest] = field(default_factory=dict)
    behaviours: dict[str, Done] = field(default_factory=dict)
    fading: dict[str, Fading] = field(default_factory=dict)
    days: dict[str, list[Counted]] = field(default_factory=dict)
    decided: dict[str, Decided] = field(default_factory=dict)
    recent: dict[str, int] = field(default_factory=dict)
    condense_at: int = 0

    def trait_values(self) -> dict[str, Value]:
        """The traits by name, without those that were taken back (null)."""
        return {name: it.value for name, it in self.traits.items() if it.value is not None}

    def on_lists(self) -> dict[str, int]:
        """The lists the contact is on, with since when: as long as anything keeps it there."""
        found: dict[str, int] = {}
        for key, it in self.lists.items():
            if it.value is True:
                name = list_of(key)
                found[name] = min(it.at, found.get(name, it.at))
        return found

    def joined_lists(self) -> list[str]:
        """The names of the lists the contact is on, sorted."""
        return sorted(self.on_lists())

    def of_kind(self, kind: str) -> dict[str, Decided]:
        """What was decided of one kind (`segment`, `fit`, …), by name."""
        start = f"{kind}:"
        return {
            name.removeprefix(start): decided
            for name, decided in self.decided.items()
            if name.startswith(start)
        }

    def said(self, key: str) -> str | None:
        """The name that was decided under a key of `Rules.order`: the persona, the stage."""
        decided = self.decided.get(key)
        return str(decided.value) if decided and decided.value else None

    def segments(self) -> dict[str, int]:
        """The segments the contact is in, with since when."""
        return {name: it.since for name, it in self.of_kind("segment").items() if it.value is True}

    @property
    def due(self) -> int:
        """When time alone changes something; FOREVER if it never does."""
        return min((each.until for each in self.decided.values()), default=FOREVER)

    @property
    def wake_at(self) -> int:
        """When somebody has to look at the contact though nothing happens; FOREVER if never."""
        return min(self.due, self.condense_at or FOREVER)


def to_text(profile: Profile) -> str:
    """The profile as it is stored: compact JSON without its version."""
    return orjson.dumps(
        {
            "rules": profile.rules,
            "newest": profile.newest,
            "traits": _latest_to_json(profile.traits),
            "lists": _latest_to_json(profile.lists),
            "consents": _latest_to_json(profile.consents),
            "company": _latest_to_json(profile.company),
            "behaviours": {
                name: [it.times, it.first, it.last, it.newest, it.sums, it.maxima]
                for name, it in profile.behaviours.items()
            },
            "fading": profile.fading,
            "days": profile.days,
            "decided": {
                name: [it.value, it.since, None if it.until >= FOREVER else it.until]
                for name, it in profile.decided.items()
            },
            "recent": profile.recent,
            "condense_at": profile.condense_at,
        },
        option=orjson.OPT_SORT_KEYS,
    ).decode()


def from_text(contact_id: str, text: str, version: int) -> Profile:
    """The profile that `to_text` wrote."""
    raw = orjson.loads(text)
    return Profile(
        contact_id=contact_id,
        version=version,
        rules=raw["rules"],
        newest=raw["newest"],
        traits={name: Latest(*it) for name, it in raw["traits"].items()},
        lists={name: Latest(*it) for name, it in raw["lists"].items()},
        consents={name: Latest(*it) for name, it in raw["consents"].items()},
        company={name: Latest(*it) for name, it in raw.get("company", {}).items()},
        behaviours={
            name: Done(times, first, last, [(a[0], a[1], a[2]) for a in newest], sums, maxima)
            for name, (times, first, last, newest, sums, maxima) in raw["behaviours"].items()
        },
        fading={name: (it[0], it[1], it[2]) for name, it in raw["fading"].items()},
        days={
            place: [(each[0], each[1], each[2], tuple(each[3])) for each in kept]
            for place, kept in raw["days"].items()
        },
        decided={
            name: Decided(value, since, FOREVER if until is None else until)
            for name, (value, since, until) in raw["decided"].items()
        },
        recent=raw["recent"],
        condense_at=raw.get("condense_at", 0),
    )


def copy_of(profile: Profile) -> Profile:
    """Another profile that says the same."""
    return from_text(profile.contact_id, to_text(profile), profile.version)


def _latest_to_json(values: Mapping[str, Latest]) -> dict[str, list[Value]]:
    return {name: [it.value, it.at, it.event_id] for name, it in values.items()}
