"""Holding a campaign up, letting it go on, ending it, and trying again what failed.

Who says "pause" is heard at the next batch of fifty; what is under way then goes out. The other
three start the next run of `send_campaign`: it sees to whoever is left, and a campaign that was
cancelled leaves them out. What SES took is never sent again, whoever says so.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.campaigns import Campaign, CampaignState, allow_again, pause, read_campaign, take_up
from relance.content.names import suggestion
from relance.errors import ConditionFailed, InvalidInput, StoreBusy
from relance.ledger import SendState
from relance.ports import Services
from relance.reasons import Reason
from relance.storage import Value
from relance.tallies import Standing, standings
from relance.usecases.bulk_writes import write_groups
from relance.usecases.inputs import NO_ADDRESS, Request, parse_typed
from relance.usecases.questions import CampaignName

EXAMPLE = (
    'Paste for example {"campaign": "spring-2026", "do": "pause"}; "do" is pause, resume, cancel '
    'or retry. For a journey: {"journey": "welcome", "do": "pause"}.'
)


class Decision(StrEnum):
    """What was done."""

    NOTHING_TO_DO = "nothing_to_do"
    DONE = "done"
    NOT_POSSIBLE = "not_possible"


class Act(StrEnum):
    """What can be done with a campaign."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"


class ControlRequest(Request):
    """What was typed."""

    campaign: CampaignName
    do: Annotated[str, Field(max_length=40)]


def control_campaign(raw: object, services: Services) -> dict[str, Value]:
    """Do what was asked, as typed.

    Raises:
        InvalidInput: something in it is wrong; says what to paste.
        StoreBusy: somebody else controls the campaign at this moment; try again.
    """
    asked = parse_typed(ControlRequest, raw, example=EXAMPLE, no_address=f"{NO_ADDRESS} {EXAMPLE}")
    if asked is None:
        return _told(Decision.NOTHING_TO_DO, f"Nothing was asked. {EXAMPLE}")
    known = [each.value for each in Act]
    word = asked.do.strip().lower()
    if word not in known:
        raise InvalidInput(f'"{asked.do}" cannot be done. {suggestion(word, known)} {EXAMPLE}')
    campaign = read_campaign(services.store, asked.campaign)
    if campaign is None:
        raise InvalidInput(f'There is no campaign "{asked.campaign}". {EXAMPLE}')
    return _ACTS[Act(word)](campaign, services)


def _told(decision: Decision, summary: str) -> dict[str, Value]:
    return {"decision": decision.value, "summary": summary}


def _pause(campaign: Campaign, services: Services) -> dict[str, Value]:
    if campaign.is_over:
        return _over(campaign)
    try:
        services.store.write(pause(campaign.name, reason=None))
    except ConditionFailed:
        return _told(Decision.NOT_POSSIBLE, f'"{campaign.name}" is not being sent.')
    return _told(
        Decision.DONE,
        f'"{campaign.name}" is paused; what is under way still goes out. To go on paste '
        f'{{"campaign": "{campaign.name}", "do": "resume"}}.',
    )


def _resume(campaign: Campaign, services: Services) -> dict[str, Value]:
    if campaign.is_over or campaign.state is CampaignState.CANCELLED:
        return _over(campaign)
    running = services.executions.is_running(campaign.execution)
    if campaign.state is CampaignState.SENDING and running:
        return _told(Decision.NOT_POSSIBLE, f'"{campaign.name}" is being sent.')
    execution = _start(campaign, CampaignState.SENDING, services)
    return _told(Decision.DONE, f'"{campaign.name}" goes on in the execution {execution}.')


def _cancel(campaign: Campaign, services: Services) -> dict[str, Value]:
    if campaign.is_over:
        return _over(campaign)
    execution = _start(campaign, CampaignState.CANCELLED, services)
    return _told(
        Decision.DONE,
        f'"{campaign.name}" is cancelled; what is under way still goes out. Whoever is left is '
        f"left out, as the execution {execution} will say.",
    )


def _retry(campaign: Campaign, services: Services) -> dict[str, Value]:
    if campaign.state is CampaignState.CANCELLED:
        return _over(campaign)
    groups = {
        each.send_id: [allow_again(each.send_id)]
        for each in standings(services.store, campaign.name)
        if _failed(each)
    }
    written = write_groups(services.store, groups)
    again = sum(written.has(each) for each in groups)
    if not again and not _is_waiting(campaign, services):
        return _told(Decision.NOT_POSSIBLE, f'Nothing failed in "{campaign.name}".')
    execution = _start(campaign, CampaignState.SENDING, services)
    return _told(
        Decision.DONE,
        f'"{campaign.name}" is tried again for {again:,} in the execution {execution}. Of those '
        "who were given up some may have got it before: nobody knows.",
    )


def _is_waiting(campaign: Campaign, services: Services) -> bool:
    """Whether a retry that was cut off has left somebody to be sent to."""
    waiting = any(
        each.state is SendState.RELEASED
        or (each.state is SendState.DEFERRED and each.reason is Reason.RETRIED)
        for each in standings(services.store, campaign.name)
    )
    return waiting and not services.executions.is_running(campaign.execution)


def _failed(each: Standing) -> bool:
    failed = each.state in (SendState.GIVEN_UP, SendState.REFUSED)
    return failed or each.reason is Reason.CONTENT_INVALID


_ACTS: Mapping[Act, Callable[[Campaign, Services], dict[str, Value]]] = {
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.CANCEL: _cancel,
    Act.RETRY: _retry,
}


def _over(campaign: Campaign) -> dict[str, Value]:
    was = "was cancelled" if campaign.state is CampaignState.CANCELLED else "has been sent"
    return _told(Decision.NOT_POSSIBLE, f'"{campaign.name}" {was}: there is nothing to do.')


def _start(campaign: Campaign, state: CampaignState, services: Services) -> str:
    """Take the campaign up and start its next run; the name of the execution."""
    name = f"{campaign.name}-run-{campaign.run + 1}"
    version = services.messages.message(campaign.message).version
    try:
        services.store.write(
            take_up(
                campaign,
                state=state,
                execution=services.executions.arn_of(name),
                version=version,
                now=services.now(),
            )
        )
    except ConditionFailed:
        raise StoreBusy("somebody else controls this campaign now; try again") from None
    services.executions.start(name, {"campaign": campaign.name, "run": campaign.run + 1})
    return name
