"""The inbox of `serve`: every mail the product sent, as a mail client would show it.

It is served on a port of its own, outside the product's API. A mail's HTML part stands in a
sandboxed frame under a policy that allows its styles and pictures and nothing else; links, which
name a host that exists nowhere, are pointed at the API on this machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from html import escape
from urllib.parse import parse_qs

from relance.links import Purpose

from local.demo.report import many
from local.http_messages import Request, Response
from local.mailbox import Mail, Mailbox, decoded

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #777; --quiet: #8881; }
body { margin: 0 auto; padding: 1.5rem; max-width: 70rem; font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0 0 1rem; } h1 a { color: inherit; } a { color: #2f6fd6; }
table { border-collapse: collapse; width: 100%; } th { color: var(--soft); font-weight: 600; }
td, th { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: anywhere; } .soft { color: var(--soft); }
td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
iframe { width: 100%; height: 40rem; border: 1px solid var(--line); border-radius: 8px;
  background: #fff; } pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: 1rem;
  background: var(--quiet); border-radius: 8px; } summary { cursor: pointer; margin: 1rem 0 .4rem;
  font-weight: 600; } form { margin: 0 0 1rem; } input { font: inherit; padding: .3rem .5rem;
  width: 20rem; max-width: 100%; }
"""
_PAGE_SIZE = 200
_PATH = re.compile(r"/inbox/(\d{1,9})(/html|\.eml)?")
_HOST = re.compile(rf"https?://[^/\"'\s<>]+(/(?:f|i|{'|'.join(Purpose)})/)")


class Inbox:
    """Answers the requests for the inbox; `api` is where the product's links lead here."""

    def __init__(self, mailbox: Mailbox, *, api: str) -> None:
        self._mailbox = mailbox
        self._api = api.rstrip("/")

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.method not in {"GET", "HEAD"}:
            return _html("<p>This page can only be read.</p>", status=405)
        if request.path in {"/", "/inbox", "/inbox/"}:
            wanted = parse_qs(request.query).get("to", [""])[0].strip()
            return _html(self._list(wanted))
        match = _PATH.fullmatch(request.path)
        mail = self._mail(int(match[1])) if match else None
        if match is None or mail is None:
            return _html('<p>There is no such mail. <a href="/inbox">To the inbox</a></p>', 404)
        if match[2] == ".eml":
            return Response(200, (("content-type", "message/rfc822"),), mail.mime())
        if match[2] == "/html":
            return self._frame(mail)
        return _html(self._mail_page(mail))

    def _mail(self, number: int) -> Mail | None:
        mails = self._mailbox.mails
        return mails[number - 1] if 1 <= number <= len(mails) else None

    def _list(self, wanted: str) -> str:
        found = self._mailbox.mails
        if wanted:
            found = [m for m in found if wanted.casefold() in " ".join(m.recipients).casefold()]
        rows = "".join(
            f'<tr><td><a href="/inbox/{m.number}">{m.number}</a></td>'
            f'<td class="soft">{_when(m.sent_at)}</td><td>{escape(", ".join(m.recipients))}</td>'
            f'<td><a href="/inbox/{m.number}">{escape(m.subject)}</a></td>'
            f'<td class="soft">{escape(_state(m))}</td></tr>'
            for m in reversed(found[-_PAGE_SIZE:])
        )
        more = len(found) - _PAGE_SIZE
        note = f'<p class="soft">{more:,} older ones are not shown.</p>' if more > 0 else ""
        empty = '<p class="soft">No mail yet. Sign up with the form, then reload.</p>'
        table = (
            f"<table><tr><th>#</th><th>sent (UTC)</th><th>to</th><th>subject</th><th></th></tr>"
            f"{rows}</table>{note}"
        )
        return (
            f"<h1>Inbox: {many(len(found), 'mail')}</h1>"
            f'<form><input name="to" value="{escape(wanted)}" placeholder="Search an address" '
            f'aria-label="Search an address"></form>{table if rows else empty}'
        )

    def _mail_page(self, mail: Mail) -> str:
        message, html, text = mail.parts()
        tags = "".join(
            f"<tr><td>{escape(n)}</td><td>{escape(v)}</td></tr>" for n, v in mail.draft.tags
        )
        events = "".join(
            f"<tr><td>{_when(at)}</td><td>{escape(f'{event} {kind}'.strip())}</td></tr>"
            for at, event, kind in mail.events
        )
        frame = (
            f'<iframe title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox" '
            f'referrerpolicy="no-referrer" src="/inbox/{mail.number}/html"></iframe>'
            if html is not None
            else ""
        )
        kept = mail.draft.configuration_set or "none"
        return (
            f'<h1><a href="/inbox">Inbox</a>: {escape(mail.subject)}</h1>'
            f"<p>To {escape(', '.join(mail.recipients))}, {_when(mail.sent_at)} · "
            f'<a href="/inbox/{mail.number}.eml">.eml</a></p>{frame}'
            f"<details><summary>Text part</summary><pre>{escape(text or '')}</pre></details>"
            f"<details><summary>Headers</summary><table>{_headers(message)}</table></details>"
            f"<details><summary>Tags and configuration set</summary><table>{tags}"
            f"<tr><td>configuration set</td><td>{escape(kept)}</td></tr></table></details>"
            f"<details><summary>What SES reported</summary><table>{events}</table></details>"
        )

    def _frame(self, mail: Mail) -> Response:
        _message, html, _text = mail.parts()
        here = _HOST.sub(lambda m: f"{self._api}{m[1]}", html or "")
        policy = (
            f"default-src 'none'; img-src {self._api} data:; style-src 'unsafe-inline'; "
            "sandbox allow-popups allow-popups-to-escape-sandbox"
        )
        body = f'<base target="_blank">{here}'.encode()
        return Response(200, tuple(_safe(policy)), body)


def _html(body: str, status: int = 200) -> Response:
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'"
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Inbox</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style>{body}</html>"
    )
    return Response(status, tuple(_safe(policy)), page.encode())


def _safe(policy: str) -> Iterator[tuple[str, str]]:
    yield "content-type", "text/html; charset=utf-8"
    yield "content-security-policy", policy
    yield "x-content-type-options", "nosniff"
    yield "referrer-policy", "no-referrer"
    yield "cache-control", "no-store"


def _headers(message: Message) -> str:
    return "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(decoded(value))}</td></tr>"
        for name, value in message.items()
    )


def _state(mail: Mail) -> str:
    return mail.events[-1][1] if mail.events else "Send"


def _when(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%d %b %Y %H:%M:%S}"
