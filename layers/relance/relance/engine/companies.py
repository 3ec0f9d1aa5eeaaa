"""Which company a contact belongs to, and what it was last told of it: both by the last writer.

`Profile.company` has two entries. `membership`: `{id, by}`, the company and by what it is known
(the domain, an id in the CRM), None for who left. `told`: what the last `company_changed` says.
What was told of another company than the one the contact belongs to does not count.
"""

from collections.abc import Mapping, Sequence

from relance.conditions.facts import Facts, Fading
from relance.conditions.leaves_scores import value_at
from relance.events import Event, Name
from relance.ids import milliseconds
from relance.profiles import Latest, Profile
from relance.storage import Value

MEMBERSHIP, TOLD = "membership", "told"


def take_company(profile: Profile, event: Event) -> bool:
    """Take an event about a company in; whether it is the last word."""
    said = event.properties
    name = TOLD if event.name == Name.COMPANY_CHANGED else MEMBERSHIP
    value: Mapping[str, Value] | None = None
    if event.name == Name.COMPANY_CHANGED:
        value = dict(said)
    elif event.name == Name.COMPANY_JOINED:
        value = {"id": said["company"], "by": said["by"]}
    latest = Latest(value, milliseconds(event.occurred_at), event.event_id)
    there = profile.company.get(name)
    if there is not None and (latest.at, latest.event_id) <= (there.at, there.event_id):
        return False
    profile.company[name] = latest
    return True


def company_of(profile: Profile) -> str | None:
    """The id of the company that the contact belongs to."""
    membership = profile.company.get(MEMBERSHIP)
    value = membership.value if membership else None
    return str(value["id"]) if isinstance(value, Mapping) else None


def told_of(profile: Profile) -> Mapping[str, Value] | None:
    """What the contact was last told of its company."""
    told = profile.company.get(TOLD)
    value = told.value if told else None
    if not isinstance(value, Mapping) or value["company"] != company_of(profile):
        return None
    return value


def company_view(profile: Profile, now: int) -> dict[str, Value]:
    """What a workflow may see of the company at `now` (ms): numbers and the names of roles.

    `members` is 0 for whoever belongs to none, or was not told anything of it yet.
    """
    told = told_of(profile)
    if told is None:
        return {"members": 0, "roles": [], "roles_missing": [], "score": 0.0, "deals": 0}
    score = value_at(_score(told), now)
    view = {name: told[name] for name in ("members", "roles", "roles_missing")}
    return {**view, "score": round(score, 2), "deals": told.get("deals", 0)}


def _score(told: Mapping[str, Value]) -> Fading:
    score = told["score"]
    assert isinstance(score, Sequence)  # noqa: S101 - written by relance.companies
    amount, at, half_life = score
    return float(str(amount)), int(str(at)), int(str(half_life))


def show_company(profile: Profile, facts: Facts) -> None:
    """Write what the contact was told of its company into the facts."""
    told = told_of(profile)
    if told is None:
        facts.company, facts.company_score = None, None
        return
    facts.company, facts.company_score = told, _score(told)
