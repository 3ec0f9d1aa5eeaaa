"""Compiled content is kept for as long as nothing that it comes from changes, and not for ever."""

import os
from pathlib import Path

import pytest
import time_machine

from local.content import digest, kept_as
from local.kept import KEPT_SECONDS
from local.template import TemplateError

ROOT = Path(__file__).resolve().parents[2]
FILES = (
    "layers/content/company.yaml",
    "layers/content/messages/aws/body.md",
    "layers/relance/relance/errors.py",
    "layers/relance/relance/content/build/__init__.py",
    "requirements/dev.txt",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in (*FILES, "layers/relance/relance/usecases/x.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("before")
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_a_change_of_what_it_comes_from_is_seen(project: Path, name: str) -> None:
    before = digest(project)
    (project / name).write_text("behind")
    assert digest(project) != before


def test_what_the_compiler_cannot_import_makes_no_difference(project: Path) -> None:
    before = digest(project)
    (project / "layers/relance/relance/usecases/x.py").write_text("behind")
    assert digest(project) == before


def test_holidays_are_those_of_another_year_a_year_later(project: Path) -> None:
    with time_machine.travel("2026-12-31T12:00:00Z"):
        before = digest(project)
    with time_machine.travel("2027-01-01T12:00:00Z"):
        assert digest(project) != before


def test_what_nobody_opens_for_long_is_thrown_away_when_something_else_is_compiled(
    tmp_path: Path,
) -> None:
    old, opened, new = (tmp_path / "kept" / name for name in ("old", "opened", "new"))
    for each in (old, opened):
        kept_as(each, ROOT / "layers" / "content")
        past = each.stat().st_mtime - 2 * KEPT_SECONDS
        os.utime(each, (past, past))
    kept_as(opened, tmp_path / "is not read again")
    with time_machine.travel("2040-01-01T00:00:00Z"):
        kept_as(new, ROOT / "layers" / "content")
    assert sorted((tmp_path / "kept").iterdir()) == [new, opened]


def test_a_mistake_is_told_and_nothing_kept(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(TemplateError, match=r"company\.yaml: this file is missing"):
        kept_as(tmp_path / "kept" / "x", tmp_path / "source")
    assert not list((tmp_path / "kept").iterdir())
