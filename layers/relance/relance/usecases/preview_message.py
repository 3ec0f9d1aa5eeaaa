"""Showing a message as a contact, or a sample, would get it; on request a test to test addresses.

The mail goes into files: that of a sample for every marketer to read, that of a contact below
`people/`, where few may look. What the execution says names nobody. A test is never sent to a
contact: it goes to the addresses that the stack declares, its links lead straight to their pages
and its unsubscribe link is nobody's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field, WrapValidator

from relance.contacts import Contact, read_contact, stage_at
from relance.content.compiled import Message, MessageUnknown
from relance.content.names import either, suggestion
from relance.errors import ContentInvalid, InvalidInput, RelanceError
from relance.ids import milliseconds, ulid
from relance.ports import Mail, Services
from relance.profiles import Latest, Profile
from relance.reasons import Reason
from relance.register import Register
from relance.sending import reason_not_to_send
from relance.storage import Value
from relance.tryouts import DECLARE
from relance.usecases.inputs import (
    NO_ADDRESS,
    ContactId,
    Request,
    parse,
    parse_typed,
    telling_who_is_missing,
)
from relance.usecases.mail_for_nobody import language_of, mail_for_nobody, tests_of
from relance.usecases.read_question import true_or_false

CLIPPED_AT = 102 * 1024
"""Bytes of HTML behind which Gmail shows a link instead of the rest."""

LARGE_AT = 90 * 1024

LONG_SUBJECT = 78

EXAMPLE = (
    'Paste for example {"message": "welcome"}, {"message": "welcome", "language": "de"} or '
    '{"message": "welcome", "contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"}; with "test": true beside it '
    'a test goes to the test addresses, with "draft": true it is the draft that was checked last.'
)


class Decision(StrEnum):
    """What was done."""

    NOTHING_TO_DO = "nothing_to_do"
    PREVIEWED = "previewed"
    TESTED = "tested"


class PreviewRequest(Request):
    """What is asked (`input`, as typed) and by which execution."""

    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    input: object


class Typed(Request):
    """What was typed: for a contact, or for a sample; the message in force, or its draft."""

    message: Annotated[str, Field(max_length=80)]
    contact: ContactId | None = None
    language: Annotated[str, Field(max_length=20)] | None = None
    draft: Annotated[bool, WrapValidator(true_or_false)] = False
    test: Annotated[bool, WrapValidator(true_or_false)] = False


@dataclass(frozen=True, slots=True)
class _Shown:
    """The mail, and whether it is a person's."""

    mail: Mail
    personal: bool


def preview_message(raw: object, services: Services) -> dict[str, Value]:
    """Show the message, and send a test where asked.

    Raises:
        InvalidInput: something in it is wrong; says what to paste.
        SendRateExceeded: SES asked to wait with a test; try again.
    """
    request = parse(PreviewRequest, raw)
    typed = parse_typed(Typed, request.input, example=EXAMPLE, no_address=f"{NO_ADDRESS} {EXAMPLE}")
    if typed is None:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"Nothing was asked. {EXAMPLE}",
        }
    message = _message(typed, services)
    contact = _contact(typed, message, services)
    shown = _Shown(_rendered(message, contact, services), typed.contact is not None)
    folder = (
        f"people/preview_message/{request.execution}"
        if shown.personal
        else (f"preview_message/{request.execution}")
    )
    _write(shown.mail, folder, services)
    warnings = list(_warnings(message, contact, shown, services))
    parts = [_sentence(message, typed, shown), *warnings]
    if typed.test:
        parts.append(_send_test(shown.mail, message, services))
    decision = Decision.TESTED if typed.test else Decision.PREVIEWED
    return {
        "decision": decision.value,
        "summary": " ".join(parts),
        "bytes": len(shown.mail.html.encode()),
        "warnings": [*warnings],
        "html": services.files.link(f"{folder}/mail.html"),
        "text": services.files.link(f"{folder}/mail.txt"),
        "headers": services.files.link(f"{folder}/headers.txt"),
    }


def _message(typed: Typed, services: Services) -> Message:
    name = typed.message.strip().rpartition("/")[2].lower()
    if typed.draft:
        return _draft(name, services)
    known = services.messages.names
    if name not in known:
        raise InvalidInput(
            f'There is no message "{typed.message}". {suggestion(name, known)} {EXAMPLE}'
        )
    return services.messages.message(name)


def _draft(name: str, services: Services) -> Message:
    try:
        return services.messages.draft(name)
    except MessageUnknown as error:
        alike = f" Did you mean {either(error.closest)}?" if error.closest else ""
        raise InvalidInput(
            f'There is no checked draft of "{name}".{alike} Start publish_content with '
            f'{{"check": "{name}"}} first. {EXAMPLE}'
        ) from None


def _contact(typed: Typed, message: Message, services: Services) -> Contact:
    if typed.contact is not None:
        with telling_who_is_missing(EXAMPLE):
            return read_contact(services.store, typed.contact)
    languages = sorted({variant.language for variant in message.variants})
    if typed.language is not None and typed.language not in services.content.company.languages:
        raise InvalidInput(
            f'The company does not write "{typed.language}". '
            f"{suggestion(typed.language, languages)} {EXAMPLE}"
        )
    return _sample(typed.language, message, services)


def _sample(language: str | None, message: Message, services: Services) -> Contact:
    """Somebody of whom all is known that the message asks for."""
    ident = ulid(milliseconds(services.now()), bytes(10))
    declared = {trait.name: trait for trait in services.content.rules.traits}
    values: dict[str, Value] = {}
    for name in {*message.uses, *message.requires}:
        trait = declared.get(name)
        options = trait.options if trait else ()
        values[name] = (
            options[0] if options else _SAMPLES.get(trait.type if trait else "", "Sample")
        )
    traits = {name: Latest(value, 0, ident) for name, value in values.items()}
    register = Register(ident, address="sample@example.com", language=language)
    return Contact(ident, Profile(ident, traits=traits), register)


_SAMPLES: dict[str, Value] = {
    "number": 3,
    "date": "1990-05-17",
    "country": "FR",
    "language": "en",
    "time_zone": "Europe/Paris",
    "email": "sample@example.com",
    "yes_no": True,
}
"""What a sample says, by the type of a trait."""


def _rendered(message: Message, contact: Contact, services: Services) -> Mail:
    try:
        return mail_for_nobody(message, contact, services, workflow="preview")
    except ContentInvalid as error:
        raise InvalidInput(f"{error} Choose somebody of whom it is known. {EXAMPLE}") from None


def _write(mail: Mail, folder: str, services: Services) -> None:
    sender = services.sender
    headers = [
        f"From: {mail.sender or f'{sender.name} <{sender.address}>'}",
        *([f"Reply-To: {mail.reply_to}"] if mail.reply_to else []),
        f"Subject: {mail.subject}",
        *(f"{name}: {value}" for name, value in mail.headers.items()),
    ]
    services.files.write_lines(f"{folder}/mail.html", mail.html.splitlines())
    services.files.write_lines(f"{folder}/mail.txt", mail.text.splitlines())
    services.files.write_lines(f"{folder}/headers.txt", headers)


def _warnings(
    message: Message, contact: Contact, shown: _Shown, services: Services
) -> Iterable[str]:
    size = len(shown.mail.html.encode())
    if size > CLIPPED_AT:
        yield f"Gmail cuts it off: it has {size / 1024:.0f} KB, more than 102."
    elif size > LARGE_AT:
        yield f"It has {size / 1024:.0f} KB; Gmail cuts off what is larger than 102."
    if len(shown.mail.subject) > LONG_SUBJECT:
        yield f"The subject has {len(shown.mail.subject)} characters; telephones show about 40."
    if shown.personal:
        reason = reason_not_to_send(
            message,
            contact.register,
            services.sender,
            stage=stage_at(contact.profile, services.plan, services.now()),
            leaving=False,
            now=services.now(),
        )
        if reason is not None:
            yield f"This contact would not get it now: {reason.value.replace('_', ' ')}."
        elif language_of(message, contact, services) is None:
            yield Reason.NOT_IN_LANGUAGE.sentence


def _sentence(message: Message, typed: Typed, shown: _Shown) -> str:
    """What is shown; of a person's mail nothing that it says."""
    size = f"{len(shown.mail.html.encode()) / 1024:.0f} KB"
    if shown.personal:
        return f"{message.name} as contact {typed.contact} would get it: {size}."
    return f'{message.name} for a sample: "{shown.mail.subject}", {size}.'


def _send_test(mail: Mail, message: Message, services: Services) -> str:
    addresses = services.sender.test_addresses
    if not addresses:
        raise InvalidInput(f"No test was sent: no test address is declared. {DECLARE}")
    tests = tests_of(mail, message, addresses)
    outcomes = services.mailer.send_bulk(tests)
    refused = [each for each in outcomes if isinstance(each, RelanceError)]
    sent = len(outcomes) - len(refused)
    told = f"A test was sent to {sent} of {len(outcomes)} test addresses."
    return f"{told} {refused[0]}." if refused else told
