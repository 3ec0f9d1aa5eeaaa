"""Sending a campaign's message to a batch of contacts: claimed, read, decided, handed over, noted.

For fifty contacts five or six calls, whatever becomes of them: one read of the campaign and the
ledger, one transaction that claims, one consistent read of the contacts after it, SES, one
transaction with the outcomes; one more where somebody wants few mails.

Cut off anywhere and run again, it goes on from the ledger:

| cut off | what the next attempt finds | what becomes of it |
|---|---|---|
| before the claims | nothing | sends |
| by an error between claims and SES | `released` | sends |
| by death after the claims | `claimed` | an SES event or the sweep settles it: nobody repeats it |
| after the outcomes were written | final states | nothing |
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from relance.campaigns import (
    WORKFLOW,
    Campaign,
    CampaignState,
    campaign_key,
    campaign_of,
    pause,
    planned,
    send_id_in,
)
from relance.contacts import UNREADABLE, Contact, own_register, read_contacts, stage_at
from relance.content.compiled import Message, MessageClass
from relance.errors import (
    ConditionFailed,
    ContactNotFound,
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
from relance.ledger import Planned, Reason, Send, SendState, doubt, put_back, send_of, settle
from relance.moments import to_text
from relance.ports import Mail, Services
from relance.register import RECORD as REGISTER
from relance.register import counter, first_free, give_turn_back, take_turn
from relance.sending import compose_mail, reason_not_to_send
from relance.storage import AllOf, AnyOf, Below, Item, Missing, Present, Table, Update, Value, Write
from relance.usecases.bulk_writes import write_groups
from relance.usecases.inputs import Request, Word
from relance.usecases.questions import ListedContact
from relance.usecases.record_email_event import sent_event
from relance.usecases.send_email import COUNTS_KEPT, RELEASE_TRIES


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
    campaign = campaign_of(stored)
    todo = [each for each in ids if _is_open(items.get((names[each],)))]
    counts: Counter[str] = Counter(settled_before=len(ids) - len(todo))
    if todo:
        counts += _act(campaign, todo, services)
    return {"contacts": len(ids), "counts": dict(counts)}


def _is_open(item: Item | None) -> bool:
    """Whether nobody has claimed this send, or whoever did gave it back."""
    return item is None or send_of(item).state is SendState.RELEASED


def _act(campaign: Campaign, todo: Sequence[str], services: Services) -> Counter[str]:
    message = services.content.message(campaign.message)
    if campaign.state is CampaignState.SENDING and message.version != campaign.message_version:
        why = f'The message "{message.name}" was changed since the campaign began.'
        with suppress(ConditionFailed):
            services.store.write(pause(campaign.name, reason=why))
        return Counter(held=len(todo))
    if campaign.state in (CampaignState.PAUSED, CampaignState.SENT):
        return Counter(held=len(todo))
    batch = _Batch(campaign, message, services, services.random_bytes(8).hex(), services.now())
    if campaign.state is CampaignState.CANCELLED:
        batch.leave_out(dict.fromkeys(todo, Reason.CANCELLED))
    else:
        batch.send_to(todo)
    return batch.counts


@dataclass(slots=True)
class _Batch:
    """One attempt at one batch."""

    campaign: Campaign
    message: Message
    services: Services
    attempt: str
    now: datetime
    counts: Counter[str] = field(default_factory=Counter)
    claimed: dict[str, str] = field(default_factory=dict)
    """Whom this attempt has claimed, and in whose register it counts."""

    @property
    def day(self) -> date:
        """The calendar day on which these mails count."""
        return self.now.astimezone(self.services.sender.time_zone).date()

    # -- what is written ------------------------------------------------------------------------

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

    def counted(self, register: str, by: int) -> Update:
        """The write that counts the message for a person, below its bound, or takes it back."""
        names = [
            counter(what, self.day.isoformat()) for what in ("email", f"email/{self.message.name}")
        ]
        if by < 0:
            return Update(
                Table.CONTACTS,
                (register, REGISTER),
                add=dict.fromkeys(names, by),
                when=Present(),
            )
        bound, marketing = self.message.at_most_per_day, _is_marketing(self.message)
        below = Present() if bound is None else AnyOf((Missing(names[-1]), Below(names[-1], bound)))
        return Update(
            Table.CONTACTS,
            (register, REGISTER),
            set={"marketing_day": self.day.isoformat()} if marketing else {},
            add=dict.fromkeys(names, by),
            when=AllOf((Present(), Missing("joined_to"), below)),
        )

    # -- the acts, in their order ---------------------------------------------------------------

    def send_to(self, ids: Sequence[str]) -> None:
        """Claim, read, decide, hand over, note."""
        try:
            self.claim(ids)
            contacts = self.read()
            mails = self.prepare(contacts)
        except Exception:
            self._give_all_back()
            raise
        self.hand_over(contacts, mails)

    def claim(self, ids: Sequence[str]) -> None:
        """Claim those whom nobody else has, each with its count, in one transaction."""
        groups: dict[str, Sequence[Write]] = {
            each: [self.plan(each).claim(), self.counted(each, 1)] for each in ids
        }
        self.claimed = {each: each for each in ids}  # an answer may be lost, and claims be written
        written = write_groups(self.services.store, groups)
        self.claimed = {each: each for each in ids if written.has(each)}
        taken = [each for each, failed in written.refused.items() if 0 in failed]
        mine = self._mine(taken)
        self.claimed |= {each: each for each in mine}
        self.counts["taken_by_another"] += len(taken) - len(mine)
        for each, failed in written.refused.items():
            if 0 not in failed:
                self._claim_apart(each)
        self.leave_out(dict.fromkeys(written.broken, Reason.COULD_NOT_BE_MADE))

    def _mine(self, taken: Sequence[str]) -> list[str]:
        """Of those whose claim was refused, the ones that this very attempt had written before."""
        if not taken:
            return []
        keys = {send_id_in(self.campaign.name, each): each for each in taken}
        found = self.services.store.get_many(Table.SENDS, [(key,) for key in keys])
        return [
            keys[key]
            for (key,), item in found.items()
            if item.get("attempt") == self.attempt and item["state"] == SendState.CLAIMED.value
        ]

    def _claim_apart(self, contact_id: str) -> None:
        """Claim somebody who could not be counted: gone, joined to another, or at the bound."""
        try:
            survivor = own_register(self.services.store, contact_id).joined_to
        except ContactNotFound:
            self.leave_out({contact_id: Reason.GONE})
            return
        if survivor is None:
            self.leave_out({contact_id: Reason.CAPPED})
            return
        # One person under two ids: whoever of them is first closes the other's place.
        group: list[Write] = [
            self.plan(contact_id).claim(),
            self.counted(survivor, 1),
            self.plan(survivor).skip(Reason.SAME_PERSON),
        ]
        failed = write_groups(self.services.store, {contact_id: group}).refused.get(contact_id)
        if failed is None:
            self.claimed[contact_id] = survivor
        elif 0 in failed:
            self.counts["taken_by_another"] += 1
        else:
            reason = Reason.SAME_PERSON if 2 in failed else Reason.CAPPED
            self.leave_out({contact_id: reason})

    def read(self) -> dict[str, Contact]:
        """The claimed contacts as they are after the claim, without those who cannot be mailed."""
        found = read_contacts(self.services.store, list(self.claimed))
        contacts = {each: contact for each, contact in found.items() if contact is not None}
        broken = [each for each in self.claimed if each not in contacts]
        self.skip(dict.fromkeys(broken, Reason.COULD_NOT_BE_MADE))
        joined = [each for each, it in contacts.items() if it.contact_id != self.claimed.get(each)]
        for each in joined:
            self._close_the_place_of(contacts[each].contact_id, each)
        self._yield_to_the_absorbed(contacts)
        return {each: contact for each, contact in contacts.items() if each in self.claimed}

    def _close_the_place_of(self, survivor: str, contact_id: str) -> None:
        """Somebody was joined between claim and read: one of the two gets it."""
        try:
            self.services.store.write(self.plan(survivor).skip(Reason.SAME_PERSON))
        except ConditionFailed:
            self.skip({contact_id: Reason.SAME_PERSON})

    def _yield_to_the_absorbed(self, contacts: Mapping[str, Contact]) -> None:
        """Who was reached under a former id is left out; who is being reached there waits."""
        former = {
            send_id_in(self.campaign.name, other): each
            for each, contact in contacts.items()
            if each == contact.contact_id and each in self.claimed
            for other in contact.register.absorbed
        }
        if not former:
            return
        found = self.services.store.get_many(Table.SENDS, [(key,) for key in former])
        sends = {former[key]: send_of(item) for (key,), item in found.items()}
        reached = [each for each, send in sends.items() if _has_reached(send)]
        self.skip(dict.fromkeys(reached, Reason.SAME_PERSON))
        busy = (SendState.CLAIMED, SendState.UNKNOWN)
        self.give_back([each for each, send in sends.items() if send.state in busy])

    def prepare(self, contacts: Mapping[str, Contact]) -> dict[str, Mail]:
        """The mails of those who are to get one; the others are noted with their reason."""
        reasons: dict[str, Reason] = {}
        ready: dict[str, Contact] = {}
        for each, contact in contacts.items():
            try:
                reason = self.why_not(contact)
            except UNREADABLE:
                reason = Reason.COULD_NOT_BE_MADE
            if reason is None:
                ready[each] = contact
            else:
                reasons[each] = reason
        late = self._take_turns(ready)
        reasons |= dict.fromkeys(late, Reason.TOO_FREQUENT)
        self.services.link_tables.keep(self.message)
        mails: dict[str, Mail] = {}
        for each, contact in ready.items():
            if each in late:
                continue
            try:
                mails[each] = self.compose(each, contact)
            except (ContentInvalid, *UNREADABLE):
                reasons[each] = Reason.COULD_NOT_BE_MADE
        self.skip(reasons)
        return mails

    def why_not(self, contact: Contact) -> Reason | None:
        """Why this contact must not get the message now, None if it may."""
        return reason_not_to_send(
            self.message,
            contact.register,
            self.services.sender,
            stage=stage_at(contact.profile, self.services.plan, self.now),
            leaving=False,
            now=self.now,
        )

    def _take_turns(self, ready: Mapping[str, Contact]) -> set[str]:
        """Take the turns of those who want few mails; the others of them, who have had one."""
        asking = {each: it for each, it in ready.items() if _wants_few(self.message, it)}
        late = {
            each
            for each, contact in asking.items()
            if (last := contact.register.turn)
            and last.send_id != send_id_in(self.campaign.name, each)
            and last.day >= first_free(self.day, contact.register.frequency)
        }
        groups: dict[str, Sequence[Write]] = {
            each: [
                take_turn(
                    contact.contact_id,
                    send_id_in(self.campaign.name, each),
                    day=self.day,
                    frequency=contact.register.frequency,
                )
            ]
            for each, contact in asking.items()
            if each not in late
        }
        written = write_groups(self.services.store, groups)
        return late | {each for each in groups if not written.has(each)}

    def compose(self, listed: str, contact: Contact) -> Mail:
        """The message as this contact gets it."""
        return compose_mail(
            self.message,
            contact,
            send_id=send_id_in(self.campaign.name, listed),
            rules=self.services.content.rules,
            company=self.services.content.company,
            sender=self.services.sender,
            signer=self.services.signer,
            workflow=WORKFLOW,
        )

    def hand_over(self, contacts: Mapping[str, Contact], mails: Mapping[str, Mail]) -> None:
        """Hand the mails to SES and note what became of each."""
        if not mails:
            return
        try:
            mailer = self.services.mailer
        except Exception:
            self._give_all_back()
            raise
        outcomes = dict(zip(mails, mailer.send_bulk(list(mails.values())), strict=True))
        sent = {each: it for each, it in outcomes.items() if isinstance(it, str)}
        refused = {each: it for each, it in outcomes.items() if not isinstance(it, str)}
        self._note_refused(contacts, refused)  # of what was sent SES will tell, of these nobody
        self._note_sent(contacts, sent)
        if any(isinstance(each, SendRateExceeded) for each in refused.values()):
            raise SendRateExceeded("SES asked to try again later; nothing was sent to the others")

    def _note_sent(self, contacts: Mapping[str, Contact], sent: Mapping[str, str]) -> None:
        groups: dict[str, Sequence[Write]] = {
            each: self._sent(each, contacts[each], message_id) for each, message_id in sent.items()
        }
        write_groups(self.services.store, groups)  # refused: an SES event was quicker, as it may be
        forgetting = {each: self._forget_old_counts(contacts[each]) for each in sent}
        write_groups(self.services.store, {each: it for each, it in forgetting.items() if it})
        self.counts["sent"] += len(sent)

    def _sent(self, listed: str, contact: Contact, message_id: str) -> Sequence[Write]:
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
        if contact.contact_id != listed:
            note["sent_as"] = contact.contact_id
        expected = (SendState.CLAIMED, SendState.UNKNOWN)
        done = settle(plan.send_id, SendState.SENT, expected=expected, note=note)
        return [done, put_once(sent_event(send, message_id, now))]

    def _forget_old_counts(self, contact: Contact) -> Sequence[Write]:
        """The write that drops counts that no bound looks at any more, if there are any."""
        first_kept = (self.now - COUNTS_KEPT).date().isoformat()
        old = [name for name in contact.register.counters if name.rpartition("#")[2] < first_kept]
        if not old:
            return []
        return [Update(Table.CONTACTS, (contact.contact_id, REGISTER), remove=old)]

    def _note_refused(
        self, contacts: Mapping[str, Contact], refused: Mapping[str, RelanceError]
    ) -> None:
        of_all = [each for each, it in refused.items() if _stops_all(it)]
        later = [each for each, it in refused.items() if isinstance(it, SendRateExceeded)]
        unknown = [each for each, it in refused.items() if isinstance(it, SendOutcomeUnknown)]
        no_address = [each for each, it in refused.items() if isinstance(it, RecipientRefused)]
        rest = refused.keys() - {*of_all, *later, *unknown, *no_address}
        self.skip(dict.fromkeys(no_address, Reason.REFUSED_BY_SES))
        self.skip(dict.fromkeys(rest, Reason.REFUSED_BY_SES), state=SendState.REFUSED)
        self._leave_the_turns(contacts, [*no_address, *rest])
        self._doubt(unknown)
        self.give_back([*of_all, *later])
        if of_all:
            with suppress(ConditionFailed):
                self.services.store.write(
                    pause(self.campaign.name, reason=f"{refused[of_all[0]]}.")
                )

    def _leave_the_turns(self, contacts: Mapping[str, Contact], ids: Sequence[str]) -> None:
        """What was refused for good must not hold up the next mail."""
        groups: dict[str, Sequence[Write]] = {
            each: [give_turn_back(contacts[each].contact_id, send_id_in(self.campaign.name, each))]
            for each in ids
            if _wants_few(self.message, contacts[each])
        }
        write_groups(self.services.store, groups)

    def _doubt(self, ids: Sequence[str]) -> None:
        """Nobody knows whether these were sent: an SES event or the sweep settles them."""
        groups: dict[str, Sequence[Write]] = {
            each: [doubt(send_id_in(self.campaign.name, each), now=self.now)] for each in ids
        }
        write_groups(self.services.store, groups)
        self.counts["unknown"] += len(ids)

    def skip(self, reasons: Mapping[str, Reason], *, state: SendState = SendState.SKIPPED) -> None:
        """End claims of this attempt without a message, and take their counts back."""
        groups: dict[str, Sequence[Write]] = {
            each: [
                settle(
                    send_id_in(self.campaign.name, each),
                    state,
                    expected=(SendState.CLAIMED, SendState.UNKNOWN),
                    reason=reason,
                    attempt=self.attempt,
                ),
                self.counted(self.claimed[each], -1),
            ]
            for each, reason in reasons.items()
        }
        self._end(groups, {each: reason.value for each, reason in reasons.items()})

    def _give_all_back(self) -> None:
        """Give every claim back, however busy the store is; what stays claimed is given up."""
        for _ in range(RELEASE_TRIES):
            with suppress(Retryable):
                self.give_back(list(self.claimed))
                break

    def give_back(self, ids: Sequence[str]) -> None:
        """Give claims of this attempt back: nothing was sent, and a later attempt sends."""
        groups: dict[str, Sequence[Write]] = {
            each: [
                put_back(send_id_in(self.campaign.name, each), attempt=self.attempt),
                self.counted(self.claimed[each], -1),
            ]
            for each in ids
            if each in self.claimed
        }
        self._end(groups, dict.fromkeys(groups, "given_back"))

    def _end(self, groups: Mapping[str, Sequence[Write]], what: Mapping[str, str]) -> None:
        """Write these; a count that cannot be taken back is left, for the ledger matters more."""
        written = write_groups(self.services.store, groups)
        again = {
            each: groups[each][:1]
            for each in (*written.refused, *written.broken)
            if 0 not in written.refused.get(each, frozenset())
        }
        write_groups(self.services.store, again)
        for each in groups:
            self.counts[what[each]] += 1
            self.claimed.pop(each, None)

    def leave_out(self, reasons: Mapping[str, Reason]) -> None:
        """Record those who are not even claimed."""
        groups: dict[str, Sequence[Write]] = {
            each: [self.plan(each).skip(reason)] for each, reason in reasons.items()
        }
        write_groups(self.services.store, groups)
        self.counts.update(reason.value for reason in reasons.values())


def _is_marketing(message: Message) -> bool:
    return message.message_class is MessageClass.MARKETING


def _wants_few(message: Message, contact: Contact) -> bool:
    return _is_marketing(message) and contact.register.frequency.days > 0


def _has_reached(send: Send) -> bool:
    """Whether the message may have got to the person under another id."""
    return send.state.went_out or send.state is SendState.GIVEN_UP


def _stops_all(error: RelanceError) -> bool:
    return isinstance(error, SendRefused) and error.stops_all
