"""What is still missing before mail can leave and arrive, each with what to do about it. Pure.

SES tells what it found in the DNS of the sender's domain, so nothing is looked up here; DMARC alone
it does not look for.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from relance.pace import AccountState
from relance.storage import Value

REPORTED = ("BOUNCE", "COMPLAINT", "DELIVERY", "REJECT", "SEND")
"""What SES must report for the ledger to be right."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where SES reports to: `TOPIC` (durable) or `BUS` (quick)."""

    kind: str
    enabled: bool
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """The sender's identity as SES knows it. Statuses are those of SES; `tokens` are DKIM's."""

    name: str
    verified: bool
    dkim: str
    tokens: tuple[str, ...]
    dkim_zone: str
    mail_from: str
    mail_from_domain: str | None

    @property
    def is_address(self) -> bool:
        """Whether a single address is verified and not its domain."""
        return "@" in self.name


@dataclass(frozen=True, slots=True)
class Setup:
    """All that counts. `identity` of None is unknown to SES, `sending` is the configuration set's.

    `links_on_own_host` is whether links lead to the company's own host name.
    """

    account: AccountState
    identity: Identity | None
    domain: str
    region: str
    sending: bool
    destinations: tuple[Destination, ...]
    live: bool
    links_on_own_host: bool
    postal_address: str
    signs_links: bool
    braked: Mapping[str, str]


class State(StrEnum):
    """What a check found."""

    OK = "ok"
    ADVICE = "advice"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, in a sentence, with the DNS records to paste if any."""

    what: str
    state: State
    sentence: str
    records: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Value]:
        """As it stands in the output of the execution."""
        found: dict[str, Value] = {
            "what": self.what,
            "state": self.state.value,
            "sentence": self.sentence,
        }
        return {**found, "records": list(self.records)} if self.records else found

    @classmethod
    def of(cls, raw: Mapping[str, object]) -> Self:
        """The check that `to_json` wrote."""
        records = raw.get("records", ())
        return cls(
            str(raw["what"]),
            State(str(raw["state"])),
            str(raw["sentence"]),
            tuple(map(str, records)) if isinstance(records, list) else (),
        )


def checks(setup: Setup) -> list[Check]:
    """Everything that is looked at without sending a mail."""
    return [
        *_account(setup),
        *_identity(setup),
        *_reports(setup),
        *_company(setup),
        *(
            Check(
                "brake",
                State.ADVICE,
                f"The message {message} is stopped: {because} To let it go on, start this again "
                f'with {{"release": "{message}"}}.',
            )
            for message, because in sorted(setup.braked.items())
        ),
    ]


def may_try(found: Sequence[Check]) -> bool:
    """Whether a mail to the simulator can leave: it needs a sender and a way for its report."""
    needed = ("account", "sender", "configuration set", "reports")
    return not any(each.what in needed and each.state is State.MISSING for each in found)


def round_trip(*, heard: bool, seconds: int) -> Check:
    """What became of the mail to the simulator."""
    if heard:
        sentence = f"A mail to the simulator of SES was reported within {seconds} seconds."
        return Check("round trip", State.OK, sentence)
    sentence = (
        f"SES reported nothing about a mail to its simulator in {seconds} seconds. Look for "
        "messages in the queue of lost e-mail events and for errors in the log of "
        "record-email-event, then start this again."
    )
    return Check("round trip", State.MISSING, sentence)


def summary(found: Sequence[Check], *, live: bool) -> str:
    """One sentence for the marketer: ready, or what to do first."""
    missing = [each for each in found if each.state is State.MISSING]
    if missing:
        more = f" ({len(missing) - 1} more below)" if len(missing) > 1 else ""
        return f"Not ready: {missing[0].sentence}{more}"
    advice = sum(each.state is State.ADVICE for each in found)
    whom = "everybody" if live else "those on the allow-list; SendMode=live opens it to all"
    also = f" {advice} piece{'s' * (advice > 1)} of advice below." if advice else ""
    return f"Ready to send to {whom}.{also}"


def _account(setup: Setup) -> Iterator[Check]:
    account = setup.account
    if not account.enabled or account.enforcement == "SHUTDOWN":
        yield Check(
            "account",
            State.MISSING,
            "SES has paused sending for this account. The account dashboard of the SES console "
            "says why, and how to ask AWS to resume it.",
        )
    elif account.enforcement == "PROBATION":
        yield Check(
            "account",
            State.ADVICE,
            "SES has put this account under review for its bounces or complaints. Read the reason "
            "in the reputation dashboard of the SES console before it is paused.",
        )
    else:
        yield Check("account", State.OK, "SES sends for this account.")
    if account.production:
        yield Check("sandbox", State.OK, "The account is out of the SES sandbox.")
    else:
        yield Check(
            "sandbox",
            State.MISSING if setup.live else State.ADVICE,
            "The account is in the SES sandbox: only verified addresses get mail, 200 a day. Ask "
            "for production access in the SES console, under Account dashboard.",
        )
    day = "any number" if account.per_day is None else f"{account.per_day:,}"
    left = account.per_day is None or account.sent < account.per_day
    yield Check(
        "quota",
        State.OK if left else State.MISSING,
        f"SES takes {account.per_second:g} mails a second and {day} in 24 hours; "
        f"{account.sent:,} of them are used."
        + ("" if left else " Nothing leaves before some are a day old: ask SES for more."),
    )


def _identity(setup: Setup) -> Iterator[Check]:
    identity = setup.identity
    if identity is None:
        yield Check(
            "sender",
            State.MISSING,
            f"SES does not know {setup.domain}. Deploy with SenderIdentity=create, or add the "
            "domain in the SES console under Identities.",
        )
        return
    dkim = tuple(
        f"{token}._domainkey.{identity.name} CNAME {token}.{identity.dkim_zone}"
        for token in identity.tokens
    )
    if not identity.verified:
        what = "the mail that SES sent there" if identity.is_address else "these CNAME records"
        verb = "Confirm" if identity.is_address else "Add"
        yield Check(
            "sender",
            State.MISSING,
            f"SES has not verified the sender. {verb} {what}; SES looks for 72 hours, and this can "
            "be started again meanwhile.",
            dkim,
        )
    else:
        yield Check("sender", State.OK, "SES has verified the sender.")
    if identity.is_address:
        yield Check(
            "dkim",
            State.ADVICE,
            "Only an address is verified. Inboxes want mail signed by its domain: verify "
            f"{setup.domain} in SES.",
        )
    elif identity.dkim == "SUCCESS":
        yield Check("dkim", State.OK, "Mail is signed by the domain (DKIM).")
    else:
        yield Check(
            "dkim",
            State.MISSING,
            f"Mail is not signed by the domain yet (DKIM: {identity.dkim}). Add these CNAME "
            "records.",
            dkim,
        )
    yield _mail_from(setup, identity)
    yield Check(
        "dmarc",
        State.ADVICE,
        "SES does not look for a DMARC record, which Gmail and Yahoo ask of whoever sends much. If "
        "the domain has none, add this one; p=none changes nothing and begins the reports.",
        (f'_dmarc.{setup.domain} TXT "v=DMARC1; p=none"',),
    )


def _mail_from(setup: Setup, identity: Identity) -> Check:
    domain = identity.mail_from_domain
    if domain and identity.mail_from == "SUCCESS":
        return Check("mail from", State.OK, "Bounces come back to the domain, and SPF names SES.")
    if not domain:
        return Check(
            "mail from",
            State.ADVICE,
            "SPF speaks for amazonses.com, not for the domain: set a custom MAIL FROM domain in "
            "SES.",
        )
    return Check(
        "mail from",
        State.ADVICE,
        f"The MAIL FROM domain is not found yet ({identity.mail_from}), so SPF speaks for "
        "amazonses.com. Add these records.",
        (
            f"{domain} MX 10 feedback-smtp.{setup.region}.amazonses.com",
            f'{domain} TXT "v=spf1 include:amazonses.com ~all"',
        ),
    )


def _reports(setup: Setup) -> Iterator[Check]:
    if setup.sending:
        yield Check("configuration set", State.OK, "The configuration set sends.")
    else:
        yield Check(
            "configuration set",
            State.MISSING,
            "Sending is switched off in the stack's configuration set. Switch it on in the SES "
            "console, under Configuration sets.",
        )
    durable = [each for each in setup.destinations if each.kind == "TOPIC" and each.enabled]
    heard = {event for each in durable for event in each.events}
    lacking = sorted(set(REPORTED) - heard)
    if lacking:
        yield Check(
            "reports",
            State.MISSING,
            f"SES does not report {', '.join(each.lower() for each in lacking)} to the stack's "
            "topic. Deploy the stack again: it restores its event destinations.",
        )
    elif not any(each.kind == "BUS" and each.enabled for each in setup.destinations):
        yield Check(
            "reports",
            State.ADVICE,
            "SES reports to the topic and not to the bus, so a bounce acts some seconds later. "
            "Deploy the stack again.",
        )
    else:
        yield Check("reports", State.OK, "SES reports by two ways what becomes of each mail.")


def _company(setup: Setup) -> Iterator[Check]:
    if setup.links_on_own_host:
        yield Check("links", State.OK, "Links lead to a host name of your own.")
    else:
        yield Check(
            "links",
            State.ADVICE,
            "Links lead to a host name of AWS, which inboxes trust less and which breaks in mails "
            "already sent if the API is replaced. Deploy with LinkDomain and CertificateArn.",
        )
    if len(setup.postal_address.split()) >= 3:
        yield Check("postal address", State.OK, "Mails carry a postal address.")
    else:
        yield Check(
            "postal address",
            State.MISSING,
            "The postal address is too short to be one, and the law wants it in marketing mail. "
            "Deploy with PostalAddress.",
        )
    if setup.signs_links:
        yield Check("secrets", State.OK, "The links of mails can be signed.")
    else:
        yield Check(
            "secrets",
            State.MISSING,
            "The secret that signs the links of mails cannot be read, or has no key for its "
            '"current". See "Keys" in docs/operating.md.',
        )
