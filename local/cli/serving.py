"""`serve`: the API, the form and the inbox for a browser, while time runs at a chosen speed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.cli.mistakes import Mistake
from local.demo import people as crowd
from local.demo.stage import FORM, Ports, Stage
from local.http_messages import Request, Response
from local.pages.inbox import Inbox

_FAR = timedelta(days=3650)


def serve(*, speed: float, port: int, inbox_port: int, people: int, seed: int, out: Path) -> str:
    """Stay up until interrupted, then save the world in `out`."""
    start = datetime.now(UTC)
    try:
        stage = Stage.open(start=start, seed=seed, ports=Ports(api=port))
    except OSError as error:
        raise _taken(port, error) from error
    with stage:
        inbox = Inbox(stage.world.mailbox, api=stage.url)

        def answer(request: Request, done: Callable[[Response], None]) -> None:
            done(inbox.answer(request))

        try:
            inbox_server = stage.world.serve_http(port=inbox_port, handler=answer)
        except OSError as error:
            raise _taken(inbox_port, error) from error
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
    return f"\nStopped at {stage.hub.moment:%d %B %Y %H:%M}. Saved in {out}/: {mails:,} mails.\n"


def _welcome(stage: Stage, inbox_port: int, speed: float, out: Path) -> str:
    rows = [
        ("Sign up", f"{stage.url}/f/{FORM}"),
        ("Read the mail", f"http://127.0.0.1:{inbox_port}/inbox"),
        ("Report events", f"POST {stage.url}/v1/track"),
        ("with write key", stage.write_key),
        ("Time runs", _pace(speed)),
        ("Stop", f"Ctrl-C; the world is saved in {out}/ for find and timeline"),
    ]
    example = (
        f"curl -u {stage.write_key}: {stage.url}/v1/track -d "
        """'{"event": "Order Completed", "messageId": "1", "userId": "42", "context": """
        """{"traits": {"email": "you@example.org"}}, "properties": {"revenue": 20}}'"""
    )
    return "\n".join([*(f"{what:<15} {where}" for what, where in rows), "", example, ""])


def _pace(speed: float) -> str:
    if speed == 1:
        return "as it does; faster with --speed 3600"
    return f"{speed:g} times as fast: {timedelta(seconds=round(speed))} a second"


def _taken(port: int, error: OSError) -> Mistake:
    return Mistake(
        f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}). "
        "Choose others: --port 8090 --inbox-port 8091"
    )
