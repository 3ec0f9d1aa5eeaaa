"""Erasing and exporting a contact, told as stories on the whole stack."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from itertools import chain
from urllib.parse import urlsplit

import pytest
from relance.collecting.backlog import pack
from relance.collecting.delivery import Delivery
from relance.collecting.keys import Scope
from relance.contacts import read_contact, read_register
from relance.content.known_events import KEPT
from relance.erasing import proof_key
from relance.errors import InvalidInput
from relance.events import Event, put_once
from relance.ids import event_id, milliseconds
from relance.links import Landing
from relance.moments import from_text, to_text
from relance.register import SuppressionReason
from relance.storage import Put, Table
from relance.usecases.drain_backlog import drain_backlog
from relance.usecases.identify import Trust, Who, alias, identify, recognise_softly, whose
from relance.usecases.join_contacts import Joined, join_contacts, undo_join

from local.faults import CallMade, Fault, FaultPlan, Rule, not_allowed, stops_at
from local.permissions import missing
from local.world import ROOT, World
from tests.workflows.conftest import MakeStory
from tests.workflows.crowd import Crowd
from tests.workflows.privacy import (
    ERASE,
    EXPORT,
    asks,
    erases,
    files,
    kept,
    kept_of,
    shop_says,
    shop_sends,
)
from tests.workflows.story import MONDAY, Story
from tests.workflows.test_identities import WHY, does, names_under, services_of

ANA, BEN = "ana@acme.example", "ben@acme.example"


def in_the_middle(story: Story) -> str:
    """Ana has confirmed, bought, got the welcome, and could click; so has Ben, of her company."""
    for address, user in ((ANA, "cust-7"), (BEN, "cust-8")):
        story.signs_up(address, name="Ana Example", role="owner")
        shop_says(story, "Order Completed", f"o-{user}", user=user, email=address)
        story.confirms(address)
    story.day(1)
    assert story.messages(ANA) == ["confirm", "welcome"]
    return story.contact(ANA)


# -- what erasing does -----------------------------------------------------------------------------


def test_before_it_is_confirmed_it_says_what_would_go_and_changes_nothing(story: Story) -> None:
    ana = in_the_middle(story)
    before = kept(story)
    told = asks(story, ERASE, {"contact": ana})["output"]
    assert told["outcome"] == "not confirmed"
    assert "Nothing was changed." in told["summary"]
    assert "ends 1 open journey " in told["summary"]
    assert 'paste the same with "confirm": true' in told["summary"]
    assert told["found"]["identities"] == 2
    assert kept(story) == before


def test_an_erased_contact_leaves_a_tombstone_a_hash_and_a_proof_and_nothing_else(
    story: Story,
) -> None:
    ana = in_the_middle(story)
    found = asks(story, ERASE, {"contact": ana})["output"]["found"]
    told = erases(story, ana, why="objection")
    assert told["outcome"] == "erased"
    assert told["found"] == found
    assert set(told["left"].values()) == {0}
    left = kept_of(story, ana)
    (tombstone,) = left["Contacts"]
    assert set(tombstone) == {"contact_id", "record", "erased_at", "why", "found"}
    assert [each["name"] for each in left["Events"]] == ["erased"]
    assert left["Identities"] == []
    assert all("ses_message_id" not in each for each in left["Sends"])
    suppressed = [row for row in story.rows("Identities") if "suppressed:" in row["identity"]]
    assert [row["reason"] for row in suppressed] == ["erased"]
    for row in (*chain.from_iterable(left.values()), *suppressed):
        assert not any(word in str(row).lower() for word in ("ana", "cust-7", "acme")), row


def test_the_proof_names_nobody_and_says_what_was_found_when_and_why(story: Story) -> None:
    ana = in_the_middle(story)
    told = erases(story, ana, why="objection")
    ((key, text),) = files(story).items()
    assert told["proof"].endswith(key)
    proof = json.loads(text)
    assert proof["contact_sha256"] == sha256(ana.encode()).hexdigest()
    assert (proof["found"], proof["why"]) == (told["found"], "objection")
    assert proof["erased_at"] == told["erased_at"] < proof["looked_again_at"]
    assert ana not in text
    assert ana not in key


def test_the_open_journey_ends_with_the_reason_and_nothing_more_is_sent(story: Story) -> None:
    ana = in_the_middle(story)
    erases(story, ana)
    assert story.outcomes()[0] == "left: erased"
    story.day(40)
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert story.messages(BEN) == ["confirm", "welcome", "welcome-again"]
    assert [row["record"] for row in kept_of(story, ana)["Contacts"]] == ["now#register"]


def test_the_others_of_the_company_stay_and_learn_that_somebody_has_gone(story: Story) -> None:
    ana = in_the_middle(story)
    (company,) = [row for row in story.rows("Contacts") if row["record"] == "company"]
    assert company["members"] == 2
    erases(story, ana)
    (company,) = [row for row in story.rows("Contacts") if row["record"] == "company"]
    assert company["members"] == 1
    assert ana not in str([row for row in story.rows("Contacts") if row["contact_id"] != ana])
    assert story.contact(BEN)


def test_what_comes_later_for_the_contact_is_dropped(story: Story) -> None:
    ana = in_the_middle(story)
    erases(story, ana)
    crowd, now = Crowd(story.world, 0), story.world.now
    its_id = event_id(milliseconds(now), "test", "late")
    crowd.store.write(put_once(Event(ana, its_id, "page_viewed", now, now, "test", {"x": "ana"})))
    story.a_moment()
    assert [each["name"] for each in kept_of(story, ana)["Events"]] == ["erased"]
    assert [row["record"] for row in kept_of(story, ana)["Contacts"]] == ["now#register"]


def test_the_links_of_old_mails_answer_and_write_nothing(story: Story) -> None:
    ana = in_the_middle(story)
    click, leave = story.link(ANA, "/c/"), story.link(ANA, "/u/")
    confirm = story.link(ANA, "/k/", mail=0)
    erases(story, ana)
    before = kept(story)
    assert story.world.request("GET", click).status == 302
    assert story.world.request("GET", leave).status == 200
    assert story.posts(leave) == 200
    assert story.unsubscribes(ANA) == 200
    assert story.world.request("GET", confirm).status == 200
    assert story.posts(confirm) == 410
    story.loads_images(ANA)
    assert kept(story) == before


def test_erasing_once_more_finds_nothing_and_proves_it_again(story: Story) -> None:
    ana = in_the_middle(story)
    first = erases(story, ana)
    asked = asks(story, ERASE, {"contact": ana})["output"]
    assert "This contact was erased before" in asked["summary"]
    assert set(asked["found"].values()) == {0}
    again = erases(story, ana)
    assert (again["found"], again["erased_at"]) == (first["found"], first["erased_at"])
    assert len(files(story)) == 1


def test_a_journey_that_does_not_end_by_itself_is_stopped(make_story: MakeStory) -> None:
    broken = Rule(
        Fault.FAIL_BEFORE, function="send-email", operation="SendEmail", times=None,
        code="ThrottlingException", status=400,
    )  # fmt: skip
    story = make_story(FaultPlan([broken]))
    story.signs_up(ANA)
    story.day(0.1)
    ana = story.contact(ANA)
    assert story.outcomes() == ["RUNNING"]
    assert [each["state"] for each in story.sends(ANA)] == ["released"]
    erases(story, ana)
    story.a_moment()
    assert story.outcomes() in (["ABORTED"], ["left: erased"])
    (send,) = kept_of(story, ana)["Sends"]
    assert (send["state"], send["reason"]) == ("skipped", "erased")
    story.day(30)
    assert story.mails(ANA) == []
    assert [row["record"] for row in kept_of(story, ana)["Contacts"]] == ["now#register"]
    assert [each["name"] for each in kept_of(story, ana)["Events"]] == ["erased"]


# -- the address afterwards ------------------------------------------------------------------------


def test_whoever_signs_up_anew_is_asked_to_confirm_and_then_gets_mail_again(story: Story) -> None:
    ana = in_the_middle(story)
    erases(story, ana)
    story.day(3)
    assert story.signs_up(ANA) == 200
    assert story.contact(ANA) != ana
    assert story.register(ANA)["suppressed"]["reason"] == "erased"
    assert story.messages(ANA)[2:] == ["confirm"]
    story.confirms(ANA)
    assert "suppressed" not in story.register(ANA)
    assert story.messages(ANA)[2:] == ["confirm", "welcome"]


def test_whoever_is_typed_into_the_form_and_does_not_confirm_gets_no_more_than_the_question(
    story: Story,
) -> None:
    erases(story, in_the_middle(story))
    story.signs_up(ANA)
    story.day(30)
    assert set(story.messages(ANA)[2:]) <= {"confirm", "confirm-reminder"}


def test_a_server_that_goes_on_naming_the_address_does_not_bring_mail_back(story: Story) -> None:
    ana = in_the_middle(story)
    erases(story, ana)
    assert shop_says(story, "Order Completed", "o-9", user="cust-7", email=ANA) == 200
    assert story.contact(ANA) != ana
    assert story.register(ANA)["suppressed"]["reason"] == "erased"
    story.day(20)
    assert story.messages(ANA) == ["confirm", "welcome"]


def test_a_dead_address_stays_dead_through_erasure_and_a_new_sign_up(story: Story) -> None:
    dead = "bounce@simulator.amazonses.com"
    story.signs_up(dead)
    story.a_moment(120)
    assert story.register(dead)["suppressed"]["reason"] == "bounced"
    erases(story, story.contact(dead))
    mails = len(story.mails(dead))
    story.signs_up(dead)
    story.day(5)
    assert story.register(dead)["suppressed"]["reason"] == "bounced"
    assert len(story.mails(dead)) == mails


# -- several contacts that are one person ----------------------------------------------------------


def one_person(story: Story) -> tuple[str, str, str]:
    """Ana, known to the CRM and under a former user id, looks around in a browser as well."""
    services = services_of(story)
    former = in_the_middle(story)
    ana = identify(Who(crm={"hubspot": "7"}), Trust.SECRET, services).contact_id
    browser = whose(Who(visitor="v1"), services)
    does(story, browser, "page_viewed")
    assert join_contacts(former, browser, WHY, services) is Joined.JOINED
    assert join_contacts(ana, former, WHY, services) is Joined.JOINED
    story.a_moment()
    softly(story, "v2", ana, former)
    return ana, former, browser


def softly(story: Story, visitor: str, *contacts: str) -> None:
    """Another browser follows the links of mails to these contacts."""
    services = services_of(story)
    for number, contact in enumerate(contacts):
        item = {
            "identity": f"softly:{visitor}-{number}",
            "contact_id": contact,
            "until": to_text(story.world.now + timedelta(days=30)),
        }
        services.store.write(Put(Table.IDENTITIES, item))


def test_an_export_holds_what_stands_under_every_id_of_the_person(story: Story) -> None:
    ids = one_person(story)
    for asked in ids:
        told = asks(story, EXPORT, {"contact": asked})["output"]
        key = urlsplit(told["link"]).path.removeprefix("/")
        data = json.loads(files(story)[key])
        assert [data["contact"], *sorted(data["joined"])] == [ids[0], *sorted(ids[1:])]
        for table in ("Contacts", "Identities", "Events", "Sends"):
            there = [row for each in ids for row in kept_of(story, each)[table]]
            assert len(data[table.lower()]) == len(there) > 0, table
        named = {each["identity"] for each in data["identities"]}
        assert named == {
            f"email:{ANA}", "user:cust-7", "crm:hubspot:7", "visitor:v1", "softly:v2-0",
            "softly:v2-1",
        }  # fmt: skip


@pytest.mark.parametrize("by", [0, 1, 2], ids=["survivor", "absorbed", "absorbed before"])
def test_whichever_id_is_given_the_whole_person_is_erased(story: Story, by: int) -> None:
    ids = one_person(story)
    found = asks(story, ERASE, {"contact": ids[by]})["output"]["found"]
    told = erases(story, ids[by])
    assert told["found"] == found
    assert "3 tombstones" in told["summary"]
    for each in ids:
        left = kept_of(story, each)
        (tombstone,) = left["Contacts"]
        allowed = {"contact_id", "record", "erased_at", "why", "found"}
        assert set(tombstone) - allowed <= {"joined_to", "absorbed", "joins"}
        assert tombstone["erased_at"] == told["erased_at"]
        assert [event["name"] for event in left["Events"]] == ["erased"]
        assert left["Identities"] == []
        assert all(send["erased"] is True for send in left["Sends"])
        assert json.loads(files(story)[proof_key(each)])["found"] == found
    assert story.outcomes()[0] == "left: erased"
    everything = str([row for rows in kept(story).values() for row in rows]).lower()
    for word in ("ana@", "ana example", "cust-7", "hubspot:7", "'v1'", "visitor:v1", "softly:"):
        assert word not in everything, word
    (company,) = [row for row in story.rows("Contacts") if row["record"] == "company"]
    assert company["members"] == 1


def test_what_comes_late_for_any_id_of_the_person_brings_nothing_back(story: Story) -> None:
    ids = one_person(story)
    services = services_of(story)
    sends, confirm = [row["send_id"] for row in story.sends(ANA)], story.link(ANA, "/k/", mail=0)
    before = to_text(story.world.now)
    erases(story, ids[0])
    left = {each: kept_of(story, each) for each in ids}
    contacts = {row["contact_id"] for row in story.rows("Contacts")}
    for each in ids:  # the stream, and whatever appends under an id it remembers
        does(story, each, "page_viewed")
        with pytest.raises(InvalidInput):
            join_contacts(each, story.contact(BEN), WHY, services)
        with pytest.raises(InvalidInput):
            join_contacts(story.contact(BEN), each, WHY, services)
    with pytest.raises(InvalidInput):
        undo_join(ids[1], WHY, services)
    assert story.posts(confirm) == 410  # the button in an old mail
    for send in sends:  # the link of an old mail
        recognise_softly("v3", Landing(ids[0], send, services.now()), services)
    viewed = {"type": "track", "event": "Product Viewed"}
    for late in (
        {**viewed, "userId": "cust-7"},
        {**viewed, "anonymousId": "v1"},
        {**viewed, "userId": "x", "anonymousId": "v1"},
        {"type": "identify", "userId": "new", "traits": {"email": ANA}},
        {"type": "alias", "userId": "new", "previousId": "cust-7"},
    ):
        times = {"originalTimestamp": before, "sentAt": to_text(story.world.now)}
        assert shop_sends(story, {**late, **times}) == 200
    queued = {**viewed, "userId": "cust-7", "messageId": "q"}
    received = from_text(before)
    for body in pack([queued], Delivery(received, Scope.SERVER)):  # what had waited in the queue
        assert drain_backlog({"1": body}, services).again == {}
    assert {each: kept_of(story, each) for each in ids} == left
    assert {row["contact_id"] for row in story.rows("Contacts")} == contacts


def test_a_browser_and_an_alias_that_go_on_begin_anew_with_nothing_of_what_was(
    story: Story,
) -> None:
    ids = one_person(story)
    services = services_of(story)
    erases(story, ids[0])
    story.day(3)
    assert shop_sends(story, {"type": "track", "event": "Product Viewed", "anonymousId": "v1"})
    fresh = whose(Who(visitor="v1"), services)
    assert fresh not in ids
    assert names_under(story, fresh) == ["product_viewed"]
    answered = alias("v1", "cust-7", Trust.SECRET, services)
    assert answered is not None
    assert answered.contact_id == fresh
    assert read_contact(services.store, fresh).ids == (fresh,)
    for each in ids:
        assert [row["record"] for row in kept_of(story, each)["Contacts"]] == ["now#register"]


def test_who_gains_an_erased_address_later_is_suppressed_too(story: Story) -> None:
    erases(story, in_the_middle(story))
    services = services_of(story)
    known = identify(Who(user="cust-9"), Trust.SECRET, services).contact_id
    identify(Who(user="cust-9", address=ANA), Trust.SECRET, services)
    assert read_register(services.store, known).address == ANA
    assert read_register(services.store, known).suppressed is SuppressionReason.ERASED


def test_joined_contacts_are_erased_whole_although_it_is_stopped_in_between() -> None:
    def run(faults: FaultPlan | None) -> tuple[object, list[CallMade]]:
        with World.build(start=MONDAY, seed=1, faults=faults) as world:
            story = Story(world)
            trace: list[CallMade] = []
            ids = one_person(story)
            world.sandboxes.trace = trace
            told = erases(story, ids[1])
            left = {each: kept_of(story, each) for each in ids}
            stays = [
                ([sorted(row) for row in rows["Contacts"]], len(rows["Events"]), rows["Identities"])
                for rows in left.values()
            ]
            return (told["found"], told["left"], stays, len(files(story))), trace

    expected, trace = run(None)
    made = [each for each in trace if each.function.endswith("erase-contact")]
    for call, plan in list(stops_at(made))[::50]:
        assert run(plan)[0] == expected, f"{call} {plan.rules[0].fault}"


# -- whatever happens meanwhile --------------------------------------------------------------------


def erased_under(faults: FaultPlan | None = None) -> tuple[object, list[CallMade], str]:
    """Ana is erased while calls fail: what the tables hold of her then, and of Ben."""
    with World.build(start=MONDAY, seed=1, faults=faults) as world:
        story = Story(world)
        ana = in_the_middle(story)
        trace: list[CallMade] = []
        world.sandboxes.trace = trace
        told = erases(story, ana)
        story.a_moment(600)
        left = kept_of(story, ana)
        (tombstone,) = left["Contacts"]
        summary = {
            "found": told["found"],
            "left": told["left"],
            "tombstone": sorted(tombstone),
            "events": [each["name"] for each in left["Events"]],
            "identities": left["Identities"],
            "sends": sorted(each["message"] for each in left["Sends"]),
            "stripped": all(each["erased"] is True for each in left["Sends"]),
            "outcomes": story.outcomes(),
            "proofs": len(files(story)),
            "company": [row["members"] for row in story.rows("Contacts") if "members" in row],
            "ben": sorted(Counter(story.names(BEN)).items()),
        }
        return summary, trace, ana


@pytest.fixture(scope="module")
def undisturbed() -> tuple[object, list[CallMade]]:
    """The run in which nothing goes wrong."""
    summary, trace, _ = erased_under()
    return summary, trace


def plans(trace: list[CallMade]) -> Iterator[tuple[CallMade, FaultPlan]]:
    return stops_at([made for made in trace if made.function.endswith("erase-contact")])


def test_stopped_at_a_call_and_run_again_it_comes_out_the_same(
    undisturbed: tuple[object, list[CallMade]],
) -> None:
    expected, trace = undisturbed
    for made, plan in list(plans(trace))[::12]:
        assert erased_under(plan)[0] == expected, f"{made} {plan.rules[0].fault}"
        assert plan.struck, f"the fault at {made} never struck"


@pytest.mark.long
def test_stopped_at_every_call_it_comes_out_the_same(
    undisturbed: tuple[object, list[CallMade]],
) -> None:
    expected, trace = undisturbed
    for made, plan in plans(trace):
        assert erased_under(plan)[0] == expected, f"{made} {plan.rules[0].fault}"
        assert plan.struck, f"the fault at {made} never struck"


@pytest.mark.parametrize("seconds", [0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 5.0])
def test_erased_in_the_middle_of_a_step_nothing_is_left_either(
    story: Story, seconds: float
) -> None:
    story.signs_up(ANA, name="Ana Example")
    path, ana = story.link(ANA, "/k/"), story.contact(ANA)
    story.posts_now(path)
    story.world.run(for_=timedelta(seconds=seconds))
    erases(story, ana)
    story.a_moment(600)
    left = kept_of(story, ana)
    assert [row["record"] for row in left["Contacts"]] == ["now#register"]
    assert set(left["Contacts"][0]) == {"contact_id", "record", "erased_at", "why", "found"}
    assert [each["name"] for each in left["Events"]] == ["erased"]
    assert left["Identities"] == []
    assert "RUNNING" not in story.outcomes()


# -- exporting -------------------------------------------------------------------------------------


def test_an_export_holds_what_every_table_knows_of_the_contact_and_nobody_else(
    story: Story,
) -> None:
    ana = in_the_middle(story)
    told = asks(story, EXPORT, {"contact": ana})["output"]
    assert told["outcome"] == "exported"
    ((key, text),) = files(story).items()
    assert urlsplit(told["link"]).path == f"/{key}"
    data = json.loads(text)
    there = kept_of(story, ana)
    assert [each["record"] for each in data["contacts"]] == sorted(
        (row["record"] for row in there["Contacts"]), key=lambda it: (it != "now#register", it)
    )
    assert [each["identity"] for each in data["identities"]] == [f"email:{ANA}", "user:cust-7"]
    assert len(data["events"]) == len(there["Events"])
    assert {each["message"] for each in data["sends"]} == {"confirm", "welcome"}
    assert data["companies"]
    (profile,) = [each["body"] for each in data["contacts"] if each["record"] == "now#profile"]
    assert profile["traits"]["role"][0] == "owner"
    assert "token" not in text
    assert BEN not in text
    assert story.contact(BEN) not in text


def test_what_an_export_answers_holds_no_personal_data(story: Story) -> None:
    ana = in_the_middle(story)
    told = str(asks(story, EXPORT, {"contact": ana}))
    for personal in ("ana@", "Ana Example", "cust-7", "acme"):
        assert personal not in told


def test_of_an_erased_contact_there_is_nothing_to_export(story: Story) -> None:
    ana = in_the_middle(story)
    erases(story, ana)
    assert asks(story, EXPORT, {"contact": ana})["output"]["outcome"] == "erased before"


# -- what expires ----------------------------------------------------------------------------------


def test_what_somebody_did_expires_after_a_year_and_the_profile_stays(story: Story) -> None:
    ana = in_the_middle(story)
    story.clicks(ANA)
    story.day(60)
    before, names = story.profile(ANA), story.names(ANA)
    assert "email_clicked" in names
    story.day(440)
    after, left = story.profile(ANA), story.names(ANA)
    assert not {"email_clicked", "email_delivered", "workflow_entered"} & {*left}
    lasting = [each for each in names if each in KEPT]
    assert [each for each in left if each in KEPT] == lasting
    assert left.count("history_condensed") == 1
    for part in ("traits", "lists", "consents", "behaviours"):
        assert after[part] == before[part], part
    assert after["fading"].keys() == before["fading"].keys()
    asks(story, EXPORT, {"contact": ana})
    assert "history_condensed" in str(files(story))
    assert missing(story.world.stack, story.world.recorder.uses) == []
    erases(story, ana)
    assert [each["name"] for each in kept_of(story, ana)["Events"]] == ["erased"]


# -- what holds of both ----------------------------------------------------------------------------

SAMPLES = {
    "privacy-erase-contact/nothing": "nothing to do yet",
    "privacy-erase-contact/an_address": "InvalidInput",
    "privacy-erase-contact/nobody": "InvalidInput",
    "privacy-erase-contact/look": "not confirmed",
    "privacy-erase-contact/confirm": "erased",
    "privacy-export-contact/nothing": "nothing to do yet",
    "privacy-export-contact/an_address": "InvalidInput",
    "privacy-export-contact/nobody": "InvalidInput",
    "privacy-export-contact/one_contact": "exported",
}
SAMPLE_CONTACT = "01KE6P4Z0NWNGTPJXJR5ESJA98"


def test_every_sample_ends_as_it_should(story: Story) -> None:
    ana = in_the_middle(story)
    folder = ROOT / "events" / "executions"
    there = {
        f"{path.parent.name}/{path.stem}"
        for machine in (ERASE, EXPORT)
        for path in (folder / machine).glob("*.json")
    }
    assert there == set(SAMPLES)
    for sample, outcome in sorted(SAMPLES.items(), key=lambda each: each[1] == "erased"):
        text = (folder / f"{sample}.json").read_text(encoding="utf-8")
        data = json.loads(text.replace(SAMPLE_CONTACT, ana))
        ended = asks(story, sample.partition("/")[0], data)
        assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome, sample
        assert "ana@" not in str(ended.get("cause"))


def test_every_input_in_the_documentation_does_what_it_says(story: Story) -> None:
    ana = in_the_middle(story)
    text = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
    inputs = re.findall(r"^\| *(?:`([a-z-]+)`)? *\| `(\{.*?\})` \|", text, re.MULTILINE)
    outcomes, operation = [], ""
    for name, data in inputs:
        operation = name or operation
        asked = json.loads(data.replace("01J9Z3V8Q4T2M6K7B5N1X0C3DE", ana))
        outcomes.append(asks(story, operation, asked)["output"]["outcome"])
    assert outcomes == ["exported", "not confirmed", "erased", "erased"]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"contact": "nobody"}, "is not a contact id"),
        ({"contakt": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"}, 'did you mean "contact"'),
        ({"contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE", "confirm": "yes"}, '"confirm"'),
        ({"contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE", "why": "Ana asked"}, '"why"'),
        ([], "must be a JSON object"),
    ],
    ids=str,
)
def test_nobody_is_erased_by_what_is_wrong(story: Story, data: object, sentence: str) -> None:
    ended = asks(story, ERASE, data, seconds=30)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert sentence in ended["cause"]
    assert "Paste " in ended["cause"]


def test_every_call_is_allowed_by_the_template(story: Story) -> None:
    ana = in_the_middle(story)
    asks(story, EXPORT, {"contact": ana})
    story.signs_up("cleo@example.com")
    erases(story, ana)
    story.signs_up(ANA)
    story.confirms(ANA)
    erases(story, story.contact("cleo@example.com"))
    assert missing(story.world.stack, story.world.recorder.uses) == []


def test_every_way_of_both_operations_is_gone() -> None:
    for machine in (ERASE, EXPORT):
        taken: Counter[tuple[str, str, str]] = Counter()
        for faults in (
            None,
            not_allowed("erase-contact", None),
            not_allowed("erase-contact", 5),
            not_allowed("export-contact", None),
        ):
            with World.build(start=MONDAY, seed=1, faults=faults) as world:
                story = Story(world)
                story.signs_up(ANA)
                ana = story.contact(ANA)
                for data in ({}, {"contact": "x"}, {"contact": ana}):
                    asks(story, machine, data)
                if machine == ERASE:
                    asks(story, machine, {"contact": ana, "confirm": True})
                else:
                    asks(story, ERASE, {"contact": ana, "confirm": True})
                    asks(story, machine, {"contact": ana})
                taken += Counter(world.machines.branches(f"relance-{machine}"))
                ways = world.machines.branches(f"relance-{machine}")
        assert [" ".join(way) for way in ways if not taken[way]] == []
