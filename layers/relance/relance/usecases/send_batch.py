"""Sending a campaign's message to a batch of contacts: claimed, read, decided, handed over, noted.

For fifty contacts seven calls, whatever becomes of them: one read of the campaign and the ledger,
one transaction that claims, one consistent read of the contacts after it, one transaction that
takes room in each one's day, SES, one transaction with the outcomes, and now and then one that
forgets old counts.

Cut off anywhere and run again, it goes on from the ledger:

| cut off | what the next attempt finds | what becomes of it |
|---|---|---|
| before the claims | nothing | sends |
| by an error between claims and SES | `released` | sends |
| by death after the claims | `claimed` | an SES event or the sweep settles it: nobody repeats it |
| after the outcomes were written | final states | nothing |

Room is taken after the claim (`relance.room`): whoever is refused, since somebody unsubscribed or
another message came first, is read and decided again. A death in between leaves a message counted
that was not sent, which costs the person a mail that day and nobody a second one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import Field

from relance.campaigns import (
    WORKFLOW,
    Campaign,
    CampaignState,
    campaign_key,
    campaign_of,
    claim,
    is_open,
    leave_out,
    pause,
    planned,
    put_back,
    put_off,
    send_id_in,
)
from relance.contacts import UNREADABLE, Contact, read_contacts
from relance.content.compiled import Message
from relance.deciding import Decision, Defer, Skip, case_of, decide
from relance.errors import (
    ConditionFailed,
    ContentInvalid,
    InvalidInput,
    RecipientRefused,
    RelanceError,
    Retryable,
    SendOutcomeUnknown,
    SendRateExceeded,
    SendRefused,
)
from relance.events import put_once
from relance.ledger import Planned, Send, SendState, doubt, send_of, settle
from relance.moments import from_text, to_text
from relance.ports import Mail, Services
from relance.reasons import Reason
from relance.register import RECORD as REGISTER
from relance.register import give_turn_back
from relance.room import Room, old_counts
from relance.sending import compose_mail
from relance.storage import Item, Put, Table, Update, Value, Write
from relance.usecases.bulk_writes import write_groups
from relance.usecases.inputs import Request, Word
from relance.usecases.questions import ListedContact
from relance.usecases.record_email_event import sent_event
from relance.usecases.send_email import RELEASE_TRIES

DECIDED_AT_MOST = 4
"""How often a contact is decided whose register changes under our hands; then it is left."""


class BatchRequest(Request):
    """A batch of a campaign's audience."""

    campaign: Word
    contacts: Annotated[tuple[ListedContact, ...], Field(min_length=1, max_length=50)]


def send_batch(request: BatchRequest, services: Services) -> dict[str, Value]:
    """Send to those of the batch who are to get it; how many came to what.

    Raises:
        SendRateExceeded: SES asked some to wait; they were given back, and a retry sends to them.
        StoreBusy, ServiceUnavailable: what was not handed over was given back.
    """
    ids = list(dict.fromkeys(each.contact for each in request.contacts))
    names = {each: send_id_in(request.campaign, each) for each in ids}
    keys = [campaign_key(request.campaign), *((name,) for name in names.values())]
    items = services.store.get_many(Table.SENDS, keys)
    stored = items.get(campaign_key(request.campaign))
    if stored is None:
        raise InvalidInput(f'There is no campaign "{request.campaign}".')
    campaign, now = campaign_of(stored), services.now()
    found = {each: items.get((names[each],)) for each in ids}
    todo = [each for each in ids if _may_be_claimed(found[each], campaign, now)]
    counts: Counter[str] = Counter(settled_before=len(ids) - len(todo))
    if todo:
        counts += _act(campaign, todo, services, now)
    return {"contacts": len(ids), "counts": dict(counts)}


def _may_be_claimed(item: Item | None, campaign: Campaign, now: datetime) -> bool:
    """Whether nobody has claimed this send, or whoever did let it go, and it is due."""
    if item is None:
        return True
    until = None if campaign.state is CampaignState.CANCELLED else item.get("until")
    state = SendState(str(item["state"]))
    return is_open(state, None if until is None else str(until), now)


def _act(
    campaign: Campaign, todo: Sequence[str], services: Services, now: datetime
) -> Counter[str]:
    message = services.content.message(campaign.message)
    if campaign.state is CampaignState.SENDING and message.version != campaign.message_version:
        why = f'The message "{message.name}" was changed since the campaign began.'
        with suppress(ConditionFailed):
            services.store.write(pause(campaign.name, reason=why))
        return Counter(held=len(todo))
    if campaign.state in (CampaignState.PAUSED, CampaignState.SENT):
        return Counter(held=len(todo))
    batch = _Batch(campaign, message, services, services.random_bytes(8).hex(), now)
    if campaign.state is CampaignState.CANCELLED:
        batch.leave_out(dict.fromkeys(todo, Reason.CANCELLED))
    else:
        batch.send_to(todo)
    return batch.counts


@dataclass(frozen=True, slots=True)
class _Ready:
    """A contact that is to get the message now, and what that takes up in its day."""

    contact: Contact
    room: Room
    mail: Mail


@dataclass(slots=True)
class _Batch:
    """One attempt at one batch. `claimed` are those whom it has claimed and not let go.

    `taken` is the room that was taken for whom, to be given back where nothing is sent.
    """

    campaign: Campaign
    message: Message
    services: Services
    attempt: str
    now: datetime
    counts: Counter[str] = field(default_factory=Counter)
    claimed: set[str] = field(default_factory=set)
    taken: dict[str, _Ready] = field(default_factory=dict)

    def send_to(self, ids: Sequence[str]) -> None:
        """Claim, read, decide, take room, hand over, note."""
        try:
            self.claim(ids)
            pending = [each for each in ids if each in self.claimed]
            for _ in range(DECIDED_AT_MOST):
                pending = self.take_room(self.prepare(self.read(pending)))
                if not pending:
                    break
            self.give_back(pending)
        except Exception:
            self._give_all_back()
            raise
        self.hand_over()

    # -- claiming and reading -------------------------------------------------------------------

    def plan(self, contact_id: str) -> Planned:
        """The send to a contact."""
        return planned(
            self.campaign,
            contact_id,
            topic=self.message.topic,
            now=self.now,
            keep=self.services.ledger_kept,
            attempt=self.attempt,
        )

    def send_id(self, contact_id: str) -> str:
        """The id of the send to a contact."""
        return send_id_in(self.campaign.name, contact_id)

    def claim(self, ids: Sequence[str]) -> None:
        """Claim those whom nobody else has, in one transaction."""
        self.claimed = set(ids)  # an answer may be lost, and claims be written
        written = write_groups(
            self.services.store, {each: [claim(self.plan(each))] for each in ids}
        )
        mine = self._mine(written.refused)
        self.claimed = {each for each in ids if written.has(each) or each in mine}
        self.counts["taken_by_another"] += len(written.refused) - len(mine)
        self.leave_out(dict.fromkeys(written.broken, Reason.COULD_NOT_BE_MADE))

    def _mine(self, refused: Iterable[str]) -> set[str]:
        """Of those whose claim was refused, the ones that this very attempt had written before."""
        keys = {self.send_id(each): each for each in refused}
        if not keys:
            return set()
        found = self.services.store.get_many(Table.SENDS, [(key,) for key in keys])
        return {
            keys[key]
            for (key,), item in found.items()
            if item.get("attempt") == self.attempt and item["state"] == SendState.CLAIMED.value
        }

    def read(self, ids: Sequence[str]) -> dict[str, Contact]:
        """The claimed contacts as they are after the claim, without those who cannot be mailed."""
        found = read_contacts(self.services.store, ids)
        gone = [each for each in ids if each not in found]
        broken = [each for each, contact in found.items() if contact is None]
        self.skip(dict.fromkeys(gone, Reason.GONE))
        self.skip(dict.fromkeys(broken, Reason.COULD_NOT_BE_MADE))
        contacts = {each: contact for each, contact in found.items() if contact is not None}
        for each, contact in contacts.items():
            if contact.contact_id != each:
                self._close_the_place_of(contact.contact_id, each)
        self._yield_to_the_absorbed(contacts)
        return {each: contact for each, contact in contacts.items() if each in self.claimed}

    def _close_the_place_of(self, survivor: str, contact_id: str) -> None:
        """One person under two ids: whoever of them is first closes the other's place."""
        mine = self.services.store.get(Table.SENDS, (self.send_id(survivor),))
        if mine is not None and mine.get("stood_in_by") == contact_id:
            return  # decided before, in this attempt or an earlier one
        closed = leave_out(self.plan(survivor), Reason.SAME_PERSON)
        try:
            self.services.store.write(
                Put(closed.table, {**closed.item, "stood_in_by": contact_id}, when=closed.when)
            )
        except ConditionFailed:
            self.skip({contact_id: Reason.SAME_PERSON})

    def _yield_to_the_absorbed(self, contacts: Mapping[str, Contact]) -> None:
        """Who was reached under a former id is left out; who is being reached there waits."""
        former = {
            self.send_id(other): each
            for each, contact in contacts.items()
            if each == contact.contact_id and each in self.claimed
            for other in contact.register.absorbed
        }
        if not former:
            return
        found = self.services.store.get_many(Table.SENDS, [(key,) for key in former])
        sends = [(former[key], send_of(item)) for (key,), item in found.items()]
        reached = [each for each, send in sends if _has_reached(send)]
        self.skip(dict.fromkeys(reached, Reason.SAME_PERSON))
        busy = (SendState.CLAIMED, SendState.UNKNOWN)
        self.give_back([each for each, send in sends if send.state in busy])

    # -- deciding -------------------------------------------------------------------------------

    def prepare(self, contacts: Mapping[str, Contact]) -> dict[str, _Ready]:
        """Those who are to get it now, with their mails; the others are noted with their reason."""
        skipped: dict[str, Reason] = {}
        deferred: dict[str, Defer] = {}
        ready: dict[str, _Ready] = {}
        if contacts:
            self.services.link_tables.keep(self.message)
        for each, contact in contacts.items():
            try:
                decision = self.decide(each, contact)
                if isinstance(decision, Skip):
                    skipped[each] = decision.reason
                elif isinstance(decision, Defer):
                    deferred[each] = decision
                else:
                    ready[each] = _Ready(contact, decision.room, self.compose(each, contact))
            except (ContentInvalid, *UNREADABLE):
                skipped[each] = Reason.COULD_NOT_BE_MADE
        self.skip(skipped)
        self.put_off(deferred)
        return ready

    def decide(self, listed: str, contact: Contact) -> Decision:
        """Whether the contact gets the message now."""
        services = self.services
        case = case_of(
            contact,
            self.message,
            send_id=self.send_id(listed),
            wanted_at=from_text(self.campaign.run_at),
            waiting=(),
            leaving=False,
            plan=services.plan,
            sender=services.sender,
            now=self.now,
        )
        return decide(
            case,
            sender=services.sender,
            company=services.content.company,
            rules=services.content.sending,
            now=self.now,
        )

    def compose(self, listed: str, contact: Contact) -> Mail:
        """The message as this contact gets it."""
        return compose_mail(
            self.message,
            contact,
            send_id=self.send_id(listed),
            rules=self.services.content.rules,
            company=self.services.content.company,
            sender=self.services.sender,
            signer=self.services.signer,
            workflow=WORKFLOW,
        )

    def take_room(self, ready: Mapping[str, _Ready]) -> list[str]:
        """Take room in each one's day; those whose register is no longer as it was read."""
        groups: dict[str, Sequence[Write]] = {
            each: [it.room.take(it.contact.register)] for each, it in ready.items()
        }
        written = write_groups(self.services.store, groups)
        self.taken |= {each: it for each, it in ready.items() if written.has(each)}
        self.skip(dict.fromkeys(written.broken, Reason.COULD_NOT_BE_MADE))
        return [each for each in ready if each in written.refused]

    # -- handing over ---------------------------------------------------------------------------

    def hand_over(self) -> None:
        """Hand the mails to SES and note what became of each."""
        if not self.taken:
            return
        try:
            mailer = self.services.mailer
        except Exception:
            self._give_all_back()
            raise
        mails = [it.mail for it in self.taken.values()]
        outcomes = dict(zip(list(self.taken), mailer.send_bulk(mails), strict=True))
        sent = {each: it for each, it in outcomes.items() if isinstance(it, str)}
        refused = {each: it for each, it in outcomes.items() if not isinstance(it, str)}
        self._note_refused(refused)  # of what was sent SES will tell, of these nobody
        self._note_sent(sent)
        if any(isinstance(each, SendRateExceeded) for each in refused.values()):
            raise SendRateExceeded("SES asked to try again later; nothing was sent to the others")

    def _note_sent(self, sent: Mapping[str, str]) -> None:
        groups: dict[str, Sequence[Write]] = {
            each: self._sent(each, message_id) for each, message_id in sent.items()
        }
        write_groups(self.services.store, groups)  # refused: an SES event was quicker, as it may be
        forgetting = {each: self._forget_old_counts(self.taken[each].contact) for each in sent}
        write_groups(self.services.store, {each: it for each, it in forgetting.items() if it})
        self.counts["sent"] += len(sent)

    def _sent(self, listed: str, message_id: str) -> Sequence[Write]:
        plan, now = self.plan(listed), self.services.now()
        send = Send(
            send_id=plan.send_id,
            step=plan.step,
            message=self.message.name,
            message_version=self.message.version,
            topic=self.message.topic,
            state=SendState.SENT,
            reason=None,
            claimed_at=to_text(self.now),
        )
        note: dict[str, Value] = {"ses_message_id": message_id, "sent_at": to_text(now)}
        contact_id = self.taken[listed].contact.contact_id
        if contact_id != listed:
            note["sent_as"] = contact_id
        expected = (SendState.CLAIMED, SendState.UNKNOWN)
        done = settle(plan.send_id, SendState.SENT, expected=expected, note=note)
        return [done, put_once(sent_event(send, message_id, now))]

    def _forget_old_counts(self, contact: Contact) -> Sequence[Write]:
        """The write that drops counts that no bound looks at any more, if there are any."""
        old = old_counts(contact.register, self.now)
        if not old:
            return []
        return [Update(Table.CONTACTS, (contact.contact_id, REGISTER), remove=old)]

    def _note_refused(self, refused: Mapping[str, RelanceError]) -> None:
        of_all = [each for each, it in refused.items() if _stops_all(it)]
        later = [each for each, it in refused.items() if isinstance(it, SendRateExceeded)]
        unknown = [each for each, it in refused.items() if isinstance(it, SendOutcomeUnknown)]
        no_address = [each for each, it in refused.items() if isinstance(it, RecipientRefused)]
        rest = refused.keys() - {*of_all, *later, *unknown, *no_address}
        self.skip(dict.fromkeys(no_address, Reason.REFUSED_BY_SES))
        self.skip(dict.fromkeys(rest, Reason.REFUSED_BY_SES), state=SendState.REFUSED)
        self._doubt(unknown)
        self.give_back([*of_all, *later])
        if of_all:
            with suppress(ConditionFailed):
                self.services.store.write(
                    pause(self.campaign.name, reason=f"{refused[of_all[0]]}.")
                )

    def _doubt(self, ids: Sequence[str]) -> None:
        """Nobody knows whether these were sent: an SES event or the sweep settles them."""
        groups: dict[str, Sequence[Write]] = {
            each: [doubt(self.send_id(each), now=self.now)] for each in ids
        }
        write_groups(self.services.store, groups)
        self.counts["unknown"] += len(ids)

    # -- letting go -----------------------------------------------------------------------------

    def skip(self, reasons: Mapping[str, Reason], *, state: SendState = SendState.SKIPPED) -> None:
        """End claims of this attempt without a message."""
        writes = {
            each: settle(
                self.send_id(each),
                state,
                expected=(SendState.CLAIMED, SendState.UNKNOWN),
                reason=reason,
                attempt=self.attempt,
            )
            for each, reason in reasons.items()
        }
        self._let_go(writes, {each: reason.value for each, reason in reasons.items()})

    def put_off(self, decisions: Mapping[str, Defer]) -> None:
        """Leave these to their hour."""
        writes = {
            each: put_off(
                self.send_id(each), attempt=self.attempt, until=it.until, reason=it.reason
            )
            for each, it in decisions.items()
        }
        self._let_go(writes, dict.fromkeys(writes, "deferred"))

    def give_back(self, ids: Iterable[str]) -> None:
        """Give claims of this attempt back: nothing was sent, and a later attempt sends."""
        writes = {
            each: put_back(self.send_id(each), attempt=self.attempt)
            for each in ids
            if each in self.claimed
        }
        self._let_go(writes, dict.fromkeys(writes, "given_back"))

    def _give_all_back(self) -> None:
        """Give every claim back, however busy the store is; what stays claimed is given up."""
        for _ in range(RELEASE_TRIES):
            with suppress(Retryable):
                self.give_back(list(self.claimed))
                break

    def _let_go(self, writes: Mapping[str, Update], what: Mapping[str, str]) -> None:
        """End these claims, and give back the room that was taken."""
        groups: dict[str, Sequence[Write]] = {each: [write] for each, write in writes.items()}
        written = write_groups(self.services.store, groups)
        rooms: dict[str, Sequence[Write]] = {}
        for each in writes:
            self.claimed.discard(each)
            it = self.taken.pop(each, None)
            if written.has(each):
                self.counts[what[each]] += 1
                if it is not None:
                    rooms[each] = [it.room.give_back(it.contact.contact_id)]
                    if it.room.turn:
                        self._leave_the_turn(each, it)
        write_groups(self.services.store, rooms)

    def _leave_the_turn(self, listed: str, ready: _Ready) -> None:
        """What was not sent must not hold up the next mail."""
        with suppress(ConditionFailed):
            self.services.store.write(
                give_turn_back(ready.contact.contact_id, self.send_id(listed))
            )

    def leave_out(self, reasons: Mapping[str, Reason]) -> None:
        """Record those who are not even claimed."""
        groups: dict[str, Sequence[Write]] = {
            each: [leave_out(self.plan(each), reason)] for each, reason in reasons.items()
        }
        write_groups(self.services.store, groups)
        self.counts.update(reason.value for reason in reasons.values())


def _has_reached(send: Send) -> bool:
    """Whether the message may have got to the person under another id."""
    return send.state.went_out or send.state is SendState.GIVEN_UP


def _stops_all(error: RelanceError) -> bool:
    return isinstance(error, SendRefused) and error.stops_all
