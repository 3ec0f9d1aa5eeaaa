import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from selectors import EVENT_READ

import pytest

from local.hub import Hub, Killed, Outcome, SimulationError

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def test_the_clock_jumps_from_one_thing_due_to_the_next() -> None:
    seen: list[str] = []
    with Hub(START) as hub:
        hub.after(86_400, lambda: seen.append(datetime.now(UTC).isoformat()))
        hub.after(0.5, lambda: seen.append(datetime.now(UTC).isoformat()))
        hub.run()
    assert seen == ["2026-03-01T09:00:00.500000+00:00", "2026-03-02T09:00:00+00:00"]
    assert datetime.now(UTC) - START > timedelta(days=30)


def test_what_is_due_at_one_instant_runs_in_the_order_of_scheduling() -> None:
    hub, seen = Hub(START), list[int]()
    for number in range(5):
        hub.at(hub.now + 1, lambda number=number: seen.append(number))
    hub.run()
    assert seen == [0, 1, 2, 3, 4]


def test_a_cancelled_timer_never_runs_and_ten_thousand_are_cleared_out() -> None:
    hub, seen = Hub(START), list[str]()
    timers = [hub.after(7 * 86_400, lambda: seen.append("late")) for _ in range(10_000)]
    for timer in timers[1:]:
        timer.cancel()
        timer.cancel()
    assert len(hub._due) < 1_100
    hub.run()
    assert seen == ["late"]


def test_greenlets_interleave_in_the_same_way_every_time() -> None:
    def once() -> list[tuple[str, float]]:
        hub, seen = Hub(START, seed=7), list[tuple[str, float]]()

        def work(name: str) -> Callable[[], None]:
            def body() -> None:
                for _ in range(4):
                    hub.sleep(hub.random.random())
                    seen.append((name, hub.now))

            return body

        for name in "abc":
            hub.spawn(work(name), lambda outcome: outcome.unwrap())
        hub.run()
        return seen

    first = once()
    assert first == once()
    assert [name for name, _ in first] != sorted(name for name, _ in first)


def test_an_exception_of_spawned_work_is_its_outcome() -> None:
    hub, outcomes = Hub(START), list[Outcome[float]]()
    hub.spawn(lambda: 1 / 0, outcomes.append)
    hub.run()
    with pytest.raises(ZeroDivisionError):
        outcomes[0].unwrap()


def test_a_killed_job_ends_where_it_pauses_and_cannot_hold_on() -> None:
    hub, seen, outcomes = Hub(START), list[str](), list[Outcome[None]]()

    def stubborn() -> None:
        try:
            hub.sleep(60)
        except Exception:  # noqa: BLE001 - what a careless handler does
            seen.append("swallowed")
        finally:
            seen.append("cleaned up")

    job = hub.spawn(stubborn, outcomes.append)
    hub.after(1, lambda: hub.kill(job, Killed()))
    hub.run()
    assert seen == ["cleaned up"]
    assert isinstance(outcomes[0].error, Killed)
    assert hub.now == START.timestamp() + 1


def test_outside_of_greenlets_waiting_and_sleeping_run_the_simulation() -> None:
    with Hub(START) as hub:
        assert hub.wait(lambda answer: hub.after(5, lambda: answer(Outcome("here")))) == "here"
        time.sleep(55)
        assert datetime.now(UTC) == START + timedelta(minutes=1)
        with pytest.raises(SimulationError, match="never came"):
            hub.wait(lambda answer: None)


def test_an_action_that_pauses_without_a_greenlet_is_told_so() -> None:
    hub = Hub(START)
    hub.after(1, lambda: hub.sleep(1))
    with pytest.raises(SimulationError, match="spawn"):
        hub.run()


def test_the_clock_waits_for_bytes_on_their_way_but_not_for_a_server_that_thinks(
    socket_enabled: None,
) -> None:
    client, server = socket.socketpair()
    seen: list[tuple[str, float]] = []
    with Hub(START) as hub:
        begun = hub.now

        def asked(_: int) -> None:
            server.recv(10)
            hub.network.hold()
            hub.after(0.25, answer)

        def answer() -> None:
            server.send(b"answer")
            hub.network.release()

        def answered(_: int) -> None:
            seen.append((client.recv(10).decode(), round(hub.now - begun, 3)))
            hub.network.received()

        hub.selector.register(server, EVENT_READ, asked)
        hub.selector.register(client, EVENT_READ, answered)
        hub.network.expect()
        client.send(b"question")
        hub.after(0.1, lambda: seen.append(("meanwhile", round(hub.now - begun, 3))))
        hub.run()
    client.close()
    server.close()
    assert seen == [("meanwhile", 0.1), ("answer", 0.25)]


def test_paced_time_follows_the_real_clock() -> None:
    seen: list[float] = []
    with Hub(START) as hub:
        hub.after(30, lambda: seen.append(hub.now))
        begun = time.perf_counter()
        hub.run(until=hub.now + 60, pace=600)
        took = time.perf_counter() - begun
    assert 0.09 < took < 1.0
    assert seen == [START.timestamp() + 30]


def test_a_source_of_chance_is_not_moved_by_what_others_draw() -> None:
    one, other = Hub(START, seed=1), Hub(START, seed=1)
    other.chance("mail").random()
    other.random.random()
    assert one.chance("audience").random() == other.chance("audience").random()
