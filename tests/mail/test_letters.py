"""What mailbox providers look at in a mail from each shipped message."""

import email
import re
from email.message import EmailMessage
from email.policy import default

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from relance.content.compiled import MessageClass

from tests.mail.letters import Letter, letters

LETTERS = list(letters())
UNSUBSCRIBE = [b"list-unsubscribe", b"list-unsubscribe-post"]
PRINTABLE = re.compile(r"[ -~]{1,995}")


def read(letter: Letter) -> EmailMessage:
    message = email.message_from_bytes(letter.mime, policy=default)
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.parametrize("letter", LETTERS, ids=lambda each: each.name)
def test_it_is_valid_mime_with_both_parts_within_the_limits_of_smtp(letter: Letter) -> None:
    message = read(letter)
    assert [part.defects for part in message.walk()] == [[]] * 3
    assert message.get_content_type() == "multipart/alternative"
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]  # RFC 2046, 5.1.4: the best one last
    assert all(len(line) <= 998 for line in letter.mime.split(b"\r\n"))
    assert b"\n" not in letter.mime.replace(b"\r\n", b"")
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
        assert len(message.get_all(name) or []) == 1, name


@pytest.mark.parametrize("letter", LETTERS, ids=lambda each: each.name)
def test_its_headers_are_what_ses_takes_and_what_the_kind_of_mail_needs(letter: Letter) -> None:
    headers = letter.mail.headers
    assert len(headers) <= 15
    assert all(PRINTABLE.fullmatch(value) for value in headers.values())
    if letter.message.message_class is MessageClass.TRANSACTIONAL:
        assert headers == {"Auto-Submitted": "auto-generated"}
        return
    assert headers["List-Unsubscribe"].startswith("<https://links.northbank.example/u/")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["List-Id"] == '"Our newsletter" <newsletter.links.northbank.example>'
    assert "12 Example Street" in letter.mail.text
    assert "/p/" in letter.mail.text


@pytest.mark.parametrize("letter", LETTERS, ids=lambda each: each.name)
def test_its_tags_count_messages_and_name_nobody(letter: Letter) -> None:
    tags = letter.mail.tags
    assert tags["ses:feedback-id-a"] == letter.message.name
    assert tags["ses:feedback-id-b"] == "welcome"
    for name, value in tags.items():
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value), name


@pytest.fixture(scope="module")
def key() -> tuple[bytes, bytes]:
    """A private key, and the record that stands in the DNS."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    body = b"".join(public.splitlines()[1:-1])
    return pem, b"v=DKIM1; k=rsa; p=" + body


def signed(letter: Letter, pem: bytes) -> bytes:
    """The mail with a signature over all that it has of the headers that may be signed."""
    there = {name.lower().encode() for name in read(letter)}
    names = sorted(there - {b"return-path", b"received", b"comments", b"keywords"})
    made: bytes = dkim.sign(
        letter.mime,
        b"s1",
        b"northbank.example",
        pem,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=names,
    )
    return made + letter.mime


@pytest.mark.parametrize("letter", LETTERS, ids=lambda each: each.name)
def test_a_dkim_signature_covers_its_unsubscribe_headers(
    letter: Letter, key: tuple[bytes, bytes]
) -> None:
    """RFC 8058, 4: without it a provider shows no button."""
    pem, record = key
    whole = signed(letter, pem)

    def answer(_name: bytes, **_: object) -> bytes:
        return record

    assert dkim.verify(whole, dnsfunc=answer)
    if letter.message.message_class is MessageClass.TRANSACTIONAL:
        return
    checked = dkim.DKIM(whole)
    assert checked.verify(dnsfunc=answer)
    assert set(UNSUBSCRIBE) <= {name.lower() for name, _ in checked.signed_headers}
    for header in (b"List-Unsubscribe:", b"List-Unsubscribe-Post:"):
        changed = whole.replace(header, header + b" <https://evil.example>,", 1)
        assert not dkim.verify(changed, dnsfunc=answer)
