"""What became of a campaign's messages, and how a message looks before it is sent."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from local.permissions import missing
from local.world import World
from tests.workflows.mailing import NAME, ROOT, Gathered, Mailing
from tests.workflows.story import BROWSER, MONDAY


@pytest.fixture(scope="module")
def a_dozen() -> Gathered:
    """Twelve people who agreed."""
    return Gathered.of(12)


@pytest.fixture
def few(a_dozen: Gathered) -> Iterator[Mailing]:
    """They are in a world of their own, in which one address gets tests."""
    parameters = {"TestAddresses": "tester@example.com,other@example.com"}
    with a_dozen.somewhere(parameters=parameters) as mailing:
        yield mailing


def stored(mailing: Mailing, prefix: str) -> dict[str, str]:
    """The files below a prefix of the operations bucket."""
    s3, bucket = mailing.world.client("s3"), mailing.world.stack.resources["OperationsBucket"].name
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode()
        for each in listed
    }


def follows_a_link(mailing: Mailing, number: int, agent: str = BROWSER["user-agent"]) -> None:
    """Somebody, or some program, follows a link of the last mail."""
    html = mailing.world.mailbox.to(mailing.address(number))[-1].parts()[1] or ""
    path = "/c/" + html.split("/c/")[1].split('"')[0]
    assert mailing.world.request("GET", path, headers={"user-agent": agent}).status == 302


def test_the_report_says_who_got_it_who_did_not_and_why_and_who_ordered(few: Mailing) -> None:
    few.unsubscribes(1)
    few.changes(2, address="bounce@simulator.amazonses.com")
    few.sends()
    for number in (3, 4, 5):
        follows_a_link(few, number)
    follows_a_link(few, 7, agent="Barracuda Sentinel (EE)")
    few.happens(3, "order_completed", "order", order_id="1")
    few.happens(6, "order_completed", "order", order_id="2")
    few.world.run(for_=timedelta(minutes=5))
    told = few.asks("report-sending", {"campaign": NAME})["output"]
    assert told["summary"] == (
        f"{NAME} (welcome to 12 people): 10 of 12 people were sent it. 2 were left out: "
        "1 simulated, 1 unsubscribed. Delivered: 10, bounced: 0, complained: 0, clicked: 3, "
        "ordered within 7 days after a click: 1."
    )
    assert told["figures"]["states"] == {"delivered": 10, "skipped": 1}
    (text,) = stored(few, "report_sending/").values()
    lines = [json.loads(line) for line in text.splitlines()]
    by_person = {each["contact"]: each for each in lines}
    assert by_person[few.people[1]] == {
        "contact": few.people[1], "state": "skipped", "reason": "unsubscribed",
    }  # fmt: skip
    assert by_person[few.people[2]] == {
        "contact": few.people[2], "state": "bounced", "simulated": True,
    }  # fmt: skip
    assert by_person[few.people[3]]["ordered"] is True
    assert len(lines) == 12
    assert "@" not in text


def test_a_message_of_journeys_is_told_by_the_month(few: Mailing) -> None:
    few.world.request(
        "POST",
        "/f/newsletter",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=b"email=ana%40example.com&consent=yes",
    )
    few.world.run(for_=timedelta(minutes=5))
    told = few.asks("report-sending", {"message": "confirm", "month": "2026-01"})["output"]
    assert told["figures"]["sent"] == 1
    assert told["summary"].startswith("confirm from journeys in 2026-01: 1 of 1 person")


def test_a_sample_is_shown_to_every_marketer(few: Mailing) -> None:
    shown = few.asks("preview-message", {"message": "first-steps"})["output"]
    assert shown["outcome"] == "previewed"
    assert shown["summary"].startswith('first-steps for a sample: "Sample, here is the next step"')
    files = stored(few, "preview_message/")
    assert {key.rpartition("/")[2] for key in files} == {"mail.html", "mail.txt", "headers.txt"}
    headers = next(text for key, text in files.items() if key.endswith("headers.txt"))
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in headers
    html = next(text for key, text in files.items() if key.endswith("mail.html"))
    assert "/c/" not in html
    assert "/o/" not in html
    assert len(few.world.mailbox) == 0


def test_a_contact_s_mail_is_kept_where_few_may_look_and_said_to_nobody(few: Mailing) -> None:
    few.unsubscribes(4)
    data = {"message": "welcome", "contact": few.people[4]}
    shown = few.asks("preview-message", data)["output"]
    assert shown["warnings"] == ["This contact would not get it now: unsubscribed."]
    assert stored(few, "preview_message/") == {}
    assert len(stored(few, "people/preview_message/")) == 3
    assert few.ledger() == {}


def test_a_test_goes_to_the_declared_addresses_and_unsubscribes_nobody(few: Mailing) -> None:
    data = {"message": "welcome", "contact": few.people[4], "test": True}
    shown = few.asks("preview-message", data)["output"]
    assert shown["outcome"] == "tested"
    assert "A test was sent to 2 of 2 test addresses." in shown["summary"]
    assert {mail.recipients for mail in few.world.mailbox.mails} == {
        ("tester@example.com",), ("other@example.com",),
    }  # fmt: skip
    mail = few.world.mailbox.mails[0]
    assert mail.subject.startswith("[Test] ")
    path = "/u/" + mail.parts()[0]["List-Unsubscribe"].split("/u/")[1].rstrip(">")
    few.world.request(
        "POST",
        path,
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=b"List-Unsubscribe=One-Click",
    )
    few.world.run(for_=timedelta(minutes=5))
    key = {"contact_id": few.people[4], "record": "now#register"}
    (register,) = [row for row in few.rows("Contacts") if key.items() <= row.items()]
    assert register["consent#newsletter"]["state"] == "granted"
    assert [row for row in few.rows("Sends") if "state" in row] == []


def test_without_test_addresses_no_test_is_sent(a_dozen: Gathered) -> None:
    with a_dozen.somewhere() as mailing:
        ended = mailing.asks("preview-message", {"message": "welcome", "test": True})
        assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
        assert "TestAddresses" in ended["cause"]


REPORTING = {
    "nothing": "nothing to do yet",
    "a_campaign": "reported",
    "a_message": "reported",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
}
PREVIEWING = {
    "nothing": "nothing to do yet",
    "a_sample": "previewed",
    "a_contact": "InvalidInput",
    "a_test": "tested",
    "misspelt": "InvalidInput",
    "an_address": "InvalidInput",
}


def test_every_sample_ends_as_it_should(few: Mailing) -> None:
    few.sends()
    for operation, samples in (("report-sending", REPORTING), ("preview-message", PREVIEWING)):
        folder = ROOT / "events" / "executions" / f"operation-{operation}"
        assert {path.stem for path in folder.glob("*.json")} == set(samples)
        for sample, outcome in samples.items():
            data = json.loads((folder / f"{sample}.json").read_text(encoding="utf-8"))
            ended = few.asks(operation, data)
            assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome, sample
            assert "ana@example.com" not in ended.get("cause", "")
    assert missing(few.world.stack, few.world.recorder.uses) == []


@pytest.mark.parametrize(
    ("operation", "typed", "said"),
    [
        ("report-sending", {"campaign": "none"}, 'There is no campaign "none".'),
        ("report-sending", {"message": "welcome"}, '"message" and "month" stand together.'),
        ("report-sending", {"campaign": "a", "month": "2026-01"}, "A campaign stands alone."),
        ("report-sending", {"message": "welcom", "month": "2026-01"}, "Did you mean"),
        ("report-sending", {"message": "welcome", "month": "2026-13"}, '"month"'),
        ("preview-message", {"message": "welcome", "language": "xx"}, "does not write"),
        ("preview-message", {"message": "welcome", "test": "maybe"}, "must be true or false"),
    ],
)  # fmt: skip
def test_a_wrong_input_says_what_to_paste(
    few: Mailing, operation: str, typed: dict[str, Any], said: str
) -> None:
    ended = few.asks(operation, typed)
    assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput")
    assert said in ended["cause"]
    assert "Paste for example" in ended["cause"]


def test_every_branch_of_the_small_operations_is_reached(few: Mailing) -> None:
    few.sends()
    inputs: dict[str, list[Any]] = {
        "control": [{}, {"campaign": NAME, "do": "pause"}, {"campaign": NAME}],
        "report-sending": [{}, {"campaign": NAME}, {"campaign": 7}],
        "preview-message": [
            {}, {"message": "welcome"}, {"message": "welcome", "test": True}, {"message": 7},
        ],
    }  # fmt: skip
    missed: Counter[str] = Counter()
    for operation, many in inputs.items():
        for data in many:
            few.asks(operation, data)
        ways = few.world.machines.branches(f"relance-operation-{operation}")
        missed.update(way[0] for way, count in ways.items() if not count)
    # What a defect does is shown in `test_campaigns`, what `control` does with journeys in
    # `test_controlling`.
    assert set(missed) <= {
        "Do what was typed", "Count what became of them", "Render the message", "What came of it?",
        "Done", "A journey or a campaign?", "Do it with the journey", "What is to be done next?",
        "Leave them ten seconds", "Counted",
    }, missed  # fmt: skip


def test_a_world_of_nobody_reports_nothing() -> None:
    with World.build(start=MONDAY, seed=1) as world:
        ended = Mailing(world, 0).asks("report-sending", {"message": "welcome", "month": "2026-01"})
        assert ended["output"]["summary"].startswith(
            "welcome from journeys in 2026-01: 0 of 0 people were sent it."
        )
