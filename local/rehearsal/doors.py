"""How people come into a journey: through a form, by what they do, or by a start for all of them.

The template says it: a rule on `signed_up` means that people fill in the form of that topic; they
do so here. Whom another rule lets in (an event of the website, a segment that is entered) comes in
when the rehearsal makes that happen: what an audience file says that people do goes the way that
the website's events go. Otherwise the journey is started for each contact, as a marketer starts it
for a segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from relance.content.compiled import Content

from local.template import Stack

_SIGN_UP = "signed_up"


class Way(StrEnum):
    """How people come in."""

    FORM = "form"
    EVENT = "event"
    START = "start"


@dataclass(frozen=True, slots=True)
class Door:
    """The way into a journey; `form` is the form's name, `events` are those of its rules."""

    way: Way
    form: str = ""
    events: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """How people come in, for the report."""
        if self.way is Way.FORM:
            return f'Everybody fills in the form "{self.form}"; the rule of the template starts it.'
        if self.way is Way.EVENT:
            return f"What people do starts it: {', '.join(self.events)}."
        return "The journey is started for everybody in the file, as for a segment."


def door_of(stack: Stack, machine: str, content: Content, does: Sequence[str] = ()) -> Door:
    """The door of a machine (ARN); `does` are the events that the audience file lets people do."""
    events: list[str] = []
    for _, rule in stack.entry_rules(machine):
        if rule.state == "ENABLED":
            pattern = rule.event_pattern or {}
            events += [str(each) for each in pattern.get("detail-type", ())]
            form = _form(content, pattern)
            if _SIGN_UP in pattern.get("detail-type", ()) and form:
                return Door(Way.FORM, form, tuple(events))
    made = tuple(each for each in events if each in does)
    return Door(Way.EVENT, events=made) if made else Door(Way.START, events=tuple(events))


def _form(content: Content, pattern: Mapping[str, object]) -> str:
    """The form whose sign-ups the rule lets in."""
    detail = pattern.get("detail")
    topics = detail.get("topic", ()) if isinstance(detail, Mapping) else ()
    names = detail.get("form", ()) if isinstance(detail, Mapping) else ()
    for name in content.forms:
        form = content.form(name)
        if form is None or (topics and form.consent_topic not in topics):
            continue
        if not names or name in names:
            return name
    return ""


@dataclass(frozen=True, slots=True)
class Others:
    """The other journeys of the template, as their events name them.

    Rules start those `by_themselves`; the rules of those `disabled` are; those `by_hand` have none.
    """

    by_themselves: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()


def other_journeys(stack: Stack, machine: str) -> Others:
    """The journeys of the template besides that of this machine (its physical name)."""
    found: dict[str, list[str]] = {"by_themselves": [], "disabled": [], "by_hand": []}
    for name, its_own in sorted(stack.journeys.items()):
        if its_own == machine:
            continue
        states = {rule.state for _, rule in stack.entry_rules(stack.machines[its_own].arn)}
        kind = "by_themselves" if "ENABLED" in states else "disabled" if states else "by_hand"
        found[kind].append(name.replace("-", "_"))
    return Others(**{kind: tuple(names) for kind, names in found.items()})
