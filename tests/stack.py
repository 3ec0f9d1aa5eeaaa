"""The real stack's tables, secrets and settings, for tests that run without the whole machine."""

from collections.abc import Mapping
from functools import cache

from relance.storage import Table

from local.content import compiled_content
from local.template import Stack
from local.world import DEFAULTS, ROOT, STACK_NAME

RESOURCES: Mapping[Table, str] = {
    Table.CONTACTS: "Contacts",
    Table.IDENTITIES: "Identities",
    Table.EVENTS: "Events",
    Table.SENDS: "Sends",
}
"""The logical ids of the tables."""


@cache
def real_stack() -> Stack:
    """The stack of template.yaml with the parameters of a run on one machine."""
    return Stack.load(ROOT / "template.yaml", name=STACK_NAME, parameters=DEFAULTS)


def table_names() -> dict[Table, str]:
    """The physical names of the tables."""
    return {table: real_stack().resources[name].name for table, name in RESOURCES.items()}


def environment_of(folder: str) -> dict[str, str]:
    """What the template gives a function, with the content built here."""
    function = next(f for f in real_stack().functions.values() if f.folder.name == folder)
    given = dict(function.environment)
    if "CONTENT" in given:
        given["CONTENT"] = str(compiled_content(ROOT))
    return given
