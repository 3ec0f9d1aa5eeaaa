"""Judging a batch of contacts without changing any: a dry run of new rules, or a preview.

What is found is told by contact id under headings: of a dry run the conclusions that scoring anew
would bring (`segment_entered/hot-leads`, `stage_advanced/lead`, …), of a preview `holds`,
`would_enter` and `would_leave`.
"""

from dataclasses import replace
from typing import Protocol

from relance.conditions.compile import compile_condition
from relance.conditions.needs import Depth, Needs
from relance.contacts import UNREADABLE, Contact, read_contact, read_history
from relance.engine import Conclusion, Plan, advance, replay
from relance.engine.folding import facts_of_profile
from relance.errors import ContactNotFound
from relance.events import Name
from relance.ids import milliseconds
from relance.ports import Services
from relance.profiles import Profile
from relance.refolding import fold_or_replay
from relance.rescoring import rules_changed
from relance.storage import Value
from relance.usecases.inputs import Request
from relance.usecases.questions import BROKEN, About, ListedContact, Question

_NAMED_BY = {
    Name.SEGMENT_ENTERED: "segment",
    Name.SEGMENT_LEFT: "segment",
    Name.QUALIFIED: "qualification",
    Name.STAGE_ADVANCED: "stage",
    Name.STAGE_FELL_BACK: "stage",
    Name.PERSONA_ASSIGNED: "persona",
}
"""The property of a conclusion that says what was entered, left or reached."""


class JudgeRequest(Request):
    """A batch of a list, and the question."""

    question: Question
    contacts: tuple[ListedContact, ...]


def judge_contacts(request: JudgeRequest, services: Services) -> dict[str, Value]:
    """Say for each contact what the question finds.

    A contact whose data cannot be read is named as such, and the others go on.

    Raises:
        StoreBusy: try again.
    """
    judge: _Judge = (
        _DryRun(services)
        if request.question.about is About.DRY_RUN
        else Preview(request.question, services)
    )
    found: dict[str, list[str]] = {}
    for each in request.contacts:
        try:
            headings = judge.headings(read_contact(services.store, each.contact))
        except ContactNotFound:
            headings = ["gone"]
        except UNREADABLE:
            headings = [BROKEN]
        for heading in headings:
            found.setdefault(heading, []).append(each.contact)
    return {"contacts": len(request.contacts), "found": found}


class _Judge(Protocol):
    """What a question comes to for one contact."""

    def headings(self, contact: Contact) -> list[str]:
        """The headings under which the contact is told."""


class _DryRun:
    """What would follow if the contact were told now that the rules changed."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def headings(self, contact: Contact) -> list[str]:
        """`changes`, and what changes."""
        services, profile = self._services, contact.profile
        if profile.rules == services.plan.version:
            return []
        event = rules_changed(
            contact.contact_id, profile.version, services.plan.version, services.now()
        )
        folded = fold_or_replay(services.store, contact, [event], services.plan)
        told = [_heading(each) for each in folded.conclusions]
        return ["changes", *told] if told else []


def _heading(conclusion: Conclusion) -> str:
    return f"{conclusion.name}/{conclusion.properties[_NAMED_BY[conclusion.name]]}"


class Preview:
    """Whether a condition, or today's rule of a segment, holds now."""

    def __init__(self, question: Question, services: Services) -> None:
        self._services = services
        self._segment = question.segment
        self._condition = (
            compile_condition(question.condition) if question.condition is not None else None
        )
        self._plan = services.plan
        self._from_history = False
        if self._condition is not None:
            deeper = deeper_plan(self._plan, self._condition.needs)
            self._from_history = deeper is not self._plan
            self._plan = deeper

    def headings(self, contact: Contact) -> list[str]:
        """`holds`; compared with the segment's members, `would_enter` or `would_leave`."""
        is_member = self._segment in contact.profile.segments()
        holds = self._holds(contact)
        found = ["holds"] if holds else []
        if self._segment is not None and holds != is_member:
            found.append("would_enter" if holds else "would_leave")
        return found

    def _holds(self, contact: Contact) -> bool:
        now, plan = milliseconds(self._services.now()), self._plan
        profile = self._profile(contact)
        advance(profile, now, plan)
        if self._condition is None:
            return self._segment in profile.segments()
        return self._condition.holds(facts_of_profile(profile, plan), now)

    def _profile(self, contact: Contact) -> Profile:
        """The contact's own if it follows from today's rules and keeps enough, else replayed."""
        if contact.profile.rules == self._plan.version and not self._from_history:
            return contact.profile
        history = read_history(self._services.store, *contact.ids)
        version = contact.profile.version
        return replay(contact.contact_id, history, self._plan, version=version)


def deeper_plan(plan: Plan, needs: Needs) -> Plan:
    """The plan, or where profiles keep less than a condition needs, one that keeps enough.

    Its profiles come from the whole history; they are never stored.
    """
    depths = dict(plan.depths)
    for name, depth in needs.behaviours.items():
        depths[name] = depths.get(name, Depth()) | depth
    if depths == dict(plan.depths):
        return plan
    return Plan(replace(plan.rules, depths=depths), plan.zone)
