"""Random requests, seeded: whatever a stranger sends is answered, and nothing of it breaks later.

The short form sends 300, `make test-long` 3,000.
"""

import base64
import gzip
import json
import random
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from local.http_messages import Response
from local.world import World
from tests.workflows.story import MONDAY, Story

TEXTS = (
    "", " ", "a", "ana@example.com", "Ana@Bücher.de", "jörg@example.com", "\ud800", "a\udfff@x.com",
    "x\0y", "😀" * 255, "x" * 300, "=?utf-8?b?!!!?=", "Order Completed", "Page Viewed",
    "Unsubscribed", "track", "yes", "../..", "%%NONCE%%", "<b>", "{{ name }}", "newsletter",
    "2026-01-05T08:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00+14:00", "2026-01-05", "20260105", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "\u2028",
)  # fmt: skip
NUMBERS = (
    0, -0.0, 1, -7, 0.1, 1e-130, 1e-131, 5e-324, 1e-200, 1e14, 1e15, 1e125, 1e126, 1e308,
    float("inf"), float("nan"), 10**38, 10**4000, 2**63,
)  # fmt: skip
FIELDS = {
    "track": ("event", "messageId", "userId", "type", "timestamp", "originalTimestamp", "sentAt",
              "properties", "context", "writeKey", "batch", "anonymousId"),
    "form": ("email", "consent", "first_name", "role", "nonce", "tracking", "homepage", "other"),
}  # fmt: skip
BROKEN = (
    b"", b"{", b"null", b"[" * 3000 + b"]" * 3000, b'{"a":' * 900 + b"1" + b"}" * 900, b"\xff\xfe",
    b"\xed\xa0\x80", b"%ff%fe=%ed%a0%80", b"--b\r\n" * 99, gzip.compress(b"a" * 600_000),
    gzip.compress(b"{}")[:-5], b"a=1&" * 999, b"9" * 5000, b"x" * 70_000, "{}".encode("utf-16"),
)  # fmt: skip
PARTS = (
    b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b"Content-Disposition: form-data; name=", b"email",
    b'"consent"', b"*0*=utf-8''%ff", b";", b"Content-Type: multipart/mixed; boundary=b", b"yes",
    b"Content-Type: text/plain; charset=nope", b"Content-Transfer-Encoding: base64", b"\xff", b"(",
)  # fmt: skip
TYPES = (
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b",
    "multipart/form-data", 'multipart/form-data; boundary="', "text/plain", "",
)  # fmt: skip


class Stranger:
    """Makes requests up."""

    def __init__(self, seed: int, key: str) -> None:
        self._chance = random.Random(seed)
        self._key = key

    def request(self, world: World) -> Response:
        """Send the next one."""
        any_ = self._chance
        kind = any_.choice(("track", "track", "batch", "form", "form"))
        path = {"track": "/v1/track", "batch": "/v1/batch", "form": "/f/newsletter"}[kind]
        json_or_form = self._form if kind == "form" else self._json
        body = any_.choice((json_or_form, json_or_form, json_or_form, self._broken))(kind)
        if any_.random() < 0.05:
            path += any_.choice(("", "x", "%2f", "%00", quote("é")))
        headers = {"content-type": any_.choice(TYPES), "authorization": self._credentials()}
        if kind != "form" or any_.random() < 0.3:
            headers["content-type"] = "application/json"
        if any_.random() < 0.1:
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body)
        if any_.random() < 0.2:
            headers["accept"] = "application/json"
        return world.request("POST", path, headers=headers, body=body)

    def _credentials(self) -> str:
        odd = ("", "Basic é", "Bearer é", "Basic ////", "Basic " + "A" * 999, "Digest x")
        packed = base64.b64encode(f"{self._key}:".encode()).decode()
        return self._chance.choice(odd) if self._chance.random() < 0.1 else f"Basic {packed}"

    def _broken(self, _: str) -> bytes:
        if self._chance.random() < 0.5:
            return self._chance.choice(BROKEN)
        return b"--b\r\n" + b"".join(self._chance.choices(PARTS, k=12))

    def _form(self, _: str) -> bytes:
        fields = self._fields(
            "form", {"email": f"p{self._chance.random()}@x.com", "consent": "yes"}
        )
        if self._chance.random() < 0.5:
            return json.dumps(fields).encode()
        return urlencode(fields, errors="surrogatepass").encode()

    def _json(self, kind: str) -> bytes:
        if kind == "track":
            return json.dumps(self._item()).encode()
        items: list[Any] = [self._item() for _ in range(self._chance.choice((0, 1, 3, 9)))]
        if self._chance.random() < 0.2:
            items.append(self._value())
        return json.dumps(self._fields("track", {"batch": items}, odd=0.02)).encode()

    def _item(self) -> dict[str, Any]:
        some = self._chance.randrange(50)
        return self._fields(
            "track", {"event": f"Event {some}", "messageId": f"m{some}", "userId": f"u{some}"}
        )

    def _fields(self, kind: str, good: dict[str, Any], *, odd: float = 0.15) -> dict[str, Any]:
        strange = {name: self._value() for name in FIELDS[kind] if self._chance.random() < odd}
        return {**good, **strange}

    def _value(self, depth: int = 0) -> Any:
        any_ = self._chance
        draw = any_.random()
        if depth > 3 or draw < 0.5:
            return any_.choice(TEXTS)
        if draw < 0.65:
            return any_.choice(NUMBERS)
        if draw < 0.75:
            return any_.choice((None, True, False, [], {}, "x" * 33_000))
        if draw < 0.77:
            return json.loads("[" * 25 + "]" * 25)
        if draw < 0.85:
            return [self._value(depth + 1) for _ in range(3)]
        names = (*TEXTS, "traits", "email", "revenue", "currency", "name")
        return {any_.choice(names): self._value(depth + 1) for _ in range(3)}


@pytest.mark.parametrize(
    "count", [pytest.param(300, id="short"), pytest.param(3000, marks=pytest.mark.long, id="long")]
)
def test_a_stranger_is_answered_and_nothing_breaks(count: int) -> None:
    logs: list[str] = []
    with World.build(start=MONDAY, seed=1, on_log=lambda *line: logs.append(line[-1])) as world:
        story = Story(world)
        secret = world.stack.resources["WriteKeys"].name
        value = world.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
        stranger = Stranger(7, json.loads(value)["server"])
        statuses = []
        for _ in range(count):
            logs.clear()
            statuses.append(stranger.request(world).status)
            assert statuses[-1] < 500, logs
        assert {200, 400, 401, 413, 422} <= set(statuses)
        world.run(for_=timedelta(hours=1))
        # What was taken could be folded, told and acted on.
        queues = [each for each in world.stack.resources.values() if each.type == "AWS::SQS::Queue"]
        assert {each.logical_id: waiting(world, each.name) for each in queues} == {
            each.logical_id: 0 for each in queues
        }
        ended = {each["status"] for each in story.executions()}
        assert ended <= {"RUNNING", "SUCCEEDED"}


def waiting(world: World, queue: str) -> int:
    """How many messages stand in a queue."""
    sqs = world.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    names = ["ApproximateNumberOfMessages"]
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])
