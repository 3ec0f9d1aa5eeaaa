"""A crowd that agreed to the newsletter, and campaigns that are sent to it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from relance.ids import milliseconds, ulid
from relance.ledger import SendState
from relance.register import ConsentState, consent_value, new_register
from relance.storage import Put, Table, Update

from local.services.ses_account import Quota
from local.world import ROOT, World
from tests.stack import table_names
from tests.workflows.crowd import Crowd
from tests.workflows.story import MONDAY

NAME, MESSAGE = "spring-2026", "welcome"
TO: dict[str, Any] = {"condition": {"did": "confirmed"}}
FAST = Quota(per_second=100_000, per_day=10_000_000)


def asked(**more: Any) -> dict[str, Any]:
    """The input of a campaign to everybody."""
    return {"campaign": NAME, "message": MESSAGE, "to": TO, **more}


@dataclass
class Mailing(Crowd):
    """People who confirmed a sign-up, numbered from 0."""

    def arrives(self) -> None:
        """Everybody is there, agreed, and is scored."""
        for number in range(self.size):
            contact = ulid(milliseconds(self.start), number.to_bytes(10))
            self.people.append(contact)
            agreed = consent_value(ConsentState.GRANTED, self.start, "sign-up")
            register = {
                **new_register(contact, address=self.address(number)),
                "consent#newsletter": agreed,
            }
            self.store.write(Put(Table.CONTACTS, register))
            self.happens(number, "confirmed", "confirmed")
        self.world.run(for_=timedelta(minutes=2))

    @staticmethod
    def address(number: int) -> str:
        """The address of a person."""
        return f"person{number}@example.com"

    def changes(self, number: int, **attributes: Any) -> None:
        """Something in the register of a person is different from now on."""
        key = (self.people[number], "now#register")
        self.store.write(Update(Table.CONTACTS, key, set=attributes))

    def unsubscribes(self, number: int) -> None:
        """A person left the newsletter just now."""
        self.changes(
            number,
            **{
                "consent#newsletter": consent_value(
                    ConsentState.WITHDRAWN, self.world.now, "unsubscribe"
                )
            },
        )

    def sends(self, *, minutes: float = 10, **more: Any) -> dict[str, Any]:
        """Start a campaign that is confirmed, let time pass; how it ended."""
        return self.asks("send-campaign", asked(confirm=self.size, **more), minutes=minutes)

    def controls(self, do: str, *, minutes: float = 10) -> dict[str, Any]:
        """Say what is to be done with it."""
        return self.asks("control", {"campaign": NAME, "do": do}, minutes=minutes)

    def latest(self) -> dict[str, Any]:
        """How the latest execution of `send_campaign` ended, or stands."""
        arn = self.world.machine_arn("operation-send-campaign")
        client = self.world.client("stepfunctions")
        listed = client.list_executions(stateMachineArn=arn, maxResults=1000)["executions"]
        newest = max(listed, key=lambda each: each["startDate"])
        return self.ending(newest["executionArn"], minutes=0)

    def record(self) -> dict[str, Any] | None:
        """The record of the campaign, None before it has begun."""
        return next((row for row in self.rows("Sends") if "standing" in row), None)

    def sends_lost_reports_again(self) -> None:
        """A person looks into the queue of lost reports of SES, and starts its redrive."""
        client, resources = self.world.client("sqs"), self.world.stack.resources
        lost, queue = (
            client.get_queue_url(QueueName=resources[name].name)["QueueUrl"]
            for name in ("LostEmailEvents", "EmailEventsQueue")
        )
        while found := client.receive_message(QueueUrl=lost, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for each in found:
                client.send_message(QueueUrl=queue, MessageBody=each["Body"])
                client.delete_message(QueueUrl=lost, ReceiptHandle=each["ReceiptHandle"])
        self.world.run(for_=timedelta(minutes=10))

    # -- what is known, three ways ----------------------------------------------------------------

    def mails(self) -> Counter[str]:
        """How many messages of the campaign each address got."""
        found: Counter[str] = Counter()
        for mail in self.world.mailbox.mails:
            if dict(mail.draft.tags).get("message") == MESSAGE:
                found[mail.recipients[0]] += 1
        return found

    def ledger(self) -> Counter[str]:
        """How many sends are in which state, the reason of those left out with them."""
        return Counter(
            row["state"] + (f"/{row['reason']}" if row["state"] == "skipped" else "")
            for row in self.rows("Sends")
            if "tally_shard" in row
        )

    def told_in_histories(self) -> Counter[str]:
        """How often each contact's history says that the message was sent."""
        return Counter(row["contact_id"] for row in self.events("email_sent"))

    def adds_up(self, ended: Mapping[str, Any]) -> None:
        """Nobody twice, everybody in a final state, and the same figures three ways."""
        figures = ended["output"]["figures"]
        whole = sum(figures["skipped"].values()) + sum(figures["failed"].values())
        assert figures["sent"] + whole + figures["not_yet"] == figures["audience"]
        ledger = self.ledger()
        went_out = sum(
            count for state, count in ledger.items() if SendState(state.partition("/")[0]).went_out
        )
        mails = self.mails()
        assert all(count == 1 for count in mails.values()), mails
        assert all(count == 1 for count in self.told_in_histories().values())
        assert figures["sent"] == went_out == len(mails) == len(self.told_in_histories())
        final = all(SendState(state.partition("/")[0]).is_final for state in ledger)
        assert final or figures["not_yet"] > 0, ledger


@dataclass(frozen=True)
class Gathered:
    """A mailing as it was once everybody was there; it is put into other worlds."""

    people: list[str]
    moment: Any
    tables: Mapping[str, Sequence[Mapping[str, Any]]]

    @classmethod
    def of(cls, size: int) -> "Gathered":
        """Let so many arrive in a world of their own."""
        with World.build(start=MONDAY, seed=1) as world:
            mailing = Mailing(world, size)
            mailing.arrives()
            tables = {name: world.dynamodb.items(name) for name in table_names().values()}
            return cls(mailing.people, world.now, tables)

    @contextmanager
    def somewhere(self, **world: Any) -> Iterator[Mailing]:
        """Put them into a world of their own, where SES takes what it gets."""
        with World.build(start=self.moment, seed=1, **{"quota": FAST, **world}) as there:
            for name, items in self.tables.items():
                for item in items:
                    there.dynamodb.keep(name, orjson.loads(orjson.dumps(item)))
            yield Mailing(there, len(self.people), MONDAY, list(self.people))


__all__ = ["FAST", "MESSAGE", "NAME", "ROOT", "TO", "Gathered", "Mailing", "asked"]
