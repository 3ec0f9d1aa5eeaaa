"""The first step of `send_campaign`: what is asked, of whom, and what it would come to.

Everybody of the audience is read as they are now, so that a marketer knows before the first mail
leaves how many will get it and why the others will not. Each is decided anew when their turn
comes. The audience is a file with one contact a line, ids only; a large one is made in parts, as
`list_contacts` does it.
"""

from collections import Counter
from enum import StrEnum
from itertools import chain
from typing import Annotated

from pydantic import Field

from relance.campaigns import Campaign, CampaignState, begin, braked, read_campaign
from relance.contacts import UNREADABLE, Contact
from relance.content.compiled import Message, MessageClass
from relance.deciding import Decision as Decided
from relance.deciding import Defer, Skip
from relance.deciding import languages as languages_of
from relance.errors import ConditionFailed, InvalidInput
from relance.moments import from_text, to_text
from relance.pace import Pace
from relance.ports import Services
from relance.reasons import Reason
from relance.rescoring import in_minutes
from relance.storage import Value
from relance.tallies import by_reason, in_people
from relance.usecases.audience import Audience, chunks
from relance.usecases.confirming import is_confirmed, wrong_number
from relance.usecases.inputs import Request
from relance.usecases.questions import ListedContact
from relance.usecases.read_campaign_input import Asked, Typed, asked_for, example_of, read_typed
from relance.usecases.send_decision import decide_to_send

DOLLARS_PER_MAIL = 0.00016
"""What SES asks for a message: $0.16 per thousand for accounts opened since 2025, $0.10 for older
ones. All else that a campaign uses (seven write units and four read units a person, a fiftieth of
a function's second) comes to about a tenth of it. Prices as of 21 November 2026."""

OWN_DOLLARS_PER_MAIL = 0.000016


class Decision(StrEnum):
    """How the operation goes on."""

    NOTHING_TO_DO = "nothing_to_do"
    UNFINISHED = "unfinished"
    NOBODY = "nobody"
    CONFIRM = "confirm"
    REFUSED = "refused"
    ALREADY = "already"
    SEND = "send"


class SoFar(Request):
    """Where the list goes on: the parts written, the last contact looked at, the counts."""

    parts: Annotated[int, Field(ge=0)] = 0
    after: str = ""
    listed: Annotated[int, Field(ge=0)] = 0
    ready: Annotated[int, Field(ge=0)] = 0
    reasons: dict[str, int] = Field(default_factory=dict)
    later: dict[str, int] = Field(default_factory=dict)
    languages: dict[str, int] = Field(default_factory=dict)
    instead: dict[str, int] = Field(default_factory=dict)


class AudienceRequest(Request):
    """What is asked (`input`, as typed), by which execution, and how many to look at at once."""

    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    arn: Annotated[str, Field(min_length=1)]
    input: object
    so_far: SoFar = SoFar()
    most: Annotated[int, Field(ge=1, le=1_000_000)]


def list_audience(request: AudienceRequest, services: Services) -> dict[str, Value]:
    """List the audience and say how the operation goes on.

    Raises:
        InvalidInput: the execution was started with something wrong; says what to paste.
    """
    typed = read_typed(request.input, services.content)
    if typed is None:
        return _told(Decision.NOTHING_TO_DO, f"Nothing was asked. {example_of(services.content)}")
    known = read_campaign(services.store, typed.campaign)
    if typed.run is not None:
        return _next_run(typed, known)
    if known is not None:
        if known.execution == request.arn:
            return _send(known)
        return _told(Decision.ALREADY, already(known, services))
    asked = asked_for(typed, services.content, services.messages, request.input)
    message = services.messages.message(asked.message)
    folder = f"send_campaign/{request.execution}"
    so_far, lines, finished = _look(asked, message, request, services)
    if not finished:
        services.files.write_lines(f"{folder}/part-{so_far.parts}.jsonl", lines)
        return {"decision": Decision.UNFINISHED.value, "so_far": so_far.model_dump()}
    if not so_far.listed:
        return _told(Decision.NOBODY, f"Nobody is in the audience ({asked.whom}).")
    pace = services.limiter.renew()
    objection = _objection(so_far, pace, _brake(message, services))
    counted = _counted(so_far, message, pace)
    if objection or not is_confirmed(so_far.listed, asked.confirmed):
        decision = Decision.REFUSED if objection else Decision.CONFIRM
        words = [counted, objection or _how_to_confirm(asked, so_far)]
        return {**_told(decision, " ".join(words)), "figures": _figures(so_far)}
    key = f"{folder}/audience.jsonl"
    earlier = (
        services.files.read_lines(f"{folder}/part-{part}.jsonl") for part in range(1, so_far.parts)
    )
    services.files.write_lines(key, chain(chain.from_iterable(earlier), lines))
    campaign = Campaign(
        name=asked.campaign,
        state=CampaignState.SENDING,
        message=message.name,
        message_version=message.version,
        whom=asked.whom,
        audience=so_far.listed,
        listed=key,
        run=1,
        execution=request.arn,
        started_at=to_text(services.now()),
        run_at=to_text(services.now()),
    )
    return _begin(campaign, services)


def _told(decision: Decision, summary: str) -> dict[str, Value]:
    return {"decision": decision.value, "summary": summary}


def _begin(campaign: Campaign, services: Services) -> dict[str, Value]:
    try:
        services.store.write(begin(campaign, keep=services.ledger_kept, now=services.now()))
    except ConditionFailed:
        known = read_campaign(services.store, campaign.name)
        if known is not None and known.execution != campaign.execution:
            return _told(Decision.ALREADY, already(known, services))
    return _send(campaign)


def _send(campaign: Campaign) -> dict[str, Value]:
    return {
        "decision": Decision.SEND.value,
        "campaign": campaign.name,
        "summary": f"Sending to {in_people(campaign.audience)}.",
    }


def _next_run(typed: Typed, known: Campaign | None) -> dict[str, Value]:
    if known is None:
        raise InvalidInput(f'There is no campaign "{typed.campaign}".')
    if known.is_over or known.run != typed.run or known.state is CampaignState.PAUSED:
        return _told(Decision.ALREADY, f'There is nothing to go on with in "{known.name}".')
    return _send(known)


def already(known: Campaign, services: Services) -> str:
    """Why a campaign of this name cannot be started, and what can be done with it."""
    begun = _day(known.started_at)
    if known.state is CampaignState.CANCELLED:
        return f'"{known.name}" was cancelled; it was started {begun}. {_OTHER_NAME}'
    if known.is_over:
        return (
            f'Already sent on {_day(known.ended_at or "")}: "{known.name}", '
            f"{known.message} to {in_people(known.audience)}. {_OTHER_NAME}"
        )
    resume = f'paste {{"campaign": "{known.name}", "do": "resume"}} into operation-control'
    if known.state is CampaignState.PAUSED:
        why = f" {known.reason}" if known.reason else ""
        return f'"{known.name}" is paused.{why} To go on {resume}.'
    if not services.executions.is_running(known.execution):
        return f'"{known.name}" was begun {begun}, and its execution has ended. To go on {resume}.'
    return f'Already being sent: "{known.name}", since {begun}.'


_OTHER_NAME = "To send something else take another name."


def _day(text: str) -> str:
    return from_text(text).strftime("%-d %B %Y %H:%M UTC") if text else "before"


# -- the audience ----------------------------------------------------------------------------------


def _look(
    asked: Asked, message: Message, request: AudienceRequest, services: Services
) -> tuple[SoFar, list[str], bool]:
    """Go on through the audience: where that leads, the lines found, whether all were seen."""
    before = request.so_far
    reasons, languages = Counter(before.reasons), Counter(before.languages)
    later, instead = Counter(before.later), Counter(before.instead)
    ready, lines, after, seen, finished = before.ready, list[str](), before.after, 0, True
    audience = Audience(asked.question, services)
    for some in chunks(audience.candidates(before.after)):
        if seen >= request.most:
            finished = False
            break
        seen, after = seen + len(some), some[-1]
        for each, contact in audience.among(some):
            lines.append(ListedContact(contact=each).model_dump_json())
            decision = _decided(message, contact, services)
            if isinstance(decision, Skip):
                reasons[decision.reason.value] += 1
                continue
            ready += 1
            if isinstance(decision, Defer):
                later[decision.reason.value] += 1
            written, spoken = _languages(message, contact, services)
            languages[written] += 1
            if spoken and spoken.partition("-")[0] != written.partition("-")[0]:
                instead[spoken] += 1
    so_far = SoFar(
        parts=before.parts + 1,
        after=after,
        listed=before.listed + len(lines),
        ready=ready,
        reasons=dict(reasons),
        later=dict(later),
        languages=dict(languages),
        instead=dict(instead),
    )
    return so_far, lines, finished


def _decided(message: Message, contact: Contact, services: Services) -> Decided:
    """What would become of it if the contact's turn were now."""
    try:
        return decide_to_send(message, contact, services, now=services.now())
    except UNREADABLE:
        return Skip(Reason.CONTENT_INVALID, Reason.CONTENT_INVALID.sentence)


def _languages(message: Message, contact: Contact, services: Services) -> tuple[str, str | None]:
    """The language in which the contact would get it, and the one that it speaks, if known."""
    spoken = contact.register.language
    chain = languages_of(spoken, company=services.content.company, sender=services.sender)
    return message.language_for(chain) or message.variants[0].language, spoken


# -- what is said about it -------------------------------------------------------------------------


def _brake(message: Message, services: Services) -> str | None:
    """Why the brake has stopped the message, in a sentence; what was asked for is never braked."""
    because = services.limiter.braked(message.name)
    marketing = message.message_class is MessageClass.MARKETING
    return braked(message.name, because) if because and marketing else None


def _objection(so_far: SoFar, pace: Pace, brake: str | None) -> str | None:
    """Why nothing may be sent yet, and what to do about it."""
    problem = pace.problem or brake
    if problem:
        return f"Nothing was sent: {problem}"
    return None if so_far.ready else "Nobody would get it, so nothing is sent."


def _counted(so_far: SoFar, message: Message, pace: Pace) -> str:
    seconds = so_far.ready / pace.rate if pace.rate else 0.0
    whole = f"{in_people(so_far.listed)}, {in_minutes(seconds)}, {price(so_far.ready)}"
    parts = [f"Counted: {whole}. {so_far.ready:,} would get {message.name}."]
    if so_far.later:
        parts.append(f"Not at once: {by_reason(so_far.later)}.")
    room = pace.room_for(marketing=True)
    if so_far.ready > room:
        parts.append(
            f"The quota of SES, or the warm-up in sending.yaml, leaves room for {room:,} within "
            "these 24 hours, so it takes longer than a day. Ask for more in the SES console, or "
            "send to fewer people."
        )
    if so_far.reasons:
        left_out = sum(so_far.reasons.values())
        parts.append(f"{left_out:,} would not: {by_reason(so_far.reasons)}.")
    if so_far.instead:
        parts.append(
            f"{sum(so_far.instead.values()):,} would get it in another language, since it is not "
            f"written in theirs: {by_reason(so_far.instead)}."
        )
    return " ".join(parts)


def _how_to_confirm(asked: Asked, so_far: SoFar) -> str:
    """What to paste to send."""
    wrong = wrong_number(so_far.listed, asked.confirmed)
    more = f"{wrong} " if wrong else ""
    return f'{more}To send it paste the same with "confirm": {so_far.listed}.'


def _figures(so_far: SoFar) -> dict[str, Value]:
    return {
        "audience": so_far.listed,
        "would_get_it": so_far.ready,
        "would_not": dict(so_far.reasons),
        "would_wait": dict(so_far.later),
        "languages": dict(so_far.languages),
    }


def price(mails: int) -> str:
    """What so many mails cost."""
    dollars = mails * (DOLLARS_PER_MAIL + OWN_DOLLARS_PER_MAIL)
    return "less than a cent" if dollars < 0.01 else f"${dollars:,.2f}"
