"""Requests as strangers send them: decoded, or refused with a sentence."""

import base64
import gzip
import json

import pytest
from relance.errors import InvalidInput
from relance.http import HttpRequest, TooLarge, credentials, json_answer, later, network_of

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=b"


def request(body: bytes, kind: str = JSON, **headers: str) -> HttpRequest:
    return HttpRequest.of(
        {
            "rawPath": "/",
            "requestContext": {
                "http": {"method": "POST", "sourceIp": "192.0.2.1"},
                "requestId": "r",
            },
            "headers": {"content-type": kind, **headers},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"a": "\\ud800"}', id="half a character"),
        pytest.param(b'{"\\udfff": 1}', id="half a character in a name"),
        pytest.param(b'{"a": "\xed\xa0\x80"}', id="half a character as bytes"),
        pytest.param(b'{"a": NaN}', id="not a number"),
        pytest.param(b'{"a": -Infinity}', id="infinity"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b"[" * 30_000 + b"]" * 30_000, id="nested 30,000 times"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="cut off"),
    ],
)
def test_what_is_no_json_in_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        request(body).json()


def test_a_whole_character_and_a_byte_order_mark_are_read() -> None:
    assert request(b'\xef\xbb\xbf{"a": "\\ud83d\\udc0e"}').json() == {"a": "🐎"}


def test_a_body_that_no_encoding_can_hold_is_refused_too() -> None:
    event = {
        "rawPath": "/",
        "requestContext": {"http": {"method": "POST", "sourceIp": ""}, "requestId": "r"},
        "body": '{"a": "\ud800"}',
    }
    with pytest.raises(InvalidInput):
        HttpRequest.of(event).json()
    with pytest.raises(InvalidInput):
        HttpRequest.of(event).fields()


def test_a_packed_body_is_bounded_unpacked() -> None:
    bomb = gzip.compress(b" " * 1_000_000)
    with pytest.raises(TooLarge):
        request(bomb, **{"content-encoding": "gzip"}).json()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b'{"name": ["Ana"]}', JSON, id="a list"),
        pytest.param(b'{"name": {"first": "Ana"}}', JSON, id="an object"),
        pytest.param(b'{"name": ' + b"[" * 900 + b"]" * 900 + b"}", JSON, id="nested 900 times"),
        pytest.param(b'["Ana"]', JSON, id="no fields"),
        pytest.param(b'{"name": "\\ud800"}', JSON, id="half a character"),
        pytest.param(b"name=\xff", FORM, id="not UTF-8"),
        pytest.param(b"&".join(b"a%d=1" % i for i in range(300)), FORM, id="300 fields"),
        pytest.param(
            b"--b\r\nContent-Type: multipart/mixed; boundary=b1\r\n\r\n"
            + b"".join(
                b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (i, i + 1)
                for i in range(1, 1000)
            ),
            PARTS,
            id="parts nested 1,000 times",
        ),
    ],
)
def test_what_is_no_form_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(InvalidInput):
        request(body, kind).fields()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b'{"name": "Ana", "no": null, "consent": true, "n": 1}', JSON, id="JSON"),
        pytest.param(b"name=Ana&consent=yes&n=1", FORM, id="url-encoded"),
        pytest.param(
            b"".join(
                b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % field
                for field in ((b"name", b"Ana"), (b"consent", b"yes"), (b"n", b"1"))
            )
            + b"--b--\r\n",
            PARTS,
            id="multipart",
        ),
    ],
)
def test_a_form_is_read_in_each_of_its_forms(body: bytes, kind: str) -> None:
    assert request(body, kind).fields() == {"name": "Ana", "consent": "yes", "n": "1"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b",
        b"--b\r\nContent-Disposition: form-data; name=" + b"(" * 60_000 + b"\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Disposition: form-data; name*=utf-8''%ff\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--",
    ],
    ids=["nothing", "cut off", "brackets", "a name in no encoding", "no name"],
)
def test_parts_without_a_name_are_no_fields(body: bytes) -> None:
    fields = request(body, PARTS).fields()
    assert "x" not in fields


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer k1", "k1"),
        ("Basic " + base64.b64encode(b"k1:").decode(), "k1"),
        ("Basic " + base64.b64encode("klíč:".encode()).decode(), "klíč"),
        ("Basic klíč", ""),
        ("Basic ////", ""),
        ("Digest k1", ""),
        ("", ""),
    ],
    ids=["bearer", "basic", "not ascii", "no base 64", "no utf-8", "another scheme", "nothing"],
)
def test_a_write_key_is_read_or_there_is_none(header: str, key: str) -> None:
    assert credentials(header) == key


def test_whoever_is_put_off_is_told_for_how_long() -> None:
    answer = later(json_answer({"success": False}, status=400))
    assert answer["statusCode"] == 503
    assert int(answer["headers"]["retry-after"]) > 0
    assert "no-store" in answer["headers"]["cache-control"]
    assert json.loads(answer["body"]) == {"success": False}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "::/48"),
        ("unknown", ""),
        ("", ""),
    ],
)
def test_a_proof_keeps_the_network_and_never_the_address(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("", ()),
        ("*", ()),
        ("fr", ("fr",)),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", ("fr-CH", "fr", "en", "de")),
        ("en;q=0.1,pt-br", ("pt-BR", "en")),
        ("en;q=0, de;q=x, es", ("es",)),
        ("<script>, ../../x, es", ("es",)),
    ],
)
def test_the_browser_s_languages_come_in_its_order(header: str, languages: tuple[str, ...]) -> None:
    assert request(b"", **{"accept-language": header}).languages == languages
