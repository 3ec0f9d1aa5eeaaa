"""The template, as it is written and as SAM translates it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.translation import read_template, translate

ROOT = Path(__file__).parents[2]
GIVEN = {"SenderAddress": "hello@example.com", "PostalAddress": "Example Ltd, 1 Main Street"}


@pytest.fixture(scope="session")
def template() -> Mapping[str, Any]:
    return read_template(ROOT / "template.yaml")


@pytest.fixture(scope="session")
def resources(
    template: Mapping[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Any]:
    """Every resource by logical id, after SAM's translation."""
    cache = tmp_path_factory.mktemp("translation")
    translated = translate(template, parameters=GIVEN, region="eu-west-1", cache=cache)
    found = translated["Resources"]
    assert isinstance(found, dict)
    return found
