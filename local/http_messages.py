"""HTTP requests and responses as values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came over the wire: `path` and `query` are still percent-encoded."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    source_ip: str = "127.0.0.1"

    def header(self, name: str) -> str | None:
        """Return the first header of that name, whatever its case."""
        return first(self.headers, name)


@dataclass(frozen=True, slots=True)
class Response:
    """A response; header names keep their case."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first header of that name, whatever its case."""
        return first(self.headers, name)

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode()

    def json(self) -> Any:
        """Return the body parsed as JSON."""
        return json.loads(self.body)


def first(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, None when it is missing."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def as_headers(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> Headers:
    """Return headers given as a mapping or as pairs."""
    return tuple(headers.items() if isinstance(headers, Mapping) else headers)


def message(status: int, text: str) -> Response:
    """Return an error as API Gateway words it."""
    body = json.dumps({"message": text}, separators=(",", ":")).encode()
    return Response(status, (("content-type", "application/json"),), body)
