"""Ending a journey for everybody who is inside: counted first, and only as many as were confirmed.

They are found by going through the table of contacts, as no index of enrolments is kept.
"""

from collections.abc import Iterator

from relance.contacts import UNREADABLE, read_contact
from relance.errors import ContactNotFound
from relance.ports import Services
from relance.register import RECORD as REGISTER
from relance.storage import Table
from relance.tallies import in_people
from relance.tryouts import TRYOUT
from relance.usecases.confirming import is_confirmed, wrong_number
from relance.usecases.controlling import Answer, Asked, Decision, SoFar, go_on, told
from relance.usecases.end_entries import end_entry

ENDED_AT_ONCE = 500
"""For how many a part ends the journey: some twenty in a second."""

READ_AT_ONCE = 50_000
"""How many contacts a part looks at."""


def end_journey(asked: Asked, services: Services) -> Answer:
    """Count who is inside; with the number confirmed, let them leave."""
    journey, workflow, so_far = asked.journey, asked.workflow, asked.so_far
    if not so_far.is_counted:
        so_far, finished = _counted(workflow, so_far, services)
        if not finished:
            return go_on(so_far)
        if not so_far.inside:
            return told(Decision.NOT_POSSIBLE, f'Nobody is in "{journey}".')
        if not is_confirmed(so_far.inside, asked.confirmed):
            return told(Decision.CONFIRM, _ask(journey, so_far.inside, asked.confirmed))
        return go_on(so_far.model_copy(update={"is_counted": True, "after": ""}))
    so_far, finished = _ended(workflow, so_far, services)
    if not finished:
        return go_on(so_far)
    return told(
        Decision.DONE,
        f'"{journey}" was ended for {in_people(so_far.served)}: they leave with the reason '
        '"ended_by_hand", and get nothing more of it.',
    )


def _ended(workflow: str, so_far: SoFar, services: Services) -> tuple[SoFar, bool]:
    after, seen, finished, people = so_far.after, 0, True, set[str]()
    for contact_id, record in _records(workflow, so_far.after, services):
        if record == REGISTER:
            after, seen = contact_id, seen + 1
            if seen >= READ_AT_ONCE or len(people) >= ENDED_AT_ONCE:
                finished = False
                break
        elif contact_id not in people and _let_leave(contact_id, workflow, services):
            people.add(contact_id)
    ended = {"served": so_far.served + len(people), "after": after}
    return so_far.model_copy(update=ended), finished


def _counted(workflow: str, so_far: SoFar, services: Services) -> tuple[SoFar, bool]:
    after, seen, finished, people = so_far.after, 0, True, set[str]()
    for contact_id, record in _records(workflow, so_far.after, services):
        if record == REGISTER:
            after, seen = contact_id, seen + 1
            if seen >= READ_AT_ONCE:
                finished = False
                break
        else:
            people.add(contact_id)
    counted = {"inside": so_far.inside + len(people), "after": after}
    return so_far.model_copy(update=counted), finished


def _records(workflow: str, after: str, services: Services) -> Iterator[tuple[str, str]]:
    """The contact and the key of each open enrolment, and of each register behind `after`.

    Tryouts are nobody's.
    """
    mine = f"now#enrolment#{workflow}"
    for item in services.store.scan(
        Table.CONTACTS,
        records=(mine, REGISTER),
        prefixes=(f"{mine}#",),
        attributes=("contact_id", "record"),
        after=(after, REGISTER) if after else None,
    ):
        if item["record"] != f"{mine}#{TRYOUT}":
            yield str(item["contact_id"]), str(item["record"])


def _let_leave(contact_id: str, workflow: str, services: Services) -> bool:
    """Let a contact leave by all its entries; whether it was inside."""
    try:
        contact = read_contact(services.store, contact_id)
    except (ContactNotFound, *UNREADABLE):
        return False
    inside = contact.entries_in(workflow)
    for each in inside:
        end_entry(contact, each, services)
    return bool(inside)


def _ask(journey: str, inside: int, confirmed: int) -> str:
    wrong = wrong_number(inside, confirmed)
    more = f" {wrong}" if wrong else ""
    return (
        f'Counted: {in_people(inside)} in "{journey}".{more} Nothing was done. To end it for them '
        f'paste the same with "confirm": {inside}. Whoever comes meanwhile stays in; pause it '
        "first, if nobody shall."
    )
