"""Companies: who belongs to one, what its members amount to, and what they are told of it.

A company has an id that says nothing about it, to which its domain and its ids in the CRM lead
(table Identities). In the table Contacts it has a partition of its own, `company:<id>`:

| record | holds |
|---|---|
| `company` | what the members were last told, since when (ms), how often that changed, to whom |
| `member#<contact id>` | that the contact belongs to it, since when (ms) |

A member is told by an event `company_changed`, and only of what some condition can see.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from relance.conditions.facts import Fading
from relance.conditions.leaves_scores import value_at, within
from relance.conditions.node import bounds
from relance.content.rules import Rules
from relance.content.score_rules import CompanyScore
from relance.events import Event, Name
from relance.ids import event_id, moment_of
from relance.storage import Absent, Condition, Equals, Item, Put, Store, Table, Value

RECORD = "company"
_MEMBER = "member#"

Bounds = Sequence[tuple[float, float]]
"""The ranges (low ≤ score < high) that conditions ask a company's score for."""

_NOTHING = 1e-100
"""A score nearer to 0 than this is 0: the store keeps no smaller numbers."""


def partition(company_id: str) -> str:
    """The partition of the table Contacts that holds a company."""
    return f"company:{company_id}"


@dataclass(frozen=True, slots=True)
class Member:
    """What a company's numbers need of one of its people. `score`: None where there is none.

    `deal` is whether a deal is open with this one.
    """

    contact_id: str
    traits: Mapping[str, Value]
    score: Fading | None = None
    deal: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What a company amounts to: how many we know, their roles, those missing, the score.

    `deals` is with how many of them a deal is open.
    """

    members: int
    roles: tuple[str, ...]
    roles_missing: tuple[str, ...]
    score: Fading
    people: str
    deals: int = 0

    def told(self) -> dict[str, Value]:
        """The properties that members are told, by the names that conditions use."""
        return {
            "members": self.members,
            "roles": list(self.roles),
            "roles_missing": list(self.roles_missing),
            "score": list(self.score),
            "deals": self.deals,
        }


@dataclass(frozen=True, slots=True)
class Told:
    """What the members of a company were last told, at `at` (ms), for the `version`th time."""

    company_id: str
    version: int
    at: int
    standing: Standing

    def write(self) -> Put:
        """The write of the record, refused if somebody told the members since it was read."""
        when: Condition = Equals("version", self.version - 1) if self.version > 1 else Absent()
        return Put(
            Table.CONTACTS,
            {
                "contact_id": partition(self.company_id),
                "record": RECORD,
                "version": self.version,
                "at": self.at,
                "people": self.standing.people,
                **self.standing.told(),
            },
            when=when,
        )

    def event(self, contact_id: str) -> Event:
        """The event that tells a member: the same one, however often it is told."""
        said = self.standing.told()
        content = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        about = f"{contact_id}#{self.company_id}#{self.version}#{content}"
        return Event(
            contact_id=contact_id,
            event_id=event_id(self.at, "company", about),
            name=Name.COMPANY_CHANGED,
            occurred_at=moment_of(self.at),
            received_at=moment_of(self.at),
            source="company",
            properties={"company": self.company_id, "version": self.version, **said},
        )


def read_company(store: Store, company_id: str) -> tuple[Told | None, dict[str, int]]:
    """What the members were last told, and the members: ids with since when (ms). One query."""
    told, members = None, dict[str, int]()
    for item in store.query(Table.CONTACTS, partition(company_id)):
        record = str(item["record"])
        if record == RECORD:
            told = _told_of(company_id, item)
        else:
            members[record.removeprefix(_MEMBER)] = int(str(item["at"]))
    return told, members


def _told_of(company_id: str, item: Item) -> Told:
    amount, at, half_life = _list(item["score"])
    standing = Standing(
        members=int(str(item["members"])),
        roles=tuple(map(str, _list(item["roles"]))),
        roles_missing=tuple(map(str, _list(item["roles_missing"]))),
        score=(float(str(amount)), int(str(at)), int(str(half_life))),
        people=str(item["people"]),
        deals=int(str(item.get("deals", 0))),
    )
    return Told(company_id, int(str(item["version"])), int(str(item["at"])), standing)


def _list(value: Value) -> Sequence[Value]:
    assert isinstance(value, Sequence)  # noqa: S101 - written by Told
    return value


def member_key(company_id: str, contact_id: str) -> tuple[str, str]:
    """The key of the record that somebody belongs to a company."""
    return partition(company_id), f"{_MEMBER}{contact_id}"


def member_since(company_id: str, contact_id: str, at: int) -> Put:
    """The write that makes somebody a member, from `at` (ms) on."""
    where, record = member_key(company_id, contact_id)
    return Put(Table.CONTACTS, {"contact_id": where, "record": record, "at": at})


def half_life_of(rules: Rules, company: CompanyScore) -> int:
    """The half-life (ms) of the score that is summed up; 0 if it does not fade."""
    found = [each.half_life for each in rules.scores if each.name == company.of]
    return round(found[0].total_seconds() * 1000) if found else 0


def standing_of(
    company: CompanyScore, members: Iterable[Member], *, half_life: int, now: int
) -> Standing:
    """What the members amount to.

    All their scores fade with one half-life h, so the sum is one amount that fades with h. It is
    given as of the newest of the instants that the scores are true of.
    """
    members = sorted(members, key=lambda each: each.contact_id)
    at = max((each.score[1] for each in members if each.score), default=now)
    scores = [(each.traits, value_at(each.score, at)) for each in members if each.score]
    amount = float(company.total(scores))
    there = {role.name for each in members if (role := company.role(each.traits))}
    return Standing(
        members=len(members),
        roles=tuple(each.name for each in company.roles if each.name in there),
        roles_missing=company.missing(there),
        score=(amount if abs(amount) > _NOTHING else 0.0, at, half_life),
        people=hashlib.sha256("#".join(e.contact_id for e in members).encode()).hexdigest()[:16],
        deals=sum(each.deal for each in members),
    )


def differs(told: Standing, found: Standing, asked: Bounds, now: int) -> bool:
    """Whether some condition may see a difference, now or at any time to come.

    Of the score conditions see on which side of their bounds it lies, and until when.
    """
    if replace(told, score=found.score) != found:
        return True
    return any(within(told.score, *each, now) != within(found.score, *each, now) for each in asked)


def asked_for(rules: Rules) -> list[tuple[float, float]]:
    """The ranges that the rules ask the score of a company for; none if no rule does."""
    return sorted({bounds(leaf) for each in _conditions(rules) for leaf in _score_leaves(each)})


def _conditions(rules: Rules) -> Iterator[object]:
    yield from (each.condition for each in rules.segments)
    yield from (each.condition for each in rules.qualifications)
    yield from (rule.condition for fit in rules.fits for rule in fit.rules)
    yield from (way.condition for potential in rules.potentials for way in potential.ways)
    yield from (each.criterion for each in rules.stages)
    yield from (each for persona in rules.personas for each in persona.declared)


def _score_leaves(value: object) -> Iterator[Mapping[str, object]]:
    """Every `company: score` in a condition, however deep."""
    if isinstance(value, Mapping):
        if value.get("leaf") == "company_score":
            yield value
        for each in value.values():
            yield from _score_leaves(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _score_leaves(each)
