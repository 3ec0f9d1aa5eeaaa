"""Input transformers, against the examples of AWS's documentation."""

import json
from typing import Any

import pytest

from local.deliveries.transform import InputTransformer, RuleFacts, TransformError, part_of

RULE = RuleFacts(arn="arn:aws:events:us-east-1:123456789012:rule/example", name="example")
EVENT: dict[str, Any] = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "EC2 Instance State-change Notification",
    "time": "2015-11-11T21:29:54Z",
    "detail": {
        "instance-id": "i-0123456789",
        "state": "RUNNING",
        "count": 3,
        "open": True,
        "tags": ["a", "b"],
        "quote": 'she said "yes"',
    },
}
PATHS = {
    "instance": "$.detail.instance-id",
    "state": "$.detail.state",
    "count": "$.detail.count",
    "open": "$.detail.open",
    "tags": "$.detail.tags",
    "second": "$.detail.tags[1]",
    "quote": "$.detail['quote']",
    "detail": "$.detail",
    "missing": "$.detail.nothing",
}

CASES = [
    ("text", '"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'),
    ("lines", "a <instance>\nb <state>", "a i-0123456789\nb RUNNING"),
    ("quoted", '{"instance": "<instance>"}', '{"instance": "i-0123456789"}'),
    ("unquoted-text", '{"instance": <instance>}', '{"instance": "i-0123456789"}'),
    ("unquoted-number", '{"count": <count>}', '{"count": 3}'),
    ("unquoted-true", '{"open": <open>}', '{"open": true}'),
    ("unquoted-list", '{"tags": <tags>}', '{"tags": ["a", "b"]}'),
    ("element", '{"tag": <second>}', '{"tag": "b"}'),
    ("inside-words", '{"note": "is <state> now"}', '{"note": "is RUNNING now"}'),
    ("escaped", '{"note": "<quote>"}', '{"note": "she said \\"yes\\""}'),
    ("missing-in-words", '{"note": "[<missing>]"}', '{"note": "[]"}'),
    ("rule-name", '{"rule": <aws.events.rule-name>}', '{"rule": "example"}'),
    ("rule-arn", '{"rule": "<aws.events.rule-arn>"}', json.dumps({"rule": RULE.arn})),
    ("ingested", '{"at": <aws.events.event.ingestion-time>}', '{"at": "2026-03-01T00:00:00Z"}'),
    ("whole", '{"event": <aws.events.event.json>}', json.dumps({"event": EVENT})),
]


@pytest.mark.parametrize(
    ("template", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_template_gives_what_aws_documents(template: str, expected: str) -> None:
    paths = {name: path for name, path in PATHS.items() if f"<{name}>" in template}
    assert InputTransformer(paths, template, RULE)(EVENT, "2026-03-01T00:00:00Z") == expected


def test_a_missing_value_outside_of_quotation_marks_is_refused_not_guessed() -> None:
    transform = InputTransformer({"missing": "$.detail.nothing"}, '{"a": <missing>}', RULE)
    with pytest.raises(TransformError, match="no value for <missing>"):
        transform(EVENT, "")


WRONG = [
    ("unknown-variable", {}, '{"a": <b>}', "<b> is not in the InputPathsMap"),
    ("wildcard-path", {"b": "$.detail.*"}, '{"a": <b>}', "not supported"),
    ("filter", {"b": "$.detail[?(@.x)]"}, '{"a": <b>}', "not supported"),
    ("no-dollar", {"b": "detail.x"}, '{"a": <b>}', 'begins with "\\$"'),
]


@pytest.mark.parametrize(
    ("paths", "template", "reason"), [c[1:] for c in WRONG], ids=[c[0] for c in WRONG]
)
def test_a_wrong_transformer_is_refused_when_it_is_made(
    paths: dict[str, str], template: str, reason: str
) -> None:
    with pytest.raises(TransformError, match=reason):
        InputTransformer(paths, template, RULE)


def test_an_input_path_takes_a_part_of_the_event() -> None:
    assert json.loads(part_of("$.detail.tags")(EVENT)) == ["a", "b"]
    with pytest.raises(TransformError, match="nothing at"):
        part_of("$.detail.nothing")(EVENT)
