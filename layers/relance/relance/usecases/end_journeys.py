"""Ending all open journeys of a contact that is being erased.

Its enrolments are marked, so that every later step finds that the contact leaves; its pauses are
answered, so that each journey ends by itself with the reason `erased`. What does not end by itself
is stopped a little later.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from relance.answering import resume
from relance.contacts import Contact, contact_view
from relance.errors import ConditionFailed
from relance.ledger import SendState
from relance.ports import Services
from relance.profiles import Profile
from relance.reasons import Reason
from relance.register import register_of
from relance.storage import AllOf, Equals, Missing, Table, Update, Value
from relance.usecases.belongings import Belongings
from relance.usecases.update_contact import left
from relance.workflows import ExitRule, Wait, WaitKind

REASON = ExitRule.ERASED.value


def end_journeys(there: Belongings, services: Services) -> None:
    """Mark the open journeys and answer their pauses."""
    for enrolment in there.enrolments():
        if enrolment.leaving != REASON:
            mark = Update(
                Table.CONTACTS,
                enrolment.key,
                set={"leaving": REASON},
                when=AllOf((Equals("entry", enrolment.entry), Missing("leaving"))),
            )
            with suppress(ConditionFailed):  # it has ended, or leaves for another reason
                services.store.write(mark)
    waits = there.waits()
    if not waits:
        return
    contact = Contact(there.contact_id, Profile(there.contact_id), register_of(there.register))
    for wait in waits:
        whose = replace(contact, asked=wait.step.contact_id)
        resume(services, wait, _result(wait, contact_view(whose, services.plan, services.now())))


def _result(wait: Wait, seen: Mapping[str, Value]) -> Mapping[str, Value]:
    """What the pause is answered: an exit, or a message that was skipped."""
    if wait.kind is WaitKind.EVENT:
        return left(REASON, seen)
    return {
        "decision": SendState.SKIPPED.value,
        "reason": Reason.ERASED.value,
        "because": Reason.ERASED.sentence,
        "passing": False,
        "send_id": wait.send_id,
        "at": "",
        "view": dict(seen),
    }


def stop_journeys(there: Belongings, services: Services) -> None:
    """Stop what has not ended by itself."""
    for enrolment in there.enrolments():
        services.executions.stop(enrolment.execution, cause="The contact was erased.")
