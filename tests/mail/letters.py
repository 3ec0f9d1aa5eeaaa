"""Every shipped message as somebody gets it, on the wire as SES would put it there."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from relance.contacts import Contact
from relance.content.compiled import Content, Message
from relance.links import LinkSigner
from relance.ports import Mail, Sender, SendMode
from relance.profiles import Decided, Latest, Profile
from relance.register import ConsentState, consent_value, new_register, register_of
from relance.sending import asks_to_confirm, compose_mail

from local import mailbox
from local.content import compiled_content
from local.world import ROOT

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
CONTACT = "01KE6P4Z0NWNGTPJXJR5ESJA98"
SIGNUP = "01KE6P4Z0N9QW3E8R7T2Y5A1BC"
SEND = "YNKNMRV5CO2U3SK2RPT2AVHPIE"
SIGNER = LinkSigner(secrets={"1": "sample-secret-" * 5}, current="1")
SENDER = Sender(
    address="hello@northbank.example",
    name="Northbank Coffee",
    mode=SendMode.LIVE,
    allow_list=(),
    link_base_url="https://links.northbank.example",
    postal_address="Northbank Coffee, 12 Example Street, 75011 Paris, France",
    time_zone=ZoneInfo("Europe/Paris"),
    languages=("en",),
)


@dataclass(frozen=True)
class Letter:
    """A message as one persona gets it."""

    name: str
    message: Message
    mail: Mail
    mime: bytes


@cache
def content() -> Content:
    """The shipped content."""
    return Content.open(compiled_content(ROOT))


def reader(message: Message, persona: str | None = None) -> Contact:
    """Somebody who may get the message."""
    pending = asks_to_confirm(message)
    state = ConsentState.PENDING if pending else ConsentState.GRANTED
    register = {
        **new_register(CONTACT, address="ana.martin@mail.example"),
        "consent#newsletter": consent_value(state, NOW, SIGNUP),
    }
    profile = Profile(CONTACT)
    said = {"first_name": "Ana", "email": "ana.martin@mail.example"}
    profile.traits = {name: Latest(value, 0, SIGNUP) for name, value in said.items()}
    if persona:
        profile.decided["persona"] = Decided(persona, 0, 2**60)
    return Contact(CONTACT, profile, register_of(register))


def composed(message: Message, contact: Contact) -> Mail:
    """The mail that goes to SES."""
    return compose_mail(
        message,
        contact,
        send_id=SEND,
        rules=content().rules,
        company=content().company,
        sender=SENDER,
        signer=SIGNER,
        workflow="welcome",
    )


def on_the_wire(mail: Mail) -> bytes:
    """The mail as SES writes it."""
    return mailbox.on_the_wire(mail, source=f"{SENDER.name} <{SENDER.address}>", at=NOW)


def letters() -> Iterator[Letter]:
    """Each message in each variant."""
    for name in content().messages:
        message = content().message(name)
        for variant in message.variants:
            mail = composed(message, reader(message, variant.persona))
            whose = f"-{variant.persona}" if variant.persona else ""
            yield Letter(f"{name}{whose}", message, mail, on_the_wire(mail))


def main(folder: Path) -> None:
    """Write the HTML of every letter into a folder."""
    for letter in letters():
        (folder / f"{letter.name}.html").write_text(letter.mail.html, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
