"""HTTP requests and answers in API Gateway's payload format 2.0. Standard library only.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from io import BytesIO
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from relance.content.pages import SECURITY_HEADERS
from relance.errors import InvalidInput

MAX_FORM = 64 * 1024
"""Bytes of a form that a person fills in."""

MAX_FIELDS = 200
"""Fields of a form that a person fills in."""

RETRY_AFTER = 5
"""Seconds after which a request may come again that could not be answered now."""

_NETWORK_BITS = {4: 24, 6: 48}

NO_STORE = {"cache-control": "no-cache, no-store, max-age=0, private"}


class TooLarge(InvalidInput):
    """The body is larger than this route takes."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request, its body decoded. Header names are in lower case.

    What stands several times in the query comes joined by commas.
    """

    method: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    request_id: str
    source_ip: str
    host: str = ""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "HttpRequest":
        """The request in an event of API Gateway."""
        context = event["requestContext"]
        text = str(event.get("body") or "")
        is_packed = event.get("isBase64Encoded")
        return cls(
            method=context["http"]["method"],
            path=event["rawPath"],
            parameters=event.get("pathParameters") or {},
            headers=event.get("headers") or {},
            body=base64.b64decode(text) if is_packed else text.encode(errors="surrogatepass"),
            request_id=context["requestId"],
            source_ip=context["http"]["sourceIp"],
            host=context.get("domainName", ""),
            query=event.get("queryStringParameters") or {},
            cookies=tuple(event.get("cookies") or ()),
        )

    @property
    def reads_only(self) -> bool:
        """Whether the request must not change anything."""
        return self.method in ("GET", "HEAD")

    @property
    def wants_json(self) -> bool:
        """Whether the client is a program rather than a browser."""
        accepts = self.headers.get("accept", "")
        return "application/json" in accepts or self._type == "application/json"

    @property
    def _type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def cookie(self, name: str) -> str:
        """The value of a cookie: letters, digits and hyphens, at most 64; else nothing."""
        for each in self.cookies:
            key, _, value = each.partition("=")
            if key == name and re.fullmatch(r"[A-Za-z0-9-]{1,64}", value):
                return value
        return ""

    def proof(self) -> dict[str, str]:
        """What shows later where a consent was given: the browser, and the network it was in.

        Not the address itself: the first 24 bits of an IPv4 address, 48 of an IPv6 address, bear
        out where somebody was without telling who, and the signed link tells who it was.
        """
        return {
            "network": network_of(self.source_ip),
            "user_agent": self.headers.get("user-agent", "")[:256],
        }

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that the browser asks for, the preferred first (RFC 9110, 12.5.4)."""
        found = []
        for part in self.headers.get("accept-language", "")[:256].split(","):
            code, _, weight = part.strip().partition(";q=")
            if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z]{2})?", code):
                plain, _, region = code.partition("-")
                found.append(
                    (_weight(weight), plain.lower() + (f"-{region.upper()}" * bool(region)))
                )
        return tuple(code for weight, code in sorted(found, key=lambda each: -each[0]) if weight)

    def fields(self) -> dict[str, str]:
        """The fields of a form: url-encoded, multipart or a JSON object of texts.

        Raises:
            TooLarge: more than 64 KB.
            InvalidInput: the body is none of these.
        """
        if len(self.body) > MAX_FORM:
            raise TooLarge("This form takes at most 64 KB.")
        if self._type == "application/json":
            value = self.json()
            if not isinstance(value, dict):
                raise InvalidInput("The body must be a JSON object, one field a line of the form.")
            return {name: _as_text(each) for name, each in value.items() if each is not None}
        if self._type == "multipart/form-data":
            return _multipart(self.headers["content-type"], self.body)
        try:
            text = self.body.decode()
            return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
        except ValueError:
            raise InvalidInput("The body is not an encoded form in UTF-8.") from None

    def json(self, *, limit: int = MAX_FORM) -> object:
        """The JSON value in the body, whatever its type says; gzip is unpacked.

        Every text in it can be written in UTF-8. A number may be one that no table holds: JSON
        itself has no bounds (RFC 8259, 6).

        Raises:
            TooLarge: more than `limit` bytes, packed or unpacked.
            InvalidInput: it is not JSON in UTF-8.
        """
        body = self._unpacked(limit)
        if len(body) > limit:
            raise TooLarge(f"This route takes at most {limit // 1024} KB.")
        try:
            value: object = json.loads(body.decode("utf-8-sig"), parse_constant=_no_constant)
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise InvalidInput("A text in the body holds half of a surrogate pair.") from None
        except (ValueError, RecursionError):
            raise InvalidInput("The body is not JSON in UTF-8.") from None
        return value

    def _unpacked(self, limit: int) -> bytes:
        if self.headers.get("content-encoding", "").lower() != "gzip":
            return self.body
        try:
            with gzip.GzipFile(fileobj=BytesIO(self.body)) as unpacked:
                return unpacked.read(limit + 1)
        except (OSError, EOFError, zlib.error):
            raise InvalidInput("The body is not gzip, as its header says.") from None


def network_of(address: str) -> str:
    """The network that an address lies in; empty if it is no address."""
    try:
        bits = _NETWORK_BITS[ip_address(address).version]
        return str(ip_network(f"{address}/{bits}", strict=False))
    except ValueError:
        return ""


def _weight(written: str) -> float:
    try:
        return float(written or 1)
    except ValueError:
        return 0.0


def _no_constant(name: str) -> object:
    msg = f"{name} is no JSON (RFC 8259, 6)"
    raise ValueError(msg)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    raise InvalidInput("Each field of the form must be a text, a number, true or false.")


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode(errors="replace")
    try:
        parts = BytesParser().parsebytes(head + body).get_payload()
    except RecursionError:
        raise InvalidInput("The parts of the body are nested too deeply.") from None
    fields: dict[str, str] = {}
    for part in parts:
        if not isinstance(part, Message):
            break  # a text: there are no parts
        if part.is_multipart():
            raise InvalidInput("The parts of the body are nested; a form has none within another.")
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            fields[name] = payload.decode(errors="replace")
    return fields


def credentials(header: str) -> str:
    """The write key in an Authorization header: the Basic user name, or a Bearer token."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except ValueError:  # no base 64, no ASCII, no UTF-8
        return ""


def html_answer(
    body: str,
    *,
    status: int = 200,
    leads_to: str | None = None,
    images: tuple[str, ...] = (),
    is_listed: bool = False,
) -> dict[str, Any]:
    """A page. `images` are the hosts of its pictures; search engines list it if `is_listed`.

    `leads_to` is where its form leads in the end: browsers hold `form-action` against redirects
    too (https://www.w3.org/TR/CSP3/#directive-form-action).
    """
    headers = dict(SECURITY_HEADERS)
    policy = headers["content-security-policy"]
    if leads_to:
        parts = urlsplit(leads_to)
        allowed = f"form-action 'self' {parts.scheme}://{parts.netloc}"
        policy = policy.replace("form-action 'self'", allowed)
    if images:
        policy = f"{policy}; img-src {' '.join(images)}"
    headers["content-security-policy"] = policy
    if is_listed:
        headers.pop("x-robots-tag")
    return {"statusCode": status, "headers": headers, "body": body}


def json_answer(value: object, *, status: int = 200) -> dict[str, Any]:
    """A JSON value."""
    headers = {"content-type": "application/json", **NO_STORE}
    return {"statusCode": status, "headers": headers, "body": json.dumps(value)}


def text_answer(body: str, *, content_type: str) -> dict[str, Any]:
    """A text for a program, which no browser takes for a page."""
    headers = {"content-type": content_type, "x-content-type-options": "nosniff", **NO_STORE}
    return {"statusCode": 200, "headers": headers, "body": body}


def later(
    answer: Mapping[str, Any], *, status: int = 503, seconds: int = RETRY_AFTER
) -> dict[str, Any]:
    """The answer, sent with what tells a client to come again: nothing is wrong with its request.

    https://www.rfc-editor.org/rfc/rfc9110#name-503-service-unavailable, and for programs that know
    nothing but 429 https://www.rfc-editor.org/rfc/rfc6585#section-4
    """
    headers = {**answer["headers"], "retry-after": str(seconds)}
    return {**answer, "statusCode": status, "headers": headers}


def redirect(address: str) -> dict[str, Any]:
    """A redirect that nobody keeps."""
    headers = {"location": address, **NO_STORE, "referrer-policy": "no-referrer"}
    return {"statusCode": 302, "headers": headers, "body": ""}


def see_other(address: str) -> dict[str, Any]:
    """After a form was taken: the page to show, to be fetched with GET (RFC 9110, 15.4.4)."""
    return {**redirect(address), "statusCode": 303}


def picture(gif: bytes) -> dict[str, Any]:
    """A GIF that nobody keeps."""
    return {
        "statusCode": 200,
        "headers": {"content-type": "image/gif", **NO_STORE},
        "body": base64.b64encode(gif).decode(),
        "isBase64Encoded": True,
    }


def picture_for_ever(body: bytes, *, kind: str) -> dict[str, Any]:
    """A picture whose address says what is in it, so that whoever has it need not ask again."""
    return {
        "statusCode": 200,
        "headers": {
            "content-type": kind,
            "cache-control": "public, max-age=31536000, immutable",
            "x-content-type-options": "nosniff",
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def file_answer(content: bytes, *, content_type: str, encoding: str | None) -> dict[str, Any]:
    """A file; `encoding` says how its content is packed."""
    headers = {
        "content-type": content_type,
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    if encoding:
        headers["content-encoding"] = encoding
    body = base64.b64encode(content).decode()
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True}


def not_modified() -> dict[str, Any]:
    """What the client holds is current."""
    return {"statusCode": 304, "headers": {"vary": "accept-encoding"}, "body": ""}


def for_any_site(
    answer: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The answer with these headers too, for the scripts of any web page: it holds no secret."""
    allowed = {
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
    }
    return {**answer, "headers": {**answer["headers"], **(headers or {}), **allowed}}
