"""The demo: the numbers add up, the same seed gives the same bytes, and the commands answer."""

import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.cli.main import main
from local.demo.findings import title

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


def local(*arguments: str) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Run:
    folder: Path
    out: str

    def ask(self, command: str, *arguments: str) -> Result:
        return local(command, "--in", str(self.folder), *arguments)

    @property
    def contact(self) -> str:
        found = re.search(r"\((01[0-9A-HJKMNP-TV-Z]{24})\)", self.out)
        assert found
        return found[1]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("demo") / "run"
    result = local("demo", "--people", "30", "--days", "20", "--out", str(folder))
    assert result.code == 0, result.err
    return Run(folder, result.out)


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_endings_add_up_to_the_sign_ups(run: Run) -> None:
    sign_ups = re.search(r"What became of (\d+) sign-ups", run.out)
    total = re.search(r"^ +(\d+) 100\.0 %   all together", run.out, re.MULTILINE)
    counts = re.findall(r"^ +(\d+) +\d+\.\d %   (?!all together)", run.out, re.MULTILINE)
    assert sign_ups
    assert total
    assert sum(map(int, counts)) == int(total[1]) == int(sign_ups[1]) >= 30
    assert " ! " not in run.out
    assert "otherwise than expected" not in run.out


def test_the_orders_add_up_to_those_tracked(run: Run) -> None:
    table = run.out[run.out.index("Real orders after") : run.out.index("The clicks are simulated")]
    orders = [int(n) for n in re.findall(r" (\d+) +[\d,]+\.\d\d(?: |$)", table, re.MULTILINE)]
    page = (run.folder / "report.html").read_text()
    tracked = re.search(r"<b>(\d+)</b>real orders tracked", page)
    assert tracked
    assert sum(orders[:-1]) == orders[-1] == int(tracked[1]) > 0


def test_the_bill_parts_what_is_fixed_from_what_contacts_cause(run: Run) -> None:
    names = ("all together", "   of it fixed", "   of it caused by 30 contacts", "a thousand")
    found = [re.search(rf"^{name}\D.*? (\d+\.\d+) \$$", run.out, re.MULTILINE) for name in names]
    whole, fixed, caused, thousand = (float(each[1]) for each in found if each)
    assert fixed > 0
    assert fixed + caused == pytest.approx(whole, abs=2e-4)
    assert thousand == pytest.approx(caused * 1000 / 30, abs=2e-3)


def test_the_contact_told_of_became_engaged_and_stays(run: Run) -> None:
    story = run.ask("timeline", run.contact).out
    assert "Joined the list" in story
    assert re.search(r"Clicked the link to https://www\.example\.com/[a-z/-]+ in", story)
    assert "Unsubscribed" not in story


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ('{"outcome": "left: bounced"}', "Left early: bounced"),
        ('{"outcome": "not sent: no_consent"}', "Left early: no consent"),
        ('{"outcome": "left early"}', "Left early"),
        (None, "Left early"),
    ],
)
def test_endings_in_one_state_differ_in_their_title(output: str | None, expected: str) -> None:
    assert title("Left early", {"output": output}) == expected


def test_where_everybody_is_adds_up_to_the_endings_and_those_on_the_way(run: Run) -> None:
    told = run.ask("where", "welcome")
    assert told.code == 0, told.err
    rows = [line for line in told.out.splitlines() if re.match(r"\S.{41} +\d", line)]
    came = {row[:42].rstrip(): int(row[42:50]) for row in rows}
    endings = re.findall(r"^ +(\d+) +\d+\.\d %   (?!all together)(.+)", run.out, re.MULTILINE)
    assert came["Welcomed, no click"] == sum(int(n) for n, e in endings if e.startswith("Welcomed"))
    there = re.findall(r"^ +(\d+) +\d+\.\d %   Still on the way", run.out, re.MULTILINE)
    assert came["Let them in"] == sum(int(n) for n, _ in endings)
    assert [row[60:68].strip() for row in rows if row[60:68].strip()] == there
    assert re.search(r"Wait up to 2 days for a confirmation .* (min|h)", told.out)


def test_a_journey_that_does_not_exist_is_told_with_the_closest(run: Run) -> None:
    told = run.ask("where", "welcom")
    assert (told.code, told.out) == (2, "")
    assert "Did you mean welcome?" in told.err


def test_nothing_but_the_run_itself_is_on_stdout(run: Run) -> None:
    assert "\x1b" not in run.out
    assert "MB of memory" not in run.out


def test_the_same_seed_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    again = local("demo", "--people", "30", "--days", "20", "--out", str(tmp_path))
    assert again.out.replace(str(tmp_path), "X") == run.out.replace(str(run.folder), "X")
    assert fingerprint(tmp_path) == fingerprint(run.folder)


def test_the_page_is_whole_in_itself_and_shows_every_count(run: Run) -> None:
    page = (run.folder / "report.html").read_text()
    assert "<svg" in page
    assert not re.search(r"<(script|link|iframe)|src=|@import|url\(", page)
    assert "Welcomed, no click" in page


def test_every_mail_lies_there_as_a_file(run: Run) -> None:
    told = re.search(r"All (\d+) mails", run.out)
    assert told
    assert len(list((run.folder / "mails").glob("*.eml"))) == int(told[1])


def test_a_contact_is_found_by_address_and_its_story_told(run: Run) -> None:
    story = run.ask("timeline", run.contact)
    assert story.code == 0
    address = story.out.split()[0]
    found = run.ask("find", address.upper())
    assert f"contact       {run.contact}" in found.out
    assert 'Signed up with the form "newsletter"' in story.out


def test_a_message_is_shown_as_the_contact_would_get_it(run: Run) -> None:
    shown = run.ask("preview", "welcome", run.contact)
    assert shown.code == 0
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in shown.out
    assert "It would" in shown.out
    assert re.search(r"SpamAssassin gives it -?\d\.\d points|No spam checker is here", shown.out)


def test_an_execution_is_started_and_its_way_told(run: Run, tmp_path: Path) -> None:
    given = tmp_path / "input.json"
    given.write_text("{}")
    started = run.ask("start", "welcome", str(given))
    assert started.code == 0
    assert "Nothing to do yet" in started.out


def test_a_failed_execution_ends_with_exit_code_1(run: Run, tmp_path: Path) -> None:
    given = tmp_path / "input.json"
    given.write_text('{"contact": "nobody"}')
    started = run.ask("start", "welcome", str(given))
    assert (started.code, started.err) == (1, "")
    assert "It failed: InvalidInput" in started.out


WRONG = {
    "unknown address": (["find", "ben.007@example.org"], "There is no address"),
    "unknown contact": (["timeline", "nobody"], "There is no contact"),
    "unknown message": (["preview", "welcom", "CONTACT"], "Did you mean welcome"),
    "unknown machine": (["start", "welcom", "INPUT"], "Did you mean welcome"),
    "no such input": (["start", "welcome", "/nowhere.json"], "cannot be read"),
    "input is no JSON": (["start", "welcome", "BROKEN"], "is not JSON"),
}


@pytest.mark.parametrize(("arguments", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_is_a_sentence_and_exit_code_2(
    run: Run,
    tmp_path: Path,
    arguments: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "in.json").write_text("{}")
    (tmp_path / "broken.json").write_text("{")
    real = {
        "CONTACT": run.contact,
        "INPUT": str(tmp_path / "in.json"),
        "BROKEN": str(tmp_path / "broken.json"),
    }
    command, *rest = [real.get(each, each) for each in arguments]
    code = main([command, "--in", str(run.folder), *rest])
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert sentence in told.err
    assert "Traceback" not in told.err


def test_without_a_run_it_is_said_how_to_make_one(tmp_path: Path) -> None:
    result = local("find", "--in", str(tmp_path), "a@example.org")
    assert result.code == 2
    assert "python -m local demo" in result.err


def test_a_file_of_ones_own_is_taken_and_its_broken_rows_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("Vorname;E-Mail\nAda;ada@example.org\nBob;nothing\nZoë;zoe@example.org\n")
    result = local("demo", "--contacts", str(path), "--days", "3", "--out", str(tmp_path / "out"))
    assert result.code == 0, result.err
    assert "row 3: 'nothing' is not an e-mail address" in result.out
    assert "What became of 2 sign-ups" in result.out


def test_a_file_without_addresses_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("name,city\nAda,Wien\n")
    result = local("demo", "--contacts", str(path), "--out", str(tmp_path / "out"))
    assert result.code == 2
    assert "no column holds e-mail addresses" in result.err


def test_a_python_without_the_packages_is_told_which_to_use() -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-m", "local", "demo"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert "Run `make demo` first, or use .venv/bin/python." in done.stderr
    assert "Traceback" not in done.stderr


def test_help_explains_itself() -> None:
    result = local("--help")
    assert result.code == 0
    for command in ("demo", "serve", "start", "find", "timeline", "preview"):
        assert f".venv/bin/python -m local {command}" in result.out
