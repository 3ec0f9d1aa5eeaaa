"""Between HTTP and a function: payload format 2.0 both ways, and CORS headers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from local.http_messages import Request, Response, message
from local.identifiers import ACCOUNT, REGION
from local.resources import CorsConfiguration

_TEXT_TYPES = ("application/json", "application/javascript", "application/xml")


@dataclass(frozen=True, slots=True)
class ApiFacts:
    """What every event says about its API."""

    api_id: str
    stage: str
    stage_variables: Mapping[str, str]

    @property
    def host(self) -> str:
        """The API's own host name."""
        return f"{self.api_id}.execute-api.{REGION}.amazonaws.com"


def event_of(
    request: Request,
    *,
    route_key: str,
    parameters: Mapping[str, str],
    facts: ApiFacts,
    now: float,
    request_id: str,
) -> dict[str, Any]:
    """Return the event of payload format 2.0 for a request."""
    headers, cookies = _headers(request, facts)
    moment = datetime.fromtimestamp(now, UTC)
    path = unquote(request.path)
    host = headers["host"].partition(":")[0]
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": facts.api_id,
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": facts.stage,
            "time": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if request.query:
        event["queryStringParameters"] = _query(request.query)
    if parameters:
        event["pathParameters"] = dict(parameters)
    if facts.stage_variables:
        event["stageVariables"] = dict(facts.stage_variables)
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request, headers)
    return event


def _headers(request: Request, facts: ApiFacts) -> tuple[dict[str, str], list[str]]:
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in request.headers:
        key = name.lower()
        if key == "cookie":
            cookies += [part.strip() for part in value.split(";") if part.strip()]
        elif key in headers:
            headers[key] = f"{headers[key]},{value}"
        elif key not in {"connection", "transfer-encoding"}:
            headers[key] = value
    headers.setdefault("host", facts.host)
    headers.setdefault("content-length", str(len(request.body)))
    seen = headers.get("x-forwarded-for")
    ip = request.source_ip
    headers["x-forwarded-for"] = f"{seen}, {ip}" if seen else ip
    headers["x-forwarded-port"] = "443"
    headers["x-forwarded-proto"] = "https"
    return headers, cookies


def _query(query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _body(request: Request, headers: Mapping[str, str]) -> tuple[str, bool]:
    """Return the body and whether it is in base64: everything that is not plainly text."""
    kind = headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    is_text = kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith(("+json", "+xml"))
    if is_text and "content-encoding" not in headers:
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode(), True


def response_of(result: Any) -> Response:
    """Return the response that a function's result stands for; 500 for a malformed one."""
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result.encode() if isinstance(result, str) else orjson.dumps(result)
        return Response(200, (("content-type", "application/json"),), body)
    body_text = result.get("body")
    headers = result.get("headers") or {}
    cookies = result.get("cookies") or []
    malformed = (
        not isinstance(body_text, str | None)
        or not isinstance(headers, dict)
        or not isinstance(cookies, list)
        or not _is_status(result["statusCode"])
    )
    if malformed:
        return message(500, "Internal Server Error")
    body = (body_text or "").encode()
    if result.get("isBase64Encoded"):
        try:
            body = base64.b64decode(body, validate=True)
        except binascii.Error:
            return message(500, "Internal Server Error")
    pairs = [(name.lower(), _header_text(value)) for name, value in headers.items()]
    if body and "content-type" not in dict(pairs):
        pairs.append(("content-type", "text/plain;charset=UTF-8"))
    pairs += [("set-cookie", str(cookie)) for cookie in cookies]
    return Response(int(result["statusCode"]), tuple(pairs), body)


def _is_status(value: object) -> bool:
    return str(value).isdigit() and 100 <= int(str(value)) <= 599


def _header_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Cors:
    """CORS as the API answers it itself, whatever the function says."""

    def __init__(self, configuration: CorsConfiguration) -> None:
        self._origins = configuration.allow_origins
        shared = [("access-control-allow-credentials", "true")]
        self._shared = shared if configuration.allow_credentials else []
        self._exposed = _joined("access-control-expose-headers", configuration.expose_headers)
        self._preflight = [
            *_joined("access-control-allow-methods", configuration.allow_methods),
            *_joined("access-control-allow-headers", configuration.allow_headers),
        ]
        if configuration.max_age is not None:
            self._preflight.append(("access-control-max-age", str(configuration.max_age)))

    def preflight(self, origin: str | None) -> Response:
        """Return the answer to a preflight request."""
        allowed = self._allow(origin)
        return Response(204, (*allowed, *(self._preflight if allowed else ())))

    def add(self, response: Response, origin: str | None) -> Response:
        """Return the response with the CORS headers that its origin gets."""
        kept = tuple(
            (name, value)
            for name, value in response.headers
            if not name.lower().startswith("access-control-")
        )
        allowed = self._allow(origin)
        return replace(response, headers=(*kept, *allowed, *(self._exposed if allowed else ())))

    def _allow(self, origin: str | None) -> list[tuple[str, str]]:
        if origin is None:
            return []
        if "*" in self._origins:
            return [("access-control-allow-origin", "*"), *self._shared]
        if any(_fits(origin, allowed) for allowed in self._origins):
            return [("access-control-allow-origin", origin), ("vary", "origin"), *self._shared]
        return []


def _joined(name: str, values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, ",".join(values))] if values else []


def _fits(origin: str, allowed: str) -> bool:
    if allowed.endswith("://*"):
        return origin.startswith(allowed[:-1])
    return origin == allowed
