"""What check_setup says of each thing that may be missing."""

from dataclasses import replace

import pytest
from relance.pace import AccountState
from relance.setup import (
    Check,
    Destination,
    Identity,
    Setup,
    State,
    checks,
    may_try,
    round_trip,
    summary,
)

EVENTS = ("BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "REJECT", "SEND")
ACCOUNT = AccountState(
    per_second=14,
    per_day=50_000,
    sent=120,
    production=True,
    enabled=True,
    enforcement="HEALTHY",
    verified=True,
)
IDENTITY = Identity(
    name="example.com",
    verified=True,
    dkim="SUCCESS",
    tokens=("a1", "b2", "c3"),
    dkim_zone="dkim.amazonses.com",
    mail_from="SUCCESS",
    mail_from_domain="bounce.example.com",
)
FINE = Setup(
    account=ACCOUNT,
    identity=IDENTITY,
    domain="example.com",
    region="eu-west-1",
    sending=True,
    destinations=(
        Destination("TOPIC", enabled=True, events=EVENTS),
        Destination("BUS", enabled=True, events=EVENTS),
    ),
    live=True,
    links_on_own_host=True,
    postal_address="Example Ltd, 1 Main Street",
    signs_links=True,
    braked={},
)


def account(**changes: object) -> Setup:
    return replace(FINE, account=replace(ACCOUNT, **changes))  # type: ignore[arg-type]


def identity(**changes: object) -> Setup:
    return replace(FINE, identity=replace(IDENTITY, **changes))  # type: ignore[arg-type]


def without(event: str) -> tuple[Destination, ...]:
    return (Destination("TOPIC", enabled=True, events=tuple(e for e in EVENTS if e != event)),)


CASES: dict[str, tuple[Setup, str, State, str]] = {
    "paused": (account(enabled=False), "account", State.MISSING, "paused"),
    "shut down": (account(enforcement="SHUTDOWN"), "account", State.MISSING, "paused"),
    "under review": (account(enforcement="PROBATION"), "account", State.ADVICE, "review"),
    "sandbox": (account(production=False), "sandbox", State.MISSING, "production access"),
    "sandbox with an allow-list": (
        replace(account(production=False), live=False), "sandbox", State.ADVICE, "200 a day",
    ),
    "quota used up": (account(sent=50_000), "quota", State.MISSING, "ask SES for more"),
    "no bound": (account(per_day=None), "quota", State.OK, "any number"),
    "unknown sender": (replace(FINE, identity=None), "sender", State.MISSING, "does not know"),
    "unverified domain": (identity(verified=False), "sender", State.MISSING, "CNAME"),
    "unverified address": (
        identity(name="me@example.com", verified=False, tokens=()), "sender", State.MISSING,
        "Confirm",
    ),
    "an address alone": (identity(name="me@example.com"), "dkim", State.ADVICE, "verify example"),
    "not signed": (identity(dkim="PENDING"), "dkim", State.MISSING, "PENDING"),
    "MAIL FROM not found": (identity(mail_from="FAILED"), "mail from", State.ADVICE, "FAILED"),
    "no MAIL FROM": (identity(mail_from_domain=None), "mail from", State.ADVICE, "MAIL FROM"),
    "dmarc": (FINE, "dmarc", State.ADVICE, "DMARC"),
    "switched off": (replace(FINE, sending=False), "configuration set", State.MISSING, "off"),
    "no bounces": (
        replace(FINE, destinations=without("BOUNCE")), "reports", State.MISSING, "bounce",
    ),
    "no reports": (replace(FINE, destinations=()), "reports", State.MISSING, "send"),
    "no bus": (replace(FINE, destinations=without("")), "reports", State.ADVICE, "bus"),
    "links of AWS": (replace(FINE, links_on_own_host=False), "links", State.ADVICE, "LinkDomain"),
    "no address": (
        replace(FINE, postal_address="Example"), "postal address", State.MISSING, "PostalAddress",
    ),
    "no key": (replace(FINE, signs_links=False), "secrets", State.MISSING, "current"),
    "braked": (
        replace(FINE, braked={"news": "3 of 40 bounced."}), "brake", State.ADVICE,
        '{"release": "news"}',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("setup", "what", "state", "words"), CASES.values(), ids=CASES)
def test_what_is_missing_is_told_with_what_to_do(
    setup: Setup, what: str, state: State, words: str
) -> None:
    (found,) = [each for each in checks(setup) if each.what == what]
    assert found.state is state
    assert words in found.sentence
    assert (State.MISSING in {each.state for each in checks(setup)}) == (state is State.MISSING)


def test_a_set_up_without_a_gap_is_ready_and_says_to_whom() -> None:
    found = [*checks(FINE), round_trip(heard=True, seconds=10)]
    assert summary(found, live=True) == "Ready to send to everybody. 1 piece of advice below."
    assert "SendMode=live" in summary(found, live=False)
    assert may_try(found)


def test_the_first_thing_to_do_is_in_the_summary_and_the_others_are_counted() -> None:
    setup = replace(account(enabled=False), signs_links=False)
    said = summary(checks(setup), live=True)
    assert said.startswith("Not ready: SES has paused sending")
    assert said.endswith("(1 more below)")
    assert not may_try(checks(setup))


def test_a_round_trip_that_ends_nowhere_is_a_gap() -> None:
    silent = round_trip(heard=False, seconds=120)
    assert silent.state is State.MISSING
    assert "120 seconds" in silent.sentence


def test_records_can_be_pasted_as_they_are() -> None:
    (dkim,) = [each for each in checks(identity(dkim="PENDING")) if each.what == "dkim"]
    assert dkim.records[0] == "a1._domainkey.example.com CNAME a1.dkim.amazonses.com"
    (returns,) = [e for e in checks(identity(mail_from="PENDING")) if e.what == "mail from"]
    assert returns.records == (
        "bounce.example.com MX 10 feedback-smtp.eu-west-1.amazonses.com",
        'bounce.example.com TXT "v=spf1 include:amazonses.com ~all"',
    )
    assert Check.of(dkim.to_json()) == dkim
