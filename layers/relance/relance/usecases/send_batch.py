"""Sending a campaign's message to a batch of contacts: read, decided, claimed, handed over, noted.

For fifty contacts five calls, whatever becomes of them: one read of the campaign and the ledger,
one of the contacts, one transaction that claims, SES, one transaction with the outcomes; now and
then one more, with those who are left out or wait, or that forgets old counts.

The claim is the last write before SES. Its transaction holds, for each contact, the send in the
ledger and the room that it takes in the contact's day, on the condition that the register says of
the person what was read (`relance.room`): whoever unsubscribed, paused, was erased or joined since
then, or got another message, refuses the claim, and is read and decided again. So everything up to
the claim can be done over.

| cut off | what the next attempt finds | what becomes of it |
|---|---|---|
| before the claims | nothing | sends |
| by an error between claims and SES | `released` | sends |
| by death after the claims | `claimed` | an SES event or the sweep settles it: nobody repeats it |
| after the outcomes were written | final states | nothing |
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
    braked,
    campaign_key,
    campaign_of,
    claim,
    defer,
    is_open,
    leave_out,
    not_reached,
    pause,
    planned,
    put_back,
    read_campaign,
    send_id_in,
    stand_in,
)
from relance.contacts import UNREADABLE, Contact, read_contacts
from relance.content.compiled import Message, MessageClass
from relance.deciding import Decision, Defer, Skip
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
from relance.pace import Tick
from relance.ports import Mail, Mailer, Services
from relance.reasons import Reason
from relance.register import RECORD as REGISTER
from relance.register import give_turn_back
from relance.room import Room, old_counts
from relance.sending import compose_mail
from relance.storage import Item, Table, Update, Value, Write
from relance.usecases.bulk_writes import write_groups
from relance.usecases.delivery import RELEASE_TRIES
from relance.usecases.inputs import Request, Word
from relance.usecases.questions import ListedContact
from relance.usecases.record_email_event import sent_event
from relance.usecases.send_decision import decide_to_send

PATIENCE = 20.0
"""Seconds that a batch waits for room at the limiter; then it is tried again by and by."""

LASTS = 25.0
"""Seconds after which a batch asks for no more room: it must not be cut off with claims of its own
while it waits. What is left is sent by a retry."""

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
    message = services.messages.message(campaign.message)
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

    @property
    def is_joined(self) -> bool:
        """Whether the person has several registers, of which the claim can watch but one."""
        return self.contact.asked is not None


@dataclass(slots=True)
class _Batch:
    """One attempt at one batch.

    `claimed` are those whom it has claimed and not let go, `sent` those whom SES took, with the SES
    message id, until that is noted; `stopped` says that nothing more is to be sent, `late` why
    there was no room for some.
    """

    campaign: Campaign
    message: Message
    services: Services
    attempt: str
    now: datetime
    counts: Counter[str] = field(default_factory=Counter)
    claimed: dict[str, _Ready] = field(default_factory=dict)
    sent: dict[str, tuple[_Ready, str]] = field(default_factory=dict)
    stopped: bool = False
    late: SendRateExceeded | None = None

    def send_to(self, ids: Sequence[str]) -> None:
        """Read, decide, and as SES has room: claim, hand over; at last note what became of all.

        Raises:
            SendRateExceeded: there was no room for some within some seconds; they are left.
        """
        pending = list(ids)
        try:
            for _ in range(DECIDED_AT_MOST):
                pending = self.send_ready(self.prepare(self.read(pending)))
                if not pending or self.stopped:
                    break
        except Exception:
            self._give_all_back()
            raise
        finally:
            self.note()
        if self.late:
            raise self.late
        self.counts["not_yet"] += len(pending)

    def send_ready(self, ready: Mapping[str, _Ready]) -> list[str]:
        """Send to these, domains with a pace of their own last; who is to be read again."""
        rules = self.services.limiter.rules
        by_domain: dict[str | None, dict[str, _Ready]] = {}
        for each, it in ready.items():
            by_domain.setdefault(rules.paced(it.mail.to), {})[each] = it
        again = list[str]()
        for domain in sorted(by_domain, key=lambda each: each or ""):
            again += self.send_some(by_domain[domain], domain)
        return again

    def send_some(self, ready: Mapping[str, _Ready], domain: str | None) -> list[str]:
        """Send to these, as many at once as a tick has room for; who is to be read again."""
        left, again = list(ready), list[str]()
        limiter, mailer = self.services.limiter, self.services.mailer
        while left and not self.stopped:
            ticks = self._lease(len(left), domain)
            for number, tick in enumerate(ticks):
                if number and not self._goes_on():
                    break
                some, left = left[: tick.count], left[tick.count :]
                again += self.claim({each: ready[each] for each in some})
                self._look_again()
                if limiter.wait_for(tick):
                    self.hand_over(mailer)
                else:  # the tick has passed, and its room is leased anew
                    left = [*self.claimed, *left]
                    self.give_back(list(self.claimed))
            if not ticks:
                break
        self.counts["held"] += len(left)
        return again

    def _lease(self, count: int, domain: str | None) -> list[Tick]:
        """Room for up to so many, none if there is none now or nothing may leave."""
        limiter = self.services.limiter
        passed = (self.services.now() - self.now).total_seconds()
        if passed >= LASTS:
            self.late = SendRateExceeded("the batch has had its time; a retry sends to the rest")
            return []
        patience = min(PATIENCE, LASTS - passed)
        try:
            ticks = limiter.lease(count, patience=patience, domain=domain)
        except SendRefused as error:
            self._hold_up(str(error))
            return []
        except SendRateExceeded as error:
            self.late = error
            return []
        because = limiter.braked(self.message.name)  # as the record says since the lease
        if because and self.message.message_class is MessageClass.MARKETING:
            self._hold_up(braked(self.message.name, because))
            return []
        return ticks

    def _goes_on(self) -> bool:
        """Whether nobody, SES neither, has held the campaign up since the last tick."""
        if self.stopped:
            return False
        known = read_campaign(self.services.store, self.campaign.name)
        self.stopped = known is None or known.state is not CampaignState.SENDING
        return not self.stopped

    # -- reading and deciding -------------------------------------------------------------------

    def plan(self, contact_id: str) -> Planned:
        """The send to a contact."""
        return planned(
            self.campaign,
            contact_id,
            topic=self.message.topic,
            now=self.now,
            keep=self.services.ledger_kept,
            settling=self.services.content.sending.settling_time,
            attempt=self.attempt,
        )

    def send_id(self, contact_id: str) -> str:
        """The id of the send to a contact."""
        return send_id_in(self.campaign.name, contact_id)

    def read(self, ids: Sequence[str]) -> dict[str, Contact]:
        """The contacts as they are, without those of whom nothing can be read."""
        found = read_contacts(self.services.store, ids)
        gone = [each for each in ids if each not in found]
        broken = [each for each, contact in found.items() if contact is None]
        self.leave_out(
            dict.fromkeys(gone, Reason.GONE) | dict.fromkeys(broken, Reason.CONTENT_INVALID)
        )
        return {each: contact for each, contact in found.items() if contact is not None}

    def prepare(self, contacts: Mapping[str, Contact]) -> dict[str, _Ready]:
        """Those who are to get it now, with their mails; the others are noted with their reason."""
        skipped: dict[str, Reason] = {}
        deferred: dict[str, Defer] = {}
        ready: dict[str, _Ready] = {}
        for each, contact in contacts.items():
            try:
                decision = self.decide(each, contact)
                if isinstance(decision, Skip):
                    skipped[each] = decision.reason
                elif isinstance(decision, Defer):
                    deferred[each] = decision
                else:
                    mail = self.compose(each, contact, decision.language)
                    ready[each] = _Ready(contact, decision.room, mail)
            except (ContentInvalid, *UNREADABLE):
                skipped[each] = Reason.CONTENT_INVALID
        self.leave_out(skipped)
        self.put_off(deferred)
        return ready

    def decide(self, listed: str, contact: Contact) -> Decision:
        """Whether the contact gets the message now."""
        return decide_to_send(
            self.message,
            contact,
            self.services,
            now=self.now,
            send_id=self.send_id(listed),
            wanted_at=from_text(self.campaign.run_at),
        )

    def compose(self, listed: str, contact: Contact, language: str) -> Mail:
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
            language=language,
        )

    # -- claiming -------------------------------------------------------------------------------

    def claim(self, ready: Mapping[str, _Ready]) -> list[str]:
        """Claim those whom nobody else has; who is to be read again, being no longer as read."""
        if not ready:
            return []
        self.services.link_tables.keep(self.message)
        before = dict(self.claimed)
        self.claimed |= ready  # an answer may be lost, and claims be written
        groups = {each: self._claim(each, it) for each, it in ready.items()}
        written = write_groups(self.services.store, groups)
        mine = self._mine([each for each, failed in written.refused.items() if 0 in failed])
        self.claimed = before | {
            each: it for each, it in ready.items() if written.has(each) or each in mine
        }
        self.leave_out(dict.fromkeys(written.broken, Reason.CONTENT_INVALID))
        others = {each: it for each, it in written.refused.items() if each not in mine}
        self.counts["taken_by_another"] += sum(0 in failed for failed in others.values())
        reached = [each for each, it in others.items() if max(it) > 1 and 0 not in it]
        self._leave_to_the_other_id(reached, ready)
        return [each for each, it in others.items() if it == {1}]

    def _claim(self, listed: str, ready: _Ready) -> list[Write]:
        """The claim, the room, and where one person has several ids, that none of them has it."""
        contact, name = ready.contact, self.campaign.name
        own: list[Write] = [claim(self.plan(listed)), ready.room.take(contact.register)]
        others = [each for each in contact.ids if each not in (listed, contact.contact_id)]
        if contact.contact_id != listed:
            own.append(stand_in(self.plan(contact.contact_id), by=listed))
        return [*own, *(not_reached(name, each) for each in others)]

    def _mine(self, refused: Sequence[str]) -> set[str]:
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

    def _leave_to_the_other_id(self, ids: Sequence[str], ready: Mapping[str, _Ready]) -> None:
        """Who is reached under another id is left out; while that is not known, somebody waits."""
        keys = {
            self.send_id(other): each
            for each in ids
            for other in ready[each].contact.ids
            if other != each
        }
        found = self.services.store.get_many(Table.SENDS, [(key,) for key in keys])
        sends = [(keys[key], send_of(item)) for (key,), item in found.items()]
        reached = {each for each, send in sends if send.state.is_final}
        self.leave_out(dict.fromkeys(reached, Reason.SAME_PERSON))
        self.counts["not_yet"] += len(set(ids) - reached)

    def _look_again(self) -> None:
        """Whoever has several registers is read once more, after the claim."""
        joined = [each for each, it in self.claimed.items() if it.is_joined]
        if not joined:
            return
        found = read_contacts(self.services.store, joined)
        reasons: dict[str, Reason] = {}
        for each in joined:
            contact = found.get(each)
            decision = self.decide(each, contact) if contact else None
            if isinstance(decision, Skip) and decision.reason in _OF_THE_PERSON:
                reasons[each] = decision.reason
        self.skip(reasons)

    # -- handing over ---------------------------------------------------------------------------

    def hand_over(self, mailer: Mailer) -> None:
        """Hand what is claimed to SES with one call.

        Raises:
            SendRateExceeded: SES asked some to wait; they were given back.
        """
        mails = {each: it.mail for each, it in self.claimed.items()}
        if not mails:
            return
        outcomes = dict(zip(mails, mailer.send_bulk(list(mails.values())), strict=True))
        for each, outcome in outcomes.items():
            if isinstance(outcome, str):
                self.sent[each] = (self.claimed.pop(each), outcome)
        refused = {each: it for each, it in outcomes.items() if not isinstance(it, str)}
        self._note_refused(refused)
        for error in refused.values():
            if _stops_all(error):
                self._hold_up(str(error))
                return
        later = [each for each in refused.values() if isinstance(each, SendRateExceeded)]
        if later:
            self.services.limiter.learn(later[0])
            raise later[0]

    def note(self) -> None:
        """Note those who were sent it; what is not noted here, SES's own events tell."""
        sent, self.sent = self.sent, {}
        groups: dict[str, Sequence[Write]] = {
            each: self._sent(each, it, message_id) for each, (it, message_id) in sent.items()
        }
        write_groups(self.services.store, groups)  # refused: an SES event was quicker, as it may be
        forgetting = {each: self._forget_old_counts(it.contact) for each, (it, _) in sent.items()}
        write_groups(self.services.store, {each: it for each, it in forgetting.items() if it})
        self.counts["sent"] += len(sent)

    def _hold_up(self, because: str) -> None:
        """Pause the campaign: nothing may leave until somebody does something."""
        self.stopped = True
        with suppress(ConditionFailed):
            why = f"{because.rstrip('.')}."
            self.services.store.write(pause(self.campaign.name, reason=why))

    def _sent(self, listed: str, ready: _Ready, message_id: str) -> Sequence[Write]:
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
        contact_id = ready.contact.contact_id
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

    def _doubt(self, ids: Sequence[str]) -> None:
        """Nobody knows whether these were sent: an SES event or the sweep settles them."""
        for each in ids:
            self.claimed.pop(each)
        groups: dict[str, Sequence[Write]] = {
            each: [
                doubt(
                    self.send_id(each),
                    now=self.now,
                    settling=self.services.content.sending.settling_time,
                )
            ]
            for each in ids
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
        """End these claims, and give back the room that they took."""
        groups: dict[str, Sequence[Write]] = {each: [write] for each, write in writes.items()}
        written = write_groups(self.services.store, groups)
        rooms: dict[str, Sequence[Write]] = {}
        for each in writes:
            it = self.claimed.pop(each)
            if written.has(each):
                self.counts[what[each]] += 1
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
        """Record those who do not get it, and whom nobody has claimed."""
        groups: dict[str, Sequence[Write]] = {
            each: [leave_out(self.plan(each), reason)] for each, reason in reasons.items()
        }
        write_groups(self.services.store, groups)
        self.counts.update(reason.value for reason in reasons.values())

    def put_off(self, decisions: Mapping[str, Defer]) -> None:
        """Leave these, whom nobody has claimed, to their hour."""
        groups: dict[str, Sequence[Write]] = {
            each: [defer(self.plan(each), until=it.until, reason=it.reason)]
            for each, it in decisions.items()
        }
        write_groups(self.services.store, groups)
        self.counts["deferred"] += len(groups)


_OF_THE_PERSON = frozenset(
    {
        Reason.ERASED,
        Reason.NO_ADDRESS,
        Reason.NO_CONSENT,
        Reason.PAUSED,
        Reason.SUPPRESSED,
        Reason.UNCONFIRMED,
        Reason.UNSUBSCRIBED,
    }
)
"""Reasons that a person gave: the claim itself changes none of them."""


def _stops_all(error: RelanceError) -> bool:
    return isinstance(error, SendRefused) and error.stops_all
