"""What README.md tells people to type exists, and .ci/run or a test types it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
TYPED_BY = {
    "make serve": (".ci/check_serve.py", '"make", "serve"'),
    "sam deploy --guided": ("tests/deploy/test_deploy.py", '"deploy",\n        "--guided"'),
    ".venv/bin/python -m local --help": ("tests/test_readme.py", '"local", *command'),
}
"""Where a command is typed that .ci/run does not hold word for word: the file, and the words."""

COMMANDS = [
    line.partition("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
MADE = sorted({*COMMANDS, *re.findall(r"`(make [^`]+)`", README)})


def test_there_are_commands() -> None:
    assert "make demo" in COMMANDS
    assert len(COMMANDS) > 5


@pytest.mark.parametrize("command", [each for each in MADE if each.startswith("make ")])
def test_what_is_made_is_a_target_that_reads_its_variables(command: str) -> None:
    _, target, *settings = command.split()
    recipe = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert recipe
    for setting in settings:
        name, _, value = setting.partition("=")
        assert f"$({name})" in recipe[1]
        assert "/" not in value or (ROOT / value).is_file()


@pytest.mark.parametrize("command", COMMANDS)
def test_ci_or_a_test_types_what_the_readme_shows(command: str) -> None:
    file, words = TYPED_BY.get(command, (".ci/run", ""))
    if words:
        assert words in (ROOT / file).read_text(encoding="utf-8")
    else:
        assert re.search(rf"^step .*[ /]{re.escape(command)}( --build-dir \S+)?$", CI, re.MULTILINE)


@pytest.mark.parametrize(
    "name",
    ["", "demo", "serve", "rehearse", "start", "find", "timeline", "where", "preview", "new"],
)
def test_the_command_line_explains_itself(name: str) -> None:
    command = [name, "--help"] if name else ["--help"]
    done = subprocess.run(
        [sys.executable, "-m", "local", *command],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("usage: python -m local")


def test_every_file_that_is_linked_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_parameter_of_the_template_is_explained() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    section = template[template.index("\nParameters:") : template.index("\nRules:")]
    names = re.findall(r"^  (\w+):$", section, re.MULTILINE)
    assert len(names) > 10
    rows = "".join(re.findall(r"^\|.*\|$", README, re.MULTILINE))
    assert [name for name in names if not re.search(rf"\b{name}\b", rows)] == []
