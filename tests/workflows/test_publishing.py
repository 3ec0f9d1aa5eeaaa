"""A marketer publishes, checks and takes back messages, while journeys go on."""

import json
import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from local.faults import FaultPlan, stops_at
from local.permissions import missing
from local.world import ROOT
from tests.workflows.privacy import asks
from tests.workflows.story import Story

PUBLISH = "operation-publish-content"
LETTER = """---
subject: "{{ contact.first_name or 'Hello' }}, a letter"
preheader: What is new this month.
class: marketing
intent: inform
topic: newsletter
---
# What is new

[Have a look]({{ company.website }}/news)
"""
WELCOME = LETTER.replace("a letter", "a new welcome").replace("# What is new", "# Good to see you")

SAMPLES = {
    "nothing": "nothing to do yet",
    "an_address": "InvalidInput",
    "misspelt": "InvalidInput",
    "check": "checked",
    "publish": "published",
    "roll_back": "rolled back",
}
"""In the order in which they are started."""


def bucket(story: Story) -> str:
    return story.world.stack.resources["ContentBucket"].name


def put(story: Story, key: str, body: str | bytes) -> None:
    """Upload a draft."""
    raw = body.encode() if isinstance(body, str) else body
    story.world.client("s3").put_object(Bucket=bucket(story), Key=f"drafts/{key}", Body=raw)


def publish(story: Story, name: str, body: str) -> dict[str, Any]:
    """Upload a draft as one file and publish it; how it ended."""
    put(story, f"{name}.md", body)
    ended = asks(story, PUBLISH, {"publish": name})
    assert ended["status"] == "SUCCEEDED", ended
    return dict(ended["output"])


def get(story: Story, path: str) -> Any:
    return story.world.request("GET", path)


def picture() -> bytes:
    body = BytesIO()
    Image.new("RGB", (40, 30), "brown").save(body, "PNG")
    return body.getvalue()


def test_every_sample_of_the_operation_ends_as_it_should(story: Story) -> None:
    put(story, "newsletter-12.md", LETTER)
    folder = ROOT / "events" / "executions" / PUBLISH
    assert {path.stem for path in folder.glob("*.json")} == set(SAMPLES)
    for sample, outcome in SAMPLES.items():
        text = (folder / f"{sample}.json").read_text(encoding="utf-8")
        ended = asks(story, PUBLISH, json.loads(text))
        assert (ended["output"] or {}).get("outcome", ended.get("error")) == outcome
        assert "ana@" not in str(ended.get("cause"))
        if sample == "misspelt":
            assert "Did you mean newsletter-12?" in ended["cause"]
    assert missing(story.world.stack, story.world.recorder.uses) == []


def test_a_message_is_replaced_and_brought_back_while_people_sign_up(story: Story) -> None:
    def welcomed(name: str) -> str:
        story.signs_up(f"{name}@example.com", first_name="Ana")
        story.confirms(f"{name}@example.com")
        return str(story.subjects(f"{name}@example.com")[-1])

    deployed = welcomed("first")
    told = publish(story, "welcome", WELCOME)
    assert (told["version"], told["summary"][:24]) == (1, "Published as version 1. ")
    assert '{"roll_back": "welcome", "to": 0}' in told["summary"]
    assert welcomed("second") == "Ana, a new welcome"
    again = publish(story, "welcome", WELCOME.replace("new welcome", "newer welcome"))
    assert again["version"] == 2
    assert welcomed("third") == "Ana, a newer welcome"
    for number, subject in ((1, "Ana, a new welcome"), (0, deployed)):
        asks(story, PUBLISH, {"roll_back": "welcome", "to": number})
        assert welcomed(f"back-{number}") == subject
    assert publish(story, "welcome", WELCOME)["version"] == 3


def test_old_mails_go_on_working_after_a_message_was_replaced(story: Story) -> None:
    story.signs_up("ana@example.com", first_name="Ana")
    story.confirms("ana@example.com")
    page = story.link("ana@example.com", "/v/")
    before = get(story, page).body.decode()
    publish(story, "welcome", WELCOME)
    assert get(story, page).body.decode() == before
    assert story.clicks("ana@example.com").startswith("https://www.example.com/")


def test_the_page_of_a_mail_can_be_sent_on(story: Story) -> None:
    story.signs_up("ana@example.com", first_name="Ana")
    story.confirms("ana@example.com")
    names = story.names("ana@example.com")
    answer = get(story, story.link("ana@example.com", "/v/"))
    body = answer.body.decode()
    assert answer.status == 200
    assert "kettle" in body
    assert "Unsubscribe" in body
    assert not re.search(r'(?:href|src)="[^"]*/[upckvo]/', body)
    assert "?rl=" not in body
    assert re.search(r'href="https://www\.example\.com/[^"]*utm_campaign=welcome', body)
    headers = dict(answer.headers)
    assert headers["x-robots-tag"] == "noindex"
    assert headers["cache-control"] == "no-store"
    assert story.world.request("HEAD", story.link("ana@example.com", "/v/")).status == 200
    assert story.names("ana@example.com") == names


def test_a_draft_with_mistakes_is_refused_and_nothing_changes(story: Story) -> None:
    publish(story, "welcome", WELCOME)
    index = story.item("Sends", {"send_id": {"S": "published"}})
    wrong = WELCOME.replace("topic: newsletter", "topic: newsleter").replace(
        "[Have", "{{ contact.frist_name }} ![](images/x.png) [Have"
    )
    told = publish(story, "welcome", wrong)
    assert told["outcome"] == "refused"
    assert told["summary"].startswith("Refused: welcome has ")
    sentences = "\n".join(told["mistakes"])
    assert 'welcome.md, line 6: the topic "newsleter" is not declared in company.yaml.' in sentences
    assert "welcome.md, line 10: contact.frist_name is not declared in traits.yaml." in sentences
    assert 'welcome.md, line 10: there is no picture "images/x.png".' in sentences
    assert story.item("Sends", {"send_id": {"S": "published"}}) == index


WRONG: dict[str, tuple[dict[str, str | bytes], str]] = {
    "no-lines": ({".md": "# Hello"}, "must begin with what stands in message.yaml"),
    "not-utf-8": ({".md": b"---\n\xff\n---\n"}, "not-utf-8.md: is not saved as UTF-8."),
    "twice": ({".md": LETTER, "/body.md": "# A"}, "twice.md: twice/body.md is there as well."),
    "half": ({"/body.md": "# A"}, "half/message.yaml: this file is missing."),
    "no-text": (
        {"/message.yaml": LETTER[4:].partition("---")[0]},
        "no-text/body.html.j2: this file is missing.",
    ),
    "no-layout": (
        {".md": LETTER.replace("class: m", "layout: mial\nclass: m")},
        'no-layout.md, line 4: there is no layout "mial". Did you mean mail?',
    ),
    "first-steps": (
        {".md": LETTER.replace("class: marketing", "class: transactional")},
        "first-steps: the deployed message of this name is marketing",
    ),
    "confirm": (
        {".md": LETTER.replace("class: marketing", "class: transactional")},
        "confirm: the deployed message of this name asks for the confirmation",
    ),
    "too-long": ({".md": f"{LETTER}{'x' * 120_000}"}, "Gmail cuts off what is beyond 102 KB"),
    "too-many": ({f"/images/{n}.png": b"x" for n in range(101)}, "100 files and 20 MB"),
}


def test_whatever_is_wrong_with_a_draft_is_told_in_a_sentence(story: Story) -> None:
    for name, (files, sentence) in WRONG.items():
        for ending, body in files.items():
            put(story, f"{name}{ending}", body)
        told = asks(story, PUBLISH, {"publish": name}, seconds=30)["output"]
        assert told["outcome"] == "refused", name
        assert any(sentence in each for each in told["mistakes"]), told["mistakes"]


def test_a_folder_has_pictures_and_versions_for_personas(story: Story) -> None:
    put(story, "welcome/message.yaml", LETTER[4:].partition("---")[0])
    put(story, "welcome/body.md", "# New\n\n![A cup](images/cup.png)\n")
    put(story, "welcome/images/cup.png", picture())
    assert asks(story, PUBLISH, {"publish": "welcome"})["output"]["outcome"] == "published"
    story.signs_up("ana@example.com")
    story.confirms("ana@example.com")
    html = story.mails("ana@example.com")[-1].parts()[1]
    found = re.search(r'src="https?://[^/"]+(/i/[0-9a-f]{24}\.png)" alt="A cup"', html)
    assert found
    answer = get(story, found[1])
    assert (answer.status, dict(answer.headers)["content-type"]) == (200, "image/png")
    assert dict(answer.headers)["cache-control"] == "public, max-age=31536000, immutable"
    assert Image.open(BytesIO(answer.body)).size == (40, 30)
    page = get(story, story.link("ana@example.com", "/v/")).body.decode()
    assert f'src="..{found[1]}"' in page


def test_checking_a_draft_changes_nothing_that_is_sent(story: Story) -> None:
    put(story, "welcome.md", WELCOME)
    told = asks(story, PUBLISH, {"check": "welcome"})["output"]
    assert told["summary"].startswith("welcome has no mistakes.")
    story.signs_up("ana@example.com")
    story.confirms("ana@example.com")
    assert "a new welcome" not in story.subjects("ana@example.com")[-1]


def test_what_is_typed_wrong_is_said(story: Story) -> None:
    for wish, sentence in (
        ({"publish": "x", "check": "x"}, 'either "check", "publish" or "roll_back"'),
        ({"roll_back": "welcome"}, 'Write "to" with the number of a version'),
        ({"publish": "welcome", "to": 3}, 'Write "to" with the number of a version'),
        ({"roll_back": "welcome", "to": 3}, "welcome has no version 3. There is 0."),
        ({"roll_back": "welcom", "to": 0}, "Did you mean welcome"),
        ({"publish": "../welcome"}, '"publish"'),
        ({"pubish": "welcome"}, 'did you mean "publish"'),
    ):
        ended = asks(story, PUBLISH, wish, seconds=30)
        assert (ended["status"], ended["error"]) == ("FAILED", "InvalidInput"), wish
        assert sentence in ended["cause"]


def test_publishing_the_same_again_is_no_new_version(story: Story) -> None:
    assert publish(story, "letter", LETTER)["version"] == 1
    told = publish(story, "letter", LETTER)
    assert (told["version"], told["summary"]) == (
        1, "letter stands as version 1 already; nothing was changed.",
    )  # fmt: skip


def test_two_who_publish_at_once_both_do(story: Story) -> None:
    for name in ("one", "two", "three"):
        put(story, f"{name}.md", LETTER.replace("a letter", name))
    for name in ("one", "two", "three"):
        story.world.start(PUBLISH, {"publish": name})
    story.a_moment(400)
    index = story.item("Sends", {"send_id": {"S": "published"}})
    assert {name: line["number"] for name, line in index["messages"].items()} == {
        "one": 1, "two": 1, "three": 1,
    }  # fmt: skip


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.long)])
def test_stopped_at_any_call_a_version_is_in_force_whole_or_not_at_all(
    story: Story, every: int
) -> None:
    world = story.world
    world.sandboxes.trace = []
    publish(story, "letter", LETTER)
    made = [each for each in world.sandboxes.trace if each.function.endswith("publish-content")]
    world.sandboxes.trace = None
    plans = list(stops_at(made))
    assert len(plans) >= 10
    for turn, (call, plan) in enumerate(plans[::every], 2):
        for rule in plan.rules:
            rule.invocation = None
        put(story, "letter.md", LETTER.replace("a letter", f"letter {turn}"))
        world.sandboxes.faults = FaultPlan(plan.rules)
        ended = asks(story, PUBLISH, {"publish": "letter"})
        struck, world.sandboxes.faults = world.sandboxes.faults.struck, None
        assert struck, call
        assert ended["output"]["version"] == turn, call
        (line,) = story.item("Sends", {"send_id": {"S": "published"}})["messages"].values()
        versions = list(line["versions"].values())
        assert len(set(versions)) == len(versions) == turn, call
        links = f"links{versions[-1]}"
        assert story.item("Sends", {"send_id": {"S": links}})["links"], call
        world.client("s3").head_object(Bucket=bucket(story), Key=f"versions/{versions[-1]}.json")


def test_a_sender_reads_the_index_once_a_minute_and_a_version_once(story: Story) -> None:
    put(story, "welcome.md", WELCOME)
    asks(story, PUBLISH, {"publish": "welcome"})
    for number in range(5):
        story.signs_up(f"p{number}@example.com")
    story.world.sandboxes.trace = []
    for number in range(5):
        story.confirms(f"p{number}@example.com")
    calls = [each for each in story.world.sandboxes.trace if each.function.endswith("send-email")]
    assert sum(each.operation == "GetObject" for each in calls) <= 1
    assert story.subjects("p4@example.com")[-1].endswith("a new welcome")
