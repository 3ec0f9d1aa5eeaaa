"""What somebody who deploys is asked, and what is said when the answer is wrong."""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest

MUST_BE_ANSWERED = {"SenderAddress", "PostalAddress"}

IDENTITY = "arn:aws:ses:eu-west-1:123456789012:identity/"

GOOD_AND_BAD = {
    "SenderAddress": (["hello@example.com"], ["", "hello", "Hello <hello@example.com>", "a@b"]),
    "SenderName": (["", "Zoë of Example"], ['Zoë "Z"', "a@b", "a\nb"]),
    "PostalAddress": (["Example Ltd, 1 Main Street"], ["", "short", "Example\n1 Main Street"]),
    "SenderDomain": (["", "example.com", "news.example.com"], ["example", "a@example.com"]),
    "BrandAddresses": (
        ["", "hello@second.example", "a@b.example,c@d.example"],
        ["hello", "a@b.example, c@d.example", "a@B.example", "a@b.example,"],
    ),
    "BrandIdentities": (
        ["", f"{IDENTITY}b.example", f"{IDENTITY}b.example,{IDENTITY}c@d.example"],
        ["b.example", f"{IDENTITY}b.example,", f"{IDENTITY}b.example, {IDENTITY}c.example"],
    ),
    "AllowList": (
        ["", "me@example.com", "@example.com", "me@example.com,@example.org"],
        ["example.com", "me@example.com, you@example.com", "me@example.com,", "me"],
    ),
    "TestAddresses": (
        ["", "me@example.com", "me@example.com,you@example.org"],
        ["@example.com", "me@example.com, you@example.com", "me"],
    ),
    "LinkDomain": (["", "links.example.com"], ["https://links.example.com", "links"]),
    "CertificateArn": (
        ["", "arn:aws:acm:eu-west-1:123456789012:certificate/1234-abcd"],
        ["arn:aws:iam::123456789012:server-certificate/x", "certificate/1234"],
    ),
    "Currency": (["EUR"], ["", "eur", "euro"]),
    "Languages": (["en", "en,fr", "en-GB,fr"], ["", "en, fr", "english", "en,"]),
    "AlertAddress": (["", "ops@example.com"], ["ops"]),
}


def test_every_parameter_stands_in_one_group_and_has_a_label(template: Mapping[str, Any]) -> None:
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert list(interface["ParameterLabels"]) == list(template["Parameters"]) == grouped


def test_every_parameter_says_what_it_is_and_what_was_wrong(template: Mapping[str, Any]) -> None:
    for name, parameter in template["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        assert parameter["ConstraintDescription"].startswith(f"{name} must be "), name
        assert parameter["ConstraintDescription"].endswith("."), name
        assert {"AllowedPattern", "AllowedValues", "MinValue"} & set(parameter), name


def test_only_what_nobody_can_guess_must_be_answered(template: Mapping[str, Any]) -> None:
    without = {name for name, each in template["Parameters"].items() if "Default" not in each}
    assert without == MUST_BE_ANSWERED


def test_every_default_is_allowed(template: Mapping[str, Any]) -> None:
    for name, parameter in template["Parameters"].items():
        default = parameter.get("Default")
        if default is None:
            continue
        if "AllowedValues" in parameter:
            assert default in parameter["AllowedValues"], name
        if "AllowedPattern" in parameter:
            assert re.search(parameter["AllowedPattern"], default), name
        if "MinValue" in parameter:
            assert parameter["MinValue"] <= default <= parameter["MaxValue"], name


def test_mail_goes_to_an_allow_list_until_somebody_says_live(template: Mapping[str, Any]) -> None:
    assert template["Parameters"]["SendMode"]["Default"] == "allow-list"
    # The SES mailbox simulator: whoever deploys without reading mails nobody.
    assert template["Parameters"]["AllowList"]["Default"] == "@simulator.amazonses.com"


@pytest.mark.parametrize("name", GOOD_AND_BAD)
def test_a_pattern_takes_the_good_and_refuses_the_bad(
    template: Mapping[str, Any], name: str
) -> None:
    pattern = re.compile(template["Parameters"][name]["AllowedPattern"])
    good, bad = GOOD_AND_BAD[name]
    assert [value for value in good if not pattern.search(value)] == []
    assert [value for value in bad if pattern.search(value)] == []


def test_a_time_zone_that_does_not_exist_is_refused_before_anything_is_deployed(
    template: Mapping[str, Any],
) -> None:
    """A function that meets an unknown zone could send nothing: every journey would end red."""
    rows = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines()
    places = {row.split("\t")[2] for row in rows if not row.startswith("#")}
    assert set(template["Parameters"]["TimeZone"]["AllowedValues"]) == {"UTC", *places}


def test_a_link_domain_without_a_certificate_is_refused(template: Mapping[str, Any]) -> None:
    assertion = template["Rules"]["LinkDomainAndCertificateGoTogether"]["Assertions"][0]
    assert "LinkDomain and CertificateArn together" in assertion["AssertDescription"]


def test_without_a_link_domain_the_outputs_warn(template: Mapping[str, Any]) -> None:
    warning = template["Outputs"]["LinkWarning"]
    assert template["Conditions"][warning["Condition"]] == {
        "Fn::Not": [{"Condition": "HasLinkDomain"}]
    }


def test_every_output_is_described_by_a_sentence(template: Mapping[str, Any]) -> None:
    for name, output in template["Outputs"].items():
        assert re.match(r"[A-Z].*\.$", output["Description"]), name


def test_every_description_in_the_stack_is_a_sentence(template: Mapping[str, Any]) -> None:
    texts = {
        name: text
        for name, resource in template["Resources"].items()
        for key in ("Description", "AlarmDescription")
        if (text := resource["Properties"].get(key))
    }
    for name, text in texts.items():
        said = text if isinstance(text, str) else text["Fn::Sub"]
        assert re.match(r"(?s)[A-Za-z].*\.$", said), f"{name}: {json.dumps(said)}"
