"""The web beyond this machine: whatever handlers fetch with `urllib` is answered from here.

    world.web.pages["https://www.gstatic.com/ipranges/goog.json"] = b"{…}"
    world.web.statuses["https://api.example.com/points"] = 503

What is posted is kept in `posted`, by address, and with which headers in `headers`.

Nothing leaves the machine: an address that has no page is answered as if its host were not there.
"""

from __future__ import annotations

from email.message import Message
from io import BytesIO
from urllib.error import URLError
from urllib.request import BaseHandler, Request, build_opener, install_opener
from urllib.response import addinfourl


class Web(BaseHandler):
    """Pages by address."""

    handler_order = 100  # before the handlers that would open a connection

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.statuses: dict[str, int] = {}
        self.posted: list[tuple[str, bytes]] = []
        self.headers: list[dict[str, str]] = []

    def open(self) -> None:
        """Answer for the whole process from now on."""
        install_opener(build_opener(self))

    def close(self) -> None:
        """Give the process its own opener back."""
        install_opener(None)

    def https_open(self, request: Request) -> addinfourl:
        """Answer a request."""
        self.asked.append(request.full_url)
        if request.full_url not in self.pages:
            raise URLError(f"{request.host} is not on this machine")
        page = BytesIO(self.pages[request.full_url])
        if isinstance(request.data, bytes):
            self.posted.append((request.full_url, request.data))
            self.headers.append(dict(request.header_items()))
        status = self.statuses.get(request.full_url, 200)
        answer = addinfourl(page, Message(), request.full_url, status)
        answer.msg = "OK"  # type: ignore[attr-defined]
        return answer

    http_open = https_open
