"""The HTTP API: payloads, routes, responses, limits, throttling, CORS; and real sockets."""

import base64
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.http_api import MAX_BODY, ApiRoute
from local.http_client import LoopbackClient
from local.http_messages import Request, Response
from local.http_payload import response_of
from local.http_server import HttpServer
from local.hub import Hub, Outcome
from local.template import TemplateError
from local.world import World
from tests.local.stack.harness import Probe, function

Make = Callable[..., World]


def route(path: str, method: str = "GET") -> dict[str, Any]:
    properties = {"Path": path, "Method": method, "ApiId": {"Ref": "Api"}}
    return {"Type": "HttpApi", "Properties": properties}


def project(*routes: dict[str, Any], **api: Any) -> dict[str, Any]:
    events = {f"R{number}": one for number, one in enumerate(routes or [route("/echo", "ANY")])}
    return {
        "Api": {"Type": "AWS::Serverless::HttpApi", "Properties": api},
        "Echo": function("echo", Events=events),
    }


def ok(_event: Any) -> Any:
    return {"statusCode": 200, "body": "ok"}


def test_a_request_becomes_the_event_of_payload_format_2(make_world: Make, probe: Probe) -> None:
    probe.does["echo"] = ok
    world = make_world(project(route("/f/{form}", "POST")))
    world.request(
        "POST",
        "/f/sign%20up",
        query="a=1&a=2&b=%C3%A9&c",
        headers=[
            ("Host", "links.example.com:8080"),
            ("User-Agent", "test"),
            ("Content-Type", "application/json"),
            ("X-Many", "1"),
            ("x-many", "2"),
            ("Cookie", "s=1; t=2"),
        ],
        body=b'{"x": "\xc3\xa9"}',
    )
    (event,) = probe.events("echo")
    request_context = event["requestContext"]
    assert request_context.pop("requestId")
    assert request_context.pop("apiId")
    assert event == {
        "version": "2.0",
        "routeKey": "POST /f/{form}",
        "rawPath": "/f/sign up",
        "rawQueryString": "a=1&a=2&b=%C3%A9&c",
        "cookies": ["s=1", "t=2"],
        "headers": {
            "host": "links.example.com:8080",
            "user-agent": "test",
            "content-type": "application/json",
            "content-length": "11",
            "x-many": "1,2",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "queryStringParameters": {"a": "1,2", "b": "é", "c": ""},
        "pathParameters": {"form": "sign up"},
        "requestContext": {
            "accountId": "123456789012",
            "domainName": "links.example.com",
            "domainPrefix": "links",
            "http": {
                "method": "POST",
                "path": "/f/sign up",
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": "test",
            },
            "routeKey": "POST /f/{form}",
            "stage": "$default",
            "time": "01/Mar/2026:00:00:00 +0000",
            "timeEpoch": 1772323200000,
        },
        "body": '{"x": "é"}',
        "isBase64Encoded": False,
    }


def test_what_is_absent_from_a_request_is_absent_from_the_event(
    make_world: Make, probe: Probe
) -> None:
    probe.does["echo"] = ok
    make_world(project()).request("GET", "/echo")
    (event,) = probe.events("echo")
    absent = {"body", "cookies", "pathParameters", "queryStringParameters", "stageVariables"}
    assert not absent & set(event)


BODIES = [
    ("json", {"content-type": "application/json"}, b"{}", False),
    ("json-utf8", {"content-type": "application/json; charset=utf-8"}, b"{}", False),
    ("text", {"content-type": "text/plain"}, b"x", False),
    ("no-type", {}, b"x", False),
    ("form", {"content-type": "application/x-www-form-urlencoded"}, b"a=1", True),
    ("multipart", {"content-type": "multipart/form-data; boundary=x"}, b"--x--", True),
    ("binary", {"content-type": "application/octet-stream"}, b"\x00\xff", True),
    ("gzip", {"content-type": "application/json", "content-encoding": "gzip"}, b"\x1f\x8b", True),
    ("not-utf8", {"content-type": "text/plain"}, b"\xff", True),
]


@pytest.mark.parametrize(
    ("headers", "body", "encoded"), [case[1:] for case in BODIES], ids=[case[0] for case in BODIES]
)
def test_a_body_that_is_not_plainly_text_arrives_in_base64(
    make_world: Make, probe: Probe, headers: dict[str, str], body: bytes, encoded: bool
) -> None:
    probe.does["echo"] = ok
    make_world(project()).request("POST", "/echo", headers=headers, body=body)
    (event,) = probe.events("echo")
    assert event["isBase64Encoded"] is encoded
    assert (base64.b64decode(event["body"]) if encoded else event["body"].encode()) == body


ROUTES = ["GET /a/b", "GET /a/{x}", "ANY /a/{x}", "GET /a/{rest+}", "POST /{x}/b", "$default"]
MATCHES = [
    ("static", "GET", "/a/b", "GET /a/b", {}),
    ("parameter", "GET", "/a/c", "GET /a/{x}", {"x": "c"}),
    ("any-method", "PUT", "/a/c", "ANY /a/{x}", {"x": "c"}),
    ("greedy", "GET", "/a/c/d", "GET /a/{rest+}", {"rest": "c/d"}),
    ("post", "POST", "/z/b", "POST /{x}/b", {"x": "z"}),
    ("default", "GET", "/z", "$default", {}),
]


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"), [m[1:] for m in MATCHES], ids=[m[0] for m in MATCHES]
)
def test_the_most_specific_route_answers(
    method: str, path: str, key: str, parameters: dict[str, str]
) -> None:
    made = [
        ApiRoute(
            one,
            "ANY" if one == "$default" else one.partition(" ")[0],
            tuple(one.partition(" ")[2].split("/")[1:]),
            "f",
        )
        for one in ROUTES
    ]
    segments = tuple(path.split("/")[1:])
    found = ((one.key, one.match(method, segments)) for one in sorted(made, key=lambda r: r.order))
    assert next((k, p) for k, p in found if p is not None) == (key, parameters)


RESPONSES: list[tuple[str, Any, int, bytes, str | None]] = [
    (
        "full",
        {"statusCode": 201, "body": "x", "headers": {"Content-Type": "a/b"}},
        201,
        b"x",
        "a/b",
    ),
    ("text-status", {"statusCode": "204"}, 204, b"", None),
    ("default-type", {"statusCode": 200, "body": "x"}, 200, b"x", "text/plain;charset=UTF-8"),
    (
        "base64",
        {"statusCode": 200, "body": "AAE=", "isBase64Encoded": True},
        200,
        b"\x00\x01",
        None,
    ),
    ("inferred-object", {"a": 1}, 200, b'{"a":1}', "application/json"),
    ("inferred-text", "hello", 200, b"hello", "application/json"),
    ("inferred-null", None, 200, b"null", "application/json"),
    ("body-not-text", {"statusCode": 200, "body": {"a": 1}}, 500, b"", None),
    ("no-status", {"statusCode": "ok"}, 500, b"", None),
    ("no-base64", {"statusCode": 200, "body": "?", "isBase64Encoded": True}, 500, b"", None),
]


@pytest.mark.parametrize(
    ("result", "status", "body", "kind"), [r[1:] for r in RESPONSES], ids=[r[0] for r in RESPONSES]
)
def test_a_result_becomes_the_response_that_aws_documents(
    result: Any, status: int, body: bytes, kind: str | None
) -> None:
    response = response_of(result)
    assert response.status == status
    if status == 500:
        assert response.json() == {"message": "Internal Server Error"}
        return
    assert response.body == body
    if kind is not None:
        assert response.header("content-type") == kind


def test_cookies_become_one_header_each() -> None:
    response = response_of({"statusCode": 200, "cookies": ["a=1; Secure", "b=2"]})
    assert [v for n, v in response.headers if n == "set-cookie"] == ["a=1; Secure", "b=2"]


def test_what_goes_wrong_is_answered_in_api_gateways_words(make_world: Make, probe: Probe) -> None:
    def broken(_event: Any) -> Any:
        raise RuntimeError("secret detail")

    probe.does["echo"] = broken
    world = make_world(project())
    assert world.request("GET", "/nowhere").json() == {"message": "Not Found"}
    failed = world.request("GET", "/echo")
    assert (failed.status, failed.json()) == (500, {"message": "Internal Server Error"})
    large = world.request("POST", "/echo", body=b"x" * (MAX_BODY + 1))
    assert (large.status, large.json()) == (413, {"message": "Request Entity Too Large"})
    assert world.request("GET", "/echo", headers={"x": "y" * 10_241}).status == 431


def test_a_function_that_takes_longer_than_30_seconds_is_not_waited_for(
    make_world: Make, probe: Probe
) -> None:
    probe.does["echo"] = lambda _: time.sleep(40)
    resources = project()
    resources["Echo"]["Properties"]["Timeout"] = 60
    world = make_world(resources)
    begun = world.now
    assert world.request("GET", "/echo").status == 503
    assert (world.now - begun).total_seconds() == 30


def test_requests_over_the_burst_are_throttled_until_tokens_come_back(
    make_world: Make, probe: Probe
) -> None:
    probe.does["echo"] = ok
    limits = {"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1}
    world = make_world(project(DefaultRouteSettings=limits))
    answers: list[Response] = []
    for _ in range(3):
        world.hub.spawn(
            lambda: world.hub.wait(_asking(world)), lambda outcome: answers.append(outcome.unwrap())
        )
    world.run()
    assert sorted(answer.status for answer in answers) == [200, 200, 429]
    world.hub.sleep(1)
    assert world.request("GET", "/echo").status == 200


def _asking(world: World) -> Callable[[Callable[[Any], None]], None]:

    request = Request("GET", "/echo")
    return lambda done: world.handle(request, lambda answer: done(Outcome(value=answer)))


def test_cors_is_answered_by_the_api_itself(make_world: Make, probe: Probe) -> None:
    probe.does["echo"] = lambda _: {
        "statusCode": 200,
        "headers": {"Access-Control-Allow-Origin": "https://mine.example"},
    }
    cors = {
        "AllowOrigins": ["https://shop.example"],
        "AllowMethods": ["POST"],
        "AllowHeaders": ["authorization"],
        "MaxAge": 600,
    }
    world = make_world(project(route("/echo", "POST"), CorsConfiguration=cors))
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    preflight = world.request("OPTIONS", "/echo", headers=asked)
    assert preflight.status == 204
    assert preflight.header("access-control-allow-headers") == "authorization"
    assert preflight.header("access-control-max-age") == "600"
    answer = world.request("POST", "/echo", headers={"Origin": "https://shop.example"})
    assert answer.header("access-control-allow-origin") == "https://shop.example"
    stranger = world.request("POST", "/echo", headers={"Origin": "https://else.example"})
    assert stranger.header("access-control-allow-origin") is None
    assert len(probe.events("echo")) == 2


def test_a_route_with_an_authorizer_is_refused_by_name(make_world: Make, probe: Probe) -> None:
    auth = {
        "Authorizers": {"Iam": {"AuthorizationScopes": ["x"], "IdentitySource": "$request.header.a",
            "JwtConfiguration": {"issuer": "https://i", "audience": ["a"]}}},
        "DefaultAuthorizer": "Iam",
    }  # fmt: skip
    with pytest.raises(TemplateError, match="authorizer"):
        make_world(project(Auth=auth))


# Real sockets ------------------------------------------------------------------------------------


@pytest.fixture
def served(hub: Hub) -> Any:
    def handler(request: Any, done: Callable[[Response], None]) -> None:
        body = json.dumps([request.method, request.path, request.query, len(request.body)])
        headers = (("content-type", "application/json"), ("x-host", request.header("host") or ""))
        hub.after(0.25, lambda: done(Response(200, headers, body.encode())))

    with hub:
        server = HttpServer(hub, handler, max_body=MAX_BODY)
        browser = LoopbackClient(hub, server, host="links.example.com")
        yield hub, server, browser
        browser.close()
        server.close()


def test_a_link_is_fetched_from_this_machine_with_the_host_it_names(served: Any) -> None:
    _, _, browser = served
    answer = browser.fetch("GET", "https://links.example.com/c/TOKEN?x=1")
    assert answer.json() == ["GET", "/c/TOKEN", "x=1", 0]
    assert answer.header("x-host") == "links.example.com"


def test_the_clock_moves_by_what_the_answer_takes_and_by_nothing_else(served: Any) -> None:
    hub, _, browser = served
    begun = hub.now
    hub.after(0.1, lambda: None)
    hub.after(86_400, lambda: None)
    browser.fetch("POST", "/large", body=b"x" * 5_000_000)
    browser.fetch("HEAD", "/")
    assert hub.now == pytest.approx(begun + 0.5)


def test_a_head_request_gets_headers_only(served: Any) -> None:
    _, _, browser = served
    answer = browser.fetch("HEAD", "/")
    assert (answer.status, answer.body) == (200, b"")


def test_people_fetch_at_the_same_time_each_on_a_connection_of_their_own(served: Any) -> None:
    hub, _, browser = served
    finished: list[Any] = []
    for number in range(20):
        hub.spawn(
            lambda number=number: browser.fetch("GET", f"/{number}").json()[1],
            lambda outcome: finished.append(outcome.unwrap()),
        )
    begun = hub.now
    hub.run()
    assert finished == [f"/{number}" for number in range(20)]
    assert hub.now == pytest.approx(begun + 0.25)


def raw_exchange(hub: Hub, server: HttpServer, data: bytes) -> bytes:
    """Send bytes from another thread, as a stranger would, and return all that comes back."""
    received = bytearray()

    def talk() -> None:
        with socket.create_connection(("127.0.0.1", server.port)) as line:
            line.sendall(data)
            line.settimeout(5)
            while chunk := line.recv(65_536):
                received.extend(chunk)

    def tick() -> None:
        hub.after(1, tick)

    thread = threading.Thread(target=talk)
    thread.start()
    tick()
    hub.run(pace=100, stop=lambda: not thread.is_alive())
    thread.join()
    return bytes(received)


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", b"431"),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n" + b"x" * 11_000_000,
            b"413",
        ),
    ],
    ids=["no-http", "large-head", "large-body"],
)
def test_bad_requests_are_refused_and_the_line_is_cut(
    served: Any, data: bytes, status: bytes
) -> None:
    hub, server, _ = served
    try:
        answer = raw_exchange(hub, server, data)
    except OSError:
        return
    assert not answer or answer.startswith(b"HTTP/1.1 " + status)


@pytest.mark.enable_socket
def test_chunked_bodies_and_pipelined_requests_are_understood(served: Any) -> None:
    hub, server, _ = served
    chunked = (
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    last = b"GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    answer = raw_exchange(hub, server, chunked + last)
    assert answer.index(b'["POST", "/a", "", 3]') < answer.index(b'["GET", "/b", "", 0]')


def test_the_server_listens_on_this_machine_only(served: Any) -> None:
    _, server, _ = served
    assert server._socket.getsockname()[0] == "127.0.0.1"
