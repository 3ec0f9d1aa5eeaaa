"""What a browser meets in these tests: the suite as `local serve` runs it, a recorder, a website.

Standard library only. Everything listens on 127.0.0.1.
"""

import json
import os
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("RELANCE_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
Answer = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True)
class Suite:
    """The whole suite on this machine: its HTTP API, its inbox, the keys for servers and pages."""

    url: str
    inbox: str
    write_key: str
    browser_key: str


@contextmanager
def suite(folder: Path) -> Iterator[Suite]:
    """Serve the suite until the block ends."""
    command = [PYTHON, "-m", "local", "serve", "--port", "0", "--inbox-port", "0"]
    process = subprocess.Popen(
        [*command, "--out", str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = ""
        while "curl" not in told:
            line = process.stdout.readline() if process.stdout else ""
            assert line, told
            told += line
        form = re.search(r"(http://127\.0\.0\.1:\d+)/f/", told)
        inbox = re.search(r"http://127\.0\.0\.1:\d+/inbox", told)
        assert form is not None
        assert inbox is not None
        keys = re.findall(r"^with (?:write|browser) key +(\S+)$", told, re.MULTILINE)
        yield Suite(form[1], inbox[0], *keys)
    finally:
        process.kill()
        process.communicate()


@dataclass(frozen=True)
class Post:
    """A batch that arrived: its path, its headers in lower case, its JSON."""

    path: str
    headers: Mapping[str, str]
    body: Any

    @property
    def is_beacon(self) -> bool:
        """Whether it was sent by `navigator.sendBeacon`."""
        return self.headers["sec-fetch-mode"] == "no-cors"


@dataclass
class Recorder:
    """Stands where the suite's collection routes are; hands on to the suite what is read.

    `slots` is answered instead of the suite's own answer, after `delay` seconds. `refusals` are the
    statuses of the next batches.
    """

    suite: Suite
    url: str = ""
    posts: list[Post] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    slots: Mapping[str, str] | None = None
    delay: float = 0.0
    refusals: list[int] = field(default_factory=list)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of all batches, in the order of their arrival."""
        return [event for post in self.posts for event in post.body["batch"]]

    def named(self, name: str) -> list[dict[str, Any]]:
        """The events of a name; a page view is called `page`, a claim `identify`."""
        return [each for each in self.events if each.get("event", each["type"]) == name]

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Take a batch."""
        status = self.refusals.pop(0) if self.refusals else 200
        if status == 200:
            self.posts.append(Post(path, headers, json.loads(body)))
        return status, {"content-type": "application/json"}, b'{"success": true}'

    def get(self, path: str) -> Answer:
        """Hand on, or answer the slots that the test set."""
        self.asked.append(path)
        if path.startswith("/slots"):
            time.sleep(self.delay)
            if self.slots is not None:
                body = json.dumps({"slots": self.slots}).encode()
                return 200, {"content-type": "application/json"}, body
        try:
            with urllib.request.urlopen(f"{self.suite.url}{path}", timeout=30) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()


@dataclass
class Website:
    """The company's pages by path; any other path is a page without anything of its own."""

    url: str = ""
    pages: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        """A page."""
        page = self.pages.get(path.partition("?")[0], self.pages.get("*", "<p>A page</p>"))
        return 200, {"content-type": "text/html; charset=utf-8"}, page.encode()

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Whatever a form is sent to."""
        return self.get(path)


@contextmanager
def serving(what: Recorder | Website) -> Iterator[str]:
    """Serve it on a free port; its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(what.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._answer(what.post(self.path, headers, body))

        def _answer(self, answer: Answer) -> None:
            status, headers, body = answer
            kept = {name.lower(): each for name, each in headers.items()}
            kept |= {"content-length": str(len(body)), "access-control-allow-origin": "*"}
            for name in ("date", "server", "connection", "transfer-encoding"):
                kept.pop(name, None)
            try:
                self.send_response(status)
                for name, value in kept.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True  # the browser went away

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        what.url = f"http://127.0.0.1:{server.server_port}"
        yield what.url
    finally:
        server.shutdown()
        server.server_close()
