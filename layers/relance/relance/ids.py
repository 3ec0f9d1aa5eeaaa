"""Identifiers: ULIDs, and the hashes that make a repeated act the same act.

A ULID is 26 characters of Crockford's base 32: 48 bits of milliseconds since 1970, then 80 bits
that are random (contacts) or a hash (events). https://github.com/ulid/spec
"""

import base64
import hashlib
import re
from datetime import UTC, datetime

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _ALPHABET.encode())
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PYTHON = "0123456789abcdefghijklmnopqrstuv"
_DIGITS = str.maketrans(_ALPHABET, _PYTHON)
_BASE_32 = str.maketrans(_LETTERS, _PYTHON)
"""What `int` reads to base 32, for the two alphabets: many times faster than letter by letter."""
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_SEND_ID = re.compile(r"[A-Z2-7]{26}")
_LATEST_MS = 2**48 - 1


def milliseconds(moment: datetime) -> int:
    """The whole milliseconds from 1970 to `moment` (aware)."""
    return round(moment.timestamp() * 1000)


def moment_of(ms: int) -> datetime:
    """The instant `ms` milliseconds after 1970, in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def ulid(ms: int, rest: bytes) -> str:
    """The ULID of `ms` (clamped to 48 bits) and the ten bytes `rest`."""
    if len(rest) != 10:
        raise ValueError(f"the second part of a ULID has 10 bytes, not {len(rest)}")
    whole = min(max(ms, 0), _LATEST_MS).to_bytes(10, "big") + rest
    return base64.b32encode(whole)[6:].translate(_CROCKFORD).decode()


def ulid_ms(text: str) -> int:
    """The milliseconds in the time part of the ULID `text`."""
    return int.from_bytes(ulid_bytes(text)[:6], "big")


def ulid_bytes(text: str) -> bytes:
    """The sixteen bytes of the ULID `text`.

    Raises:
        ValueError: `text` is not a ULID.
    """
    if not is_ulid(text):
        raise ValueError("not a ULID: 26 characters of 0-9 and A-Z without I, L, O, U")
    return int(text.translate(_DIGITS), 32).to_bytes(16, "big")


def ulid_of(raw: bytes) -> str:
    """The ULID whose sixteen bytes are `raw`."""
    return ulid(int.from_bytes(raw[:6], "big"), raw[6:])


def is_ulid(text: str) -> bool:
    """Whether `text` is a ULID in its canonical, upper-case form."""
    return _ULID.fullmatch(text) is not None


def event_id(ms: int, source: str, message_id: str) -> str:
    """The id of an event: the sender's own uncorrected time, and a hash of who sent which message.

    The same message delivered twice has the same id, so its second delivery is the same item.
    """
    return ulid(ms, hashlib.sha256(f"{source}\0{message_id}".encode()).digest()[:10])


def earliest_event_id(moment: datetime) -> str:
    """The smallest event id whose time part is `moment`: where a range of ids begins."""
    return ulid(milliseconds(moment), bytes(10))


def send_id(*, workflow: str, contact: str, entry: str, step: str, round_: int) -> str:
    """The id of a message in the ledger: letters and digits only, so that it can be an SES tag.

    It is a hash of the step that sends, so that the same step of the same entry is the same send.
    """
    name = "\0".join((workflow, contact, entry, step, str(round_)))
    return base64.b32encode(hashlib.sha256(name.encode()).digest()[:16]).decode().rstrip("=")


def send_id_bytes(text: str) -> bytes:
    """The sixteen bytes of the send id `text`.

    Raises:
        ValueError: `text` is not a send id.
    """
    if _SEND_ID.fullmatch(text):  # the standard library decodes in Python, letter by letter
        return (int(text.translate(_BASE_32), 32) >> 2).to_bytes(16, "big")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def send_id_of(raw: bytes) -> str:
    """The send id whose sixteen bytes are `raw`."""
    return base64.b32encode(raw).decode().rstrip("=")
