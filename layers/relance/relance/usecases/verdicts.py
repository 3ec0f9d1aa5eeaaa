"""Whether a condition holds for a contact now, for the steps of journeys.

A condition is written in a state machine as in a file of the content: the name of a segment, or any
condition of the language. It is checked against the content's own names each time, since content
and state machines are deployed apart.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache

from relance.conditions.compile import Condition, compile_condition
from relance.conditions.facts import Facts
from relance.conditions.language import parse as parse_condition
from relance.conditions.places import Sentences
from relance.contacts import Contact, read_history
from relance.engine import advance, replay
from relance.engine.folding import facts_of_profile
from relance.errors import InvalidInput
from relance.ids import milliseconds
from relance.ports import Services
from relance.usecases.judge_contacts import deeper_plan
from relance.usecases.read_question import vocabulary_of

Written = str | dict[str, object]
"""A condition as it stands in a state machine; a text is the name of a segment."""


def holds(written: Written, contact: Contact, services: Services, *, where: str) -> bool:
    """Whether the condition holds for the contact, whose profile is up to date.

    Where profiles keep less than the condition needs it is judged by the whole history.

    Raises:
        InvalidInput: it is no condition, or names what the content does not declare; says `where`.
    """
    condition = compiled(written, services, where=where)
    return condition.holds(*_facts(condition, contact, services))


def rhythm_of(
    behaviour: str, contact: Contact, services: Services, *, where: str
) -> timedelta | None:
    """The mean time between what the contact did of a behaviour; None for less than three times.

    Raises:
        InvalidInput: there is no such behaviour; says `where`.
    """
    condition = compiled({"did": behaviour}, services, where=where)
    facts, _ = _facts(condition, contact, services)
    done = facts.behaviours.get(behaviour)
    if done is None or done.times < _A_RHYTHM:
        return None
    return timedelta(milliseconds=(done.last - done.first) / (done.times - 1))


_A_RHYTHM = 3


def _facts(condition: Condition, contact: Contact, services: Services) -> tuple[Facts, int]:
    """What the condition looks at, and the instant (ms) for which it is asked."""
    now, plan = milliseconds(services.now()), services.plan
    deeper = deeper_plan(plan, condition.needs)
    profile = contact.profile
    if deeper is not plan:
        history = read_history(services.store, *contact.ids)
        profile = replay(contact.contact_id, history, deeper, version=profile.version)
    advance(profile, now, deeper)
    return facts_of_profile(profile, deeper), now


def compiled(written: Written, services: Services, *, where: str) -> Condition:
    """The condition, checked against the names that the content declares.

    Raises:
        InvalidInput: see `holds`.
    """
    rule = {"in_segment": written} if isinstance(written, str) else written

    def check() -> Mapping[str, object]:
        said = Sentences()
        words = vocabulary_of(services.content.rules, services.content.company.topics)
        canonical = parse_condition(rule, words, said.place(where))
        if canonical is None or said.found:
            raise InvalidInput(" ".join(said.found))
        return canonical

    return _compiled(json.dumps(rule, sort_keys=True), services.plan.version, _Checked(check))


class _Checked:
    """How to check a condition; equal to every other, so that the cache looks at the rest."""

    def __init__(self, check: Callable[[], Mapping[str, object]]) -> None:
        self.check = check

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Checked)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=256)
def _compiled(_text: str, _version: str, checked: _Checked) -> Condition:
    return compile_condition(checked.check())
