"""Expressions in a definition: which strings are ones, which variables and functions they name.

A string that begins with `{%` and ends with `%}` is a JSONata expression, wherever it stands in a
field that takes one (https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_TOKENS = re.compile(
    r"""
      "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*'        # texts
    | /\*.*?\*/                                    # comments
    | (?<=[(,]) \s* /(?:\\.|[^/\\\n])+/[im]*         # regular expressions, as an argument
    | (?P<function> function\s*\((?P<parameters>[^)]*)\) | λ\s*\((?P<lambda>[^)]*)\) )
    | (?P<name> \$[A-Za-z_][A-Za-z0-9_]* | \$\$? )
      (?P<after> (?: \.[A-Za-z_][A-Za-z0-9_]* )* \s* (?: \( | := )? )
    """,
    re.VERBOSE | re.DOTALL,
)
MOST_SCANNED = 1000
"""Characters of an expression that is looked into."""

_NAME = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Names:
    """What an expression refers to.

    `variables` are the `$names` it reads that it does not define itself (`states` among them);
    `functions` are the names it calls; `states` are the fields read of `$states` ("*" when it is
    used whole); `context_root` tells that it uses `$` or `$$`.
    """

    variables: frozenset[str]
    functions: frozenset[str]
    states: frozenset[str]
    context_root: bool


def is_expression(text: str) -> bool:
    """Tell whether a string is an expression rather than plain text."""
    return text.startswith("{%") and text.endswith("%}") and len(text) >= 4


def source(text: str) -> str:
    """Return what stands between the marks of an expression."""
    return text[2:-2].strip()


def expressions_in(value: object, where: str) -> Iterator[tuple[str, str]]:
    """Yield (where, source) of every expression in a JSON value, at any depth."""
    if isinstance(value, str):
        if is_expression(value):
            yield where, source(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from expressions_in(inner, f"{where}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from expressions_in(inner, f"{where}[{index}]")


@lru_cache(maxsize=4096)
def names_in(expression: str) -> Names:
    """Scan an expression for the variables and functions it names.

    One that no rule would let pass is not scanned: the time that takes may grow with its square.
    """
    if len(expression) > MOST_SCANNED:
        return Names(frozenset(), frozenset(), frozenset(), context_root=False)
    read: set[str] = set()
    called: set[str] = set()
    own: set[str] = set()
    states: set[str] = set()
    root = False
    for token in _TOKENS.finditer(expression):
        if token["function"]:
            own.update(_NAME.findall(token["parameters"] or token["lambda"] or ""))
            continue
        if not token["name"]:
            continue
        name, after = token["name"], token["after"]
        if name in ("$", "$$"):
            root = True
        elif after.strip() == ":=":
            own.add(name)
        elif after.strip() == "(":
            called.add(name)
        else:
            read.add(name)
            if name == "$states":
                states.add(after.strip().lstrip(".").split(".")[0].rstrip("( ") or "*")
    return Names(
        variables=frozenset(name[1:] for name in read - own),
        functions=frozenset(name[1:] for name in called - own),
        states=frozenset(states),
        context_root=root,
    )
