"""The collection API is what docs/openapi.yaml says: seeded requests made from it.

The short form sends 400, `make test-long` 20,000.
"""

import base64
import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from relance.collecting.requests import WORDS

from local.http_messages import Response
from local.world import World
from tests.workflows.story import MONDAY
from tests.workflows.test_backlog import key_of, waiting
from tests.workflows.test_hooks import CASES, SECRETS, SIGNED, give_secrets, read
from tests.workflows.test_strange_requests import BROKEN, NUMBERS, TEXTS

OPENAPI = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text(encoding="utf-8")
)
Schema = Mapping[str, Any]
OPERATIONS = [
    (path, method)
    for path, item in OPENAPI["paths"].items()
    for method in item
    if method != "parameters"
]
HOOKS = "/hooks/{name}"
QUEUES = ("Backlog", "LostBacklog", "RepairQueue", "BrokenContacts", "FailedBatches")


def resolved(schema: Schema) -> Schema:
    """What a reference leads to, with what `allOf` adds to it."""
    while "$ref" in schema:
        found = OPENAPI
        for part in schema["$ref"].split("/")[1:]:
            found = found[part]
        schema = found
    for each in schema.get("allOf", ()):
        base = resolved(each)
        schema = {
            **base,
            **{key: value for key, value in schema.items() if key != "allOf"},
            "required": [*base.get("required", ()), *schema.get("required", ())],
            "properties": {**base.get("properties", {}), **schema.get("properties", {})},
        }
    return schema


class Client:
    """Makes requests from the file, each a little wrong now and then."""

    def __init__(self, seed: int, server: str, browser: str) -> None:
        self._any = random.Random(seed)
        self._keys = (server, server, server, browser, browser, "", "klíč")

    def request(self, world: World, path: str, method: str) -> Response:
        """Make one request at an operation."""
        operation, any_ = OPENAPI["paths"][path][method], self._any
        if path == HOOKS:
            return self._report(world) if method == "post" else self._challenge(world)
        if method == "get":
            key = any_.choice((*self._keys[:6], "%2f", "x" * 300))
            return world.request("GET", path.replace("{key}", key or "none"))
        kinds = operation["requestBody"]["content"]
        kind = any_.choice(list(kinds))
        body = self._body(resolved(kinds[kind]["schema"]))
        headers = {
            "content-type": any_.choice((kind, kind, "text/plain", "application/x-y")),
            **self._who(),
        }
        if any_.random() < 0.15:
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, 1) if any_.random() < 0.9 else body
        return world.request("POST", path, headers=headers, body=body)

    def _report(self, world: World) -> Response:
        """What a provider reports, a little wrong now and then, most of it rightly signed."""
        any_ = self._any
        case = any_.choice(CASES)
        hook, sample = case.partition("/")[0], read(case)
        body = json.dumps(self._spoilt(sample["payload"], 0)).encode()
        if any_.random() < 0.1:
            body = any_.choice((*BROKEN, b"x" * 512_001))
        now = int(world.hub.moment.timestamp()) - any_.choice((0, 0, 0, 0, 0, 299, 301, -400))
        secret = SECRETS[hook] if any_.random() < 0.9 else "somebody else's"
        headers = {**sample.get("headers", {}), **SIGNED[hook](body, secret, now)}
        if any_.random() < 0.1:
            headers[any_.choice(list(headers))] = any_.choice(("", "é", "t=,v1=", "sha256=", "x"))
        if any_.random() < 0.05:
            hook = any_.choice(("nobody", "%2f", "x" * 300, "booking"))
        return world.request("POST", f"/hooks/{hook}", headers=headers, body=body)

    def _challenge(self, world: World) -> Response:
        any_ = self._any
        hook = any_.choice(("facebook", "linkedin", "shop", "nobody"))
        code = any_.choice(("890e4665-4dfe-4ab1-b689-ed553bceeed0", "hmacsha256=", "", "%ff%00"))
        mode, token = any_.choice(("subscribe", "x")), any_.choice(("token", "%ff", ""))
        meta = f"hub.mode={mode}&hub.challenge={code}&hub.verify_token={token}"
        query = any_.choice((meta, meta, f"challengeCode={code}", "&&=", ""))
        return world.request("GET", f"/hooks/{hook}", query=query)

    def _spoilt(self, value: Any, depth: int) -> Any:
        """The payload, with something else in it here and there."""
        if self._any.random() < 0.02:
            return self._odd(depth)
        if isinstance(value, dict):
            return {name: self._spoilt(each, depth + 1) for name, each in value.items()}
        if isinstance(value, list):
            many = self._any.choice((1, 1, 1, 1, 90)) if depth < 3 else 1
            return [self._spoilt(each, depth + 1) for each in value] * many
        return value

    def _who(self) -> dict[str, str]:
        key = self._any.choice(self._keys)
        packed = base64.b64encode(f"{key}:".encode()).decode()
        return self._any.choice(
            ({"authorization": f"Basic {packed}"}, {"authorization": f"Bearer {key}"})
        )

    def _body(self, schema: Schema) -> bytes:
        if self._any.random() < 0.05:
            return self._any.choice(BROKEN)
        return json.dumps(self._of(schema, 0)).encode()

    def _of(self, schema: Schema, depth: int) -> Any:
        any_, schema = self._any, resolved(schema)
        if any_.random() < 0.03:
            return self._odd(depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return any_.choice(schema["enum"])
        if "anyOf" in schema:
            return self._of(any_.choice(schema["anyOf"]), depth)
        makers: Mapping[str, Callable[[Schema, int], Any]] = {
            "object": self._object, "array": self._array, "string": self._text,
            "integer": lambda *_: any_.randrange(50), "boolean": lambda *_: any_.random() < 0.5,
        }  # fmt: skip
        kind = schema.get("type", "object")
        return makers[kind if isinstance(kind, str) else any_.choice(kind)](schema, depth)

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        needed = schema.get("required", ())
        found = {
            name: self._of(each, depth + 1)
            for name, each in schema.get("properties", {}).items()
            if self._any.random() < (0.98 if name in needed else 0.6)
        }
        if self._any.random() < 0.1 or not schema.get("properties"):
            found[self._any.choice((*TEXTS, "revenue", "email"))] = self._odd(depth)
        return found

    def _array(self, schema: Schema, depth: int) -> list[Any]:
        count = self._any.choice((0, 1, 2, 5)) if self._any.random() < 0.99 else 201
        return [self._of(schema["items"], depth + 1) for _ in range(count)]

    def _text(self, schema: Schema, _: int) -> str:
        if schema.get("format") == "date-time":
            return f"2026-01-05T08:{self._any.randrange(60):02}:00Z"
        return self._any.choice((f"a{self._any.randrange(50)}", f"p{self._any.randrange(9)}@x.com"))

    def _odd(self, depth: int) -> Any:
        any_ = self._any
        if depth < 4 and any_.random() < 0.3:
            return {any_.choice(TEXTS): self._odd(depth + 1), "b": [self._odd(depth + 1)]}
        return any_.choice((*TEXTS, *NUMBERS, None, True, [], {}, "x" * 33_000))


def checked(response: Response, path: str, method: str) -> None:
    """The answer is one of those that the file promises."""
    promised = OPENAPI["paths"][path][method]["responses"]
    assert str(response.status) in promised, (path, response)
    answer = resolved(promised[str(response.status)])
    kind = dict(response.headers)["content-type"].partition(";")[0]
    if kind == "text/plain":
        assert "text/plain" in answer["content"]
        return
    assert kind == "application/json"
    schema = {**answer["content"][kind]["schema"], "components": OPENAPI["components"]}
    Draft202012Validator(schema).validate(json.loads(response.body))


def test_the_file_names_every_route_and_no_other() -> None:
    posts = {path.removeprefix("/v1/") for path, method in OPERATIONS if method == "post"}
    assert posts == {*WORDS, HOOKS}
    assert [each for each in OPERATIONS if each[1] != "post"] == [
        ("/v1/projects/{key}/settings", "get"),
        (HOOKS, "get"),
    ]


@pytest.mark.parametrize(
    "count",
    [pytest.param(400, id="short"), pytest.param(20_000, marks=pytest.mark.long, id="long")],
)
def test_every_answer_is_one_that_the_file_promises_and_nothing_breaks(count: int) -> None:
    logs: list[str] = []
    with World.build(start=MONDAY, seed=1, on_log=lambda *line: logs.append(line[-1])) as world:
        give_secrets(world)
        client = Client(7, key_of(world), key_of(world, "BrowserKeys", "browser"))
        statuses: Counter[int] = Counter()
        for number in range(count):
            logs.clear()
            path, method = OPERATIONS[number % len(OPERATIONS)]
            response = client.request(world, path, method)
            assert response.status < 500, logs
            checked(response, path, method)
            statuses[response.status] += 1
        assert set(statuses) == {200, 400, 401, 403, 404, 405, 413}
        assert statuses[200] > count / 5, statuses
        world.run(for_=timedelta(hours=1))
        # What was taken could be folded, told and acted on.
        assert {name: waiting(world, name) for name in QUEUES} == dict.fromkeys(QUEUES, 0)
