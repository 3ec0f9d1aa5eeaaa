"""`serve`: the API, the form and the inbox for a browser, while time runs at a chosen speed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.cli.mistakes import Mistake
from local.demo import people as crowd
from local.demo.report import many
from local.demo.stage import FORM, Ports, Stage
from local.demo.typed import LOCAL, command
from local.http_messages import Request, Response
from local.pages.dashboard import Dashboard
from local.pages.inbox import Inbox

_LAST_PORT = 65_535
_FAR = timedelta(days=3650)


def serve(*, speed: float, port: int, inbox_port: int, people: int, seed: int, out: Path) -> str:
    """Stay up until interrupted, then save the world in `out`."""
    start = datetime.now(UTC)
    try:
        stage = Stage.open(start=start, seed=seed, ports=Ports(api=port))
    except OSError as error:
        raise _taken(port, "PORT", error) from error
    with stage:
        inbox = Inbox(stage.world.mailbox, api=stage.url)

        dashboard = Dashboard(stage.world)

        def answer(request: Request, done: Callable[[Response], None]) -> None:
            if request.path == "/dashboard":
                dashboard.answer(request, done)
            else:
                done(inbox.answer(request))

        try:
            inbox_server = stage.world.serve_http(port=inbox_port, handler=answer)
        except OSError as error:
            raise _taken(inbox_port, "INBOX_PORT", error) from error
        for person in crowd.from_log(people=people, start=start, seed=seed) if people else ():
            stage.visitors.expect(person, until=(start + _FAR).timestamp())
        sys.stdout.write(_welcome(stage, inbox_server.port, speed, out))
        sys.stdout.flush()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        try:
            stage.hub.run(pace=speed)
        except KeyboardInterrupt:
            out.mkdir(parents=True, exist_ok=True)
            mails = stage.world.mailbox.write(out / "mails")
            stage.snapshot().save(out)
    stopped = f"{stage.hub.moment:%d %B %Y %H:%M}"
    return f"\nStopped at {stopped}. Saved in {out}/: {many(mails, 'mail')}.\n"


def next_port(port: int) -> int:
    """Return the port after this one; 0 (any free port) where there is none."""
    return port + 1 if 0 < port < _LAST_PORT else 0


def _welcome(stage: Stage, inbox_port: int, speed: float, out: Path) -> str:
    rows = [
        ("Sign up", f"{stage.url}/f/{FORM}"),
        ("Read the mail", f"http://127.0.0.1:{inbox_port}/inbox"),
        ("Look at people", f"http://127.0.0.1:{inbox_port}/dashboard"),
        ("Report events", f"POST {stage.url}/v1/track"),
        ("with write key", stage.write_key),
        ("Your pages", f"load {stage.url}/relance.js"),
        ("with browser key", stage.browser_key),
        ("Time runs", _pace(speed)),
        ("Stop", f"Ctrl-C; the world is saved in {out}/"),
        ("Look at it then", command("timeline", "you@example.org", folder=out)),
    ]
    example = (
        f"curl -u {stage.write_key}: {stage.url}/v1/track -d "
        """'{"event": "Order Completed", "messageId": "1", "userId": "42", "context": """
        """{"traits": {"email": "you@example.org"}}, "properties": {"revenue": 20}}'"""
    )
    hook = (
        f"{LOCAL} hook booking layers/content/hooks/booking/booked.json "
        f"--secret {stage.hook_secret} --to {stage.url}"
    )
    described = [f"{what:<16} {where}" for what, where in rows]
    return "\n".join([*described, "", example, "", hook, ""])


def _pace(speed: float) -> str:
    if speed == 1:
        return "as it does; faster: make serve SPEED=3600 (or --speed 3600)"
    return f"{speed:g} times as fast: {timedelta(seconds=round(speed))} a second"


def _taken(port: int, setting: str, error: OSError) -> Mistake:
    option = f"--{setting.lower().replace('_', '-')}"
    return Mistake(
        f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). "
        f"Choose another: make serve {setting}={port + 10} (or {option} {port + 10})."
    )
