"""Whether mail can leave and its reports come back; and letting a braked message go on.

First everything is looked at, and a mail goes to the simulator of SES, which costs nobody's
reputation. Its record in the ledger is no message: it says `check`, and the first report about it
is noted there. Then it is asked for until the report has come or two minutes are over.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from relance.content.names import suggestion
from relance.errors import InvalidInput, Permanent, Retryable, SendOutcomeUnknown
from relance.ports import Mail, SendMode, Services
from relance.setup import Check, Setup, State, checks, may_try, round_trip, summary
from relance.storage import Absent, Put, Table, Value
from relance.usecases.inputs import NO_ADDRESS, Request, Word, parse, parse_typed

SIMULATOR = "success@simulator.amazonses.com"
"""https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html"""

EXAMPLE = 'Paste {} to look at everything, or for example {"release": "welcome"}.'

ROUNDS = 12
"""How often the report is asked for."""

ROUND_SECONDS = 10
"""How long the state machine waits before it asks (check_setup.asl.json)."""

KEPT = timedelta(days=14)

_ANY_SEND = "A" * 26
"""Written as the id of a send is."""


class Decision(StrEnum):
    """How it goes on."""

    LISTEN = "listen"
    READY = "ready"
    NOT_READY = "not_ready"
    RELEASED = "released"


class SetupRequest(Request):
    """What was typed: a message to be released, or nothing."""

    release: Annotated[Word | None, Field()] = None


class ListenRequest(Request):
    """The mail whose report is awaited, and what was found before."""

    test: Word
    round: Annotated[int, Field(ge=1, le=ROUNDS)]
    checks: list[dict[str, object]]


def check_setup(raw: object, services: Services) -> dict[str, Value]:
    """Look at everything and send a mail to the simulator, or release what was typed.

    Raises:
        InvalidInput: something typed is wrong; says what to paste.
        ServiceUnavailable, StoreBusy: try again.
    """
    asked = parse_typed(SetupRequest, raw, example=EXAMPLE, no_address=NO_ADDRESS)
    if asked is not None and asked.release is not None:
        return _release(asked.release, services)
    services.limiter.renew()  # who has mended something need not wait for the senders to notice
    found = checks(_setup(services))
    if not may_try(found):
        return _told(found, services)
    test = f"check{services.random_bytes(12).hex()}"
    problem = _send_to_the_simulator(test, services)
    if problem is not None:
        return _told([*found, problem], services)
    return {
        "decision": Decision.LISTEN.value,
        "test": test,
        "checks": [each.to_json() for each in found],
    }


def listen(raw: Mapping[str, object], services: Services) -> dict[str, Value]:
    """Whether the report has come; what was found, once it has or it is too late.

    Raises:
        StoreBusy: try again.
    """
    asked = parse(ListenRequest, raw)
    item = services.store.get(Table.SENDS, (asked.test,)) or {}
    heard = "heard_at" in item
    if not heard and asked.round < ROUNDS:
        return {"decision": Decision.LISTEN.value, "test": asked.test, "checks": []}
    tried = round_trip(heard=heard, seconds=asked.round * ROUND_SECONDS)
    return _told([*map(Check.of, asked.checks), tried], services)


def _told(found: list[Check], services: Services) -> dict[str, Value]:
    missing = any(each.state is State.MISSING for each in found)
    return {
        "decision": (Decision.NOT_READY if missing else Decision.READY).value,
        "summary": summary(found, live=services.sender.mode is SendMode.LIVE),
        "checks": [each.to_json() for each in found],
    }


def _release(message: str, services: Services) -> dict[str, Value]:
    if message not in services.messages.names:
        close = suggestion(message, services.messages.names)
        raise InvalidInput(f'There is no message "{message}". {close} {EXAMPLE}')
    was_stopped = services.brakes.release(message)
    said = "goes on, and is counted anew" if was_stopped else "was not stopped; nothing changed"
    return {
        "decision": Decision.RELEASED.value,
        "summary": f"The message {message} {said}.",
        "checks": [],
    }


def _setup(services: Services) -> Setup:
    sender, account = services.sender, services.account
    return Setup(
        account=account.state(),
        identity=account.identity(),
        domain=sender.address.rpartition("@")[2],
        region=account.region,
        sending=account.set_sends(),
        destinations=account.destinations(),
        live=sender.mode is SendMode.LIVE,
        links_on_own_host=".execute-api." not in sender.link_base_url,
        postal_address=sender.postal_address,
        signs_links=_signs(services),
        braked=services.limiter.all_braked,
    )


def _signs(services: Services) -> bool:
    try:
        services.signer.open_token(_ANY_SEND)
    except (Permanent, KeyError, ValueError):
        return False
    return True


def _send_to_the_simulator(test: str, services: Services) -> Check | None:
    """Send it; why it did not leave, None if it did or nobody knows."""
    gone_at = round((services.now() + KEPT).timestamp())
    item: dict[str, Value] = {"send_id": test, "check": "setup", "expires_at": gone_at}
    services.store.write(Put(Table.SENDS, item, when=Absent()))
    mail = Mail(
        to=SIMULATOR,
        subject="Relance looks whether reports come back",
        html="<p>This mail goes to the simulator of SES.</p>",
        text="This mail goes to the simulator of SES.",
        headers={"Auto-Submitted": "auto-generated"},
        tags={"send_id": test},
    )
    try:
        services.mailer.send(mail)
    except SendOutcomeUnknown:
        return None
    except (Permanent, Retryable) as error:
        return Check(
            "round trip", State.MISSING, f"A mail to the simulator did not leave: {error}."
        )
    return None
