"""`serve` stays up for a browser: the form, the inbox, the write key, and a world that is kept."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from local.cli.serving import next_port
from local.http_messages import Request as Asked
from local.mailbox import Draft, Mailbox
from local.pages.inbox import Inbox

ROOT = Path(__file__).resolve().parents[3]


class Clock:
    now = 1_767_600_000.0

    def after(self, delay: float, action: object) -> None:
        return None


@pytest.fixture
def inbox() -> Inbox:
    mailbox = Mailbox(Clock())
    html = '<script>alert(1)</script><a href="https://links.example.com/k/T0KEN">Confirm</a>'
    for to in ("ada@example.org", "bob@example.org"):
        mailbox.accept(
            Draft(source="a@example.com", to=(to,), subject="<b>Hi</b> Zoë", html=html, text="Hi")
        )
    return Inbox(mailbox, api="http://127.0.0.1:8080")


def test_the_inbox_lists_and_searches_and_escapes(inbox: Inbox) -> None:
    everything = inbox.answer(Asked("GET", "/inbox")).text
    assert "Inbox: 2 mails" in everything
    assert "&lt;b&gt;Hi&lt;/b&gt; Zoë" in everything
    assert "Inbox: 1 mail<" in inbox.answer(Asked("GET", "/inbox", "to=ADA")).text


def test_a_mail_stands_in_a_sandbox_and_its_links_lead_to_this_machine(inbox: Inbox) -> None:
    page = inbox.answer(Asked("GET", "/inbox/1")).text
    assert "<script" not in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    frame = inbox.answer(Asked("GET", "/inbox/1/html"))
    assert "http://127.0.0.1:8080/k/T0KEN" in frame.text
    assert "sandbox" in (frame.header("content-security-policy") or "")
    assert "default-src 'none'" in (frame.header("content-security-policy") or "")
    assert inbox.answer(Asked("GET", "/inbox/1.eml")).header("content-type") == "message/rfc822"


@pytest.mark.parametrize("path", ["/inbox/3", "/inbox/0", "/inbox/x", "/other", "/inbox/1/js"])
def test_what_is_not_there_is_a_404(inbox: Inbox, path: str) -> None:
    assert inbox.answer(Asked("GET", path)).status == 404


def test_the_inbox_can_only_be_read(inbox: Inbox) -> None:
    assert inbox.answer(Asked("POST", "/inbox")).status == 405


@pytest.mark.parametrize(("port", "inbox"), [(8080, 8081), (9000, 9001), (65_535, 0), (0, 0)])
def test_the_inbox_moves_along_with_the_port(port: int, inbox: int) -> None:
    assert next_port(port) == inbox


@dataclass(frozen=True)
class Server:
    process: "subprocess.Popen[str]"
    told: str
    folder: Path

    def url(self, label: str) -> str:
        found = re.search(rf"^{label} +(?:POST )?(\S+)$", self.told, re.MULTILINE)
        assert found, self.told
        return found[1]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    command = [sys.executable, "-m", "local", "serve", "--port", "0", "--inbox-port", "0"]
    process = subprocess.Popen(
        [*command, "--speed", "600", "--out", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    told = ""
    while "curl" not in told:
        line = process.stdout.readline()
        assert line, told
        told += line
    yield Server(process, told, tmp_path)
    process.kill()
    process.communicate()


def get(url: str) -> str:
    with urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())


def test_a_sign_up_with_a_browser_is_answered_by_mail_and_kept(server: Server) -> None:
    form = server.url("Sign up")
    nonce = re.search(r'name="nonce"[^>]*value="([^"]+)"', get(form))
    assert nonce
    fields = {"email": "ada@example.org", "consent": "yes", "nonce": nonce[1]}
    time.sleep(2.1)  # nobody fills in a form faster
    with urlopen(Request(form, urlencode(fields).encode()), timeout=30) as answer:
        assert answer.status == 200
    for _ in range(100):
        if "Delivery" in get(server.url("Read the mail")):
            break
        time.sleep(0.1)
    assert "ada@example.org" in get(server.url("Read the mail"))
    with pytest.raises(HTTPError, match="401"):
        urlopen(Request(server.url("Report events"), b"{}"), timeout=30)
    server.process.send_signal(signal.SIGINT)
    rest, _ = server.process.communicate(timeout=60)
    assert server.process.returncode == 0
    assert "Saved in" in rest
    told = subprocess.run(
        [sys.executable, "-m", "local", "timeline", "--in", server.folder, "ada@example.org"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'The e-mail "confirm" was sent' in told.stdout
