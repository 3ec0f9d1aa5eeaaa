"""What can be typed after `python -m local`, and how mistakes are answered.

A mistake of the person at the keyboard is a sentence on stderr and exit code 2; what a command has
to say goes to stdout, with exit code 1 when it tells of an execution that failed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from local.cli.mistakes import Failed, Mistake
from local.demo.typed import DEMO_FOLDER, LOCAL, REHEARSAL_FOLDER, SERVE_FOLDER

_ABOUT = f"""\
Relance on one machine: the real template, handlers and state machines, with AWS simulated inside
this process. Nothing leaves the machine, and time runs as fast as the work allows.

  {LOCAL} demo                        500 people, 60 days, then a report
  {LOCAL} demo --contacts mine.csv    the same with the addresses of a file
  {LOCAL} serve --speed 3600          stay up, with an empty world: sign up with
                                                        a browser, read the mail; an hour passes
                                                        each second
  {LOCAL} rehearse welcome --contacts mine.csv --days 30
                                                        a journey over real people, before it runs
  {LOCAL} find ada.0001@example.com   which contact is that?
  {LOCAL} timeline CONTACT            what happened to it, day by day
  {LOCAL} where welcome               where everybody is in a journey, step by step
  {LOCAL} preview welcome CONTACT     a message as this contact would get it
  {LOCAL} start welcome input.json    start an execution, as in the AWS console
  {LOCAL} new journey cart_reminder   lays down machine, resource, samples and stories
  {LOCAL} campaign                    one message to two hundred people, from the count to
                                                        the report
  {LOCAL} hook shop order.json        what a hook makes of a payload; with --secret, how to send it

find, timeline, where, preview and start look at the world that the last demo left in
{DEMO_FOLDER}/. With --in {SERVE_FOLDER} they look at the one that serve left when it was stopped.
"""


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], str] = options.command
    try:
        sys.stdout.write(command(options))
    except Mistake as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    except Failed as failed:
        sys.stdout.write(str(failed))
        return 1
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _demo(commands.add_parser("demo", help="people sign up, time passes, a report comes out"))
    _serve(commands.add_parser("serve", help="stay up for a browser: form, inbox, API"))
    _rehearse(commands.add_parser("rehearse", help="a journey over real people, before it runs"))
    _start(commands.add_parser("start", help="start an execution of a state machine"))
    _find(commands.add_parser("find", help="find a contact by e-mail address"))
    _timeline(commands.add_parser("timeline", help="what happened to a contact, day by day"))
    _where_is(commands.add_parser("where", help="where everybody is in a journey, step by step"))
    _preview(commands.add_parser("preview", help="a message as a given contact would get it"))
    _new(commands.add_parser("new", help="lay down a journey that works at once"))
    _campaign(commands.add_parser("campaign", help="one message to many, count to report"))
    _hook(commands.add_parser("hook", help="what a hook makes of a payload, and how to send it"))
    return parser


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--people", type=_count, default=500, help="how many sign up (500)")
    parser.add_argument("--days", type=_count, default=60, help="how many days pass (60)")
    parser.add_argument("--seed", type=_seed, default=7, help="the same seed, the same run (7)")
    parser.add_argument("--start", type=_day, default="2026-01-05", help="first day (2026-01-05)")
    parser.add_argument("--contacts", type=Path, help="a CSV with an e-mail column, instead")
    parser.add_argument("--out", type=Path, default=DEMO_FOLDER, help="folder to write (.demo)")
    parser.set_defaults(command=_run_demo)


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="seconds that pass in one second (1; 3600: hours)"
    )
    parser.add_argument("--port", type=_port, default=8080, help="of the form and the API (8080)")
    parser.add_argument("--inbox-port", type=_port, help="of the inbox (the one after --port)")
    parser.add_argument(
        "--people", type=_natural, default=0, help="simulated people who sign up meanwhile (0)"
    )
    parser.add_argument("--seed", type=_seed, default=7, help="for everything left to chance (7)")
    parser.add_argument("--out", type=Path, default=SERVE_FOLDER, help="folder to write (.serve)")
    parser.set_defaults(command=_run_serve)


def _rehearse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("journey", metavar="JOURNEY", help="for example welcome")
    parser.add_argument(
        "--contacts", type=Path, required=True, help="a CSV, an export, or a folder of exports"
    )
    parser.add_argument("--days", type=_count, default=30, help="how many days pass (30)")
    parser.add_argument("--audience", type=Path, help="a YAML with other habits of the people")
    parser.add_argument("--seed", type=_seed, default=7, help="the same seed, the same result (7)")
    parser.add_argument("--start", type=_day, help="first day (the day after the file's last)")
    parser.add_argument(
        "--over", type=_count, default=0, help="days in which people come in (a third of --days)"
    )
    parser.add_argument("--mapping", help="what the columns say: a file of imports/, or pinpoint")
    parser.add_argument(
        "--set",
        dest="parameters",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="a parameter of the template",
    )
    parser.add_argument(
        "--live",
        metavar="JOURNEYS",
        action="append",
        default=[],
        help="other journeys that start by their rules meanwhile: cart_recovery,birthday",
    )
    parser.add_argument(
        "--processes", type=_count, default=0, help="how many at once (one for each core)"
    )
    parser.add_argument(
        "--out", type=Path, default=REHEARSAL_FOLDER, help="folder to write (.rehearsal)"
    )
    parser.set_defaults(command=_run_rehearse)


def _start(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("machine", metavar="MACHINE", help="for example welcome")
    parser.add_argument("input", metavar="INPUT.json", help="a file with the input; - reads stdin")
    parser.add_argument("--days", type=_count, default=30, help="let at most so many pass (30)")
    _where(parser)
    parser.set_defaults(command=_run_start)


def _find(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="E-MAIL")
    _where(parser)
    parser.set_defaults(command=_run_find)


def _timeline(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("contact", metavar="CONTACT", help="a contact's id or address")
    _where(parser)
    parser.set_defaults(command=_run_timeline)


def _where_is(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("journey", metavar="JOURNEY", help="for example welcome")
    _where(parser)
    parser.set_defaults(command=_run_where)


def _preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message", metavar="MESSAGE", help="for example welcome")
    parser.add_argument("contact", metavar="CONTACT", help="a contact's id or address")
    parser.add_argument("--html", type=Path, help="write the HTML part to this file")
    _where(parser)
    parser.set_defaults(command=_run_preview)


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kind", metavar="journey", choices=["journey"], help="what to lay down")
    parser.add_argument("name", metavar="NAME", help="for example cart_reminder")
    parser.set_defaults(command=_run_new)


def _campaign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("message", nargs="?", default="welcome", help="which message")
    parser.add_argument("--people", type=_count, default=200, help="to how many (200)")
    parser.set_defaults(command=_run_campaign)


def _hook(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("hook", metavar="HOOK", help="for example shop")
    parser.add_argument("file", metavar="FILE.json", type=Path, help="a payload, or a sample")
    parser.add_argument("--secret", help="sign with it, and tell how to send it with curl")
    parser.add_argument("--to", default="http://127.0.0.1:8080", help="the API (of make serve)")
    parser.add_argument(
        "--body", type=Path, default=SERVE_FOLDER / "body.json", help="where to write what is sent"
    )
    parser.set_defaults(command=_run_hook)


def _where(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--in", dest="folder", type=Path, default=DEMO_FOLDER, help="folder of the run (.demo)"
    )


# Imported when asked for: `--help` and a look at a saved run need no simulation.


def _run_demo(options: argparse.Namespace) -> str:
    from local.demo.csv_file import FileRefused  # noqa: PLC0415
    from local.demo.run import Settings, run  # noqa: PLC0415

    settings = Settings(
        people=options.people,
        days=options.days,
        seed=options.seed,
        start=options.start,
        contacts=options.contacts,
        out=options.out,
    )
    try:
        return run(settings)
    except FileRefused as refused:
        raise Mistake(str(refused)) from refused


def _run_serve(options: argparse.Namespace) -> str:
    from local.cli.serving import next_port, serve  # noqa: PLC0415

    inbox = options.inbox_port
    return serve(
        speed=options.speed,
        port=options.port,
        inbox_port=next_port(options.port) if inbox is None else inbox,
        people=options.people,
        seed=options.seed,
        out=options.out,
    )


def _run_rehearse(options: argparse.Namespace) -> str:
    from local.rehearsal.run import Asked, run  # noqa: PLC0415

    return run(
        Asked(
            journey=options.journey,
            contacts=options.contacts,
            days=options.days,
            audience=options.audience,
            seed=options.seed,
            start=options.start,
            over=float(options.over),
            mapping=options.mapping,
            parameters=tuple(options.parameters),
            live=tuple(options.live),
            out=options.out,
            processes=options.processes,
        )
    )


def _run_start(options: argparse.Namespace) -> str:
    from local.cli.starting import start  # noqa: PLC0415

    return start(options.machine, options.input, folder=options.folder, days=options.days)


def _run_find(options: argparse.Namespace) -> str:
    from local.cli.looking import find  # noqa: PLC0415

    return find(options.address, folder=options.folder)


def _run_timeline(options: argparse.Namespace) -> str:
    from local.cli.looking import tell  # noqa: PLC0415

    return tell(options.contact, folder=options.folder)


def _run_where(options: argparse.Namespace) -> str:
    from local.cli.looking import where  # noqa: PLC0415

    return where(options.journey, folder=options.folder)


def _run_campaign(options: argparse.Namespace) -> str:
    from local.cli.campaigning import campaign  # noqa: PLC0415 - the emulator takes a second

    return campaign(options.message, people=options.people)


def _run_preview(options: argparse.Namespace) -> str:
    from local.cli.previewing import preview  # noqa: PLC0415

    return preview(options.message, options.contact, folder=options.folder, html=options.html)


def _run_new(options: argparse.Namespace) -> str:
    from local.new_journey import new_journey  # noqa: PLC0415

    return new_journey(options.name, root=Path(__file__).resolve().parents[2])


def _run_hook(options: argparse.Namespace) -> str:
    from local.cli.signing import try_hook  # noqa: PLC0415

    return try_hook(
        options.hook, options.file, secret=options.secret, to=options.to, body=options.body
    )


def _count(text: str) -> int:
    return _whole(text, least=1)


def _natural(text: str) -> int:
    return _whole(text, least=0)


def _seed(text: str) -> int:
    return _whole(text, least=0)


def _port(text: str) -> int:
    number = _whole(text, least=0)
    if number > 65_535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (0 to 65535)")
    return number


def _whole(text: str, *, least: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text) or int(text) < least:
        raise argparse.ArgumentTypeError(f'"{text}" is not a whole number from {least} up')
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1_000_000:
        raise argparse.ArgumentTypeError(f'"{text}" is not a speed, 1 or 3600 for example')
    return speed


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'"{text}" is not a day. Write for example 2026-01-05'
        ) from None
