"""Whether a message may go to a contact now, and why not: first what protects, then the stage."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from relance.content.compiled import Content, Message
from relance.content.stage_rules import Channel, Family, Intent, Stage
from relance.ports import Sender, SendMode
from relance.reasons import Reason
from relance.register import Consent, ConsentState, Register, SuppressionReason
from relance.sending import reason_not_to_send

from local.content import compiled_content
from local.world import ROOT

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
CONTENT = Content.open(compiled_content(ROOT))
SENDER = Sender(
    address="hello@example.com",
    name="Northbank Coffee",
    mode=SendMode.LIVE,
    allow_list=(),
    link_base_url="https://links.example.com",
    postal_address="12 Example Street",
    time_zone=ZoneInfo("UTC"),
    languages=("en",),
)
GRANTED = Register(
    "c",
    address="ana@example.com",
    consents={"newsletter": Consent(ConsentState.GRANTED, "2026-01-05", "e")},
)
LEAD = Stage("lead", "Lead", Family.ACQUISITION, None, intents=(Intent.INFORM, Intent.SERVE))


def reason(message: str, stage: Stage | None = LEAD, register: Register = GRANTED) -> Reason | None:
    written: Message = CONTENT.message(message)
    return reason_not_to_send(written, register, SENDER, stage=stage, leaving=False, now=NOW)


def test_who_still_gathers_information_is_informed_and_not_sold_to() -> None:
    assert reason("welcome") is None
    assert reason("first-steps") is Reason.STILL_INFORMING


def test_a_stage_that_allows_selling_is_sold_to_and_so_is_a_company_without_stages() -> None:
    assert reason("first-steps", replace(LEAD, intents=tuple(Intent))) is None
    assert reason("first-steps", None) is None


def test_another_intent_and_a_closed_channel_have_reasons_of_their_own() -> None:
    assert reason("welcome", replace(LEAD, intents=(Intent.SERVE,))) is Reason.INTENT_NOT_ALLOWED
    on_web = replace(LEAD, channels=(Channel.WEB,))
    assert reason("welcome", on_web) is Reason.CHANNEL_NOT_ALLOWED


def test_what_a_person_asked_for_goes_out_in_every_stage() -> None:
    pending = {"newsletter": Consent(ConsentState.PENDING, "2026-01-05", "e")}
    nothing = replace(LEAD, intents=(), channels=())
    assert reason("confirm", nothing, replace(GRANTED, consents=pending)) is None


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        (replace(GRANTED, erased_at="2026-01-05"), Reason.ERASED),
        (replace(GRANTED, address=None), Reason.NO_ADDRESS),
        (replace(GRANTED, consents={}), Reason.NO_CONSENT),
    ],
)
def test_what_protects_a_person_is_said_before_the_stage(
    register: Register, expected: Reason
) -> None:
    assert reason("first-steps", LEAD, register) is expected


def test_an_erased_address_is_asked_to_confirm_and_gets_nothing_else() -> None:
    pending = {"newsletter": Consent(ConsentState.PENDING, "2026-01-05", "e")}
    anew = replace(GRANTED, consents=pending, suppressed=SuppressionReason.ERASED)
    assert reason("confirm", LEAD, anew) is None
    assert reason("welcome", LEAD, anew) is Reason.SUPPRESSED
    assert reason("welcome", LEAD, replace(anew, consents=GRANTED.consents)) is Reason.SUPPRESSED
    bounced = replace(anew, suppressed=SuppressionReason.BOUNCED)
    assert reason("confirm", LEAD, bounced) is Reason.SUPPRESSED
