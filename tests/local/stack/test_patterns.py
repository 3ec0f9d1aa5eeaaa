"""Event patterns, against the operators' documented meaning."""

from typing import Any

import pytest

from local.deliveries.patterns import PatternError, compile_pattern

FITS = [
    ("exact", {"a": ["x"]}, {"a": "x"}, True),
    ("exact-other", {"a": ["x"]}, {"a": "y"}, False),
    ("one-of", {"a": ["x", "y"]}, {"a": "y"}, True),
    ("missing", {"a": ["x"]}, {}, False),
    ("all-fields", {"a": ["x"], "b": ["y"]}, {"a": "x", "b": "z"}, False),
    ("nested", {"d": {"e": ["x"]}}, {"d": {"e": "x"}}, True),
    ("nested-missing", {"d": {"e": ["x"]}}, {"d": "x"}, False),
    ("null", {"a": [None]}, {"a": None}, True),
    ("null-is-not-missing", {"a": [None]}, {}, False),
    ("true-is-not-1", {"a": [1]}, {"a": True}, False),
    ("number", {"a": [300]}, {"a": 300}, True),
    ("number-is-not-text", {"a": [300]}, {"a": "300"}, False),
    ("number-as-written", {"a": [300]}, {"a": 300.0}, False),
    ("array-any", {"a": ["x"]}, {"a": ["w", "x"]}, True),
    ("array-none", {"a": ["x"]}, {"a": ["w"]}, False),
    ("array-of-objects", {"a": {"b": ["x"], "c": ["y"]}}, {"a": [{"b": "x", "c": "y"}]}, True),
    (
        "array-of-objects-one-element",
        {"a": {"b": ["x"], "c": ["y"]}},
        {"a": [{"b": "x", "c": "n"}, {"b": "n", "c": "y"}]},
        False,
    ),
    ("prefix", {"a": [{"prefix": "re"}]}, {"a": "relance"}, True),
    ("prefix-not", {"a": [{"prefix": "re"}]}, {"a": "are"}, False),
    ("prefix-case", {"a": [{"prefix": {"equals-ignore-case": "RE"}}]}, {"a": "relance"}, True),
    ("suffix", {"a": [{"suffix": ".png"}]}, {"a": "x.png"}, True),
    ("suffix-case", {"a": [{"suffix": {"equals-ignore-case": ".PNG"}}]}, {"a": "x.png"}, True),
    ("anything-but", {"a": [{"anything-but": "x"}]}, {"a": "y"}, True),
    ("anything-but-it", {"a": [{"anything-but": "x"}]}, {"a": "x"}, False),
    ("anything-but-missing", {"a": [{"anything-but": "x"}]}, {}, False),
    ("anything-but-list", {"a": [{"anything-but": ["x", "y"]}]}, {"a": "y"}, False),
    ("anything-but-number", {"a": [{"anything-but": [1, 2]}]}, {"a": 3}, True),
    ("anything-but-prefix", {"a": [{"anything-but": {"prefix": "re"}}]}, {"a": "relance"}, False),
    ("anything-but-prefixes", {"a": [{"anything-but": {"prefix": ["a", "b"]}}]}, {"a": "c"}, True),
    ("anything-but-suffix", {"a": [{"anything-but": {"suffix": "x"}}]}, {"a": "y"}, True),
    ("anything-but-wildcard", {"a": [{"anything-but": {"wildcard": "*b*"}}]}, {"a": "abc"}, False),
    (
        "anything-but-case",
        {"a": [{"anything-but": {"equals-ignore-case": ["X"]}}]},
        {"a": "x"},
        False,
    ),
    ("numeric-range", {"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 5}, True),
    ("numeric-outside", {"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": 0}, False),
    ("numeric-equal", {"a": [{"numeric": ["=", 3.0e2]}]}, {"a": 300}, True),
    ("numeric-text", {"a": [{"numeric": [">", 0]}]}, {"a": "1"}, False),
    ("exists", {"a": [{"exists": True}]}, {"a": None}, True),
    ("exists-not", {"a": [{"exists": True}]}, {}, False),
    ("absent", {"d": {"a": [{"exists": False}]}}, {"d": {"b": 1}}, True),
    ("absent-not", {"d": {"a": [{"exists": False}]}}, {"d": {"a": 1}}, False),
    ("absent-parent", {"d": {"a": [{"exists": False}]}}, {}, True),
    ("ignore-case", {"a": [{"equals-ignore-case": "Alice"}]}, {"a": "aLICE"}, True),
    ("wildcard", {"a": [{"wildcard": "arn:*:x/*"}]}, {"a": "arn:aws:x/1"}, True),
    ("wildcard-not", {"a": [{"wildcard": "arn:*:x/*"}]}, {"a": "arn:aws:y/1"}, False),
    ("wildcard-star", {"a": [{"wildcard": "a\\*b"}]}, {"a": "a*b"}, True),
    ("wildcard-star-only", {"a": [{"wildcard": "a\\*b"}]}, {"a": "axb"}, False),
    ("cidr", {"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.0.255"}, True),
    ("cidr-outside", {"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.1.1"}, False),
    ("or-first", {"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "x"}, True),
    ("or-second", {"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": "y"}, True),
    ("or-none", {"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": "y"}, False),
    ("or-and", {"s": ["q"], "$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"s": "r", "a": "x"}, False),
    ("mixed", {"a": ["x", {"prefix": "re"}, {"numeric": [">", 5]}]}, {"a": 6}, True),
]


@pytest.mark.parametrize(
    ("pattern", "event", "fits"), [c[1:] for c in FITS], ids=[c[0] for c in FITS]
)
def test_a_pattern_lets_through_what_aws_documents(
    pattern: dict[str, Any], event: dict[str, Any], fits: bool
) -> None:
    assert compile_pattern(pattern)(event) is fits


WRONG = [
    ("empty", {}, "cannot be empty"),
    ("not-a-list", {"a": "x"}, "a must be a list"),
    ("empty-list", {"a": []}, "a must be a list"),
    ("unknown", {"d": {"a": [{"matches": "x"}]}}, 'd.a: there is no operator "matches"'),
    ("two-operators", {"a": [{"prefix": "x", "suffix": "y"}]}, "one operator at a time"),
    ("numeric-sign", {"a": [{"numeric": ["!=", 1]}]}, "a.numeric"),
    ("exists-text", {"a": [{"exists": "true"}]}, "takes true or false"),
    ("or-alone", {"$or": [{"a": ["x"]}]}, "two or more"),
    ("cidr", {"a": [{"cidr": "10.0.0.0/99"}]}, "a.cidr"),
]


@pytest.mark.parametrize(("pattern", "message"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG])
def test_a_pattern_that_aws_would_refuse_is_refused_with_its_place(
    pattern: dict[str, Any], message: str
) -> None:
    with pytest.raises(PatternError, match=message):
        compile_pattern(pattern)
