"""What is locked, is locked once: the same versions here, in the layer and in its compiler."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAMBDA = ROOT / "layers/dependencies/lambda.txt"
COMPILER = ROOT / "layers/dependencies/compiler.txt"
PUBLISHER = ROOT / "layers/dependencies/publisher.txt"
NOT_FOR_DRAFTS = {"holidays", "python-dateutil", "six"}
"""Of sending.yaml the function that publishes takes what was compiled: it needs no calendars."""

LOCKS = [*sorted((ROOT / "requirements").glob("*.txt")), LAMBDA, COMPILER, PUBLISHER]


def pins(lock: Path) -> dict[str, str]:
    pinned = r"^([a-z0-9.-]+)(?:\[[^]]*\])?==([^ \\;]+)"
    return dict(re.findall(pinned, lock.read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("lock", [LAMBDA, COMPILER, PUBLISHER], ids=lambda path: path.stem)
def test_what_ships_is_what_was_tested(lock: Path) -> None:
    tested = pins(ROOT / "requirements/dev.txt")
    assert pins(lock).items() <= tested.items()


def test_the_two_layers_together_have_what_the_build_needs_and_nothing_twice() -> None:
    shipped, more = pins(LAMBDA), pins(PUBLISHER)
    needed = {name: pin for name, pin in pins(COMPILER).items() if name not in NOT_FOR_DRAFTS}
    assert needed.items() <= (shipped | more).items()
    assert not NOT_FOR_DRAFTS & (shipped | more).keys()
    assert not shipped.keys() & more.keys()


def test_the_layer_does_not_bring_what_the_runtime_has() -> None:
    assert not {"boto3", "botocore", "s3transfer"} & set(pins(LAMBDA))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_package_is_checked_by_hash_and_no_registry_is_named(lock: Path) -> None:
    text = lock.read_text("utf-8")
    for package in re.split(r"\n(?=[a-z0-9])", text):
        if "==" in package.partition("\n")[0]:
            assert "--hash=sha256:" in package, package.partition(" ")[0]
    assert "http" not in text
    assert "--index-url" not in text


def test_the_lock_for_node_checks_every_package_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "tests/clients/package-lock.json").read_text("utf-8"))
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
    assert not [name for name, each in packages.items() if "resolved" in each]
