"""What use cases need from the world outside: each port is a small `Protocol`.

`Services` holds them all; `relance.composition` makes it from the environment, and tests make
their own. Use cases take what they need from it and never look elsewhere: no clock, no chance, no
environment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from relance.brakes import Brakes
from relance.collecting.keys import WriteKeys
from relance.content.compiled import Content
from relance.detecting import Detector
from relance.engine import Plan
from relance.errors import RelanceError
from relance.events import Event
from relance.hooks.keys import HookSecrets
from relance.limiter import Limiter
from relance.links import LinkSigner
from relance.linktables import LinkTables
from relance.pace import AccountState
from relance.ports_content import ContentFiles
from relance.published import Messages
from relance.setup import Destination, Identity
from relance.storage import Store, Value
from relance.suppression import Suppressions


class SendMode(StrEnum):
    """To whom mail goes: only to the allow-list until somebody says `live`."""

    ALLOW_LIST = "allow-list"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, to whom it may, and how: the settings of the stack.

    `time_zone` decides where a calendar day begins; the first of `languages` serves whoever reads
    none of them. Replies come to `reply_domain`; when it is empty, to the sender's own mailbox.
    Brands may send from `brand_addresses` besides. Tests go to `test_addresses`, whatever the mode.
    """

    address: str
    name: str
    mode: SendMode
    allow_list: tuple[str, ...]
    link_base_url: str
    postal_address: str
    time_zone: ZoneInfo
    languages: tuple[str, ...]
    test_addresses: tuple[str, ...] = ()
    reply_domain: str = ""
    brand_addresses: tuple[str, ...] = ()

    def language_for(self, spoken: str | None) -> str:
        """The language to write in: the contact's own if the company writes it, else the first."""
        return spoken if spoken in self.languages else self.languages[0]

    def allows(self, address: str) -> bool:
        """Whether mail may go to the address: in `live` mode to all, else to those listed.

        The list holds addresses and, with a leading @, whole domains.
        """
        if self.mode is SendMode.LIVE:
            return True
        lowered = address.lower()
        domain = "@" + lowered.rpartition("@")[2]
        return lowered in self.allow_list or domain in self.allow_list


@dataclass(frozen=True, slots=True)
class Mail:
    """One message, ready for SES. `tags` come back with every SES event.

    `sender` is the From header of a brand; without one the mailer's own stands there.
    """

    to: str
    subject: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)
    sender: str | None = None
    reply_to: str | None = None


class Mailer(Protocol):
    """Sends messages, one or many at a time."""

    def send_bulk(self, mails: Sequence[Mail]) -> Sequence[str | RelanceError]:
        """Hand many messages to SES; for each, in their order, its SES message id or an error.

        The errors are those that `send` raises; none is raised here.
        """

    def send(self, mail: Mail) -> str:
        """Hand the message to SES; its SES message id.

        Raises:
            SendRateExceeded: not sent; the same call may succeed later.
            SendRefused: not sent; the same call will fail again.
            RecipientRefused: not sent; SES does not take this address.
            SendOutcomeUnknown: the call broke off.
        """


class Account(Protocol):
    """SES, as far as it is asked about the account and the sender; each asks it anew.

    Raises:
        ServiceUnavailable: SES could not answer now.
    """

    @property
    def region(self) -> str:
        """The region that mail leaves from."""

    def state(self) -> AccountState:
        """The quota, and whether SES sends for this account and this sender."""

    def identity(self) -> Identity | None:
        """What SES knows of the sender's domain or address, None if nothing."""

    def set_sends(self) -> bool:
        """Whether sending is switched on in the configuration set."""

    def destinations(self) -> tuple[Destination, ...]:
        """Where SES reports what becomes of mail."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """To whom replies are forwarded (nobody, if it is empty), by whom, and from which address."""

    to: str
    own: str
    mailer: Mailer


class Bus(Protocol):
    """Tells everybody what happened."""

    def publish(self, events: Sequence[Event]) -> None:
        """Put the events on the bus, all of them, or raise ServiceUnavailable."""


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What a web service answered: the HTTP status and the beginning of the body."""

    status: int
    text: str = field(repr=False)

    @property
    def accepted(self) -> bool:
        """Whether it did what it was asked."""
        return 200 <= self.status < 300

    @property
    def is_trouble(self) -> bool:
        """Whether the same call may succeed later."""
        return self.status >= 500 or self.status in (408, 425, 429)


class Web(Protocol):
    """Web services that the company declared."""

    def post(self, address: str, body: str, headers: Mapping[str, str]) -> WebAnswer:
        """Post JSON to an address that begins with https; a redirect is not followed.

        Raises:
            ServiceUnavailable: nothing was answered.
        """


class Executions(Protocol):
    """Step Functions, as far as it is answered and asked."""

    def start_journey(self, journey: str, *, name: str, data: Mapping[str, Value]) -> bool:
        """Start a journey of this stack, by the name of its file; False if that name was used.

        Raises:
            LookupError: there is none.
            ServiceUnavailable: Step Functions could not answer now.
        """

    def journey_arn_of(self, journey: str, name: str) -> str:
        """The ARN of the execution of this name of a journey, by the name of its file."""

    def succeed(self, token: str, result: Mapping[str, Value]) -> bool:
        """Answer a pause; False if nobody waits for this answer any more.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """

    def arn_of(self, name: str) -> str:
        """The ARN of the execution of this name of the machine that this function may start."""

    def start(self, name: str, data: Mapping[str, Value]) -> None:
        """Start an execution of that machine; one that was started under the name is enough.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """

    def fail(self, token: str, *, error: str, cause: str) -> bool:
        """Tell a pause that its step failed; False if nobody waits for this answer any more.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """

    def stop(self, execution: str, *, cause: str) -> None:
        """Stop the execution with this ARN; one that has ended or is unknown is left alone.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """

    def is_running(self, execution: str) -> bool:
        """Whether the execution with this ARN is still running; False if it is unknown.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a state machine: its ARN, status, times (UTC), input, and output if any."""

    execution: str
    status: str
    started_at: datetime
    ended_at: datetime | None
    input: str
    output: str | None


class Runs(Protocol):
    """The executions of one state machine, as the console lists them."""

    def latest(self, most: int) -> Sequence[Run]:
        """The latest ones, the last to start first.

        Raises:
            ServiceUnavailable: Step Functions could not answer now.
        """


class RepairQueue(Protocol):
    """Where a contact is set aside that could not be brought up to date."""

    def set_aside(self, contact_id: str, event_ids: Sequence[str], reason: str) -> None:
        """Keep the contact for `refold_contact`; the reason names no person."""


class Backlog(Protocol):
    """Where events wait that the tables could not take at once."""

    def keep(self, bodies: Sequence[str]) -> None:
        """Keep these bodies for `drain_backlog`; when it returns they are safe.

        Raises:
            ServiceUnavailable: not all of them are; those that are do no harm.
        """


class Waker(Protocol):
    """Has deferred messages decided afresh."""

    def wake(self, send_ids: Sequence[str]) -> None:
        """Hand the ids of the messages to `send_deferred`; when it returns they are safe.

        Raises:
            ServiceUnavailable: not all of them are; those that are do no harm.
        """


@dataclass(frozen=True, slots=True)
class FileAbout:
    """A file without what stands in it: bytes, a hash of them, and when it was written."""

    size: int
    tag: str
    written_at: datetime


class Files(Protocol):
    """The files in one place: of operations (for fourteen days), or private ones.

    Of operations: lists of contacts and results, ids only. What tells of people (files to import,
    pieces of them, rows that were refused, exports) stands below `people/` and nowhere else.
    """

    def write_lines(self, key: str, lines: Iterable[str]) -> None:
        """Write a file, in the place of one that is there.

        Raises:
            ServiceUnavailable: try again.
        """

    def read_lines(self, key: str) -> Iterator[str]:
        """The lines of a file, without their ends, read little by little.

        Raises:
            FileNotFoundError: there is none.
            ServiceUnavailable: try again.
        """

    def about(self, key: str) -> FileAbout:
        """What is known of a file without reading it.

        Raises:
            FileNotFoundError: there is none.
            ServiceUnavailable: try again.
        """

    def read_blocks(self, key: str, about: FileAbout) -> Iterator[bytes]:
        """The bytes of a file of which this is known, little by little.

        Raises:
            FileNotFoundError: there is none, or by now another one.
            ServiceUnavailable: try again.
        """

    def link(self, key: str) -> str:
        """Where a person finds the file."""

    def expiring_link(self, key: str, *, lasts: timedelta) -> str:
        """An address from which anybody who has it can fetch the file for so long."""


class Published(Protocol):
    """Lists that others publish on the web."""

    def read(self, address: str) -> str:
        """The text at an address.

        Raises:
            ServiceUnavailable: it cannot be fetched now.
        """


class Downloads(Protocol):
    """The files that people get for filling in a form."""

    def address(self, key: str, *, saved_as: str) -> str:
        """An address from which the file can be fetched for some minutes.

        Raises:
            FileNotFoundError: there is none.
            ServiceUnavailable: try again.
        """


class Services(Protocol):
    """Everything outside the domain that a use case may use."""

    @property
    def store(self) -> Store:
        """The four tables."""

    @property
    def content(self) -> Content:
        """What marketers wrote, compiled."""

    @property
    def messages(self) -> Messages:
        """The messages in force: published ones, at most a minute old, else deployed ones."""

    @property
    def content_files(self) -> ContentFiles:
        """Versions of messages, pictures and drafts."""

    @property
    def plan(self) -> Plan:
        """The rules of the content, ready to be applied."""

    @property
    def signer(self) -> LinkSigner:
        """The signer of links."""

    @property
    def link_tables(self) -> LinkTables:
        """Where the links of mails lead."""

    @property
    def sender(self) -> Sender:
        """Who sends and to whom it may."""

    @property
    def mailer(self) -> Mailer:
        """SES."""

    @property
    def limiter(self) -> Limiter:
        """The pace of all senders together."""

    @property
    def account(self) -> Account:
        """SES, as far as it is asked about the account."""

    @property
    def brakes(self) -> Brakes:
        """What stops a message that too many complain about."""

    @property
    def bus(self) -> Bus:
        """The suite's event bus."""

    @property
    def executions(self) -> Executions:
        """The state machines."""

    @property
    def connections(self) -> Mapping[str, str]:
        """Where people and web services are reached, by name; at most five minutes old."""

    @property
    def web(self) -> Web:
        """Web services."""

    @property
    def notices(self) -> Mailer:
        """SES, for mail to people within the company."""

    @property
    def link_base_url(self) -> str:
        """Where links lead, without a slash at the end."""

    @property
    def campaign_runs(self) -> Runs:
        """The executions that send campaigns."""

    @property
    def repair_queue(self) -> RepairQueue:
        """The queue of contacts set aside."""

    @property
    def files(self) -> Files:
        """The files of operations."""

    @property
    def private_files(self) -> Files:
        """Proofs of erasure and what was exported of a contact; marketers cannot read them."""

    @property
    def suppressions(self) -> Suppressions:
        """The addresses that get nothing any more, whoever they belong to."""

    @property
    def downloads(self) -> Downloads:
        """The files that people get for filling in a form."""

    @property
    def backlog(self) -> Backlog:
        """The queue of events that wait."""

    @property
    def waker(self) -> Waker:
        """The queue of deferred messages whose time has come."""

    @property
    def engagement(self) -> Backlog:
        """The queue of opens and clicks that are judged some seconds later."""

    @property
    def detector(self) -> Detector:
        """The lists by which machines are told."""

    @property
    def mails(self) -> Files:
        """The mails that came."""

    @property
    def forwarding(self) -> Forwarding:
        """How replies reach a person."""

    @property
    def published(self) -> Published:
        """Lists that others publish."""

    @property
    def write_keys(self) -> WriteKeys:
        """The keys of the collection API, at most five minutes old."""

    @property
    def hook_secrets(self) -> HookSecrets:
        """The secrets of hooks, at most five minutes old."""

    @property
    def postal_address(self) -> str:
        """The postal address that mails show."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that mail is written in."""

    @property
    def test_addresses(self) -> tuple[str, ...]:
        """Where tests go."""

    @property
    def journeys(self) -> tuple[str, ...]:
        """The names of the journeys, as their machines have them."""

    @property
    def journey_costs(self) -> Mapping[str, tuple[int, int]]:
        """How many transitions and mails a contact takes at most, by the name of the journey."""

    @property
    def currency(self) -> str:
        """The currency that the company counts in, ISO 4217."""

    @property
    def ledger_kept(self) -> timedelta:
        """How long sends and closed enrolments are kept."""

    def now(self) -> datetime:
        """The time: aware, UTC, whole milliseconds."""

    def random_bytes(self, count: int) -> bytes:
        """Bytes that nobody can guess."""
