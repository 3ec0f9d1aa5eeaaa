"""Signed links: what a mail's addresses carry, and how a forged one is told.

A token is base64url(key id · payload · mac) where mac is the first 16 bytes of
HMAC-SHA256(key, purpose · key id · payload). Every purpose has its own key, derived from the
secret, so that a click token cannot be used to unsubscribe. The key id allows the secret to be
replaced while old links go on working.

| purpose | path | payload |
|---|---|---|
| open | `/o/…` | send id (16 bytes) |
| click | `/c/…` | send id (16), message version (6), number of the link (2) |
| reply, leave | an address of the reply domain (`relance.replies`) | send id (16) |
| unsubscribe | `/u/…` | contact id (16), send id (16) |
| preferences | `/p/…` | contact id (16), send id (16) |
| confirm | `/k/…` | contact id (16), id of the sign-up event (16) |
| landing | `?rl=…` | contact id (16), send id (16), minute since 1970 (4) |
| view | `/v/…` | send id (16) |
| download | `/d/…` | sign-up event id (16), masked contact id (16), file (6), minute (4) |
| answer | `/a/…` | contact id (16), hand-over id (16), its minute (4), the deadline's (4) |

The landing token stands in the address of the company's own page to which a click leads: it tells
`relance.js` who followed the link, softly, since links are forwarded, and for an hour only, since
addresses are copied.

A download may stand on the page that everybody sees who fills in a form, whosever address they
typed. The contact in it is masked, since its id tells how long we have known that address.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from relance.errors import TokenInvalid
from relance.ids import send_id_bytes, send_id_of, ulid_bytes, ulid_of

_MAC = 16

LANDING_LASTS = timedelta(hours=1)
"""How long a landing token tells who is there."""


DOWNLOAD_LASTS = timedelta(days=14)
"""How long the link to a file works."""


class Purpose(StrEnum):
    """What a link is for: the first part of its path, or the name of its parameter."""

    OPEN = "o"
    CLICK = "c"
    UNSUBSCRIBE = "u"
    CONFIRM = "k"
    PREFERENCES = "p"
    LANDING = "rl"
    DOWNLOAD = "d"
    REPLY = "r"
    LEAVE = "ul"
    VIEW = "v"
    ANSWER = "a"


_SIZES: Mapping[Purpose, int] = {
    Purpose.OPEN: 16,
    Purpose.CLICK: 24,
    Purpose.UNSUBSCRIBE: 32,
    Purpose.CONFIRM: 32,
    Purpose.PREFERENCES: 32,
    Purpose.LANDING: 36,
    Purpose.DOWNLOAD: 42,
    Purpose.REPLY: 16,
    Purpose.LEAVE: 16,
    Purpose.VIEW: 16,
    Purpose.ANSWER: 40,
}


@dataclass(frozen=True, slots=True)
class Click:
    """What a click token says."""

    send_id: str
    message_version: str
    link: int


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """What an unsubscribe token says: who, and in which mail."""

    contact_id: str
    send_id: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a token of the preference page says: whose page, and from which mail."""

    contact_id: str
    send_id: str


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a confirmation token says: who, and which sign-up is confirmed."""

    contact_id: str
    signup_event_id: str


@dataclass(frozen=True, slots=True)
class Landing:
    """What a landing token says: whose link was followed, in which mail, and when (its minute)."""

    contact_id: str
    send_id: str
    at: datetime

    def tells(self, now: datetime) -> bool:
        """Whether it still tells who is there."""
        return -timedelta(minutes=1) <= now - self.at <= LANDING_LASTS


@dataclass(frozen=True, slots=True)
class Download:
    """What a download token says: for which sign-up, whose, which file, and when (its minute).

    `file` is the first six bytes of the SHA-256 of its name, in hex.
    """

    signup_event_id: str
    contact_id: str
    file: str
    at: datetime

    def works(self, now: datetime) -> bool:
        """Whether it has not run out."""
        return -timedelta(minutes=1) <= now - self.at <= DOWNLOAD_LASTS


@dataclass(frozen=True, slots=True)
class Answer:
    """What the token of a lead says: whose, which hand-over, when, and until when to decide.

    Both instants are whole minutes.
    """

    contact_id: str
    hand_over: str
    at: datetime
    until: datetime


class LinkSigner:
    """Signs and reads tokens.

    `secrets` maps key ids (one digit or small number as text) to secrets; `current` signs.
    """

    def __init__(self, *, secrets: Mapping[str, str], current: str) -> None:
        self._current = int(current)
        self._keys = {
            (purpose, int(key_id)): hmac.digest(
                secret.encode(), f"relance/{purpose.name}".encode(), "sha256"
            )
            for key_id, secret in secrets.items()
            for purpose in Purpose
        }

    def open_token(self, send_id: str) -> str:
        """The token of a mail's pixel."""
        return self._sign(Purpose.OPEN, send_id_bytes(send_id))

    def reply_token(self, send_id: str) -> str:
        """The token of the address to reply to a mail."""
        return self._sign(Purpose.REPLY, send_id_bytes(send_id))

    def leave_token(self, send_id: str) -> str:
        """The token of the address to which a mail unsubscribes."""
        return self._sign(Purpose.LEAVE, send_id_bytes(send_id))

    def view_token(self, send_id: str) -> str:
        """The token of the page that shows a mail in a browser."""
        return self._sign(Purpose.VIEW, send_id_bytes(send_id))

    def click_token(self, click: Click) -> str:
        """The token of a link in a mail."""
        payload = send_id_bytes(click.send_id) + bytes.fromhex(click.message_version)
        return self._sign(Purpose.CLICK, payload + click.link.to_bytes(2, "big"))

    def unsubscribe_token(self, target: Unsubscribe) -> str:
        """The token of a mail's unsubscribe address."""
        payload = ulid_bytes(target.contact_id) + send_id_bytes(target.send_id)
        return self._sign(Purpose.UNSUBSCRIBE, payload)

    def preferences_token(self, target: Preferences) -> str:
        """The token of the preference page as a mail links to it."""
        payload = ulid_bytes(target.contact_id) + send_id_bytes(target.send_id)
        return self._sign(Purpose.PREFERENCES, payload)

    def confirm_token(self, target: Confirmation) -> str:
        """The token of the button in a double opt-in mail."""
        payload = ulid_bytes(target.contact_id) + ulid_bytes(target.signup_event_id)
        return self._sign(Purpose.CONFIRM, payload)

    def landing_token(self, landing: Landing) -> str:
        """The token in the address of a page to which a click leads."""
        payload = ulid_bytes(landing.contact_id) + send_id_bytes(landing.send_id)
        minute = int(landing.at.timestamp()) // 60
        return self._sign(Purpose.LANDING, payload + minute.to_bytes(4, "big"))

    def download_token(self, download: Download) -> str:
        """The token of the link to a file."""
        signup = ulid_bytes(download.signup_event_id)
        contact = self._masked(self._current, signup, ulid_bytes(download.contact_id))
        minute = int(download.at.timestamp()) // 60
        payload = signup + contact + bytes.fromhex(download.file) + minute.to_bytes(4, "big")
        return self._sign(Purpose.DOWNLOAD, payload)

    def answer_token(self, answer: Answer) -> str:
        """The token of the page on which sales decides about a lead."""
        minutes = (int(each.timestamp()) // 60 for each in (answer.at, answer.until))
        payload = ulid_bytes(answer.contact_id) + send_id_bytes(answer.hand_over)
        payload += b"".join(each.to_bytes(4, "big") for each in minutes)
        return self._sign(Purpose.ANSWER, payload)

    def read_answer(self, token: str) -> Answer:
        """Which lead is decided about. Raises TokenInvalid."""
        raw = self._read(Purpose.ANSWER, token)
        at, until = (
            datetime.fromtimestamp(int.from_bytes(each, "big") * 60, UTC)
            for each in (raw[32:36], raw[36:])
        )
        return Answer(ulid_of(raw[:16]), send_id_of(raw[16:32]), at, until)

    def read_open(self, token: str) -> str:
        """The send id. Raises TokenInvalid."""
        return send_id_of(self._read(Purpose.OPEN, token))

    def read_reply(self, token: str) -> str:
        """The send id. Raises TokenInvalid."""
        return send_id_of(self._read(Purpose.REPLY, token))

    def read_leave(self, token: str) -> str:
        """The send id. Raises TokenInvalid."""
        return send_id_of(self._read(Purpose.LEAVE, token))

    def read_view(self, token: str) -> str:
        """The id of the mail to be shown. Raises TokenInvalid."""
        return send_id_of(self._read(Purpose.VIEW, token))

    def read_click(self, token: str) -> Click:
        """The link that was clicked. Raises TokenInvalid."""
        raw = self._read(Purpose.CLICK, token)
        return Click(send_id_of(raw[:16]), raw[16:22].hex(), int.from_bytes(raw[22:], "big"))

    def read_unsubscribe(self, token: str) -> Unsubscribe:
        """Who wants to leave. Raises TokenInvalid."""
        raw = self._read(Purpose.UNSUBSCRIBE, token)
        return Unsubscribe(ulid_of(raw[:16]), send_id_of(raw[16:]))

    def read_preferences(self, token: str) -> Preferences:
        """Whose preferences. Raises TokenInvalid."""
        raw = self._read(Purpose.PREFERENCES, token)
        return Preferences(ulid_of(raw[:16]), send_id_of(raw[16:]))

    def read_confirm(self, token: str) -> Confirmation:
        """Which sign-up is confirmed. Raises TokenInvalid."""
        raw = self._read(Purpose.CONFIRM, token)
        return Confirmation(ulid_of(raw[:16]), ulid_of(raw[16:]))

    def read_landing(self, token: str) -> Landing:
        """Who landed, however long ago. Raises TokenInvalid."""
        raw = self._read(Purpose.LANDING, token)
        at = datetime.fromtimestamp(int.from_bytes(raw[32:], "big") * 60, UTC)
        return Landing(ulid_of(raw[:16]), send_id_of(raw[16:32]), at)

    def read_download(self, token: str) -> Download:
        """Which file for whom, however long ago. Raises TokenInvalid."""
        key_id, raw = self._read_with_key(Purpose.DOWNLOAD, token)
        at = datetime.fromtimestamp(int.from_bytes(raw[38:], "big") * 60, UTC)
        contact = self._masked(key_id, raw[:16], raw[16:32])
        return Download(ulid_of(raw[:16]), ulid_of(contact), raw[32:38].hex(), at)

    def _masked(self, key_id: int, signup: bytes, contact: bytes) -> bytes:
        """The contact id, hidden or shown again: each sign-up has a mask of its own."""
        key = self._keys[Purpose.DOWNLOAD, key_id]
        mask = hmac.digest(key, b"mask" + signup, "sha256")[:16]
        return bytes(one ^ other for one, other in zip(contact, mask, strict=True))

    def _sign(self, purpose: Purpose, payload: bytes) -> str:
        body = bytes([self._current]) + payload
        mac = self._mac(purpose, self._current, body)
        return base64.urlsafe_b64encode(body + mac).decode().rstrip("=")

    def _read(self, purpose: Purpose, token: str) -> bytes:
        return self._read_with_key(purpose, token)[1]

    def _read_with_key(self, purpose: Purpose, token: str) -> tuple[int, bytes]:
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise TokenInvalid("this link is not one of ours") from None
        if len(raw) != 1 + _SIZES[purpose] + _MAC or (purpose, raw[0]) not in self._keys:
            raise TokenInvalid("this link is cut off or too old")
        body, mac = raw[:-_MAC], raw[-_MAC:]
        if not hmac.compare_digest(mac, self._mac(purpose, raw[0], body)):
            raise TokenInvalid("this link was changed on the way")
        if base64.urlsafe_b64encode(raw).decode().rstrip("=") != token:
            raise TokenInvalid("this link was changed on the way")
        return raw[0], body[1:]

    def _mac(self, purpose: Purpose, key_id: int, body: bytes) -> bytes:
        return hmac.digest(self._keys[purpose, key_id], body, "sha256")[:_MAC]
