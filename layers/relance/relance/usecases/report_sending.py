"""What became of the messages of a campaign, or of a message in a month: by state and by person.

Counted from the ledger, so that whoever did not get it can be told from whoever did; clicks and
orders from the histories of those who got it. The file has a line for each person, ids only.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.campaigns import Campaign, read_campaign
from relance.contacts import read_history
from relance.content.names import suggestion
from relance.errors import InvalidInput
from relance.events import Event, Name
from relance.ids import is_ulid
from relance.ledger import SendState, group_of
from relance.machines import Actor
from relance.moments import from_text
from relance.ports import Services
from relance.reasons import Reason
from relance.storage import Value
from relance.tallies import SIMULATED, Standing, Tally, in_people, standings, told
from relance.usecases.inputs import NO_ADDRESS, Request, parse, parse_typed
from relance.usecases.questions import CampaignName

ORDERED_WITHIN = timedelta(days=7)
"""How long after a click an order counts for the message."""

EXAMPLE = (
    'Paste for example {"campaign": "spring-2026"} or {"message": "welcome", "month": "2026-01"}.'
)


class Decision(StrEnum):
    """Whether something was asked."""

    NOTHING_TO_DO = "nothing_to_do"
    REPORTED = "reported"


class ReportRequest(Request):
    """What is asked (`input`, as typed) and by which execution."""

    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    input: object


class Typed(Request):
    """What was typed: a campaign, or a message and a month (UTC)."""

    campaign: CampaignName | None = None
    message: Annotated[str, Field(max_length=80)] | None = None
    month: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] | None = None


@dataclass(frozen=True, slots=True)
class _About:
    """Whose sends are reported, of how many people (None: as many as there are), since when."""

    title: str
    group: str
    audience: int | None
    since: datetime
    message: str


@dataclass(slots=True)
class _Answers:
    """What those who got it did."""

    clicked: int = 0
    ordered: int = 0


def report_sending(raw: object, services: Services) -> dict[str, Value]:
    """The report that was asked for.

    Raises:
        InvalidInput: something in it is wrong; says what to paste.
    """
    request = parse(ReportRequest, raw)
    typed = parse_typed(Typed, request.input, example=EXAMPLE, no_address=f"{NO_ADDRESS} {EXAMPLE}")
    if typed is None:
        return {
            "decision": Decision.NOTHING_TO_DO.value,
            "summary": f"Nothing was asked. {EXAMPLE}",
        }
    about = _about(typed, services)
    found = list(standings(services.store, about.group))
    counted = Tally(len(found) if about.audience is None else about.audience)
    for each in found:
        counted.add(each, listed=True)
    counted.strangers = max(0, len(found) - counted.audience)
    counted.close()
    key = f"report_sending/{request.execution}/people.jsonl"
    answers = _Answers()
    services.files.write_lines(key, _lines(found, about, answers, services))
    summary = f"{about.title}: {told(counted)} {_fates(counted, answers)}"
    return {
        "decision": Decision.REPORTED.value,
        "summary": summary,
        "figures": {
            **counted.figures(),
            "states": dict(counted.states.most_common()),
            "clicked": answers.clicked,
            "ordered": answers.ordered,
        },
        "details": services.files.link(key),
    }


def _about(typed: Typed, services: Services) -> _About:
    if typed.campaign is not None and (typed.message or typed.month):
        raise InvalidInput(f"A campaign stands alone. {EXAMPLE}")
    if typed.campaign is not None:
        campaign = read_campaign(services.store, typed.campaign)
        if campaign is None:
            raise InvalidInput(f'There is no campaign "{typed.campaign}". {EXAMPLE}')
        return _of_campaign(campaign)
    if typed.message is None or typed.month is None:
        raise InvalidInput(f'"message" and "month" stand together. {EXAMPLE}')
    known = services.messages.names
    if typed.message not in known:
        raise InvalidInput(
            f'There is no message "{typed.message}". {suggestion(typed.message, known)} {EXAMPLE}'
        )
    return _About(
        title=f"{typed.message} from journeys in {typed.month}",
        group=group_of(typed.message, typed.month),
        audience=None,
        since=from_text(f"{typed.month}-01"),
        message=typed.message,
    )


def _of_campaign(campaign: Campaign) -> _About:
    return _About(
        title=f"{campaign.name} ({campaign.message} to {in_people(campaign.audience)})",
        group=campaign.name,
        audience=campaign.audience,
        since=from_text(campaign.started_at),
        message=campaign.message,
    )


def _fates(counted: Tally, answers: _Answers) -> str:
    states = counted.states
    return (
        f"Delivered: {states[SendState.DELIVERED.value]:,}, bounced: "
        f"{states[SendState.BOUNCED.value]:,}, complained: "
        f"{states[SendState.COMPLAINED.value]:,}, clicked: {answers.clicked:,}, ordered within "
        f"{ORDERED_WITHIN.days} days after a click: {answers.ordered:,}."
    )


def _lines(
    found: list[Standing], about: _About, answers: _Answers, services: Services
) -> Iterator[str]:
    """A line for each person; what they did is counted on the way."""
    for each in found:
        counts = each.state.went_out and not each.simulated
        did = _answer(each, about, services) if counts else {}
        answers.clicked += did.get("clicked") is True
        answers.ordered += did.get("ordered") is True
        said = each.reason if not each.state.went_out else None
        line = {"contact": each.contact_id, "state": each.state.value, **_because(said), **did}
        if each.simulated:
            line[SIMULATED] = True
        yield json.dumps(line, separators=(",", ":"))


def _because(reason: Reason | None) -> dict[str, Value]:
    return {"reason": reason.value} if reason else {}


def _answer(each: Standing, about: _About, services: Services) -> dict[str, Value]:
    """Whether the person clicked in the message, and ordered soon after."""
    if not is_ulid(each.contact_id):
        return {}
    history = read_history(services.store, each.contact_id, since=about.since)
    clicks = [event.occurred_at for event in history if _is_click_in(event, each.send_id)]
    if not clicks:
        return {}
    ordered = any(
        event.name == Name.ORDER_COMPLETED
        and any(click <= event.occurred_at <= click + ORDERED_WITHIN for click in clicks)
        for event in history
    )
    return {"clicked": True, **({"ordered": True} if ordered else {})}


def _is_click_in(event: Event, send_id: str) -> bool:
    """Whether somebody, not a machine, followed a link of this message."""
    said = event.properties
    clicked = event.name == Name.EMAIL_CLICKED and said.get("send_id") == send_id
    return clicked and said.get("actor") != Actor.MACHINE
