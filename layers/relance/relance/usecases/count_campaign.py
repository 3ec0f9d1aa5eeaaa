"""Seeing how far a campaign is, and what its run does next.

The ledger says who is settled (`relance.campaigns`), the file of the audience who is meant to be.
Whoever is in the one and not in the other is listed and sent to next, whatever the reason: a batch
that failed, SES that asked to wait, a pause, a person's word. A campaign has ended when nobody is
left; then the figures add up.
"""

import json
import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.campaigns import Campaign, CampaignState, end, is_open, read_campaign
from relance.errors import ConditionFailed, InvalidInput, ServiceUnavailable
from relance.ledger import SendState
from relance.moments import from_text
from relance.ports import Services
from relance.storage import Value
from relance.tallies import Standing, Tally, standings, tally, told
from relance.usecases.inputs import Request, Word
from relance.usecases.questions import ListedContact

UNTIL_SETTLED = 300
"""Seconds until somebody looks again whether the outcome of the last sends is known."""

UNTIL_SEEN_AGAIN = 3600
"""Seconds that a run waits at most for the hour of those who are deferred."""

UNTIL_TRIED_AGAIN = 300
"""Seconds until those are tried again to whom nothing could be sent."""


class Decision(StrEnum):
    """What the run does next."""

    SEND = "send"
    LATER = "later"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class CountRequest(Request):
    """The campaign, the execution that sees to it, how often it has looked, how many were left."""

    campaign: Word
    execution: Annotated[str, Field(pattern=r"^[^/\s]{1,80}$")]
    round: Annotated[int, Field(ge=0)]
    left: int = -1


def count_campaign(request: CountRequest, services: Services) -> dict[str, Value]:
    """Count, and say what is next; whom to send to is listed in a file.

    Raises:
        InvalidInput: there is no such campaign.
        ServiceUnavailable, StoreBusy: try again.
    """
    campaign = read_campaign(services.store, request.campaign)
    if campaign is None:
        raise InvalidInput(f'There is no campaign "{request.campaign}".')
    seen = look(campaign, services)
    answer: dict[str, Value] = {
        "campaign": campaign.name,
        "summary": told(seen.tally),
        "figures": seen.tally.figures(),
        "left": len(seen.left),
        "seconds": 0,
    }
    if seen.left and campaign.state is not CampaignState.PAUSED:
        if len(seen.left) == request.left:  # nothing came of the last attempt: leave it some time
            return {**answer, "decision": Decision.LATER.value, "seconds": UNTIL_TRIED_AGAIN}
        folder = f"send_campaign/{request.execution}"
        key = f"{folder}/left-{request.round}.jsonl"
        lines = (ListedContact(contact=each).model_dump_json() for each in seen.left)
        services.files.write_lines(key, lines)
        results = f"{folder}/results-{request.round}"
        return {**answer, "decision": Decision.SEND.value, "list": key, "results": results}
    if campaign.state is CampaignState.PAUSED and not seen.tally.unsettled and seen.tally.left:
        why = f" {campaign.reason}" if campaign.reason else ""
        how = f'To go on paste {{"campaign": "{campaign.name}", "do": "resume"}} into control.'
        summary = f"Paused.{why} {answer['summary']} {how}"
        return {**answer, "decision": Decision.PAUSED.value, "summary": summary}
    if seen.tally.unsettled or seen.next_due:
        seconds = seconds_until(seen.next_due, services) if seen.next_due else UNTIL_SETTLED
        return {**answer, "decision": Decision.LATER.value, "seconds": seconds}
    with suppress(ConditionFailed):  # another run was first
        services.store.write(end(campaign, now=services.now()))
    cancelled = campaign.state is CampaignState.CANCELLED
    decision = Decision.CANCELLED if cancelled else Decision.SENT
    return {**answer, "decision": decision.value}


def seconds_until(due: str, services: Services) -> int:
    """How long to wait for those who wait for their hour: an hour at most, to see who cancelled."""
    seconds = math.ceil((from_text(due) - services.now()).total_seconds())
    return min(max(1, seconds), UNTIL_SEEN_AGAIN)


@dataclass(frozen=True, slots=True)
class Seen:
    """A campaign as it stands: the figures, to whom it may be sent now, when the next are due."""

    tally: Tally
    left: list[str]
    next_due: str | None = None


def look(campaign: Campaign, services: Services) -> Seen:
    """Count the sends of a campaign beside its audience."""
    people = list(read_audience(campaign, services))
    if len(people) != campaign.audience:
        raise ServiceUnavailable("the list of the audience could not be read to its end; try again")
    listed = frozenset(people)
    cancelled, now = campaign.state is CampaignState.CANCELLED, services.now()
    closed: set[str] = set()
    due: list[str] = []

    def each_once() -> Iterator[Standing]:
        for each in standings(services.store, campaign.name):
            if each.state is SendState.DEFERRED and cancelled:
                pass  # whose hour has not come is left out at once
            elif not is_open(each.state, each.until, now):
                closed.add(each.contact_id)
                due.extend([each.until] if each.until and not each.state.is_final else [])
            yield each

    counted = tally(each_once(), listed, len(people))
    left = [each for each in people if each not in closed]
    return Seen(counted, left, min(due, default=None))


def read_audience(campaign: Campaign, services: Services) -> Iterator[str]:
    """The contacts of the audience, in the order in which they were listed.

    Raises:
        InvalidInput: the list was not kept for so long.
    """
    try:
        for line in services.files.read_lines(campaign.listed):
            yield str(json.loads(line)["contact"])
    except FileNotFoundError:
        raise InvalidInput(
            f'The list of the audience of "{campaign.name}" was kept for twelve days and is gone. '
            "Nothing more can be sent under this name: send to whoever is left by another."
        ) from None
