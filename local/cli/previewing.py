"""`preview`: a message as a given contact would get it, and whether it would get it at all."""

from __future__ import annotations

from pathlib import Path
from subprocess import SubprocessError
from zoneinfo import ZoneInfo

from relance.contacts import stage_at
from relance.content.compiled import Content, MessageUnknown
from relance.engine import Plan
from relance.errors import ContentInvalid
from relance.ids import send_id_of
from relance.links import LinkSigner
from relance.ports import Sender, SendMode
from relance.sending import compose_mail, reason_not_to_send

from local.cli.looking import ROOT, look_up
from local.cli.mistakes import Mistake
from local.content import compiled_content
from local.mailbox import on_the_wire
from local.spam import judge


def preview(message: str, contact: str, *, folder: Path, html: Path | None) -> str:
    """Render a message for a contact of the saved run; links in it are examples."""
    saved = look_up(contact, folder)
    content = Content.open(compiled_content(ROOT))
    try:
        written = content.message(message)
    except MessageUnknown as unknown:
        raise Mistake(f"{unknown} There are: {', '.join(content.messages)}.") from unknown
    sender = Sender(
        address="hello@example.com",
        name=content.company.sender_name,
        mode=SendMode.LIVE,
        allow_list=(),
        link_base_url="https://links.example.com",
        postal_address=content.company.postal_address,
        time_zone=ZoneInfo("UTC"),
        languages=content.company.languages,
    )
    try:
        mail = compose_mail(
            written,
            saved.contact,
            send_id=send_id_of(bytes(16)),
            rules=content.rules,
            company=content.company,
            sender=sender,
            signer=LinkSigner(secrets={"1": "preview"}, current="1"),
            workflow="preview",
        )
    except ContentInvalid as failed:
        raise Mistake(f"{message} cannot be rendered for this contact: {failed}") from failed
    stage = stage_at(saved.contact.profile, Plan(content.rules, sender.time_zone), saved.now)
    reason = reason_not_to_send(
        written, saved.contact.register, sender, stage=stage, leaving=False, now=saved.now
    )
    verdict = f"It would not be sent now: {reason.value}." if reason else "It would be sent now."
    if html is not None:
        html.write_text(mail.html, encoding="utf-8")
    headers = [
        ("From", f"{sender.name} <{sender.address}>"),
        ("To", mail.to),
        ("Subject", mail.subject),
        *mail.headers.items(),
    ]
    rows = [f"{name}: {value}" for name, value in headers]
    kept = [f"The HTML part is in {html}."] if html else []
    wire = on_the_wire(mail, source=f"{sender.name} <{sender.address}>", at=saved.now)
    return "\n".join([*rows, "", mail.text.rstrip(), "", verdict, *_spam(wire), *kept, ""])


def _spam(wire: bytes) -> list[str]:
    """What a spam checker makes of it, if there is one that works."""
    try:
        found = judge(wire)
    except (OSError, ValueError, SubprocessError) as error:
        return [f"The spam checker did not work ({type(error).__name__})."]
    return [str(found)] if found else ["No spam checker is here: install SpamAssassin to have one."]
