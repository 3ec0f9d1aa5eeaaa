"""The build refuses what people write wrong: where, what was found, what to write instead."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from relance.conditions.facts import DAY
from relance.conditions.language import parse
from relance.conditions.places import Place, Sentences
from relance.content.build.mistakes import Findings
from relance.content.build.yaml_source import read_yaml

from .examples import VOCABULARY

NAMES = replace(VOCABULARY, kept=400 * DAY, lasting=("ordered",))
FILE = "segments/hot.yaml"
CASES = yaml.safe_load(Path(__file__).with_name("mistakes.yaml").read_text(encoding="utf-8"))


def mistakes(written: str) -> list[str]:
    """What the build says about a file, read as the build reads it."""
    findings = Findings()
    source = read_yaml(written, FILE, findings)
    if source is not None:
        whole = source.value
        assert isinstance(whole, dict)
        where = Place(
            lambda path, sentence: findings.wrong(FILE, source.line(path), sentence), ("members",)
        )
        parse(whole["members"], NAMES, where)
    return [str(each) for each in sorted(findings.mistakes)]


@pytest.mark.parametrize("case", CASES, ids=[each["name"] for each in CASES])
def test_a_mistake_is_told_by_file_line_path_and_what_to_write_instead(
    case: dict[str, Any],
) -> None:
    assert mistakes(case["written"]) == case["sentences"]


def test_there_are_at_least_fifty_of_them_and_each_is_a_sentence() -> None:
    sentences = [each for case in CASES for each in case["sentences"]]
    assert len(CASES) >= 50
    assert all(each.startswith(f"{FILE}, line ") for each in sentences)
    assert all(each.endswith((".", "?")) for each in sentences)


def test_a_condition_that_is_too_large_is_refused_once() -> None:
    sentences = Sentences()
    parse({"any": [{"everyone": True}] * 103}, VOCABULARY, sentences.place("members"))
    assert sentences.found == [
        (
            "members.any[101]: there are more than 100 conditions here. Make a segment of a part "
            'of them and write "in_segment:".'
        ),
    ]


def test_a_condition_that_is_nested_too_deep_is_refused() -> None:
    raw: object = {"everyone": True}
    for _ in range(9):
        raw = {"all": [raw]}
    sentences = Sentences()
    assert parse(raw, VOCABULARY, sentences.place()) is None
    assert len(sentences.found) == 1
    assert sentences.found[0].endswith(
        (
            "this is nested more than 8 levels deep. Make a segment of a part of it and write "
            '"in_segment:".'
        ),
    )


def test_a_place_reads_as_people_count() -> None:
    sentences = Sentences()
    (sentences.place("members") / "all" / 1 / "within").wrong("…")
    sentences.place().wrong("at the top")
    assert sentences.found == ["members.all[2].within: …", "at the top"]
