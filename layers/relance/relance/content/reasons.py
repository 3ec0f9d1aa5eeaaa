"""The sentence that goes with a qualification: why the moment has come.

A template holds `{because}` (what was found, line by line), `{stage}`, `{persona}`, and numbers by
name: `{score.intent}`, `{grade.company}`, `{potential.yearly}`. Nothing that names the person.
"""

import re
from collections.abc import Mapping

MARK = re.compile(r"\{([^{}]*)\}")

PLAIN = frozenset({"because", "stage", "persona"})
"""The marks that stand by themselves."""

NAMED = ("score", "grade", "potential")
"""The marks that need a name after a dot."""


def marks(template: str) -> tuple[str, ...]:
    """What the template asks for, in order."""
    return tuple(found[1] for found in MARK.finditer(template))


def fill(template: str, values: Mapping[str, str]) -> str:
    """Put the values in; what is not known of a contact reads `unknown`."""
    return MARK.sub(lambda found: values.get(found[1], "unknown"), template)
