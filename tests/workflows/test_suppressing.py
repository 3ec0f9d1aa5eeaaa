"""The operations on the suppression list and on address ranges, as a marketer starts them."""

import gzip
import json
from typing import Any

import pytest
from relance.networks import SOURCES, shipped
from relance.usecases import manage_suppressions

from local.faults import Fault, FaultPlan, Rule
from local.permissions import missing
from local.world import ROOT, World
from tests.workflows.privacy import asks
from tests.workflows.story import MONDAY, Story
from tests.workflows.test_promises import on_the_list

ANA, BEN = "ana@example.com", "ben@example.com"
LIST, RANGES = "operation-manage-suppressions", "operation-refresh-address-ranges"
CONTACT = "01KE6P4Z0NWNGTPJXJR5ESJA98"
KIM = {"by": "kim", "why": "the former list"}
FILE = "people/imports/suppressed.csv"


def upload(story: Story, text: str, key: str = FILE) -> None:
    bucket = story.world.stack.resources["OperationsBucket"].name
    story.world.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())


def outcome(ended: dict[str, Any]) -> str:
    return str((ended["output"] or {}).get("outcome", ended.get("error")))


SAMPLES = {
    "nothing": "nothing to do yet",
    "an_address": "InvalidInput",
    "suppress": "suppressed",
    "lift": "lifted",
    "import": "imported",
}


def test_every_sample_of_the_list_ends_as_it_should(story: Story) -> None:
    on_the_list(story)
    upload(story, "email\nnobody@example.com\n")
    folder = ROOT / "events" / "executions" / LIST
    assert {path.stem for path in folder.glob("*.json")} == set(SAMPLES)
    for sample, expected in SAMPLES.items():
        text = (folder / f"{sample}.json").read_text(encoding="utf-8")
        ended = asks(story, LIST, json.loads(text.replace(CONTACT, story.contact(ANA))))
        assert outcome(ended) == expected
        assert "ana@" not in str(ended.get("cause")) + str(ended["output"])
    assert [each for each in story.names(ANA) if "suppress" in each] == [
        "suppressed",
        "suppression_lifted",
    ]
    assert missing(story.world.stack, story.world.recorder.uses) == []


def test_whoever_is_on_the_list_gets_nothing_until_it_is_lifted(story: Story) -> None:
    on_the_list(story)
    wish = {"suppress": story.contact(ANA), **KIM}
    assert [outcome(asks(story, LIST, wish)) for _ in range(2)] == [
        "suppressed",
        "nothing was changed",
    ]
    story.day(3.2)
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert outcome(asks(story, LIST, {"lift": story.contact(ANA), **KIM})) == "lifted"
    assert "suppressed" not in story.register(ANA)
    lifted = story.events(ANA, "suppression_lifted")[0]["properties"]
    assert (lifted["by"], lifted["why"], lifted["reason"]) == (*KIM.values(), "by_hand")


def test_a_complaint_is_never_lifted(story: Story) -> None:
    complainer = "complaint@simulator.amazonses.com"
    story.signs_up(complainer)
    ended = asks(story, LIST, {"lift": story.contact(complainer), **KIM})
    assert outcome(ended) == "InvalidInput"
    assert "complained" in ended["cause"]
    assert story.register(complainer)["suppressed"]["reason"] == "complained"


def test_a_file_in_portions_reaches_those_who_are_there_and_those_who_come(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manage_suppressions, "PORTION", 3)
    on_the_list(story)
    rows = ["Ana@Example.com,BOUNCE,", "x,y,", "b@example.com,COMPLAINT,marketing"]
    rows += [
        "ben@example.com,,marketing",
        "d@example.com,,",
        "ana@example.com,BOUNCE,",
        "e@e.com,,",
    ]
    upload(story, "\n".join(["EmailAddress,Reason,Scope", *rows]) + "\n")
    ended = asks(story, LIST, {"import": FILE, **KIM})
    assert ended["output"]["summary"] == (
        "Of 7 addresses 5 were added and 1 were on the list already. "
        "1 rows hold no address, the first: [3]."
    )
    assert story.register(ANA)["suppressed"]["reason"] == "bounced"
    story.signs_up(BEN)
    story.confirms(BEN)
    assert story.register(BEN)["suppressed"]["scope"] == "marketing"
    # The mail that asks for the consent is no marketing; the welcome is.
    assert story.messages(BEN) == ["confirm"]
    again = asks(story, LIST, {"import": FILE, **KIM})["output"]["summary"]
    assert "0 were added and 6 were on the list" in again
    stored = json.dumps([r for r in story.rows("Identities") if "suppressed" in r["identity"]])
    assert "@" not in stored


def test_the_list_of_ses_is_read_as_its_command_prints_it(story: Story) -> None:
    listed = [{"EmailAddress": "a@example.com", "Reason": "COMPLAINT", "LastUpdateTime": "x"}, {}]
    upload(story, json.dumps({"SuppressedDestinationSummaries": listed}), f"{FILE}.json")
    ended = asks(story, LIST, {"import": f"{FILE}.json", **KIM})
    assert "Of 2 addresses 1 were added" in ended["output"]["summary"]


def test_a_list_is_read_however_it_was_saved(story: Story) -> None:
    text = "E-Mail;Reason\r\na@example.com;Bounce\r\nb@example.com;\r\n"
    bucket = story.world.stack.resources["OperationsBucket"].name
    packed = gzip.compress(text.encode("utf-16"))
    story.world.client("s3").put_object(Bucket=bucket, Key=f"{FILE}.gz", Body=packed)
    ended = asks(story, LIST, {"import": f"{FILE}.gz", **KIM})
    assert "Of 2 addresses 2 were added" in ended["output"]["summary"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, "no such file"),
        ("", "is empty"),
        ("name,city\nAna,Rome\n", 'needs a column "email"'),
        ('{"broken', "is none"),
        ("[1, 2", "is none"),
        ('{"else": []}', "SuppressedDestinationSummaries"),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_to_do(
    story: Story, text: str | None, sentence: str
) -> None:
    if text is not None:
        upload(story, text)
    ended = asks(story, LIST, {"import": FILE, **KIM})
    assert outcome(ended) == "InvalidInput"
    assert sentence in ended["cause"]


@pytest.mark.parametrize("index", range(2, 8))
def test_wherever_it_is_cut_off_the_address_is_on_the_list_once(index: int) -> None:
    dies = Rule(Fault.STOP_AFTER, function="manage-suppressions", invocation=1, index=index)
    with World.build(start=MONDAY, seed=1, faults=FaultPlan([dies])) as world:
        story = Story(world)
        story.signs_up(ANA)
        wish = {"suppress": story.contact(ANA), **KIM}
        assert outcome(asks(story, LIST, wish)) in ("suppressed", "nothing was changed")
        assert story.register(ANA)["suppressed"]["reason"] == "by_hand"
        assert len(story.events(ANA, "suppressed")) == 1


# -- address ranges --------------------------------------------------------------------------------


def publish(story: Story, text: str) -> None:
    story.world.web.pages = {source: text.encode() for source in SOURCES}


def test_published_ranges_are_taken_whole_or_not_at_all(story: Story) -> None:
    assert outcome(asks(story, RANGES, {})) == "nothing to do yet"
    assert outcome(asks(story, RANGES, {"refrehs": True})) == "InvalidInput"
    many = [f"45.{n}.0.0/16" for n in range(40)]
    publish(story, json.dumps({"prefixes": [{"ip_prefix": each} for each in many]}))
    ended = asks(story, RANGES, {"refresh": True})
    assert outcome(ended) == "refreshed"
    assert len(story.world.web.asked) == len(SOURCES)
    (stored,) = [row for row in story.rows("Sends") if row["send_id"] == "ranges"]
    publish(story, json.dumps({"prefixes": [{"ip_prefix": "0.0.0.0/0"}]}))
    refused = asks(story, RANGES, {"refresh": True})
    assert outcome(refused) == "refused: the lists look wrong"
    assert "www" in refused["output"]["summary"] or "ip-ranges" in refused["output"]["summary"]
    assert [row for row in story.rows("Sends") if row["send_id"] == "ranges"] == [stored]
    assert len(shipped().ranges) > 1000
    assert missing(story.world.stack, story.world.recorder.uses) == []


def test_a_provider_that_does_not_answer_is_asked_again_and_then_a_defect(story: Story) -> None:
    ended = asks(story, RANGES, {"refresh": True})
    assert outcome(ended) == "ServiceUnavailable"
    assert "ip-ranges.amazonaws.com could not be asked" in str(ended["cause"])
