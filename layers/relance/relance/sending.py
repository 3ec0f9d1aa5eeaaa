"""The decision to send, and the mail that follows from it. Pure: all that counts is handed in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formataddr
from functools import lru_cache
from urllib.parse import urlsplit

from relance.contacts import Contact
from relance.content.compiled import Company, Message, MessageClass
from relance.content.render import Rendered, render
from relance.content.rules import OpenTracking, Rules, Tracking
from relance.content.stage_rules import Intent, Stage
from relance.errors import ContentInvalid
from relance.feedback import UNSEEN
from relance.links import Click, Confirmation, LinkSigner, Preferences, Unsubscribe
from relance.ports import Mail, Sender
from relance.reasons import Reason
from relance.register import ConsentState, Register, Scope, SuppressionReason
from relance.replies import leaving_address, reply_address
from relance.storage import Value


def reason_not_to_send(
    message: Message,
    register: Register,
    sender: Sender,
    *,
    stage: Stage | None,
    leaving: bool,
    now: datetime,
) -> Reason | None:
    """The first reason why this contact must not get this message now; None if it may.

    A double opt-in mail needs a consent that is waiting for it. Nobody gets anything at a
    suppressed or unknown address, after erasure, or off the allow-list. What the contact's stage
    does not allow is not sent, and nothing is during a pause, except what the person asked for (a
    transactional message). When and how much is for `relance.deciding`, which begins with this.
    """
    if register.erased_at:
        return Reason.ERASED
    if register.address is None:
        return Reason.NO_ADDRESS
    if _is_suppressed(message, register) and not _may_ask_again(message, register):
        return Reason.SUPPRESSED
    if leaving:
        return Reason.LEFT
    if asks_to_confirm(message) and not register.is_pending:
        return Reason.NOT_PENDING
    if message.message_class is MessageClass.MARKETING:
        unwanted = _not_wanted(message, register, stage=stage, now=now)
        if unwanted:
            return unwanted
    if not sender.allows(register.address):
        return Reason.NOT_ON_ALLOW_LIST
    return None


def _is_suppressed(message: Message, register: Register) -> bool:
    """Whether the address gets nothing, or nothing of this kind."""
    is_marketing = message.message_class is MessageClass.MARKETING
    return bool(register.suppressed) and (is_marketing or register.suppressed_for is Scope.ALL)


def _not_wanted(
    message: Message, register: Register, *, stage: Stage | None, now: datetime
) -> Reason | None:
    """Why marketing is not for this contact now: it did not agree, wants a pause, or its stage."""
    consent = register.consent_to(message.topic or "")
    if consent is not ConsentState.GRANTED:
        return _WITHOUT_CONSENT[consent]
    if register.is_paused(now):
        return Reason.PAUSED
    return _not_at(stage, message) if stage and not stage.allows(message.intent) else None


def _may_ask_again(message: Message, register: Register) -> bool:
    """Whether an erased address may be asked to confirm: its owner, it seems, has signed up anew.

    Anybody can type an address into a form, so nothing else goes there until that is confirmed.
    """
    return register.suppressed is SuppressionReason.ERASED and asks_to_confirm(message)


def _not_at(stage: Stage, message: Message) -> Reason:
    """Why a message is not for a stage: who still gathers information is not sold to."""
    if message.intent in stage.intents:
        return Reason.CHANNEL_NOT_ALLOWED
    return Reason.STILL_INFORMING if message.intent == Intent.SELL else Reason.INTENT_NOT_ALLOWED


def asks_to_confirm(message: Message) -> bool:
    """Whether the message is a double opt-in mail: it holds the button that confirms."""
    return any("confirm_url" in variant.html for variant in message.variants)


_WITHOUT_CONSENT = {
    None: Reason.NO_CONSENT,
    ConsentState.PENDING: Reason.UNCONFIRMED,
    ConsentState.WITHDRAWN: Reason.UNSUBSCRIBED,
}


@dataclass(frozen=True, slots=True)
class SignedUrls:
    """The addresses of one mail, each signed for this contact, as its tracking allows."""

    message: Message
    contact: Contact
    send_id: str
    signer: LinkSigner
    base: str
    tracking: Tracking
    _made: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def link(self, n: int, /) -> str:
        """Where link `n` leads: through the redirect where clicks may be followed."""
        if not self.tracking.clicks:
            return self.message.links[n]
        token = self.signer.click_token(Click(self.send_id, self.message.version, n))
        return f"{self.base}/c/{token}"

    @property
    def unsubscribe_url(self) -> str:
        """The page that unsubscribes; a POST to it does so at once (RFC 8058).

        It stands in a header as well, and is signed once.
        """
        if "u" not in self._made:
            target = Unsubscribe(self.contact.contact_id, self.send_id)
            self._made["u"] = f"{self.base}/u/{self.signer.unsubscribe_token(target)}"
        return self._made["u"]

    @property
    def preferences_url(self) -> str:
        """The page on which the contact chooses what it gets."""
        target = Preferences(self.contact.contact_id, self.send_id)
        return f"{self.base}/p/{self.signer.preferences_token(target)}"

    @property
    def confirm_url(self) -> str:
        """The page that confirms the sign-up that the consent is waiting for."""
        pending = next(
            (
                consent.by
                for consent in self.contact.register.consents.values()
                if consent.state is ConsentState.PENDING
            ),
            None,
        )
        if pending is None:
            return self.base
        target = Confirmation(self.contact.contact_id, pending)
        return f"{self.base}/k/{self.signer.confirm_token(target)}"

    @property
    def file_url(self) -> str:
        """Where the file is that a form promised; it works for two weeks from the promise on."""
        gift = self.contact.register.gift
        if gift is None:
            return self.base
        return f"{self.base}/d/{gift.token(self.contact.contact_id, self.signer)}"

    @property
    def view_url(self) -> str:
        """The page that shows this mail in a browser; it tells no address and holds no token."""
        return f"{self.base}/v/{self.signer.view_token(self.send_id)}"

    @property
    def image_base(self) -> str:
        """Below which the pictures are."""
        return f"{self.base}/i"

    @property
    def pixel(self) -> str:
        """The tracking pixel, where opens may be followed at all."""
        if self.tracking.opens is OpenTracking.NONE:
            return ""
        token = self.signer.open_token(self.send_id)
        return f'<img src="{self.base}/o/{token}" width="1" height="1" alt="">'


def compose_mail(
    message: Message,
    contact: Contact,
    *,
    send_id: str,
    rules: Rules,
    company: Company,
    sender: Sender,
    signer: LinkSigner,
    workflow: str,
    language: str | None = None,
    event: Mapping[str, Value] | None = None,
) -> Mail:
    """The message as this contact gets it, with the headers that mailbox providers ask for.

    `language` is the one that was decided on; None is the contact's own, if the stack allows it.
    `event` is what the event says that began the workflow.

    Raises:
        ContentInvalid: it cannot be rendered, or its brand has an address of its own that the stack
            may not send from.
    """
    traits = contact.profile.trait_values()
    urls = SignedUrls(
        message=message,
        contact=contact,
        send_id=send_id,
        signer=signer,
        base=link_base(message, sender),
        tracking=contact.register.tracking_or(rules.tracking_default),
    )
    rendered: Rendered = render(
        message,
        variables={
            "contact": traits,
            "company": company.variables(postal_address=sender.postal_address, brand=message.brand),
            "event": event or {},
        },
        urls=urls,
        persona=contact.profile.said("persona"),
        language=language or sender.language_for(contact.register.language),
    )
    return Mail(
        to=contact.register.address or "",
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        headers=_headers(message, company, urls, sender.reply_domain),
        tags={
            "send_id": send_id,
            "message": message.name,
            "workflow": workflow,
            # Mailbox providers count complaints by these; they name nobody.
            "ses:feedback-id-a": message.name,
            "ses:feedback-id-b": workflow,
            # What comes of a mail whose links are not followed nobody can see: its receipt says so.
            **({} if urls.tracking.clicks else {UNSEEN: "yes"}),
        },
        sender=_from(message, sender),
        reply_to=_reply_to(message, send_id, sender, signer),
    )


def link_base(message: Message, sender: Sender) -> str:
    """Where the links of a message begin: at its brand's own host, if it has one."""
    own = message.brand.link_domain if message.brand else None
    return f"https://{own}" if own else sender.link_base_url


def _from(message: Message, sender: Sender) -> str | None:
    """The From header of a brand. Raises ContentInvalid."""
    brand = message.brand
    if brand is None:
        return None
    address = brand.sender_address or sender.address
    if address not in (sender.address, *sender.brand_addresses):
        raise ContentInvalid(
            f'The message "{message.name}" comes from {address}, an address that this stack may '
            "not send from. Add it to the parameter BrandAddresses and deploy."
        )
    return formataddr((brand.sender_name or brand.name, address))


def _reply_to(message: Message, send_id: str, sender: Sender, signer: LinkSigner) -> str | None:
    """Where replies go: to us where we take them, else to the brand's mailbox or the sender's."""
    if sender.reply_domain:
        return reply_address(signer, send_id, sender.reply_domain)
    return message.brand.reply_to if message.brand else None


def _headers(
    message: Message, company: Company, urls: SignedUrls, reply_domain: str
) -> dict[str, str]:
    """RFC 8058 and 2919 for whatever one can leave, RFC 3834 for what a machine answers."""
    if message.message_class is MessageClass.TRANSACTIONAL:
        return {"Auto-Submitted": "auto-generated"}
    ways = [f"<{urls.unsubscribe_url}>"]
    if reply_domain:
        ways.append(f"<mailto:{leaving_address(urls.signer, urls.send_id, reply_domain)}>")
    return {
        "List-Unsubscribe": ", ".join(ways),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": _list_id(
            message.topic or message.name, company.topics.get(message.topic or ""), urls.base
        ),
    }


@lru_cache(maxsize=64)
def _list_id(topic: str, title: str | None, base: str) -> str:
    """Which list it is: the same for every mail about the topic, on the host of our links."""
    named = f'"{title}" ' if title and re.fullmatch(r"[ !#-\[\]-~]+", title) else ""
    return f"{named}<{topic.replace('_', '-')}.{urlsplit(base).hostname}>"
