"""The composition root: the only module that reads the environment, the clock and chance.

`compose()` gives a function its `Services`; each is made when it is first asked for, so that a
function pays at its start for what it uses and nothing else.
"""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import formataddr
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from relance.brakes import Brakes
from relance.collecting.keys import WriteKeys
from relance.content.compiled import Content
from relance.detecting import Detector
from relance.engine import Plan
from relance.errors import ServiceUnavailable
from relance.hooks.keys import HookSecrets
from relance.ids import milliseconds, moment_of
from relance.limiter import Limiter
from relance.links import LinkSigner
from relance.linktables import LinkTables
from relance.ports import Forwarding, Sender, SendMode, Services
from relance.published import Messages
from relance.storage import Table
from relance.suppression import Suppressions

if TYPE_CHECKING:
    from relance.aws.dynamodb import DynamoStore
    from relance.aws.https_lists import HttpsLists
    from relance.aws.https_services import HttpsServices
    from relance.aws.s3 import S3Downloads, S3Files
    from relance.aws.s3_content import S3ContentFiles
    from relance.aws.services import (
        EventBridgeBus,
        SqsBacklog,
        SqsRepairQueue,
        SqsWaker,
        StepFunctionsExecutions,
        StepFunctionsRuns,
    )
    from relance.aws.sesv2 import SesAccount, SesMailer

_TABLES: Mapping[Table, str] = {
    Table.CONTACTS: "CONTACTS_TABLE",
    Table.IDENTITIES: "IDENTITIES_TABLE",
    Table.EVENTS: "EVENTS_TABLE",
    Table.SENDS: "SENDS_TABLE",
}


_BACKLOG = "BACKLOG_QUEUE_URL"
_ENGAGEMENT = "ENGAGEMENT_QUEUE_URL"
_SOON = {_BACKLOG, _ENGAGEMENT, "ANSWER_SOON"}

KEYS_KEPT = timedelta(minutes=5)
"""How long keys and the secrets of hooks are used before they are read anew: so fast one is added
or taken away."""

T = TypeVar("T")


class Connections(dict[str, str]):
    """Where people and services are reached, by name."""


class SettingMissing(KeyError):
    """The function lacks a setting that it uses; the template must give it."""


class AwsServices:
    """The services of one function, made from its environment when first used."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[datetime, object]] = {}

    @cached_property
    def store(self) -> "DynamoStore":
        """The tables that this function was given."""
        import boto3  # noqa: PLC0415 - 110 ms that not every function needs to pay
        from botocore.config import Config  # noqa: PLC0415

        from relance.aws.dynamodb import DynamoStore  # noqa: PLC0415

        tables = {table: os.environ[name] for table, name in _TABLES.items() if name in os.environ}
        # Who can set work aside does so before a client's patience ends (10 s in most libraries),
        # and a page is shown before a reader's does: by itself boto3 tries ten times, for 25 s.
        soon = Config(retries={"total_max_attempts": 2}, connect_timeout=1, read_timeout=3)
        return DynamoStore(
            boto3.client("dynamodb", config=soon if _SOON & os.environ.keys() else None),
            tables,
            sleep=time.sleep,
            chance=secrets.SystemRandom().random,
        )

    @cached_property
    def content(self) -> Content:
        """The compiled content of the content layer."""
        return Content.open(Path(_setting("CONTENT")))

    @cached_property
    def messages(self) -> Messages:
        """The messages in force."""
        return Messages(self.content, self.store, lambda: self.content_files, self.now)

    @cached_property
    def content_files(self) -> "S3ContentFiles":
        """Versions of messages, pictures and drafts."""
        import boto3  # noqa: PLC0415

        from relance.aws.s3_content import S3ContentFiles  # noqa: PLC0415

        return S3ContentFiles(boto3.client("s3"), _setting("CONTENT_BUCKET"))

    @cached_property
    def plan(self) -> Plan:
        """The rules of the content, ready to be applied."""
        return Plan(self.content.rules, ZoneInfo(_setting("TIME_ZONE")))

    @cached_property
    def signer(self) -> LinkSigner:
        """The signer of links, with the secret of the stack."""
        keys = self._secret("LINK_SECRET")
        current = keys.pop("current")
        return LinkSigner(secrets=keys, current=current)

    @cached_property
    def link_tables(self) -> LinkTables:
        """Where the links of mails lead."""
        return LinkTables(
            self.store, content=lambda: self.content, files=lambda: self.content_files
        )

    @cached_property
    def sender(self) -> Sender:
        """Who sends and to whom it may."""
        return Sender(
            address=_setting("SENDER"),
            name=_setting("SENDER_NAME"),
            mode=SendMode(_setting("SEND_MODE")),
            allow_list=_listed(_setting("ALLOW_LIST").lower()),
            link_base_url=self.link_base_url,
            postal_address=self.postal_address,
            time_zone=ZoneInfo(_setting("TIME_ZONE")),
            languages=self.languages,
            test_addresses=self.test_addresses,
            reply_domain=_setting("REPLY_DOMAIN"),
            brand_addresses=_listed(os.environ.get("BRAND_ADDRESSES", "")),
        )

    @cached_property
    def mailer(self) -> "SesMailer":
        """SES, called once and never again for the same message."""
        return self._mailer(self.sender.name, self.sender.address)

    @cached_property
    def forwarding(self) -> Forwarding:
        """How replies reach a person."""
        address = _setting("SENDER")
        mailer = self._mailer(_setting("SENDER_NAME"), address)
        return Forwarding(to=_setting("FORWARD_TO"), own=address, mailer=mailer)

    @cached_property
    def mails(self) -> "S3Files":
        """The mails that came."""
        import boto3  # noqa: PLC0415

        from relance.aws.s3 import S3Files  # noqa: PLC0415

        return S3Files(boto3.client("s3"), _setting("MAILS_BUCKET"))

    @staticmethod
    def _mailer(name: str, address: str) -> "SesMailer":
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        from relance.aws.sesv2 import SesMailer  # noqa: PLC0415

        once = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
        return SesMailer(
            boto3.client("sesv2", config=once),
            sender=formataddr((name, address)),
            configuration_set=_setting("CONFIGURATION_SET"),
        )

    @cached_property
    def limiter(self) -> Limiter:
        """The limiter that all senders share, as this function sees it."""
        return Limiter(
            self.store,
            lambda: self.account,
            self.content.sending.pace,
            live=self.sender.mode is SendMode.LIVE,
            sender=_setting("SENDER_IDENTITY"),
            now=self.now,
            pause=time.sleep,
            chance=secrets.SystemRandom().random,
        )

    @cached_property
    def brakes(self) -> Brakes:
        """The brakes of messages."""
        return Brakes(self.store, self.content.sending.pace.brake, now=self.now)

    @cached_property
    def account(self) -> "SesAccount":
        """SES, as far as it is asked about the account."""
        import boto3  # noqa: PLC0415

        from relance.aws.sesv2 import SesAccount  # noqa: PLC0415

        domain, address = _setting("SENDER_IDENTITY"), self.sender.address
        return SesAccount(
            boto3.client("sesv2"),
            domain=domain,
            address=address,
            configuration_set=_setting("CONFIGURATION_SET"),
        )

    @cached_property
    def bus(self) -> "EventBridgeBus":
        """The suite's bus."""
        import boto3  # noqa: PLC0415

        from relance.aws.services import EventBridgeBus  # noqa: PLC0415

        return EventBridgeBus(boto3.client("events"), _setting("EVENT_BUS"))

    @cached_property
    def executions(self) -> "StepFunctionsExecutions":
        """The state machines."""
        import boto3  # noqa: PLC0415

        from relance.aws.services import StepFunctionsExecutions  # noqa: PLC0415

        return StepFunctionsExecutions(
            boto3.client("stepfunctions"),
            starts=os.environ.get("STARTS_MACHINE", ""),
            journeys=os.environ.get("JOURNEYS", ""),
        )

    @property
    def connections(self) -> Mapping[str, str]:
        """Where people and services are reached; when it cannot be read anew, what was read."""
        return self._anew(Connections, lambda: Connections(self._secret("CONNECTIONS")))

    @cached_property
    def web(self) -> "HttpsServices":
        """Web services."""
        from relance.aws.https_services import HttpsServices  # noqa: PLC0415

        return HttpsServices()

    @cached_property
    def notices(self) -> "SesMailer":
        """SES, for mail to people within the company."""
        return self._mailer(_setting("SENDER_NAME"), _setting("SENDER"))

    @cached_property
    def link_base_url(self) -> str:
        """Where links lead."""
        return _setting("LINK_BASE_URL").rstrip("/")

    @cached_property
    def campaign_runs(self) -> "StepFunctionsRuns":
        """The executions that send campaigns."""
        import boto3  # noqa: PLC0415

        from relance.aws.services import StepFunctionsRuns  # noqa: PLC0415

        return StepFunctionsRuns(boto3.client("stepfunctions"), _setting("CAMPAIGNS_MACHINE"))

    @cached_property
    def repair_queue(self) -> "SqsRepairQueue":
        """The queue of contacts set aside."""
        import boto3  # noqa: PLC0415

        from relance.aws.services import SqsRepairQueue  # noqa: PLC0415

        return SqsRepairQueue(boto3.client("sqs"), _setting("REPAIR_QUEUE_URL"))

    @cached_property
    def files(self) -> "S3Files":
        """The files of operations."""
        import boto3  # noqa: PLC0415

        from relance.aws.s3 import S3Files  # noqa: PLC0415

        return S3Files(boto3.client("s3"), _setting("OPERATIONS_BUCKET"))

    @cached_property
    def private_files(self) -> "S3Files":
        """The private files; links to them are signed as every region takes them."""
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        from relance.aws.s3 import S3Files  # noqa: PLC0415

        signing = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
        return S3Files(boto3.client("s3", config=signing), _setting("PRIVACY_BUCKET"))

    @cached_property
    def suppressions(self) -> Suppressions:
        """The suppressed addresses, hashed with the secret of the stack."""
        keys = self._secret("ADDRESS_SECRET")
        current = keys.pop("current")
        return Suppressions(self.store, secrets=keys, current=current)

    @cached_property
    def downloads(self) -> "S3Downloads":
        """The files that people get for filling in a form."""
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        from relance.aws.s3 import S3Downloads  # noqa: PLC0415

        # The region's own host: an address of the global one leads elsewhere at first.
        own = Config(
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
            retries={"total_max_attempts": 2},
        )
        return S3Downloads(boto3.client("s3", config=own), _setting("DOWNLOADS_BUCKET"))

    @cached_property
    def backlog(self) -> "SqsBacklog":
        """The queue of events that wait."""
        import boto3  # noqa: PLC0415

        from relance.aws.services import SqsBacklog  # noqa: PLC0415

        return SqsBacklog(boto3.client("sqs"), _setting(_BACKLOG))

    @cached_property
    def waker(self) -> "SqsWaker":
        """The queue of deferred messages whose time has come."""
        import boto3  # noqa: PLC0415

        from relance.aws.services import SqsWaker  # noqa: PLC0415

        return SqsWaker(boto3.client("sqs"), _setting("DUE_SENDS_QUEUE_URL"))

    @cached_property
    def engagement(self) -> "SqsBacklog":
        """The queue of opens and clicks; nobody waits for it longer than a moment."""
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        from relance.aws.services import SqsBacklog  # noqa: PLC0415

        soon = Config(retries={"total_max_attempts": 2}, connect_timeout=1, read_timeout=2)
        return SqsBacklog(boto3.client("sqs", config=soon), _setting(_ENGAGEMENT))

    @cached_property
    def published(self) -> "HttpsLists":
        """Lists that others publish."""
        from relance.aws.https_lists import HttpsLists  # noqa: PLC0415

        return HttpsLists()

    @cached_property
    def detector(self) -> Detector:
        """The lists by which machines are told."""
        return Detector(self.store, self.now)

    @property
    def write_keys(self) -> WriteKeys:
        """The keys of the collection API; when they cannot be read anew, the former ones."""
        return self._anew(
            WriteKeys,
            lambda: WriteKeys(self._secret("WRITE_KEYS"), self._secret("BROWSER_KEYS")),
        )

    @property
    def hook_secrets(self) -> HookSecrets:
        """The secrets of hooks; when they cannot be read anew, the former ones."""
        return self._anew(HookSecrets, lambda: HookSecrets(self._secret("HOOK_SECRETS")))

    @cached_property
    def postal_address(self) -> str:
        """The postal address that mails show."""
        return _setting("POSTAL_ADDRESS")

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages that mail is written in."""
        return tuple(_setting("LANGUAGES").split(","))

    @cached_property
    def journeys(self) -> tuple[str, ...]:
        """The names of the journeys."""
        return _listed(_setting("JOURNEY_NAMES"))

    @cached_property
    def journey_costs(self) -> Mapping[str, tuple[int, int]]:
        """What a contact takes at most of each journey: transitions and mails."""
        told = (each.partition("=") for each in _listed(_setting("JOURNEY_COSTS")))
        pairs = ((name, most.partition("/")) for name, _, most in told)
        return {name: (int(steps), int(mails)) for name, (steps, _, mails) in pairs}

    @cached_property
    def test_addresses(self) -> tuple[str, ...]:
        """Where tests go; nowhere, if this function sends none."""
        return _listed(os.environ.get("TEST_ADDRESSES", ""))

    @cached_property
    def currency(self) -> str:
        """The currency that the company counts in."""
        return _setting("CURRENCY")

    @cached_property
    def ledger_kept(self) -> timedelta:
        """How long sends are kept."""
        return timedelta(days=int(_setting("RETENTION_DAYS")))

    def now(self) -> datetime:
        """The time: aware, UTC, whole milliseconds."""
        return moment_of(milliseconds(datetime.now(UTC)))

    def random_bytes(self, count: int) -> bytes:
        """Bytes that nobody can guess."""
        return secrets.token_bytes(count)

    def _anew(self, kind: type[T], read: Callable[[], T]) -> T:
        """What was read in the last minutes, read anew when it is older and can be read."""
        now = self.now()
        at, kept = self._kept.get(kind.__name__, (None, None))
        if at is not None and isinstance(kept, kind) and now - at < KEYS_KEPT:
            return kept
        try:
            found = read()
        except ServiceUnavailable:
            if not isinstance(kept, kind):
                raise
            found = kept
        self._kept[kind.__name__] = (now, found)
        return found

    def _secret(self, setting: str) -> dict[str, str]:
        import boto3  # noqa: PLC0415

        from relance.aws.services import read_secret  # noqa: PLC0415

        return read_secret(boto3.client("secretsmanager"), _setting(setting))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(each for each in text.replace(" ", "").split(",") if each)


def _setting(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise SettingMissing(f"the environment of this function lacks {name}") from None


def compose() -> Services:
    """The services of this function; nothing is made or read yet."""
    return AwsServices()
