"""Companies: three people of one firm, who is still missing, and how far the firm is as a whole."""

import json
import shutil
from pathlib import Path

import pytest
from relance.companies import partition
from relance.content.build import build

from local.world import ROOT
from tests.workflows.story import Story
from tests.workflows.test_cost import calls
from tests.workflows.test_segments import tracks

ANA, BEN, CLEO = (f"{name}@roastery.example" for name in ("ana", "ben", "cleo"))
DORA = "dora@gmail.com"

SEGMENTS = {
    "owner-missing": """
title: Firms of which we do not know the owner
members:
  all:
    - {company: members, at_least: 2}
    - {company: roles_missing, contains: owner}
""",
    "firm-warm": """
title: Firms that are warm as a whole
members: {company: score, at_least: 24.5}
""",
}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped content and two segments about companies."""
    folder = tmp_path_factory.mktemp("content")
    source = Path(shutil.copytree(ROOT / "layers" / "content", folder / "source"))
    for name, text in SEGMENTS.items():
        (source / "segments" / f"{name}.yaml").write_text(text, encoding="utf-8")
    report = build(source, folder / "built")
    assert report.ok, str(report)
    return folder / "built"


@pytest.fixture
def firm(story: Story, content: Path) -> Story:
    story.world.deploy_content(content)
    return story


def joins(story: Story, address: str, role: str = "other") -> None:
    """Sign up and confirm."""
    story.signs_up(address, role=role)
    assert story.confirms(address) == 200
    story.a_moment(60)


def told(story: Story, address: str) -> dict[str, object]:
    """What a person was last told of the company."""
    return dict(story.profile(address)["company"]["told"][0])


def company(story: Story, address: str) -> str | None:
    """The company that a person belongs to."""
    membership = story.profile(address)["company"].get("membership")
    return membership and membership[0] and str(membership[0]["id"])


def is_in(story: Story, segment: str, *addresses: str) -> list[bool]:
    """Whether these people are in a segment."""
    return [f"segment#{segment}" in story.records(each, "segment#") for each in addresses]


def test_three_people_of_one_firm_and_the_owner_comes_last(firm: Story) -> None:
    # Ana signs up. As long as she has not confirmed, her address is only what somebody typed.
    firm.signs_up(ANA, role="middle_manager")
    assert company(firm, ANA) is None
    firm.confirms(ANA)
    firm.a_moment(60)
    assert told(firm, ANA)["members"] == 1
    # With the second we know that the owner is missing, and so do both, within the minute.
    joins(firm, BEN, "other")
    assert company(firm, ANA) == company(firm, BEN)
    assert told(firm, ANA)["roles"] == ["middle_manager"]
    assert told(firm, ANA)["roles_missing"] == ["owner", "senior_executive"]
    assert is_in(firm, "owner-missing", ANA, BEN) == [True, True]
    # The owner comes: for nobody is she missing any more.
    joins(firm, CLEO, "owner")
    assert told(firm, ANA)["members"] == told(firm, CLEO)["members"] == 3
    assert is_in(firm, "owner-missing", ANA, BEN, CLEO) == [False, False, False]
    assert "segment_left" in firm.names(BEN)


def test_one_member_s_visits_make_the_whole_firm_warm_and_time_makes_it_cool(firm: Story) -> None:
    joins(firm, ANA)
    joins(firm, CLEO, "owner")
    before = len(firm.events(ANA, "company_changed"))
    assert is_in(firm, "firm-warm", ANA, CLEO) == [True, True]  # 0.5 · 10 + 2 · 10 = 25
    # Nothing happens: within the day the sum fades by itself.
    firm.day(1)
    assert is_in(firm, "firm-warm", ANA, CLEO) == [False, False]
    # The owner looks at things; Ana, who did nothing, is in the segment within the minute.
    for number in range(2):
        tracks(firm, CLEO, "Product Added", number, product_id="espresso")
    firm.a_moment(60)
    assert is_in(firm, "firm-warm", ANA, CLEO) == [True, True]
    assert len(firm.events(ANA, "company_changed")) == before + 1
    firm.day(60)
    assert is_in(firm, "firm-warm", ANA, CLEO) == [False, False]
    assert len(firm.events(ANA, "company_changed")) == before + 1


def test_a_workflow_sees_numbers_and_roles_and_never_the_domain(firm: Story) -> None:
    joins(firm, ANA)
    joins(firm, CLEO, "owner")
    seen = view(firm, ANA)
    assert seen == {
        "members": 2,
        "roles": ["owner"],
        "roles_missing": ["senior_executive"],
        "score": pytest.approx(25, abs=0.1),
        "deals": 0,
    }
    joins(firm, DORA)
    nobody = {"members": 0, "roles": [], "roles_missing": [], "score": 0.0, "deals": 0}
    assert view(firm, DORA) == nobody


def view(story: Story, address: str) -> object:
    """What a workflow sees of the company of a person."""
    sample = ROOT / "events" / "functions" / "change_list" / "join.json"
    request = {**json.loads(sample.read_text(encoding="utf-8")), "contact": story.contact(address)}
    answer: object = story.world.invoke("change_list", request).payload["view"]["company"]
    return answer


def test_what_no_condition_can_see_is_told_to_nobody(firm: Story) -> None:
    joins(firm, ANA)
    before = len(firm.events(ANA, "company_changed"))
    tracks(firm, ANA, "Product Added", 1, product_id="espresso")  # 0.5 · 18, far below
    firm.a_moment(60)
    assert len(firm.events(ANA, "company_changed")) == before


def test_a_public_domain_is_no_company_and_costs_no_call(firm: Story) -> None:
    joins(firm, "first@gmail.com")
    firm.world.sandboxes.trace = []
    joins(firm, DORA)
    assert company(firm, DORA) is None
    assert calls(firm, "update-company") == []
    # Looking for a company begins with this call, which nothing else in update_contact makes.
    assert "dynamodb.GetItem" not in str(calls(firm, "update-contact"))


def test_many_acts_at_once_are_one_update_and_telling_leads_to_no_other(firm: Story) -> None:
    for each in (ANA, BEN, CLEO):
        joins(firm, each, "owner")
    firm.world.sandboxes.trace = []
    for number in range(3):
        tracks(firm, ANA, "Order Completed", number, order_id=f"A{number}", revenue=20)
    firm.day(1)
    # The first act is answered after five seconds; what came meanwhile waits for the next time.
    updates = calls(firm, "update-company")
    assert 1 <= len(updates) <= 3
    telling = [each for each in updates if "dynamodb.TransactWriteItems" in each]
    assert telling[0] == ["dynamodb.Query"] * 4 + ["dynamodb.TransactWriteItems"]
    assert len(telling) == 1
    assert all(each == ["dynamodb.Query"] * 4 for each in updates if each not in telling)


def test_the_crm_joins_who_writes_from_elsewhere(firm: Story) -> None:
    joins(firm, ANA)
    names_account(firm, ANA, "acc-7")
    names_account(firm, DORA, "acc-7")
    assert company(firm, ANA) == company(firm, DORA) is not None
    # Another colleague is known by the domain alone, and belongs to them.
    joins(firm, BEN)
    assert told(firm, DORA)["members"] == 3
    # Dora changes to another firm: both firms know.
    former = company(firm, ANA)
    names_account(firm, DORA, "acc-8")
    assert company(firm, DORA) not in (former, None)
    assert told(firm, DORA)["members"] == 1
    assert told(firm, ANA)["members"] == told(firm, BEN)["members"] == 2


def names_account(story: Story, address: str, account: str) -> None:
    """A server names the account of somebody with an act."""
    tracks(story, address, "Product Viewed", int(account[-1]), account=account)
    story.a_moment(60)


def test_who_is_erased_is_missed_by_the_others(firm: Story) -> None:
    joins(firm, ANA)
    joins(firm, CLEO, "owner")
    joins(firm, BEN)
    erase(firm, CLEO)
    tracks(firm, BEN, "Order Completed", 1, order_id="B1", revenue=20)
    firm.a_moment(60)
    assert told(firm, ANA)["members"] == 2
    assert "owner" in told(firm, ANA)["roles_missing"]  # type: ignore[operator]
    assert f"member#{firm.contact(CLEO)}" not in members_of(firm, ANA)


def members_of(story: Story, address: str) -> list[str]:
    """The records of the company of a person."""
    where = partition(str(company(story, address)))
    return [row["record"] for row in story.rows("Contacts") if row["contact_id"] == where]


def erase(story: Story, address: str) -> None:
    """Say in the register that somebody is erased."""
    story.world.client("dynamodb").update_item(
        TableName=story.world.stack.resources["Contacts"].name,
        Key={
            "contact_id": {"S": story.contact(address)},
            "record": {"S": "now#register"},
        },
        UpdateExpression="SET erased_at = :at",
        ExpressionAttributeValues={":at": {"S": "2026-01-05T09:00:00.000Z"}},
    )


def test_a_company_is_named_by_an_id_everywhere_but_in_identities(firm: Story) -> None:
    heard: list[object] = []
    for bus in firm.world.wiring.buses.by_name.values():
        if bus.name != "default":
            bus.heard.append(heard.append)
    joins(firm, ANA)
    joins(firm, BEN)
    assert heard
    assert "roastery" not in str(heard)
    rows = [row for row in firm.rows("Contacts") if row["contact_id"].startswith("company:")]
    assert len(rows) == 3
    assert "roastery" not in str([rows, firm.profile(ANA)["company"]])
