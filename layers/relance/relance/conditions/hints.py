"""What people mean who know another tool, and what to write instead. Build time only."""

from collections.abc import Collection, Mapping

from relance.content.names import closest, either, listed

_MEANT: Mapping[str, tuple[str, ...]] = {
    "and": ("all",), "every": ("all",), "or": ("any",), "not": ("none",), "neither": ("none",),
    "segment": ("in_segment",), "list": ("in_list",), "event": ("did",), "behaviour": ("did",),
    "has_done": ("did",), "not_did": ("did_not",), "didnt": ("did_not",), "never": ("did_not",),
    "attribute": ("trait",), "field": ("trait",), "profile": ("trait",), "fit": ("grade",),
    "been": ("has_been",), "percent": ("random",), "sample": ("random",),
    "overdue": ("overdue_by",),
    "is": ("equals",), "eq": ("equals",), "equal": ("equals",), "value": ("equals",),
    "is_not": ("not",), "not_equals": ("not",), "not_equal": ("not",), "one_of": ("in",),
    "any_of": ("in",), "none_of": ("not_in",), "exists": ("is_set",), "known": ("is_set",),
    "begins_with": ("starts_with",), "begins": ("starts_with",), "includes": ("contains",),
    "like": ("contains",), "regex": ("matches",), "pattern": ("matches",),
    "min": ("at_least",), "minimum": ("at_least",), "from": ("at_least", "since"),
    "more_than": ("greater_than", "at_least"), "above": ("greater_than", "at_least"),
    "greater_than": ("at_least",), "greater": ("greater_than", "at_least"), "over": ("at_least",),
    "max": ("at_most",), "maximum": ("at_most",), "fewer_than": ("less_than", "at_most"),
    "below": ("less_than", "at_most"), "less_than": ("at_most",), "less": ("less_than", "at_most"),
    "times": ("exactly",), "count": ("exactly",), "equals": ("exactly", "is", "on"),
    "in_last": ("within",), "in_the_last": ("within",), "last_days": ("within",),
    "during": ("within",), "within": ("within_next", "within_last"), "in_next": ("within_next",),
    "until": ("between", "before"), "to": ("between",), "on": ("between",),
    "birthday": ("anniversary",), "ago": ("longer_ago_than",), "older_than": ("longer_ago_than",),
    "state": ("is",), "name": ("named",), "duration": ("for",), "property": ("of",),
    "product": ("offer",), "is_in": ("in",), "if": ("when",), "condition": ("when", "members"),
}  # fmt: skip
"""What is written, and what it may be called here: as far as that is possible in the place."""

_INSTEAD: Mapping[tuple[str, str], str] = {
    ("did", "where"): (
        "Give the narrower act a name in behaviours/, where it says what the event must say, and "
        "write that name."
    ),
    ("did", "not"): 'Write "did_not:" instead of "did:".',
    ("did", "for"): 'Write "within: 30 days".',
    **{
        ("did_not", key): 'Who did it seldom is asked with "did:" and "at_most:".'
        for key in ("at_least", "at_most", "exactly", "times", "count", "less_than")
    },
    **{
        (leaf, "for"): f'Write "has_been: {{{what}: …}}" and "for:" below it.'
        for leaf, what in (
            ("stage", "stage"),
            ("persona", "persona"),
            ("in_segment", "segment"),
            ("in_list", "list"),
            ("qualified", "qualified"),
        )
    },
}
"""What a key beside a leaf is about that is asked in another way."""

EXAMPLES: Mapping[str, str] = {
    "has_been": "has_been: {stage: lead}",
    "anniversary": "anniversary: {within_next: 7 days}",
    "first": "first: {within: 30 days}",
    "last": "last: {within: 30 days}",
    "sum": "sum: {of: revenue, at_least: 200}",
    "max": "max: {of: revenue, at_least: 200}",
    "of": "of: revenue",
    "named": "named: holdout",
    "for": "for: ordered",
}
"""What to paste, by key."""


def not_a_condition(key: str, known: Collection[str]) -> str | None:
    """What a line that begins with no known key may mean; None if it is like nothing here."""
    meant = alike(key, known)
    return f"{key} is not known. Did you mean {either(meant)}?" if meant else None


def not_possible(leaf: str, key: str, known: Collection[str]) -> str:
    """What to write instead of a key that is not possible beside or below a leaf."""
    if (leaf, key) in _INSTEAD:
        return f"{key} is not possible here. {_INSTEAD[leaf, key]}"
    if meant := alike(key, known):
        return f"{key} is not known. Did you mean {either(meant)}?"
    if not known:
        return f"{key} is not possible here. Nothing stands beside {leaf}: leave this line out."
    return f"{key} is not known. There is {listed(known)}."


def alike(key: str, known: Collection[str]) -> tuple[str, ...]:
    """The known keys that may be meant, best first."""
    meant = tuple(each for each in _MEANT.get(key.lower(), ()) if each in known)
    return meant or closest(key, known)
