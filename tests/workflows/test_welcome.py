"""The welcome journey, told as stories: Ana and the others, from Monday 5 January 2026, 9:00."""

import json

import pytest

from local.faults import Fault, FaultPlan, Rule
from tests.workflows.conftest import MakeStory
from tests.workflows.story import Story

ANA = "ana@example.com"


def test_ana_confirms_clicks_and_becomes_engaged(story: Story) -> None:
    # Day 0: she signs up and is asked to confirm.
    assert story.signs_up(ANA, first_name="Ana", role="owner") == 200
    assert story.messages(ANA) == ["confirm"]
    # An hour later she presses the button, and gets the welcome for owners.
    story.day(0.05)
    assert story.confirms(ANA) == 200
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert "Ana" in (story.mails(ANA)[-1].parts()[1] or "")
    # The next day she clicks: points, the list, the second mail.
    story.day(1)
    story.clicks(ANA)
    assert story.messages(ANA) == ["confirm", "welcome", "first-steps"]
    assert story.outcomes() == ["became engaged"]
    # Nothing comes after.
    story.day(60)
    assert len(story.mails(ANA)) == 3
    assert story.profile(ANA)["lists"]["engaged"][0] is True
    awarded = story.events(ANA, "points_awarded")
    assert [event["properties"]["points"] for event in awarded] == [10]
    assert "workflow_left" in story.names(ANA)
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]


@pytest.mark.parametrize(
    ("language", "role", "subjects"),
    [
        (
            "fr",
            "owner",
            [
                "Merci de confirmer votre adresse",
                "Ce que coûte vraiment une tasse au bureau",
                "Quatre minutes pour un meilleur café",
            ],
        ),
        (
            "pt",
            "middle_manager",
            [
                "Por favor confirme o seu endereço",
                "Nunca mais «acabou o café»",
                "Quatro minutos para um café melhor",
            ],
        ),
        (
            "fr",
            "other",
            [
                "Merci de confirmer votre adresse",
                "Bienvenue. On commence par la bouilloire ?",
                "Quatre minutes pour un meilleur café",
            ],
        ),
    ],
    ids=["an owner from Lyon", "a team lead from Porto", "somebody from Nice"],
)
def test_each_is_welcomed_in_their_language_with_what_they_care_about(
    make_story: MakeStory, language: str, role: str, subjects: list[str]
) -> None:
    story = make_story(Languages="en,fr,pt")
    story.signs_up(ANA, role=role, language=language)
    story.confirms(ANA)
    story.day(4)
    assert story.subjects(ANA) == subjects
    assert {f'lang="{language}"' in (mail.parts()[1] or "") for mail in story.mails(ANA)} == {True}


def test_ben_confirms_and_does_not_click(story: Story) -> None:
    story.signs_up("ben@example.com")
    story.confirms("ben@example.com")
    story.day(2.9)
    assert story.messages("ben@example.com") == ["confirm", "welcome"]
    story.day(3.1)
    assert story.messages("ben@example.com") == ["confirm", "welcome", "welcome-again"]
    first, again = story.subjects("ben@example.com")[1:]
    assert first != again
    assert story.outcomes() == ["welcomed, no click"]


def test_cleo_confirms_only_after_the_reminder(story: Story) -> None:
    story.signs_up("cleo@example.com")
    story.day(1.9)
    assert story.messages("cleo@example.com") == ["confirm"]
    story.day(2.1)
    assert story.messages("cleo@example.com") == ["confirm", "confirm-reminder"]
    story.day(6.9)
    story.confirms("cleo@example.com")
    assert story.messages("cleo@example.com")[-1] == "welcome"


def test_cora_signs_up_again_after_the_reminder_and_is_asked_once_more(story: Story) -> None:
    story.signs_up("cora@example.com")
    story.day(4)
    story.signs_up("cora@example.com")
    assert story.messages("cora@example.com") == ["confirm", "confirm-reminder", "confirm"]
    # A week from then on: day 10 is not too late.
    story.day(10)
    assert story.confirms("cora@example.com") == 200
    assert story.messages("cora@example.com")[-1] == "welcome"


def test_nobody_who_has_confirmed_is_reminded_however_late_the_stream_is(
    make_story: MakeStory,
) -> None:
    plan = FaultPlan()
    story = make_story(faults=plan)
    story.signs_up(ANA)
    story.day(1.99)
    # The stream stands still; she confirms just before the reminder is due.
    plan.rules.append(
        Rule(Fault.FAIL_BEFORE, function="update-contact", times=None, code="Stalled")
    )
    story.confirms(ANA)
    story.day(2.05)
    plan.rules.clear()
    story.day(3)
    assert story.messages(ANA) == ["confirm", "welcome"]
    assert [each.get("reason") for each in story.sends(ANA)] == [None, "not_pending", None]


def test_dan_never_confirms(story: Story) -> None:
    story.signs_up("dan@example.com")
    story.day(60)
    assert story.messages("dan@example.com") == ["confirm", "confirm-reminder"]
    assert story.outcomes() == ["never confirmed"]
    assert story.register("dan@example.com")["consent#newsletter"]["state"] == "pending"


def test_eve_signs_up_again_because_the_mail_was_lost(story: Story) -> None:
    # Twice on the same day: the same page, one mail.
    assert story.signs_up("eve@example.com") == 200
    assert story.signs_up("eve@example.com") == 200
    assert story.messages("eve@example.com") == ["confirm"]
    # Again the next day: asked again, in the same journey.
    story.day(1.1)
    story.signs_up("eve@example.com")
    assert story.messages("eve@example.com") == ["confirm", "confirm"]
    story.confirms("eve@example.com")
    assert story.messages("eve@example.com")[-1] == "welcome"
    assert story.outcomes().count("already in") == 2
    assert [each["state"] for each in story.sends("eve@example.com")] == [
        "delivered",
        "skipped",
        "delivered",
        "delivered",
    ]


def test_fay_keeps_signing_up_and_is_asked_once_a_day_until_the_reminder(story: Story) -> None:
    for hour in range(30):
        story.day(hour / 24)
        story.signs_up("fay@example.com")
    assert story.messages("fay@example.com").count("confirm") <= 2
    story.day(8)
    assert story.outcomes()[0] == "never confirmed"


def test_gus_unsubscribes_with_his_mail_clients_button(story: Story) -> None:
    story.signs_up("gus@example.com")
    story.confirms("gus@example.com")
    story.day(1)
    assert story.unsubscribes("gus@example.com") == 200
    assert story.outcomes() == ["left: unsubscribed"]
    assert story.register("gus@example.com")["consent#newsletter"]["state"] == "withdrawn"
    story.day(60)
    assert story.messages("gus@example.com") == ["confirm", "welcome"]


def test_hal_comes_back_after_leaving(story: Story) -> None:
    story.signs_up("hal@example.com")
    story.confirms("hal@example.com")
    story.unsubscribes("hal@example.com")
    story.day(1.5)
    story.signs_up("hal@example.com")
    story.confirms("hal@example.com")
    assert story.messages("hal@example.com") == ["confirm", "welcome", "confirm", "welcome"]
    assert story.register("hal@example.com")["consent#newsletter"]["state"] == "granted"


def test_the_button_of_an_old_mail_does_not_undo_a_withdrawal(story: Story) -> None:
    story.signs_up("ida@example.com")
    story.confirms("ida@example.com")
    story.unsubscribes("ida@example.com")
    assert story.confirms("ida@example.com", mail=0) == 410
    assert story.register("ida@example.com")["consent#newsletter"]["state"] == "withdrawn"


def test_an_address_that_bounces_gets_nothing_more(story: Story) -> None:
    story.signs_up("bounce@simulator.amazonses.com")
    story.day(10)
    assert story.messages("bounce@simulator.amazonses.com") == ["confirm"]
    assert story.outcomes() == ["left: bounced"]
    assert story.register("bounce@simulator.amazonses.com")["suppressed"]["reason"] == "bounced"


def test_a_complaint_ends_the_journey(story: Story) -> None:
    story.signs_up("complaint@simulator.amazonses.com")
    story.day(10)
    assert story.messages("complaint@simulator.amazonses.com") == ["confirm"]
    assert story.outcomes() == ["left: complained"]


def test_off_the_allow_list_the_journey_says_so(make_story: MakeStory) -> None:
    story = make_story(SendMode="allow-list", AllowList="@example.org")
    story.signs_up("kim@example.com")
    story.signs_up("kim@example.org")
    assert story.messages("kim@example.com") == []
    assert story.messages("kim@example.org") == ["confirm"]
    assert story.outcomes()[0] == "not sent: not_on_allow_list"
    assert [each["reason"] for each in story.sends("kim@example.com")] == ["not_on_allow_list"]


PASTED = [
    pytest.param({}, id="nothing"),
    pytest.param({"Comment": "Insert your JSON here"}, id="what the console fills in"),
]


@pytest.mark.parametrize("data", PASTED)
def test_an_empty_start_ends_green_with_an_example(story: Story, data: dict[str, str]) -> None:
    story.world.start("journey-welcome", data)
    story.a_moment()
    assert story.outcomes() == ["nothing to do yet"]
    assert '{"contact": ' in json.loads(story.executions()[0]["output"])["summary"]


WRONG = [
    pytest.param({"contact": ANA}, "finder", id="an address"),
    pytest.param({"contakt": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"}, '"contact"', id="misspelt"),
    pytest.param({"contact": "nobody"}, "26 letters", id="not an id"),
    pytest.param({"contact": "01J9Z3V8Q4T2M6K7B5N1X0C3DE"}, "no contact", id="unknown"),
    pytest.param({"contact": 7}, "contact", id="a number"),
    pytest.param([], "paste", id="a list"),
    pytest.param("text", "paste", id="a text"),
]


@pytest.mark.parametrize(("data", "hint"), WRONG)
def test_a_wrong_start_fails_and_shows_what_to_paste(story: Story, data: object, hint: str) -> None:
    story.world.start("journey-welcome", json.dumps(data))
    story.a_moment()
    (execution,) = story.executions()
    assert execution["status"] == "FAILED"
    assert execution["error"] == "InvalidInput"
    assert hint.lower() in execution["cause"].lower()
    assert ANA not in execution["cause"]


def test_a_manual_start_of_somebody_who_has_confirmed_says_why_not(story: Story) -> None:
    story.signs_up(ANA)
    story.confirms(ANA)
    story.clicks(ANA)
    story.world.start("journey-welcome", {"contact": story.contact(ANA)})
    story.a_moment()
    assert story.outcomes()[-1] == "not eligible"
    assert len(story.mails(ANA)) == 3


def test_stopping_in_the_console_frees_the_contact(story: Story) -> None:
    story.signs_up(ANA)
    (execution,) = story.executions()
    story.world.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])
    story.a_moment()
    assert story.records(ANA, "now#") == ["now#profile", "now#register"]
    assert story.events(ANA)[-1]["properties"]["outcome"] == "stopped in the console"
    # She can be let in again, by hand.
    story.world.start("journey-welcome", {"contact": story.contact(ANA)})
    story.a_moment()
    assert story.outcomes() == ["ABORTED", "RUNNING"]


def test_ana_may_be_in_once_at_a_time(story: Story) -> None:
    story.signs_up(ANA)
    story.world.start("journey-welcome", {"contact": story.contact(ANA)})
    story.a_moment()
    assert story.outcomes() == ["RUNNING", "already in"]
