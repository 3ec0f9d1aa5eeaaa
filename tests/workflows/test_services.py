"""Calling web services and telling chats from a journey: what they get, and what becomes of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.sandbox import InvokeResult
from local.world import World
from tests.workflows.journeys import Tale, tale_of
from tests.workflows.story import MONDAY

POINTS, CHAT = "https://api.example.org/points", "https://hooks.example.org/room"


@pytest.fixture
def tale() -> Iterator[Tale]:
    """Ana, a service for points and a chat."""
    with World.build(start=MONDAY, seed=1) as world:
        told = tale_of(world, "welcome")
        told.arrives("ana", first_name="Ana", role="owner")
        told.declares(points=POINTS, chat=CHAT, odd="ftp://x", **{"points.token": "secret"})
        answer = {"balance": 30, "level": "gold", "who": "ana@example.com", "long": "x" * 300}
        answer |= {"is_member": True, "name": "Ana Silva", "first": "Ana", "mobile": 351912345678}
        answer |= {"phone": "+351 912 345 678", "digits": "912345678", "spelt": "912-345-678"}
        world.web.pages.update({POINTS: json.dumps(answer).encode(), CHAT: b"ok"})
        yield told


def invoked(tale: Tale, function: str, **asked: Any) -> InvokeResult:
    """Run a step for Ana."""
    contact = tale.contact("ana@example.com")
    about = {"workflow": "welcome", "contact": contact, "entry": contact, "step": "try", "round": 1}
    return tale.world.invoke(function, {**about, **asked})


def step(tale: Tale, function: str, **asked: Any) -> Any:
    """Run a step for Ana; what it answers."""
    result = invoked(tale, function, **asked)
    assert result.error is None, result
    return result.body()


def test_a_service_gets_words_and_traits_and_only_plain_answers_come_back(tale: Tale) -> None:
    answer = step(
        tale,
        "call_service",
        service="points",
        send={"points": 10},
        traits=["first_name", "email"],
        keep=["balance", "level", "is_member", "who", "long", "none"],
    )
    ((address, body),) = tale.world.web.posted
    assert address == POINTS
    assert json.loads(body) == {
        "points": 10,
        "contact": tale.contact("ana@example.com"),
        "traits": {"first_name": "Ana", "email": "ana@example.com"},
    }
    assert (answer["decision"], answer["status"]) == ("done", 200)
    assert answer["answer"] == {"balance": 30, "level": "gold", "is_member": True}
    assert "service_called" in tale.names("ana@example.com")


def test_no_name_and_no_telephone_number_of_an_answer_comes_into_the_history(tale: Tale) -> None:
    kept = ["name", "first", "phone", "digits", "spelt", "mobile", "who", "level"]
    answer = step(tale, "call_service", service="points", keep=kept)
    assert answer["answer"] == {"level": "gold"}


def test_a_repeated_call_bears_the_same_key(tale: Tale) -> None:
    for _ in range(2):
        step(tale, "call_service", service="points")
    keys = {each["Idempotency-key"] for each in tale.world.web.headers}
    assert len(keys) == 1
    assert {each["Authorization"] for each in tale.world.web.headers} == {"Bearer secret"}
    assert tale.names("ana@example.com").count("service_called") == 1


@pytest.mark.parametrize(("status", "decision"), [(404, "refused"), (422, "refused")])
def test_a_no_is_a_decision(tale: Tale, status: int, decision: str) -> None:
    tale.world.web.statuses[POINTS] = status
    answer = step(tale, "call_service", service="points")
    assert (answer["decision"], answer["status"]) == (decision, status)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_trouble_is_tried_again(tale: Tale, status: int) -> None:
    tale.world.web.statuses[POINTS] = status
    assert "ServiceUnavailable" in failure(tale, "call_service", service="points")


def test_silence_is_tried_again_and_nonsense_is_told(tale: Tale) -> None:
    del tale.world.web.pages[POINTS]
    assert "ServiceUnavailable" in failure(tale, "call_service", service="points")
    told = failure(tale, "call_service", service="odd")
    assert "InvalidInput" in told
    assert "ftp" not in told


def test_a_chat_gets_the_sentence_and_the_id_and_once(tale: Tale) -> None:
    for _ in range(2):
        assert step(tale, "alert_people", to="chat", text="Look.")["decision"] == "told"
    ((address, body),) = tale.world.web.posted
    assert address == CHAT
    assert tale.contact("ana@example.com") in json.loads(body)["text"]
    assert "Ana" not in json.loads(body)["text"]


def test_an_address_in_what_is_told_is_refused_without_echo(tale: Tale) -> None:
    told = failure(tale, "alert_people", to="chat", text="Write to bob@example.com.")
    assert "must not hold an e-mail address" in told
    assert "bob" not in told


def failure(tale: Tale, function: str, **asked: Any) -> str:
    """Why a step fails."""
    result = invoked(tale, function, **asked)
    assert result.error is not None
    return str(result.body())
