"""The build refuses what people write wrong, in sentences that they understand."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from relance.content.__main__ import main
from relance.content.build import build

from .conftest import SMALL, Writer

CASES = yaml.safe_load(Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8"))


def _spoilt(case: dict[str, Any]) -> dict[str, str | None]:
    if "added" in case:
        return {case["file"]: case["added"]}
    if case.get("removed"):
        return {case["file"]: None}
    if case.get("emptied"):
        return {case["file"]: ""}
    before = SMALL[case["file"]]
    assert case["written"] in before
    return {case["file"]: before.replace(case["written"], case["mistyped"], 1)}


@pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])
def test_a_mistake_is_told_by_file_line_and_sentence_and_nothing_is_written(
    case: dict[str, Any], write: Writer, tmp_path: Path
) -> None:
    report = build(write(_spoilt(case)), tmp_path / "target")
    assert [str(each) for each in report.mistakes] == case["sentences"]
    assert not (tmp_path / "target").exists()


def test_all_mistakes_are_told_at_once(write: Writer, tmp_path: Path) -> None:
    source = write(
        {
            "scores/engagement.yaml": SMALL["scores/engagement.yaml"].replace("30 days", "1 moon"),
            "messages/hello/body.html.j2": "<p>{{ contact.nmae }}</p>\n<img src='x'>\n<a>y</a>\n",
            "forms/newsletter.yaml": SMALL["forms/newsletter.yaml"].replace(
                "topic: news", "topic: n"
            ),
        }
    )
    report = build(source, tmp_path / "target")
    assert {(each.file, each.line) for each in report.mistakes} == {
        ("scores/engagement.yaml", 1),
        ("messages/hello/body.html.j2", 1),
        ("messages/hello/body.html.j2", 2),
        ("messages/hello/body.html.j2", 3),
        ("forms/newsletter.yaml", 11),
    }


def test_a_refused_build_leaves_the_older_one_as_it_is(write: Writer, tmp_path: Path) -> None:
    target = tmp_path / "target"
    assert build(write(), target).ok
    before = {each: each.read_bytes() for each in target.rglob("*.*")}
    assert not build(write({"lists.yaml": "engaged: 3\n"}), target).ok
    assert {each: each.read_bytes() for each in target.rglob("*.*")} == before
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_a_mail_beyond_102_kilobytes_is_refused_and_from_90_on_warned_of(
    write: Writer, tmp_path: Path
) -> None:
    def sized(count: int) -> dict[str, str]:
        return {"messages/hello/body.html.j2": f"<p>{'x' * count}</p>\n"}

    warned = build(write(sized(92_000)), tmp_path / "target")
    assert [str(each) for each in warned.warnings] == [
        "messages/hello/message.yaml: the mail has 92 KB; from 102 KB on Gmail cuts mails off."
    ]
    assert warned.ok
    refused = build(write(sized(103_000)), tmp_path / "target")
    assert [str(each) for each in refused.mistakes] == [
        (
            "messages/hello/message.yaml: the mail has 103 KB; Gmail cuts off what is beyond "
            "102 KB, the unsubscribe link with it. Shorten the text."
        )
    ]


@pytest.mark.parametrize(
    ("style", "said"),
    [
        ("display: flex", "Outlook knows neither flex nor grid"),
        ("background: #fff url(https://www.example.com/x.png)", "no background picture"),
        ("float: left", "Outlook ignores float"),
        ("color: var(--ink)", "no variables"),
        ("font-family: Lato", 'no font "lato"'),
        ("font-family: 'Lato', Arial", 'no font "arial"'),
    ],
)
def test_what_some_mail_programs_leave_out_is_warned_of(
    style: str, said: str, write: Writer, tmp_path: Path
) -> None:
    body = f'<h1>Hello</h1>\n<p style="{style}">Text</p>\n'
    report = build(write({"messages/hello/body.html.j2": body}), tmp_path / "target")
    assert report.ok
    (told,) = report.warnings
    assert (told.file, told.line) == ("messages/hello/body.html.j2", 2)
    assert said in told.sentence


def test_a_sheet_of_a_layout_is_looked_at_by_its_own_lines(write: Writer, tmp_path: Path) -> None:
    layout = SMALL["layouts/mail.html.j2"].replace(
        "<style>.button { color: red; }</style>", '<link rel="stylesheet" href="x.css">'
    )
    css = "/* two\nlines */\np { position: fixed; }\nh1 { font-family: Lato, sans-serif; }\n"
    told = build(write({"layouts/mail.html.j2": layout, "layouts/x.css": css}), tmp_path / "target")
    assert [(each.file, each.line) for each in told.mistakes] == [("layouts/x.css", 3)]
    assert told.warnings == ()


def test_a_mail_that_does_not_show_its_preheader_is_warned_of(
    write: Writer, tmp_path: Path
) -> None:
    layout = SMALL["layouts/mail.html.j2"].replace("{{ preheader }}", "")
    (told,) = build(write({"layouts/mail.html.j2": layout}), tmp_path / "target").warnings
    assert "neither this text nor layouts/mail.html.j2 shows the preheader" in told.sentence


def test_a_text_that_no_variant_names_is_warned_of(write: Writer, tmp_path: Path) -> None:
    report = build(write({"messages/hello/body.profit.html.j2": "<p>x</p>"}), tmp_path / "target")
    assert [str(each) for each in report.warnings] == [
        (
            "messages/hello/body.profit.html.j2: nobody gets this text. "
            "Name it as the body of a variant."
        )
    ]


def test_a_folder_that_holds_something_else_is_never_replaced(
    write: Writer, tmp_path: Path
) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("x")
    report = build(write(), tmp_path / "precious")
    assert not report.ok
    assert (tmp_path / "precious" / "thesis.txt").exists()


def test_the_command_prints_the_sentences_and_fails(
    write: Writer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "target")
    assert main([str(write({"lists.yaml": "engaged: {titel: E}\n"})), target]) == 1
    printed = capsys.readouterr().err
    assert "lists.yaml, line 1: titel is not known in engaged. Did you mean title?" in printed
    assert printed.endswith("There is 1 mistake; nothing was written.\n")
    assert main([str(write({"lists.yaml": "engaged: {title: E}\n"})), target]) == 0
    assert "2 messages, 1 form, 15 pages" in capsys.readouterr().out


def test_an_event_of_ones_own_is_declared_in_a_file(
    write: Writer, built: Callable[..., object]
) -> None:
    score = SMALL["scores/engagement.yaml"].replace("email_clicked", "machine_rented")
    built({"scores/engagement.yaml": score, "events.yaml": "machine_rented: {title: Rented}\n"})


ABOUT_RULES = (
    "behaviours/", "events.yaml", "scores/", "fits/", "potentials/", "segments/",
    "qualifications/", "interests.yaml", "personas", "stages.yaml", "companies.yaml",
    "habits.yaml",
)  # fmt: skip


def test_more_than_fifty_of_them_are_about_rules_and_every_kind_of_file_is_there() -> None:
    about = [each["file"] for each in CASES if each["file"].startswith(ABOUT_RULES)]
    assert len(about) > 50
    assert {kind for kind in ABOUT_RULES for file in about if file.startswith(kind)} == set(
        ABOUT_RULES
    )
