"""What a public form says is a claim: nothing of it holds until the person it names acts."""

import json

import pytest

from tests.workflows.story import Story

ANA = "ana@example.com"


def test_what_a_sign_up_claims_becomes_true_with_the_confirmation(story: Story) -> None:
    story.signs_up(ANA, first_name="Ana", role="owner")
    assert story.profile(ANA)["traits"] == {}
    assert "Ana" not in (story.mails(ANA)[0].parts()[1] or "")
    story.confirms(ANA)
    assert story.profile(ANA)["traits"]["first_name"][0] == "Ana"
    assert "Ana" in (story.mails(ANA)[-1].parts()[1] or "")


def test_a_stranger_cannot_rename_somebody_who_has_confirmed(story: Story) -> None:
    story.signs_up(ANA, first_name="Ana", role="owner")
    story.confirms(ANA)
    story.day(1)
    assert story.signs_up(ANA, first_name="Stupid", role="other", tracking="yes") == 200
    story.clicks(ANA, mail=1)
    assert story.messages(ANA)[-1] == "first-steps"
    assert "Stupid" not in (story.mails(ANA)[-1].parts()[1] or "")
    assert "tracking" not in story.register(ANA)


def test_an_old_button_after_leaving_and_a_new_sign_up_grants_nothing(story: Story) -> None:
    story.signs_up(ANA)
    story.confirms(ANA)
    story.unsubscribes(ANA)
    # Somebody, perhaps not she, fills the form in again; the button of the first mail is pressed.
    story.signs_up(ANA)
    assert story.confirms(ANA, mail=0) == 410
    assert story.register(ANA)["consent#newsletter"]["state"] == "pending"


def test_pressing_the_button_twice_confirms_once(story: Story) -> None:
    story.signs_up(ANA)
    assert [story.confirms(ANA), story.confirms(ANA, mail=0)] == [200, 200]
    assert len(story.events(ANA, "confirmed")) == 1


def test_the_button_works_for_seven_days_as_the_mail_says(story: Story) -> None:
    story.signs_up(ANA)
    story.day(7.1)
    assert story.confirms(ANA, mail=0) == 410
    assert story.register(ANA)["consent#newsletter"]["state"] == "pending"


def test_a_double_click_on_an_old_page_is_one_sign_up(story: Story) -> None:
    for _ in range(2):
        story.signs_up(ANA, nonce="abcdefghij")
    assert story.names(ANA).count("signed_up") == 1


@pytest.mark.parametrize(
    "role", ["Ben Doe ben@example.com", "x" * 300_000, {"nested": "x"}, 7, "no such role"]
)
def test_a_trait_that_is_not_as_declared_reaches_neither_profile_nor_history(
    story: Story, role: object
) -> None:
    story.signs_up(ANA)
    contact = story.contact(ANA)
    event = {
        "contact_id": {"S": contact},
        "event_id": {"S": "01KE6P4Z0N0000000000000099"},
        "name": {"S": "identified"},
        "occurred_at": {"S": "2026-01-05T09:00:40.000Z"},
        "received_at": {"S": "2026-01-05T09:00:40.000Z"},
        "source": {"S": "test"},
        "properties": {"M": {"traits": {"M": {"role": _attribute(role), "shoe": {"S": "42"}}}}},
    }
    story.world.client("dynamodb").put_item(
        TableName=story.world.stack.resources["Events"].name, Item=event
    )
    story.a_moment()
    assert story.profile(ANA)["traits"] == {}
    story.confirms(ANA)
    client = story.world.client("stepfunctions")
    for execution in story.executions():
        arn = execution["executionArn"]
        history = client.get_execution_history(executionArn=arn, maxResults=1000)
        assert "ben@example.com" not in json.dumps(history, default=str)


def _attribute(value: object) -> dict[str, object]:
    if isinstance(value, dict):
        return {"M": {name: {"S": each} for name, each in value.items()}}
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def test_no_address_goes_on_the_bus(story: Story) -> None:
    story.signs_up(ANA)
    told: list[str] = []
    for bus in story.world.wiring.buses.by_name.values():
        if bus.name != "default":
            bus.heard.append(lambda event: told.append(json.dumps(event)))
    story.confirms(ANA)
    assert told
    assert ANA not in "".join(told)
