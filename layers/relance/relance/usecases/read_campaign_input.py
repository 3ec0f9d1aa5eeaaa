"""What `send_campaign` is started with, as typed into the console, checked and made plain.

`{"campaign": "spring-2026", "message": "newsletter", "to": {"segment": "hot"}}` counts; with
`"confirm": <the number counted>` it sends. `to` names a segment, a list, or a condition as in a
file. `{"campaign": …, "run": 2}` is how `control` starts the next run.
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field

from relance.content.compiled import Content, Message
from relance.content.names import closest, suggestion
from relance.errors import InvalidInput
from relance.published import Messages
from relance.sending import asks_to_confirm
from relance.usecases.audience import Whom, audience_of
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed, to_paste
from relance.usecases.questions import CampaignName, Question
from relance.usecases.read_question import MOST_BYTES, how_many


class Typed(Request):
    """What `send_campaign` is started with."""

    campaign: CampaignName
    message: Annotated[str, Field(max_length=80)] | None = None
    to: Whom | None = None
    confirm: Annotated[int | None, BeforeValidator(how_many)] = None
    run: Annotated[int, Field(ge=2)] | None = None


class Asked(Request):
    """A campaign as it is passed on: `whom` says the audience in words, `question` exactly."""

    campaign: CampaignName
    message: str
    whom: str
    question: Question
    confirmed: int = 0


def example_of(content: Content) -> str:
    """What to paste, with a message and an audience that there are."""
    message = next(sendable(content), "newsletter")
    rules = content.rules
    to = (
        f'{{"segment": "{rules.segments[0].name}"}}' if rules.segments else '{"list": "newsletter"}'
    )
    return f'Paste for example {{"campaign": "spring-2026", "message": "{message}", "to": {to}}}.'


def sendable(content: Content) -> Iterator[str]:
    """The messages that may be sent to many: those that confirm a sign-up may not."""
    for name in content.messages:
        if not asks_to_confirm(content.message(name)):
            yield name


def read_typed(raw: object, content: Content) -> Typed | None:
    """What was typed; None if it says nothing yet.

    Raises:
        InvalidInput: says what is wrong and what to paste; an address is refused without echo.
    """
    example = example_of(content)
    return parse_typed(
        Typed, raw, example=example, no_address=f"{NO_ADDRESS} {example}", most=MOST_BYTES
    )


def asked_for(typed: Typed, content: Content, messages: Messages, raw: object = None) -> Asked:
    """The campaign that was asked for.

    Raises:
        InvalidInput: a name that there is not, with the closest; or something is missing.
    """
    example = example_of(content)
    if typed.message is None or typed.to is None:
        lacking = '"message"' if typed.message is None else '"to"'
        raise InvalidInput(f"{lacking} is missing. {example}")
    message = _message(typed.message, messages, example, raw)
    whom, question = audience_of(typed.to, content, example, raw)
    return Asked(
        campaign=typed.campaign,
        message=message.name,
        whom=whom,
        question=question,
        confirmed=typed.confirm or 0,
    )


def _message(typed: str, messages: Messages, example: str, raw: object) -> Message:
    name = typed.strip().rpartition("/")[2].lower()
    if name not in messages.names:
        said = suggestion(name, messages.names)
        alike = closest(name, messages.names)
        paste = to_paste(raw, message=alike[0]) if alike else example
        raise InvalidInput(f'There is no message "{typed}". {said} {paste}')
    message = messages.message(name)
    if asks_to_confirm(message):
        raise InvalidInput(
            f'"{name}" asks somebody to confirm a sign-up and is not sent to many. {example}'
        )
    return message
