"""Erasing one person, under all ids that were joined, in two rounds, and proving it.

The first round writes the *tombstone*: in one transaction the register loses all that is personal,
what leads to the contact is removed, its address is suppressed as a hash, and `erased` is appended.
From then on nothing is sent, and whatever comes for the contact is dropped; where several contacts
were joined, the survivor's tombstone speaks for all of them, and each gets one of its own next.
Then everything else goes, found by the ids alone, so that a round that was cut off is run again.

What was under way at that moment (a message being sent, an event being folded) may write a little
more. So a second round follows minutes later: it stops the journeys that have not ended, removes
what came, looks once more, and writes the proof when nothing is left.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from typing import Literal

from pydantic import StrictBool

from relance.companies import member_key
from relance.erasing import NONE, Tombstone, Why, joins_of, proof_key, tombstone_of
from relance.errors import ConditionFailed, StoreBusy
from relance.events import Name, put_once
from relance.identities import address_of
from relance.ledger import SendState, settle
from relance.moments import to_text
from relance.ports import Services
from relance.reasons import Reason
from relance.register import SuppressionReason, register_of
from relance.storage import (
    Absent,
    AnyOf,
    Delete,
    Equals,
    Item,
    Present,
    Table,
    Update,
    Value,
    Write,
)
from relance.usecases.belongings import Belongings, belongings_of
from relance.usecases.end_journeys import end_journeys, stop_journeys
from relance.usecases.inputs import (
    FIND_FIRST,
    ContactId,
    Request,
    parse_typed,
    telling_who_is_missing,
)

TRANSACTION = 100
"""How many writes DynamoDB takes at once."""

MOST_WITH_THE_TOMBSTONE = 30
"""How many identities go in the very transaction that writes the tombstone: three writes each."""

_TRIES = 8
"""How often it is begun anew when somebody changes the contact at the same time."""

EXAMPLE = (
    'Paste for example {"contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"}, which changes nothing, and then '
    '{"contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE", "confirm": true}.'
)


class Decision(StrEnum):
    """How the operation goes on."""

    NOTHING_TO_DO = "nothing_to_do"
    CONFIRM = "confirm"
    BEGUN = "begun"
    ERASED = "erased"


class Wish(Request):
    """What was typed: whom to erase, whether that is confirmed, and why."""

    contact: ContactId
    confirm: StrictBool = False
    why: Why = Why.REQUEST


class EraseRequest(Request):
    """What was typed (`input`) and which round this is."""

    input: object
    round: Literal[1, 2]


def erase_contact(request: EraseRequest, services: Services) -> dict[str, Value]:
    """Carry out a round, or say what would be done.

    Raises:
        InvalidInput: the execution was started with something wrong; says what to paste.
        StoreBusy: somebody kept changing the contact, or something is left; try again.
    """
    wish = parse_typed(Wish, request.input, example=EXAMPLE, no_address=FIND_FIRST)
    if wish is None:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"This execution names nobody. {EXAMPLE}",
        }
    with telling_who_is_missing(EXAMPLE):
        there = belongings_of(services.store, wish.contact)
    if not wish.confirm:
        return _what_would_be_done(there)
    tombstone = _tombstone(wish, there, services)
    if request.round == 1:
        _remove(tombstone, services)
        return {"decision": Decision.BEGUN.value, **_told(tombstone)}
    return _finish(tombstone, services)


def _what_would_be_done(there: Belongings) -> dict[str, Value]:
    journeys = len(there.enrolments())
    before = "This contact was erased before; left or come since: " if there.is_erased else ""
    return {
        "decision": Decision.CONFIRM.value,
        "found": there.counts().to_json(),
        "summary": (
            f"Nothing was changed. {before}{there.counts().in_words()}{_joined(there)}. Erasing "
            "removes them, "
            f"ends {journeys} open {'journey' if journeys == 1 else 'journeys'} and cannot be "
            'undone. To erase the contact paste the same with "confirm": true.'
        ),
    }


def _joined(there: Belongings) -> str:
    others = len(there.registers) - 1
    if not others:
        return ""
    return f", of {others} joined {'contact' if others == 1 else 'contacts'} too"


def _told(tombstone: Tombstone) -> dict[str, Value]:
    return {"found": tombstone.found.to_json(), "erased_at": to_text(tombstone.erased_at)}


def _tombstone(wish: Wish, there: Belongings, services: Services) -> Tombstone:
    """The tombstone that stands, or is put up now: from then on the person is erased."""
    for _ in range(_TRIES):
        if there.is_erased:
            return tombstone_of(there.register)
        with suppress(ConditionFailed):  # somebody was quicker, joined it, or took an identity over
            tombstone = Tombstone(
                there.contact_id,
                services.now(),
                wish.why,
                there.counts(),
                joins_of(there.register),
            )
            _put_up(tombstone, there, services)
            return tombstone
        there = belongings_of(services.store, there.contact_id)
    raise StoreBusy(f"contact {there.contact_id} is being changed by others")


def _put_up(tombstone: Tombstone, there: Belongings, services: Services) -> None:
    """Put a tombstone up, and remove what leads to its contact in the same transaction."""
    contact_id = tombstone.contact_id
    suppressed = register_of(there.registers[contact_id]).suppressed or SuppressionReason.ERASED
    at, suppressions = tombstone.erased_at, services.suppressions
    writes: list[Write] = [tombstone.put(), put_once(tombstone.event())]
    for identity in _leading_to(contact_id, there)[:MOST_WITH_THE_TOMBSTONE]:
        address = address_of(identity)
        if address:
            writes += suppressions.suppress(address, suppressed, at=at)
        writes += [_unlink(identity, contact_id), suppressions.forget(identity, at=at)]
    services.store.transact(writes)


def _leading_to(contact_id: str, there: Belongings) -> list[str]:
    """What leads to one id of the person, the addresses first."""
    its = [str(each["identity"]) for each in there.identities if each["contact_id"] == contact_id]
    return sorted(its, key=lambda each: (address_of(each) is None, each))


def _unlink(identity: str, contact_id: str) -> Delete:
    """The write that removes an identity, refused if it leads to somebody else by now."""
    is_ours = AnyOf((Absent(), Equals("contact_id", contact_id)))
    return Delete(Table.IDENTITIES, (identity,), when=is_ours)


def _remove(tombstone: Tombstone, services: Services, *, stop: bool = False) -> None:
    """Remove what there is besides the tombstones.

    Open enrolments stay in the first round: by them the steps that are under way find that the
    contact leaves. With `stop` they go as well, and so do their executions.
    """
    _erase_the_joined(tombstone, services)
    there = belongings_of(services.store, tombstone.contact_id)
    _leave_companies(tombstone, there, services)
    end_journeys(there, services)
    if stop:
        stop_journeys(there, services)
    for send in there.sends:
        _strip(send, services)
    open_keys = set() if stop else {each.key for each in there.enrolments()}
    records = ((str(each["contact_id"]), str(each["record"])) for each in there.records)
    _write((Delete(Table.CONTACTS, each) for each in records if each not in open_keys), services)
    for each in there.identities:
        _forget(str(each["identity"]), str(each["contact_id"]), tombstone, services)
    gone = (each for each in there.events if each["name"] != Name.ERASED)
    keys = ((str(each["contact_id"]), str(each["event_id"])) for each in gone)
    _write((Delete(Table.EVENTS, each) for each in keys), services)
    for register in there.registers.values():
        its_own = tombstone_of(register)
        if dict(register) != dict(its_own.to_item()):
            services.store.write(its_own.put_again())


def _erase_the_joined(tombstone: Tombstone, services: Services) -> None:
    """Put up a tombstone for each contact that was joined to this one, unless it stands.

    Nobody can join them, or undo it, any more: the survivor's tombstone refuses that.
    """
    there = belongings_of(services.store, tombstone.contact_id)
    for contact_id, register in there.registers.items():
        if "erased_at" not in register:
            its_own = replace(
                tombstone, contact_id=contact_id, found=NONE, joins=joins_of(register)
            )
            with suppress(ConditionFailed):  # another run was quicker, or is begun again
                _put_up(its_own, there, services)


def _forget(identity: str, contact_id: str, tombstone: Tombstone, services: Services) -> None:
    """Remove what leads to an erased contact although its tombstone stands."""
    address, at, suppressions = address_of(identity), tombstone.erased_at, services.suppressions
    writes: list[Write] = [_unlink(identity, contact_id), suppressions.forget(identity, at=at)]
    if address:
        writes += suppressions.suppress(address, SuppressionReason.ERASED, at=at)
    with suppress(ConditionFailed):  # it leads to somebody else by now
        services.store.transact(writes)


def _leave_companies(tombstone: Tombstone, there: Belongings, services: Services) -> None:
    for company_id in there.companies():
        for contact_id in there.registers:
            _leave(replace(tombstone, contact_id=contact_id), company_id, services)


def _leave(tombstone: Tombstone, company_id: str, services: Services) -> None:
    """Leave a company, if the contact belongs to it; it is told, and adds itself up anew."""
    key = member_key(company_id, tombstone.contact_id)
    if services.store.get(Table.CONTACTS, key):
        event = tombstone.left_company(company_id)
        with suppress(ConditionFailed):  # told before
            services.store.transact([Delete(Table.CONTACTS, key), put_once(event)])


def _strip(send: Item, services: Services) -> None:
    """Leave of a message what reports count; one that waits for its turn is skipped."""
    send_id = str(send["send_id"])
    waiting = (SendState.RELEASED, SendState.DEFERRED)
    if send["state"] in waiting:
        skip = settle(send_id, SendState.SKIPPED, expected=waiting, reason=Reason.ERASED)
        with suppress(ConditionFailed):  # the next attempt has it, and will find the tombstone
            services.store.write(skip)
    if send.get("erased") is True:
        return
    with suppress(ConditionFailed):  # it was kept long enough, and is gone
        services.store.write(
            Update(
                Table.SENDS,
                (send_id,),
                set={"erased": True},
                remove=("ses_message_id", "because"),
                when=Present(),
            )
        )


def _write(deletions: Iterable[Delete], services: Services) -> None:
    """Carry out the deletions, so many at once."""
    left: Sequence[Delete] = list(deletions)
    for start in range(0, len(left), TRANSACTION):
        services.store.transact(left[start : start + TRANSACTION])


def _finish(tombstone: Tombstone, services: Services) -> dict[str, Value]:
    """Remove what came meanwhile, look once more, and prove it if nothing is left."""
    _remove(tombstone, services, stop=True)
    there = belongings_of(services.store, tombstone.contact_id)
    left, files = there.counts(), services.private_files
    if left.total:
        raise StoreBusy(f"something came meanwhile: {left.in_words()}")
    for contact_id in there.registers:
        proof = tombstone.proof(contact_id, left, now=services.now())
        files.write_lines(proof_key(contact_id), [proof])
    return {
        "decision": Decision.ERASED.value,
        **_told(tombstone),
        "left": left.to_json(),
        "proof": files.link(proof_key(tombstone.contact_id)),
        "summary": (
            f"Erased. Of this contact there were {tombstone.found.in_words()}; nothing is left "
            f"but {_tombstones(len(there.registers))} without personal data and the record of "
            "messages without whom they went to."
        ),
    }


def _tombstones(count: int) -> str:
    return "a tombstone" if count == 1 else f"{count} tombstones, one for each id that was joined,"
