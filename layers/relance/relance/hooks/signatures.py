"""Whether a request was signed by somebody who holds one of a hook's secrets, and just now.

HMAC SHA-256 (RFC 2104) over the very bytes that came, compared in constant time with every secret:
several are valid at once, so that one can be replaced without a pause. A refusal says what was
missing or did not fit, and nothing about any secret, not even whether there is one.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from relance.content.hooks import Encoding, Scheme, Unit
from relance.errors import InvalidInput
from relance.hooks.schemes import OPTIONAL_PREFIX
from relance.ids import moment_of
from relance.moments import from_text, to_text

MOST_SIGNATURES = 10
"""Signatures of one request that are looked at."""

_PLACE = re.compile(r"\{(body|timestamp|id|method|url)\}")
_HEX = re.compile(r"[0-9a-fA-F]{64}")


class Unsigned(InvalidInput):
    """The request is not signed as it should be; the message may be told to anybody."""


@dataclass(frozen=True, slots=True)
class Signable:
    """What of a request can be signed. Header names are in lower case."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    method: str = "POST"
    url: str = ""

    def header(self, name: str) -> str | None:
        """A header by its name in any case; None if it is missing or empty."""
        return self.headers.get(name.lower()) or None


def verify(scheme: Scheme, secrets: Sequence[str], request: Signable, now: datetime) -> None:
    """Return if the request is signed with one of the secrets, within the time allowed.

    Raises:
        Unsigned: it is not; says what was missing.
    """
    given = list(_given(scheme, request))
    stamp = _timestamp(scheme, request)
    message = _signed(scheme, request, stamp)
    made = [_digest(scheme, secret, message) for secret in secrets if _key(scheme, secret)]
    found = [hmac.compare_digest(one, other) for one in made for other in given]
    if not any(found):
        raise Unsigned(
            f'The signature in the header "{scheme.header}" does not fit: it was made with another '
            "secret, or the body was changed on its way."
        )
    _check_time(scheme, stamp, now)


def sign(
    scheme: Scheme, secret: str, request: Signable, now: datetime, *, delivery: str = "sample-1"
) -> dict[str, str]:
    """The headers with which a provider would send this, by name: for tests and for trying out."""
    headers: dict[str, str] = {}
    stamp = _written(now, scheme.unit) if scheme.has_timestamp else ""
    if scheme.id:
        headers[scheme.id] = request.header(scheme.id) or delivery
    if scheme.timestamp:
        headers[scheme.timestamp] = stamp
    known = {name.lower(): value for name, value in headers.items()}
    full = Signable(request.body, {**request.headers, **known}, request.method, request.url)
    digest = _digest(scheme, secret, _signed(scheme, full, stamp))
    text = digest.hex() if scheme.encoding is Encoding.HEX else base64.b64encode(digest).decode()
    if scheme.fields:
        headers[scheme.header] = f"{scheme.fields[0]}={stamp},{scheme.fields[1]}={text}"
    else:
        headers[scheme.header] = f"{scheme.prefix}{text}"
    return headers


def places(template: str) -> set[str]:
    """What a template of a signed text puts in: `body`, `timestamp` and others."""
    return set(_PLACE.findall(template))


def _given(scheme: Scheme, request: Signable) -> Iterator[bytes]:
    """The signatures that came, decoded."""
    value = request.header(scheme.header)
    if value is None:
        raise Unsigned(f'The header "{scheme.header}" is missing: it holds the signature.')
    texts = _fields(scheme, value)[1] if scheme.fields else _prefixed(scheme, value)
    found = [each for each in map(_decoder(scheme), texts[:MOST_SIGNATURES]) if each]
    if not found:
        like = f"{scheme.fields[1]}=…" if scheme.fields else f"{scheme.prefix}…"
        raise Unsigned(
            f'The header "{scheme.header}" holds no signature. It should look like "{like}", '
            f"{_LENGTHS[scheme.encoding]}."
        )
    yield from found


_LENGTHS = {
    Encoding.HEX: "with 64 hexadecimal digits",
    Encoding.BASE64: "with 44 characters of base 64",
}


def _prefixed(scheme: Scheme, value: str) -> list[str]:
    optional = scheme.prefix in OPTIONAL_PREFIX
    return [
        each.removeprefix(scheme.prefix)
        for each in value.split()
        if optional or each.startswith(scheme.prefix)
    ]


def _fields(scheme: Scheme, value: str) -> tuple[str | None, list[str]]:
    """The timestamp and the signatures in a list like `t=…,v1=…,v1=…`."""
    assert scheme.fields is not None  # noqa: S101 - asked for such schemes alone
    pairs = [each.strip().partition("=") for each in value.split(",")]
    stamps = [text for name, _, text in pairs if name == scheme.fields[0]]
    return (stamps[0] if stamps else None), [t for name, _, t in pairs if name == scheme.fields[1]]


def _decoder(scheme: Scheme) -> Callable[[str], bytes | None]:
    return _from_hex if scheme.encoding is Encoding.HEX else _from_base64


def _from_hex(text: str) -> bytes | None:
    return bytes.fromhex(text) if _HEX.fullmatch(text) else None


def _from_base64(text: str) -> bytes | None:
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:  # no base 64, no ASCII
        return None
    return found if len(found) == hashlib.sha256().digest_size else None


def _timestamp(scheme: Scheme, request: Signable) -> str:
    """The time of signing as it was written; empty where none is signed."""
    if not scheme.has_timestamp:
        return ""
    if scheme.fields:
        stamp, _ = _fields(scheme, request.header(scheme.header) or "")
        place = f'"{scheme.fields[0]}=…" in the header "{scheme.header}"'
    else:
        stamp, place = request.header(scheme.timestamp or ""), f'The header "{scheme.timestamp}"'
    if not stamp:
        raise Unsigned(f"{place} is missing: it holds the time of signing.")
    return stamp


def _signed(scheme: Scheme, request: Signable, stamp: str) -> bytes:
    """The bytes that are signed. The body goes in as it came, whatever its encoding."""
    values = {
        "body": request.body,
        "timestamp": _bytes(stamp),
        "id": _bytes(_id(scheme, request)),
        "method": _bytes(request.method),
        "url": _bytes(request.url),
    }
    parts = _PLACE.split(scheme.signed)
    return b"".join(
        values[part] if index % 2 else part.encode() for index, part in enumerate(parts)
    )


def _id(scheme: Scheme, request: Signable) -> str:
    if "id" not in places(scheme.signed):
        return ""
    found = request.header(scheme.id or "")
    if found is None:
        raise Unsigned(f'The header "{scheme.id}" is missing: it holds the id of the delivery.')
    return found


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


def _digest(scheme: Scheme, secret: str, message: bytes) -> bytes:
    return hmac.digest(_key(scheme, secret), message, "sha256")


def _key(scheme: Scheme, secret: str) -> bytes:
    """The key that a secret is: its characters, or what they say in base 64."""
    if scheme.secret is not Encoding.BASE64:
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"))
    except binascii.Error:
        return secret.encode()


def _check_time(scheme: Scheme, stamp: str, now: datetime) -> None:
    if not scheme.has_timestamp:
        return
    try:
        away = abs((now - _moment(stamp, scheme.unit)).total_seconds())
    except (ValueError, OverflowError, OSError):
        raise Unsigned(f"The time of signing is not written in {scheme.unit}.") from None
    if away > scheme.tolerance:
        raise Unsigned(
            f"The time of signing lies more than {scheme.tolerance} seconds from now: sign the "
            "request anew when you send it, with a clock that is right."
        )


def _moment(stamp: str, unit: Unit) -> datetime:
    if unit is Unit.ISO:
        return from_text(stamp)
    if not re.fullmatch(r"[0-9]{1,15}", stamp):
        raise ValueError("no number")
    return moment_of(int(stamp) * (1 if unit is Unit.MILLISECONDS else 1000))


def _written(now: datetime, unit: Unit) -> str:
    if unit is Unit.ISO:
        return to_text(now)
    return str(int(now.timestamp() * (1000 if unit is Unit.MILLISECONDS else 1)))
