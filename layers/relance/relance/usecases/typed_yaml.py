"""A condition that was typed as YAML, as it stands in a file, into a field of JSON.

Apart, since it needs PyYAML, which nothing but this loads in a function.
"""

import re

import yaml

from relance.errors import InvalidInput


class _Loader(yaml.SafeLoader):
    """YAML as the content build reads it: a date or a time of day stays text, no aliases."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {  # noqa: RUF012
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":merge"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse `*name`, which repeats what stands elsewhere and can grow without bound."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("a text that begins with * needs quotes")
        return super().compose_node(parent, index)


for _kind, _pattern, _first in (
    ("bool", r"^(?:true|false|yes|no)$", "tfyn"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?[0-9]+\.[0-9]+$", "-+0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), list(_first))


def read_typed_yaml(text: str, example: str) -> object:
    """The value that the text stands for.

    Raises:
        InvalidInput: it is no YAML; says where, without echo, and the `example`.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1}, character {mark.column + 1})" if mark else ""
        raise InvalidInput(
            f'"condition" is neither JSON nor valid YAML{where}. On one line a condition needs '
            f"braces. {example}"
        ) from None
