"""The operation by which a person joins two contacts and undoes it, started in the console."""

import json

import pytest
from relance.usecases.identify import Trust, Who, identify, resolve

from local.permissions import missing
from local.world import ROOT
from tests.workflows.privacy import asks
from tests.workflows.story import Story
from tests.workflows.test_identities import ANA, names_under, services_of

JOIN = "operation-join-contacts"
KEPT, JOINED = "01KE6P4Z0NWNGTPJXJR5ESJA98", "01KE6P4Z0NWNGTPJXJR5ESJA99"
WHY = {"by": "kim", "reason": "the same person"}

SAMPLES = {
    "nothing": "nothing to do yet",
    "an_address": "InvalidInput",
    "join": "joined",
    "undo": "undone",
}
"""In the order in which they are started."""


def two_contacts(story: Story) -> tuple[str, str]:
    """Somebody who signed up, and who the CRM knows."""
    story.signs_up(ANA)
    crm = identify(Who(crm={"hubspot": "7"}), Trust.SECRET, services_of(story)).contact_id
    return crm, story.contact(ANA)


def test_every_sample_of_the_operation_ends_as_it_should(story: Story) -> None:
    crm, ana = two_contacts(story)
    folder = ROOT / "events" / "executions" / JOIN
    assert {path.stem for path in folder.glob("*.json")} == set(SAMPLES)
    services = services_of(story)
    for sample, outcome in SAMPLES.items():
        text = (folder / f"{sample}.json").read_text(encoding="utf-8")
        ended = asks(story, JOIN, json.loads(text.replace(KEPT, crm).replace(JOINED, ana)))
        assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome
        assert "ana@" not in str(ended.get("cause"))
        assert resolve(ana, services) == (crm if outcome == "joined" else ana)
    assert "join_undone" in names_under(story, crm)
    assert "join_undone" in names_under(story, ana)
    assert missing(story.world.stack, story.world.recorder.uses) == []


def test_who_is_joined_already_stays_so_and_is_told(story: Story) -> None:
    crm, ana = two_contacts(story)
    wish = {"keep": crm, "join": ana, **WHY}
    outcomes = [asks(story, JOIN, wish)["output"]["outcome"] for _ in range(2)]
    assert outcomes == ["joined", "one person already"]
    assert names_under(story, crm).count("joined") == 1


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"keep": KEPT, **WHY}, 'either "keep" and "join", or "undo"'),
        ({"keep": KEPT, "join": JOINED, "undo": JOINED, **WHY}, "either"),
        ({"keep": KEPT, "join": JOINED, "by": "kim"}, '"reason"'),
        ({"keep": KEPT, "join": "ana", **WHY}, '"join" is not a contact id'),
        ({"keep": KEPT, "join": JOINED, **WHY}, "There is no contact"),
        ({"undo": KEPT, **WHY}, "There is no contact"),
        ({"undoo": KEPT, **WHY}, 'did you mean "undo"'),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_and_changes_nothing(
    story: Story, wish: dict[str, str], sentence: str
) -> None:
    ended = asks(story, JOIN, wish, seconds=30)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert sentence in ended["cause"]
