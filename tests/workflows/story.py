"""The words in which the stories of journeys are told: a person, a day, what happened.

A story runs on the embedded AWS: the real template, handlers and state machine, real mails. What
a person does goes through the same addresses as in life: the links of the mail it got.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from relance.aws.values import from_attributes
from relance.storage import Table

from local.http_messages import Request
from local.world import World

MONDAY = datetime(2026, 1, 5, 9, tzinfo=UTC)
BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
GMAIL = {
    "user-agent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 "
    "(via ggpht.com GoogleImageProxy)"
}
ONE_CLICK = b"List-Unsubscribe=One-Click"


@dataclass
class Story:
    """A world with a clock that the story moves by hand."""

    world: World
    start: datetime = MONDAY
    people: dict[str, str] = field(default_factory=dict)

    # -- time ---------------------------------------------------------------------------------

    def day(self, day: float) -> None:
        """Let time pass until so many days after the start."""
        self.world.run(until=self.start + timedelta(days=day))

    def a_moment(self, seconds: float = 30) -> None:
        """Let a moment pass, so that what was set in motion settles."""
        self.world.run(for_=timedelta(seconds=seconds))

    # -- what people do -----------------------------------------------------------------------

    def signs_up(self, address: str, **fields: str) -> int:
        """Fill in the newsletter form; the status of the answer."""
        data = {"email": address, "consent": "yes", **fields}
        response = self.world.request(
            "POST",
            "/f/newsletter",
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=urlencode(data).encode(),
        )
        self.a_moment()
        return response.status

    def confirms(self, address: str, mail: int = -1) -> int:
        """Press the button of a double opt-in mail."""
        return self.posts(self.link(address, "/k/", mail))

    def keeps_all(self, address: str, mail: int = -1) -> int:
        """Open the page of preferences that a mail links to, and say that all is to stay so."""
        path = self.link(address, "/p/", mail)
        page = self.world.request("GET", path, headers=BROWSER).body.decode()
        made_at = re.findall(r'name="made_at" value="(\d+)"', page)[0]
        return self.posts(path, urlencode({"made_at": made_at, "do": "keep"}).encode())

    def clicks(self, address: str, mail: int = -1) -> str:
        """Follow the first tracked link of a mail; where it led."""
        response = self.world.request("GET", self.link(address, "/c/", mail), headers=BROWSER)
        self.a_moment(60)  # a click is recorded a while later
        assert response.status == 302
        return dict(response.headers)["location"]

    def loads_images(self, address: str, mail: int = -1) -> None:
        """Let the mail client fetch the pixel, if the mail has one."""
        html = self.mails(address)[mail].parts()[1] or ""
        found = re.search(r'src="([^"]*/o/[^"]+)"', html)
        if found:
            path = urlsplit(found[1]).path
            assert self.world.request("GET", path, headers=GMAIL).status == 200
        self.a_moment(60)

    def unsubscribes(self, address: str, mail: int = -1) -> int:
        """Press the mail client's own button (RFC 8058)."""
        header = self.mails(address)[mail].parts()[0]["List-Unsubscribe"]
        path = urlsplit(re.findall(r"<(https:[^>]+)>", header)[0]).path
        return self.posts(path, ONE_CLICK)

    def posts(self, path: str, body: bytes = b"") -> int:
        """Press the button of a page."""
        response = self.world.request(
            "POST",
            path,
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=body,
        )
        self.a_moment()
        return response.status

    def posts_now(self, path: str) -> bool:
        """Press a button while something else is going on; whether it was set in motion."""
        request = Request("POST", path, "", (), b"")
        self.world.hub.after(0, lambda: self.world.handle(request, lambda _: None))
        return True

    # -- what there is to see -----------------------------------------------------------------

    def mails(self, address: str) -> list[Any]:
        """The mails a person has got, oldest first."""
        return self.world.mailbox.to(address)

    def subjects(self, address: str) -> list[str]:
        """Their subjects."""
        return [mail.subject for mail in self.mails(address)]

    def messages(self, address: str) -> list[str]:
        """Which messages of the content they were."""
        return [dict(mail.draft.tags)["message"] for mail in self.mails(address)]

    def link(self, address: str, part: str, mail: int = -1) -> str:
        """The path of the first link of a kind in a mail."""
        html = self.mails(address)[mail].parts()[1] or ""
        paths = [urlsplit(each).path for each in re.findall(r'href="([^"]+)"', html)]
        return next(path for path in paths if path.startswith(part))

    def contact(self, address: str) -> str:
        """The contact id of an address."""
        item = self.item("Identities", {"identity": {"S": f"email:{address}"}})
        return str(item["contact_id"])

    def item(self, table: str, key: dict[str, Any]) -> dict[str, Any]:
        """An item of a table."""
        if self.world.quick is not None:
            place = tuple(str(each["S"]) for each in key.values())
            kept = self.world.quick.at(Table(table.lower()), place)
            return {} if kept is None else kept.item
        name = self.world.stack.resources[table].name
        answer = self.world.client("dynamodb").get_item(TableName=name, Key=key)
        return from_attributes(answer.get("Item", {}))

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All items of a table."""
        return [dict(each) for each in self.world.items(Table(table.lower()))]

    def events(self, address: str, name: str = "") -> list[dict[str, Any]]:
        """The history of a person, in the order of arrival."""
        contact = self.contact(address)
        found = [
            row
            for row in self.rows("Events")
            if row["contact_id"] == contact and row["name"].startswith(name)
        ]
        return sorted(found, key=lambda row: (row["received_at"], row["event_id"]))

    def names(self, address: str) -> list[str]:
        """The names of the events of a person."""
        return [event["name"] for event in self.events(address)]

    def sends(self, address: str) -> list[dict[str, Any]]:
        """The ledger of a person, oldest first."""
        contact = self.contact(address)
        found = [row for row in self.rows("Sends") if row.get("contact_id") == contact]
        return sorted(found, key=lambda row: row["claimed_at"])

    def register(self, address: str) -> dict[str, Any]:
        """The register of a person."""
        key = {"contact_id": {"S": self.contact(address)}, "record": {"S": "now#register"}}
        return self.item("Contacts", key)

    def profile(self, address: str) -> dict[str, Any]:
        """The stored profile of a person."""
        key = {"contact_id": {"S": self.contact(address)}, "record": {"S": "now#profile"}}
        return dict(json.loads(self.item("Contacts", key)["body"]))

    def records(self, address: str, prefix: str) -> list[str]:
        """The records of a person that begin so."""
        contact = self.contact(address)
        return sorted(
            row["record"]
            for row in self.rows("Contacts")
            if row["contact_id"] == contact and row["record"].startswith(prefix)
        )

    def executions(self) -> list[dict[str, Any]]:
        """All executions of `welcome`, oldest first."""
        client = self.world.client("stepfunctions")
        listed = client.list_executions(
            stateMachineArn=self.world.machine_arn("journey-welcome"), maxResults=1000
        )["executions"]
        return [
            self.world.describe(each["executionArn"])
            for each in sorted(listed, key=lambda each: each["startDate"])
        ]

    def outcomes(self) -> list[str]:
        """How each execution ended, or where it stands."""
        return [
            json.loads(each["output"])["outcome"]
            if each["status"] == "SUCCEEDED"
            else each["status"]
            for each in self.executions()
        ]
