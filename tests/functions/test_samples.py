"""Every sample in events/functions runs, and says what a caller would be told."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from relance.companies import member_since
from relance.errors import ContactNotFound, InvalidInput
from relance.storage import Delete, Put, Table, Update

from local.storage import client
from tests.functions.conftest import CONTACT, EXECUTION, SAMPLES, SEND, SIGNUP, Bench
from tests.stack import real_stack

Call = Callable[[str, str], Any]

STATUSES = {
    "give_file/forged": 404,
    "serve_image/unknown": 404,
    "serve_image/no_picture": 404,
    "show_mail/sent": 200,
    "show_mail/forged": 404,
    "decide_lead/forged": 404,
    "submit_form/show": 200,
    "submit_form/show_landing_page": 200,
    "submit_form/show_part": 200,
    "submit_form/foreign_page": 403,
    "submit_form/sign_up": 200,
    "submit_form/sign_up_json": 200,
    "submit_form/not_an_address": 422,
    "submit_form/unknown_form": 404,
    "submit_form/malformed": 400,
    "submit_form/too_large": 413,
    "submit_form/half_a_character": 400,
    "submit_form/nested_field": 400,
    "submit_form/address_not_ascii": 422,
    "track_open/pixel": 200,
    "track_open/head": 200,
    "track_open/forged": 200,
    "track_click/link": 302,
    "track_click/head": 302,
    "track_click/cut_off": 404,
    "serve_tracker/script": 200,
    "serve_tracker/form_script": 200,
    "serve_tracker/not_packed": 200,
    "fill_slots/visitor": 200,
    "fill_slots/after_a_click": 200,
    "fill_slots/forged_token": 200,
    "fill_slots/nothing_asked": 200,
    "manage_subscription/confirm_page": 200,
    "manage_subscription/confirm": 200,
    "manage_subscription/leave_page": 200,
    "manage_subscription/one_click": 200,
    "manage_subscription/one_click_multipart": 200,
    "manage_subscription/forged": 404,
    "manage_preferences/show": 200,
    "manage_preferences/show_in_french": 200,
    "manage_preferences/head": 200,
    "manage_preferences/save": 200,
    "manage_preferences/leave": 200,
    "manage_preferences/not_from_the_page": 200,
    "manage_preferences/forged": 404,
    "manage_preferences/unreadable": 400,
    "collect_events/track": 200,
    "collect_events/batch": 200,
    "collect_events/batch_with_a_bad_item": 200,
    "collect_events/wrong_key": 401,
    "collect_events/not_json": 400,
    "collect_events/half_a_character": 400,
    "collect_events/reserved_event": 400,
    "collect_events/tiny_number": 400,
    "collect_events/times_far_apart": 400,
    "collect_events/key_not_ascii": 401,
    "collect_events/credentials_not_ascii": 401,
    "collect_events/batch_too_long": 413,
    "collect_events/identify": 200,
    "collect_events/page": 200,
    "collect_events/screen": 200,
    "collect_events/group": 200,
    "collect_events/alias": 200,
    "collect_events/gzip_with_another_type": 200,
    "collect_events/browser_identify": 200,
    "collect_events/browser_track": 200,
    "collect_events/browser_page": 200,
    "collect_events/browser_screen": 200,
    "collect_events/browser_group": 200,
    "collect_events/browser_alias": 200,
    "collect_events/browser_batch": 200,
    "collect_events/browser_without_visitor": 400,
    "collect_events/cloudevent": 200,
    "collect_events/cloudevents_batch": 200,
    "collect_events/cloudevent_of_another_version": 400,
    "collect_events/unknown_word": 404,
    "collect_events/settings": 200,
    "collect_events/settings_of_a_secret_key": 404,
    "take_hook/shop_order": 200,
    "take_hook/shop_order_in_base_64": 200,
    "take_hook/shop_refund": 200,
    "take_hook/shop_customer": 200,
    "take_hook/shop_ignored": 200,
    "take_hook/shop_changed_on_its_way": 401,
    "take_hook/shop_unsigned": 401,
    "take_hook/shop_signature_not_ascii": 401,
    "take_hook/payments_checkout": 200,
    "take_hook/payments_refund": 200,
    "take_hook/payments_old": 401,
    "take_hook/payments_without_time": 401,
    "take_hook/facebook_likes": 200,
    "take_hook/facebook_comment": 200,
    "take_hook/facebook_challenge": 200,
    "take_hook/facebook_challenge_by_a_stranger": 403,
    "take_hook/linkedin_activity": 200,
    "take_hook/linkedin_challenge": 200,
    "take_hook/linkedin_challenge_that_is_none": 403,
    "take_hook/booking_booked": 200,
    "take_hook/booking_with_the_former_secret": 200,
    "take_hook/booking_with_a_bad_entry": 200,
    "take_hook/booking_from_the_future": 401,
    "take_hook/booking_not_json": 400,
    "take_hook/booking_asked_by_get": 405,
    "take_hook/unknown_hook": 404,
}

MAY_BE_KEPT = ("serve_tracker/", "fill_slots/")
"""The functions whose answers a browser may keep for a while."""

WIDGETS = {
    "show_widget/describe": "`find`, `campaigns` or `funnel`",
    "show_widget/find": 'name="who"',
    "show_widget/person": f"<code>{CONTACT}</code>",
    "show_widget/nobody": "Nobody is known by this.",
    "show_widget/choose_a_journey": ">Welcome</a>",
    "show_widget/count_a_journey": "1 entry of 1 contact",
    "show_widget/unknown_view": "&quot;view&quot;",
}
OTHERS = {
    *WIDGETS,
    "record_email_event/bounce_from_eventbridge",
    "record_email_event/delivery_and_complaint_from_queue",
    "record_email_event/of_somebody_else",
    "update_contact/orders",
    "refold_contact/set_aside",
    "update_company/twice",
    "drain_backlog/waiting",
    "record_engagement/opens_and_clicks",
    "drain_backlog/not_ours",
    "enter_workflow/signed_up",
    "enter_workflow/console_default",
    "send_email/welcome",
    "await_event/click",
    "award_points/ten",
    "change_list/join",
    "check_condition/signed_up",
    "check_condition/a_segment",
    "check_condition/misspelt",
    "find_moment/a_tuesday",
    "find_moment/no_birthday",
    "set_trait/country",
    "set_trait/personal",
    "split_contacts/half",
    "start_journey/unknown",
    "alert_people/nobody_declared",
    "alert_people/by_mail",
    "call_service/not_declared",
    "hand_over/by_mail",
    "report_leads/january",
    "check_setup/release",
    "join_contacts/join",
    "manage_suppressions/suppress",
    "refresh_address_ranges/look",
    "publish_content/nothing_there",
    "close_workflow/stopped",
    "send_deferred/due",
    "settle_sends/tick",
    "wake_contacts/tick",
    "list_contacts/dry_run",
    "list_contacts/a_segment",
    "list_contacts/an_address",
    "judge_contacts/dry_run",
    "judge_contacts/a_condition",
    "tell_rules_changed/batch",
    "sum_up/told",
    "erase_contact/look",
    "erase_contact/confirmed",
    "erase_contact/second_round",
    "erase_contact/an_address",
    "export_contact/one_contact",
    "cut_file/look",
    "export_batch/everybody",
    "import_piece/write",
    "sum_up_import/imported",
    "list_audience/count",
    "list_audience/console_default",
    "list_starts/count",
    "list_starts/console_default",
    "try_journey/nothing",
    "check_journey/nothing",
    "start_batch/one_contact",
    "send_batch/of_no_campaign",
    "count_campaign/of_no_campaign",
    "control_campaign/of_no_campaign",
    "control_journey/pause",
    "report_sending/a_month",
    "preview_message/a_sample",
}


def test_every_sample_is_tried() -> None:
    there = {f"{path.parent.name}/{path.stem}" for path in SAMPLES.glob("*/*.json")}
    assert there == set(STATUSES) | OTHERS


@pytest.mark.parametrize(("sample", "status"), STATUSES.items(), ids=STATUSES)
def test_a_request_is_answered(call: Call, sample: str, status: int) -> None:
    answer = call(*sample.split("/"))
    assert answer["statusCode"] == status
    kept = sample.startswith(MAY_BE_KEPT)
    assert ("no-store" in answer["headers"]["cache-control"]) is not kept


@pytest.mark.parametrize(("sample", "said"), WIDGETS.items(), ids=WIDGETS)
def test_a_widget_shows_what_was_asked_for(call: Call, sample: str, said: str) -> None:
    page = call(*sample.split("/"))
    assert said in page
    assert "ana@example.com" not in page


def test_a_mail_is_shown_without_anything_that_acts_for_its_reader(
    call: Call, bench: Bench
) -> None:
    answer = call("show_mail", "sent")
    assert "kettle" in answer["body"]
    assert "/i/" not in answer["headers"]["content-security-policy"]
    for address in ("/u/", "/p/", "/c/", "/k/", "/v/", "/o/", "relance:", "ana@example.com"):
        assert address not in answer["body"]
    assert bench.history() == ["signed_up"]


def test_a_draft_that_is_not_there_is_told_with_what_to_do(call: Call) -> None:
    with pytest.raises(InvalidInput, match=r"Put drafts/newsletter-12\.md or a folder"):
        call("publish_content", "nothing_there")


def test_a_sign_up_is_one_contact_one_event_whatever_is_repeated(call: Call, bench: Bench) -> None:
    assert call("submit_form", "sign_up") == call("submit_form", "sign_up")
    assert bench.history() == ["signed_up", "signed_up"]


def test_a_program_is_told_what_is_wrong_in_json(call: Call) -> None:
    answer = json.loads(call("submit_form", "malformed")["body"])
    assert answer["success"] is False
    assert "JSON" in answer["error"]


def test_a_click_leads_on_at_once_and_waits_to_be_judged_and_a_look_waits_for_nothing(
    call: Call, bench: Bench
) -> None:
    call("track_click", "head")
    assert waiting() == []
    location = call("track_click", "link")["headers"]["location"]
    assert location.startswith("https://www.example.com/?rl=")
    (body,) = waiting()
    assert (body["act"], body["link"], body["network"]) == ("click", 0, "192.0.2.0/24")
    assert bench.get(Table.SENDS, f"fetches{SEND}")["noted"] == 2
    assert bench.history() == ["signed_up"]


def test_an_open_is_not_recorded_by_default(call: Call, bench: Bench) -> None:
    call("track_open", "pixel")
    assert waiting() == []
    assert bench.history() == ["signed_up"]


def test_opens_and_clicks_are_recorded_once_as_far_as_the_contact_allows(
    call: Call, bench: Bench
) -> None:
    for _ in range(2):
        assert call("record_engagement", "opens_and_clicks") == {"batchItemFailures": []}
    assert sorted(bench.history()) == ["email_clicked", "email_clicked", "signed_up"]
    clicks = [
        each["properties"]
        for each in bench.store.query(Table.EVENTS, CONTACT)
        if each["name"] == "email_clicked"
    ]
    told = {(each["actor"], each["link"], str(each.get("signs"))) for each in clicks}  # type: ignore[index,call-overload,union-attr]
    page = "https://www.example.com/"
    assert told == {("human", page, "None"), ("machine", page, "['named']")}
    assert "192.0.2" not in str(clicks)


def waiting() -> list[dict[str, Any]]:
    """What waits to be judged."""
    name = real_stack().resources["EngagementQueue"].name
    url = client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    found = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(each["Body"]) for each in found.get("Messages", [])]


def test_a_confirmation_grants_the_consent_once(call: Call, bench: Bench) -> None:
    call("manage_subscription", "confirm")
    call("manage_subscription", "confirm")
    register = bench.get(Table.CONTACTS, CONTACT, "now#register")
    assert register["consent#newsletter"]["state"] == "granted"  # type: ignore[index,call-overload]
    assert sorted(bench.history()) == ["confirmed", "signed_up"]


def test_one_click_withdraws_the_consent(call: Call, bench: Bench) -> None:
    call("manage_subscription", "one_click_multipart")
    register = bench.get(Table.CONTACTS, CONTACT, "now#register")
    assert register["consent#newsletter"]["state"] == "withdrawn"  # type: ignore[index,call-overload]


@pytest.mark.parametrize("case", ["show", "head", "not_from_the_page", "forged", "unreadable"])
def test_looking_at_preferences_changes_nothing(call: Call, bench: Bench, case: str) -> None:
    before = bench.get(Table.CONTACTS, CONTACT, "now#register")
    answer = call("manage_preferences", case)
    assert bench.get(Table.CONTACTS, CONTACT, "now#register") == before
    assert bench.history() == ["signed_up"]
    assert answer["headers"]["cache-control"] == "no-store"
    assert "ana@example.com" not in answer["body"]


def test_preferences_are_shown_in_the_language_of_the_browser(call: Call) -> None:
    page = call("manage_preferences", "show_in_french")["body"]
    assert '<html lang="fr">' in page
    assert "Ce que vous recevez de nous" in page


def test_preferences_are_saved_with_their_proof_in_one_go(call: Call, bench: Bench) -> None:
    page = call("manage_preferences", "save")["body"]
    assert '<html lang="de">' in page  # what was saved is shown in the language that was chosen
    register = bench.get(Table.CONTACTS, CONTACT, "now#register")
    consent, tracking = register["consent#newsletter"], register["tracking"]
    assert isinstance(consent, Mapping)
    assert isinstance(tracking, Mapping)
    assert (consent["state"], tracking["opens"], register["language"]) == (
        "granted", "hygiene", "de",
    )  # fmt: skip
    assert sorted(bench.history()) == ["consent_changed", "preferences_changed", "signed_up"]
    event = bench.get(Table.EVENTS, CONTACT, str(consent["by"]))
    assert isinstance(event["properties"], Mapping)
    proof = event["properties"]["proof"]
    assert isinstance(proof, Mapping)
    assert (proof["page"], proof["network"]) == ("preferences", "192.0.2.0/24")
    assert len(str(proof["text_version"])) == 12
    assert "192.0.2.10" not in json.dumps(event, default=str)


def test_saving_the_same_again_is_no_change(call: Call, bench: Bench) -> None:
    call("manage_preferences", "save")
    before = bench.get(Table.CONTACTS, CONTACT, "now#register")
    call("manage_preferences", "save")
    assert bench.get(Table.CONTACTS, CONTACT, "now#register") == before
    assert len(bench.history()) == 3


def test_no_letters_at_all_withdraws_what_is_still_to_be_confirmed(
    call: Call, bench: Bench
) -> None:
    call("manage_preferences", "leave")
    call("manage_subscription", "confirm")
    consent = bench.get(Table.CONTACTS, CONTACT, "now#register")["consent#newsletter"]
    assert isinstance(consent, Mapping)
    assert consent["state"] == "withdrawn"
    assert sorted(bench.history()) == ["signed_up", "unsubscribed"]


def test_an_erased_contact_sees_the_same_as_one_that_never_was(call: Call, bench: Bench) -> None:
    bench.store.write(
        Update(Table.CONTACTS, (CONTACT, "now#register"), set={"erased_at": "2026-01-05"})
    )
    erased = [call("manage_preferences", case) for case in ("show", "save", "leave")]
    bench.store.write(Delete(Table.CONTACTS, (CONTACT, "now#register")))
    nobody = [call("manage_preferences", case) for case in ("show", "save", "leave")]
    assert erased == nobody
    assert {each["statusCode"] for each in erased} == {404}
    assert bench.history() == ["signed_up"]


def test_an_order_is_taken_once_for_the_contact_of_its_address(call: Call, bench: Bench) -> None:
    call("collect_events", "track")
    call("collect_events", "batch")
    assert sorted(bench.history()) == ["order_completed", "product_added", "signed_up"]
    assert bench.get(Table.IDENTITIES, "user:cust-7")["contact_id"] == CONTACT


def test_a_bad_item_is_named_and_the_rest_taken(call: Call, bench: Bench) -> None:
    answer = json.loads(call("collect_events", "batch_with_a_bad_item")["body"])
    assert answer["success"] is True
    assert [each["index"] for each in answer["errors"]] == [1]
    assert "order_completed" in bench.history()


def test_every_call_of_a_server_becomes_an_event_of_its_name(call: Call, bench: Bench) -> None:
    for case in ("identify", "page", "group", "alias", "gzip_with_another_type"):
        assert json.loads(call("collect_events", case)["body"]) == {"success": True}
    assert sorted(bench.history()) == [
        "aliased", "group_joined", "identified", "order_completed", "page_viewed", "signed_up",
    ]  # fmt: skip


def test_every_call_of_a_browser_becomes_an_event_of_its_visitor(call: Call, bench: Bench) -> None:
    for case in ("page", "track", "screen", "identify", "group", "alias", "batch"):
        assert json.loads(call("collect_events", f"browser_{case}")["body"]) == {"success": True}
    visitor = str(bench.get(Table.IDENTITIES, "visitor:visitor-1")["contact_id"])
    assert sorted(bench.history(visitor)) == [
        *["identity_claimed"] * 3, *["page_viewed"] * 2, *["product_viewed"] * 2, "screen_viewed",
    ]  # fmt: skip
    assert bench.store.get(Table.IDENTITIES, ("user:cust-7",)) is None
    assert bench.history() == ["signed_up"]


def test_cloudevents_become_events_like_others(call: Call, bench: Bench) -> None:
    call("collect_events", "track")
    for case in ("cloudevent", "cloudevents_batch"):
        assert json.loads(call("collect_events", case)["body"]) == {"success": True}
    events = bench.store.query(Table.EVENTS, CONTACT)
    (order,) = [each for each in events if each["source"] == "cloudevents"]
    assert order["name"] == "order_completed"
    assert order["properties"] == {"order_id": "A1", "revenue": 29.9, "currency": "EUR"}
    visitor = str(bench.get(Table.IDENTITIES, "visitor:visitor-1")["contact_id"])
    assert bench.history(visitor) == ["page_viewed"]


def test_what_waited_is_stored_as_of_the_time_at_which_it_came(call: Call, bench: Bench) -> None:
    assert call("drain_backlog", "waiting") == {"batchItemFailures": []}
    assert call("drain_backlog", "waiting") == {"batchItemFailures": []}
    found = {each["name"]: each for each in bench.store.query(Table.EVENTS, CONTACT)}
    assert set(found) == {"order_completed", "page_viewed", "signed_up"}
    assert found["order_completed"]["received_at"] == "2026-01-05T08:30:00.000Z"
    assert found["order_completed"]["occurred_at"] == "2026-01-05T08:29:00.000Z"


def test_what_is_no_batch_goes_to_the_dead_letters_and_holds_nobody_up(
    call: Call, bench: Bench
) -> None:
    (failure,) = call("drain_backlog", "not_ours")["batchItemFailures"]
    assert failure["itemIdentifier"].endswith("1")
    assert "order_completed" in bench.history()


def test_a_bounce_settles_the_send_and_ends_mail_to_the_address(call: Call, bench: Bench) -> None:
    call("record_email_event", "bounce_from_eventbridge")
    assert bench.get(Table.SENDS, SEND)["state"] == "bounced"
    assert "suppressed" in bench.get(Table.CONTACTS, CONTACT, "now#register")
    assert sorted(bench.history()) == ["email_bounced", "email_sent", "signed_up"]


def test_reports_from_the_queue_are_taken_with_and_without_the_envelope(
    call: Call, bench: Bench
) -> None:
    case = ("record_email_event", "delivery_and_complaint_from_queue")
    assert call(*case) == {"batchItemFailures": []}
    assert call(*case) == {"batchItemFailures": []}
    assert bench.get(Table.SENDS, SEND)["state"] == "complained"
    assert len(bench.history()) == 4


def test_a_report_about_somebody_else_s_mail_is_left_alone(call: Call, bench: Bench) -> None:
    call("record_email_event", "of_somebody_else")
    assert bench.get(Table.SENDS, SEND)["state"] == "claimed"


def test_a_batch_of_the_stream_is_folded(call: Call, bench: Bench) -> None:
    assert call("update_contact", "orders") == {"batchItemFailures": []}
    profile = json.loads(str(bench.get(Table.CONTACTS, CONTACT, "now#profile")["body"]))
    assert profile["behaviours"]["ordered"][0] == 1
    assert profile["traits"]["role"][0] == "owner"


def test_a_contact_set_aside_is_folded_from_its_history(call: Call, bench: Bench) -> None:
    call("refold_contact", "set_aside")
    profile = json.loads(str(bench.get(Table.CONTACTS, CONTACT, "now#profile")["body"]))
    assert profile["behaviours"]["left_details"][0] == 1


def test_a_company_that_is_named_twice_is_told_once_what_it_amounts_to(
    call: Call, bench: Bench
) -> None:
    bench.store.write(member_since("01KE6P4Z0NC0MPANY00000000A", CONTACT, 0))
    for _ in range(2):
        assert call("update_company", "twice") == {"batchItemFailures": []}
        assert sorted(bench.history()) == ["company_changed", "signed_up"]
    told = bench.get(Table.CONTACTS, "company:01KE6P4Z0NC0MPANY00000000A", "company")
    assert (told["version"], told["members"]) == (1, 1)
    assert told["roles_missing"] == ["owner", "senior_executive"]


def test_the_same_execution_asked_again_is_in(call: Call) -> None:
    answer = call("enter_workflow", "signed_up")
    assert (answer["decision"], answer["entry"]) == ("entered", SIGNUP)
    assert answer["view"]["consents"] == {"newsletter": "pending"}
    assert "ana" not in json.dumps(answer)


def test_the_text_that_the_console_fills_in_is_nothing_to_do(call: Call) -> None:
    assert call("enter_workflow", "console_default")["decision"] == "nothing_to_do"


def test_a_message_that_may_not_be_sent_is_skipped_with_its_reason(
    call: Call, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = answers(monkeypatch)
    call("send_email", "welcome")
    ((token, result),) = answered
    assert token == "AAAAKgAAAAIAAAAA"
    assert (result["decision"], result["reason"]) == ("skipped", "unconfirmed")
    register = bench.get(Table.CONTACTS, CONTACT, "now#register")
    assert not any(name.startswith("count#") for name in register), "it took no room"


def test_a_wait_is_stored(call: Call, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch)
    call("await_event", "click")
    waits = bench.store.query(Table.CONTACTS, CONTACT, prefix="now#wait#")
    assert [wait["step"] for wait in waits] == ["wait_for_click"]


@pytest.mark.parametrize(
    ("function", "case", "name"),
    [("award_points", "ten", "points_awarded"), ("change_list", "join", "list_joined")],
)
def test_a_step_writes_its_event_once_and_sees_it(
    call: Call, bench: Bench, function: str, case: str, name: str
) -> None:
    assert call(function, case) == call(function, case)
    assert bench.history().count(name) == 1


def test_a_stopped_execution_frees_the_enrolment(call: Call, bench: Bench) -> None:
    call("close_workflow", "stopped")
    assert bench.store.query(Table.CONTACTS, CONTACT, prefix="now#enrolment#") == []
    assert "workflow_left" in bench.history()


def test_what_is_not_deferred_is_not_sent_again(call: Call, bench: Bench) -> None:
    assert call("send_deferred", "due") == {"batchItemFailures": []}
    assert bench.get(Table.SENDS, SEND)["state"] == "claimed"


def test_the_sweep_leaves_alone_what_is_not_due(call: Call, bench: Bench) -> None:
    assert call("settle_sends", "tick") == {"given_up": 0, "woken": 0, "put_off": 0}
    assert bench.get(Table.SENDS, SEND)["state"] == "claimed"


def test_the_sweep_wakes_nobody_who_is_not_due(call: Call, bench: Bench) -> None:
    assert call("wake_contacts", "tick") == {"woken": 0}
    assert bench.history() == ["signed_up"]


def test_a_contact_without_a_profile_is_not_behind_the_rules(call: Call) -> None:
    assert call("list_contacts", "dry_run")["decision"] == "up_to_date"


def test_a_list_of_everybody_is_written_ids_only(call: Call) -> None:
    answer = call("list_contacts", "a_segment")
    assert (answer["decision"], answer["contacts"]) == ("judge", 1)
    assert answer["question"] == {"about": "segment", "segment": "warm", "confirmed": 0}
    assert files_of(answer["list"]) == f'{{"contact":"{CONTACT}"}}\n'


def test_an_address_in_a_condition_is_refused_without_echo(call: Call) -> None:
    with pytest.raises(InvalidInput, match="not accepted here") as refused:
        call("list_contacts", "an_address")
    assert "ana" not in str(refused.value)


def test_a_dry_run_says_what_would_follow_and_writes_nothing(call: Call, bench: Bench) -> None:
    call("refold_contact", "set_aside")
    profile = bench.get(Table.CONTACTS, CONTACT, "now#profile")
    former = {**json.loads(str(profile["body"])), "rules": "former", "decided": {}}
    bench.store.write(Put(Table.CONTACTS, {**profile, "body": json.dumps(former)}))
    answer = call("judge_contacts", "dry_run")
    assert answer["contacts"] == 1
    assert answer["found"]["changes"] == answer["found"]["stage_advanced/lead"] == [CONTACT]
    assert bench.history() == ["signed_up"]
    after = bench.get(Table.CONTACTS, CONTACT, "now#profile")
    assert json.loads(str(after["body"])) == former


def test_a_condition_is_judged_and_who_is_gone_is_said_to_be(call: Call) -> None:
    answer = call("judge_contacts", "a_condition")
    assert answer == {"contacts": 2, "found": {"gone": ["01KE6P4Z0NWNGTPJXJR5ESJA99"]}}


def test_contacts_are_told_once_that_the_rules_changed(call: Call, bench: Bench) -> None:
    gone = ["01KE6P4Z0NWNGTPJXJR5ESJA99"]
    call("refold_contact", "set_aside")
    scored = call("tell_rules_changed", "batch")
    assert scored == {"contacts": 2, "found": {"up_to_date": [CONTACT], "gone": gone}}
    profile = bench.get(Table.CONTACTS, CONTACT, "now#profile")
    bench.store.write(Put(Table.CONTACTS, {**profile, "rules": "former"}))
    first, again = call("tell_rules_changed", "batch"), call("tell_rules_changed", "batch")
    assert first == {"contacts": 2, "found": {"told": [CONTACT], "gone": gone}}
    assert again == {"contacts": 2, "found": {"told_before": [CONTACT], "gone": gone}}
    assert sorted(bench.history()) == ["rules_changed", "signed_up"]


def test_batches_are_added_up(call: Call) -> None:
    folder = "rescore_contacts/6f2a/results/5c1d/"
    files = [{"Key": f"{folder}SUCCEEDED_0.json"}]
    put_file(f"{folder}manifest.json", {"ResultFiles": {"SUCCEEDED": files, "FAILED": []}})
    put_file(
        f"{folder}SUCCEEDED_0.json",
        {"contacts": 2, "found": {"told": ["A", "B"]}},
        {"contacts": 1, "found": {"told_before": ["C"]}},
    )
    answer = call("sum_up", "told")
    assert answer["decision"] == "complete"
    assert answer["summary"] == (
        "Told that the rules changed, of 3 contacts: 2 now and 1 shortly before. "
        "Profiles follow within minutes. Contacts read: 5."
    )
    assert answer["found"]["told"] == {"count": 2, "ids": ["A", "B"]}
    put_file(f"{folder}SUCCEEDED_0.json", {"contacts": 2, "found": {"told": ["A", "B"]}})
    lacking = call("sum_up", "told")
    assert lacking["decision"] == "incomplete"
    assert "1 contact left no result." in lacking["summary"]


def test_before_it_is_confirmed_erasing_says_what_there_is_and_changes_nothing(
    call: Call, bench: Bench
) -> None:
    answer = call("erase_contact", "look")
    assert answer["decision"] == "confirm"
    assert answer["found"] == {"contacts": 2, "identities": 1, "events": 1, "sends": 1}
    assert bench.history() == ["signed_up"]
    assert "address" in bench.get(Table.CONTACTS, CONTACT, "now#register")


def test_a_contact_is_erased_in_two_rounds_and_leaves_a_proof(
    call: Call, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(
        "relance.aws.services.StepFunctionsExecutions.stop",
        lambda _, execution, cause: stopped.append(execution),
    )
    assert call("erase_contact", "confirmed")["decision"] == "begun"
    assert bench.history() == ["erased"]
    assert bench.store.get(Table.IDENTITIES, ("email:ana@example.com",)) is None
    answer = call("erase_contact", "second_round")
    assert answer["decision"] == "erased"
    assert stopped == [EXECUTION]
    (tombstone,) = bench.store.query(Table.CONTACTS, CONTACT)
    assert set(tombstone) == {"contact_id", "record", "erased_at", "why", "found"}
    bucket, _, key = answer["proof"].removeprefix("s3://").partition("/")
    assert bucket == real_stack().resources["PrivacyBucket"].name
    proof = json.loads(files_of(key, "PrivacyBucket"))
    assert proof["found"] == {"contacts": 2, "identities": 1, "events": 1, "sends": 1}
    assert set(proof["left"].values()) == {0}
    assert CONTACT not in str(proof)
    assert call("erase_contact", "second_round") == answer


def test_nobody_is_erased_by_an_address(call: Call, bench: Bench) -> None:
    with pytest.raises(InvalidInput, match="not accepted here") as refused:
        call("erase_contact", "an_address")
    assert "ana" not in str(refused.value)
    assert bench.history() == ["signed_up"]


def test_what_is_kept_of_a_contact_is_exported_into_a_private_file(call: Call) -> None:
    answer = call("export_contact", "one_contact")
    assert answer["found"] == {"contacts": 2, "identities": 1, "events": 1, "sends": 1}
    assert "X-Amz-Signature" in answer["link"]
    assert "ana" not in json.dumps(answer)
    exported = json.loads(files_of("exports/6f2a.json", "PrivacyBucket"))
    assert exported["contact"] == CONTACT
    assert [each["identity"] for each in exported["identities"]] == ["email:ana@example.com"]
    assert [each["name"] for each in exported["events"]] == ["signed_up"]


def test_a_file_is_cut_looked_at_written_and_added_up(call: Call, bench: Bench) -> None:
    put_raw(
        "people/imports/customers.csv", "Mail,Name\nANA@example.com,Ana\nbob@example.com,Bob\nx,y\n"
    )
    cut = call("cut_file", "look")
    assert (cut["decision"], cut["rows"], cut["pieces"]) == ("go", 3, 1)
    assert cut["job"]["mode"] == "look"
    assert files_of(cut["list"]) == '{"piece":1}\n'
    lines = files_of("people/import_contacts/6f2a/piece-1.jsonl").splitlines()
    assert json.loads(lines[0]) == {"row": 2, "cells": {"Mail": "ANA@example.com", "Name": "Ana"}}
    first, again = call("import_piece", "write"), call("import_piece", "write")
    assert (
        first
        == again
        == {
            "rows": 3,
            "pieces": [1],
            "counts": {"known": 1, "new": 1, "refused": 1},
            "reasons": {"Mail: This is no e-mail address": 1},
        }
    )
    assert sorted(bench.history()) == ["imported", "signed_up"]
    folder = "import_contacts/6f2a/results/5c1d/"
    files = [{"Key": f"{folder}SUCCEEDED_0.json"}]
    put_file(f"{folder}manifest.json", {"ResultFiles": {"SUCCEEDED": files, "FAILED": []}})
    put_file(f"{folder}SUCCEEDED_0.json", first)
    answer = call("sum_up_import", "imported")
    assert answer["decision"] == "complete"
    assert answer["summary"] == (
        "Imported 2 of 3 rows. Of these 1 new and 1 known already. Not taken: 1 with mistakes. "
        "What is wrong with the refused rows stands in "
        "people/import_contacts/6f2a/refused-rows-1.csv."
    )
    put_file(f"{folder}SUCCEEDED_0.json", {**first, "rows": 2})
    assert "1 row left no result." in call("sum_up_import", "imported")["summary"]


def test_contacts_are_written_into_two_files(call: Call) -> None:
    assert call("export_batch", "everybody") == {
        "contacts": 2,
        "found": {"exported": [CONTACT], "gone": ["01KE6P4Z0NWNGTPJXJR5ESJA99"]},
    }
    part = f"people/export_contacts/6f2a/contacts-{CONTACT}"
    (line,) = files_of(f"{part}.ndjson").splitlines()
    assert json.loads(line)["address"] == "ana@example.com"
    assert json.loads(line)["consents"]["newsletter"]["state"] == "pending"
    names, values = files_of(f"{part}.csv").lstrip("\ufeff").splitlines()
    assert names.startswith("contact,address,suppressed,stage,")
    assert values.startswith(f"{CONTACT},ana@example.com,,")


def put_raw(key: str, text: str) -> None:
    """Write a file of operations as it is."""
    bucket = real_stack().resources["OperationsBucket"].name
    client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode())


def test_two_contacts_are_joined_by_hand(call: Call, bench: Bench) -> None:
    other = "01KE6P4Z0NWNGTPJXJR5ESJA99"
    bench.store.write(Put(Table.CONTACTS, {"contact_id": other, "record": "now#register"}))
    assert [call("join_contacts", "join")["decision"] for _ in range(2)] == [
        "joined",
        "one_already",
    ]
    assert bench.get(Table.CONTACTS, other, "now#register")["joined_to"] == CONTACT


def test_an_address_is_put_on_the_list_once_by_the_contact_s_id(call: Call, bench: Bench) -> None:
    case = ("manage_suppressions", "suppress")
    assert [call(*case)["decision"] for _ in range(2)] == ["suppressed", "unchanged"]
    suppressed = bench.get(Table.CONTACTS, CONTACT, "now#register")["suppressed"]
    assert suppressed == {"reason": "by_hand", "at": "2026-01-05T09:00:00.000Z"}
    assert sorted(bench.history()) == ["signed_up", "suppressed"]


def test_the_ranges_that_ship_are_known(call: Call) -> None:
    assert call("refresh_address_ranges", "look")["decision"] == "nothing_to_do"


def files_of(key: str, where: str = "OperationsBucket") -> str:
    """What stands in a file."""
    bucket = real_stack().resources[where].name
    text: str = client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    return text


def put_file(key: str, *lines: object) -> None:
    """Write a file of operations."""
    bucket = real_stack().resources["OperationsBucket"].name
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())


def test_a_step_for_nobody_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = json.loads((SAMPLES / "award_points" / "ten.json").read_text(encoding="utf-8"))
    with pytest.raises(ContactNotFound):
        bench.call("award_points", {**sample, "contact": "0" * 26}, monkeypatch)


def answers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What task tokens are answered: moto knows no token that it did not make."""
    given: list[tuple[str, dict[str, Any]]] = []

    def succeed(_: object, token: str, result: dict[str, Any]) -> bool:
        given.append((token, result))
        return True

    monkeypatch.setattr("relance.aws.services.StepFunctionsExecutions.succeed", succeed)
    return given


@pytest.mark.parametrize(
    ("sample", "decision"),
    [
        ("list_audience/count", "nobody"),
        ("list_audience/console_default", "nothing_to_do"),
        ("list_starts/count", "nobody"),
        ("list_starts/console_default", "nothing_to_do"),
        ("try_journey/nothing", "nothing_to_do"),
        ("check_journey/nothing", "nothing_to_do"),
        ("report_sending/a_month", "reported"),
        ("control_journey/pause", "done"),
        ("preview_message/a_sample", "previewed"),
    ],
)
def test_the_functions_of_a_campaign_say_what_they_found(
    call: Call, sample: str, decision: str
) -> None:
    assert call(*sample.split("/"))["decision"] == decision


@pytest.mark.parametrize("function", ["send_batch", "count_campaign", "control_campaign"])
def test_a_campaign_that_there_is_not_is_no_defect(call: Call, function: str) -> None:
    with pytest.raises(InvalidInput, match='There is no campaign "spring-2026"'):
        call(function, "of_no_campaign")
