import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.logging import Logger

from local.faults import Fault, FaultPlan, Rule, SeededFaults, stops_at
from local.hook import AwsError
from local.hub import Outcome
from local.sandbox import InvokeResult
from tests.local.engine.harness import Engine

COUNTING = """
    import os
    import boto3

    dynamodb = boto3.client("dynamodb")
    served = 0

    def handler(event, context):
        global served
        served += 1
        for _ in range(2):
            dynamodb.update_item(
                TableName="items",
                Key={"pk": {"S": event["key"]}},
                UpdateExpression="ADD times :one",
                ExpressionAttributeValues={":one": {"N": "1"}},
            )
        return {"served": served, "color": os.environ.get("COLOR"), "secret": os.environ.get("X")}
"""


def times(engine: Engine, key: str = "a") -> int:
    for item in engine.dynamodb.items("items"):
        if item["pk"] == {"S": key}:
            return int(item["times"]["N"])
    return 0


def test_each_function_sees_its_own_environment_only_while_it_runs(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X", "the developer's own")
    engine.table()
    engine.function("red", COUNTING, {"COLOR": "red"})
    engine.function("blue", COUNTING, {"COLOR": "blue"})
    results: list[InvokeResult] = []
    for name in ("red", "blue"):
        engine.sandboxes.invoke(name, {"key": "a"}, results.append)
    engine.hub.run()
    assert [r.payload["color"] for r in results] == ["red", "blue"]
    assert {r.payload["secret"] for r in results} == {None}
    assert os.environ["X"] == "the developer's own"
    assert "COLOR" not in os.environ


def test_concurrent_invocations_have_instances_of_their_own_and_free_ones_are_reused(
    engine: Engine,
) -> None:
    engine.table()
    engine.function("count", COUNTING)
    results: list[InvokeResult] = []
    for _ in range(2):
        engine.sandboxes.invoke("count", {"key": "a"}, results.append)
    engine.hub.run()
    assert [r.payload["served"] for r in results] == [1, 1]
    assert engine.invoke("count", {"key": "a"}).payload["served"] == 2
    assert engine.meter.functions["count"].cold_starts == 2


def test_billed_time_is_the_start_and_the_latencies_of_the_calls(engine: Engine) -> None:
    engine.table()
    engine.function("count", COUNTING)
    assert engine.invoke("count", {"key": "a"}).billed_ms == 410
    assert engine.invoke("count", {"key": "a"}).billed_ms == 13


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("def handler(event, context): raise KeyError('x')", "KeyError", "'x'"),
        ("import nothing_like_it", "Runtime.ImportModuleError", "Unable to import module 'app'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error"),
        ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        (
            "def handler(event, context): return {1, 2}",
            "Runtime.MarshalError",
            "Unable to marshal response: Object of type set is not JSON serializable",
        ),
        ("def handler(event, context): exit(3)", "Runtime.ExitError", "exit status 3"),
        (
            "def handler(event, context): return 'x' * 7_000_000",
            "Function.ResponseSizeTooLarge",
            "exceeded maximum allowed payload size",
        ),
        (
            "import time\ndef handler(event, context): time.sleep(5)",
            "Sandbox.Timedout",
            "Task timed out after 3.00 seconds",
        ),
    ],
)
def test_errors_are_worded_as_lambda_words_them(
    engine: Engine, code: str, kind: str, message: str
) -> None:
    engine.function("failing", code)
    result = engine.invoke("failing")
    assert result.error is not None
    assert result.body()["errorType"] == kind
    assert message in result.body()["errorMessage"]


def test_a_stack_trace_shows_the_handler_and_nothing_of_the_simulation(engine: Engine) -> None:
    engine.function("failing", "def handler(event, context):\n    raise ValueError('no')\n")
    trace = engine.invoke("failing").body()["stackTrace"]
    assert len(trace) == 1
    assert "in handler" in trace[0]
    assert "raise ValueError" in trace[0]


def test_a_time_out_bills_the_whole_time_and_loses_the_state(engine: Engine) -> None:
    engine.table()
    engine.function(
        "slow",
        """
        import time
        served = 0
        def handler(event, context):
            global served
            served += 1
            assert 2900 < context.get_remaining_time_in_millis() <= 3000
            if event == "sleep":
                time.sleep(10)
            return served
        """,
    )
    assert engine.invoke("slow", "wake").payload == 1
    late = engine.invoke("slow", "sleep")
    assert late.billed_ms == 3000
    assert engine.invoke("slow", "wake").payload == 1


def test_an_event_over_the_limit_is_refused(engine: Engine) -> None:
    engine.function("echo", "def handler(event, context): return event")
    with pytest.raises(AwsError) as refusal:
        engine.invoke("echo", "x" * 7_000_000)
    assert refusal.value.code == "RequestTooLargeException"


def test_events_and_results_go_through_json(engine: Engine) -> None:
    engine.function(
        "echo",
        """
        from decimal import Decimal
        def handler(event, context):
            event["seen"] = True
            return {"pair": (1, 2), "price": Decimal("1.50"), 3: "three"}
        """,
    )
    event = {"a": 1}
    assert engine.invoke("echo", event).payload == {"pair": [1, 2], "price": 1.5, "3": "three"}
    assert event == {"a": 1}


def test_what_a_handler_prints_is_its_log(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.function("talks", "def handler(event, context): print('decided', event)")
    engine.invoke("talks", "x")
    assert engine.logs == [("talks", "decided x")]
    assert capsys.readouterr().out == ""
    assert engine.meter.functions["talks"].log_bytes == len("decided x")


def test_a_logger_that_was_made_outside_before_is_counted_too(engine: Engine) -> None:
    logger = Logger(service="made-outside", stream=io.StringIO())
    logger.info("not for the meter")
    engine.function(
        "talks",
        """
        from aws_lambda_powertools.logging import Logger
        logger = Logger()
        def handler(event, context): logger.info("decided")
        """,
        {"POWERTOOLS_SERVICE_NAME": "made-outside"},
    )
    engine.invoke("talks", "x")
    ((_, line),) = engine.logs
    assert json.loads(line)["message"] == "decided"
    assert engine.meter.functions["talks"].log_bytes == len(line)


@pytest.mark.parametrize(
    ("fault", "applied", "fails"),
    [
        (Fault.STOP_BEFORE, 1, True),
        (Fault.STOP_AFTER, 2, True),
        (Fault.DELAY, 2, False),
        (Fault.REPEAT, 3, False),
        (Fault.FAIL_BEFORE, 2, False),
        (Fault.FAIL_AFTER, 3, False),
    ],
)
def test_each_fault_does_what_it_says_at_the_second_call(
    build: Callable[..., Engine], fault: Fault, applied: int, *, fails: bool
) -> None:
    engine = build(faults=FaultPlan([Rule(fault, function="count", index=2)]))
    engine.table()
    engine.function("count", COUNTING)
    result = engine.invoke("count", {"key": "a"})
    assert times(engine) == applied
    assert (result.error is not None) == fails
    if fails:
        assert result.body()["errorType"] == "Runtime.ExitError"
        assert engine.invoke("count", {"key": "a"}).payload["served"] == 1


def test_a_stopped_handler_gets_no_further_call_through(build: Callable[..., Engine]) -> None:
    engine = build(faults=FaultPlan([Rule(Fault.STOP_AFTER, index=1)]))
    client = engine.table()
    engine.function(
        "stubborn",
        """
        import boto3
        dynamodb = boto3.client("dynamodb")
        def put(key):
            dynamodb.put_item(TableName="items", Item={"pk": {"S": key}})
        def handler(event, context):
            try:
                put("first")
            except BaseException:
                put("second")
            finally:
                put("third")
        """,
    )
    assert engine.invoke("stubborn").error is not None
    assert [item["pk"]["S"] for item in client.scan(TableName="items")["Items"]] == ["first"]


def test_an_answer_later_than_the_clients_patience_is_a_read_time_out(
    build: Callable[..., Engine],
) -> None:
    engine = build(faults=FaultPlan([Rule(Fault.DELAY, seconds=30)]))
    engine.table()
    engine.function(
        "waits",
        """
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ReadTimeoutError
        dynamodb = boto3.client(
            "dynamodb", config=Config(read_timeout=5, retries={"total_max_attempts": 1})
        )
        def handler(event, context):
            try:
                dynamodb.put_item(TableName="items", Item={"pk": {"S": "a"}})
            except ReadTimeoutError:
                return "unknown outcome"
        """,
        timeout=20,
    )
    assert engine.invoke("waits").payload == "unknown outcome"
    assert len(engine.dynamodb.items("items")) == 1


def test_every_call_of_an_undisturbed_run_can_be_stopped_at(build: Callable[..., Engine]) -> None:
    def run(faults: FaultPlan | None) -> tuple[Engine, InvokeResult]:
        engine = build(faults=faults)
        engine.table()
        engine.function("count", COUNTING)
        engine.sandboxes.trace = []
        return engine, engine.invoke("count", {"key": "a"})

    engine, _ = run(None)
    trace = engine.sandboxes.trace or []
    assert [(c.function, c.index, c.service, c.operation) for c in trace] == [
        ("count", 1, "dynamodb", "UpdateItem"),
        ("count", 2, "dynamodb", "UpdateItem"),
    ]
    applied = []
    for _, plan in stops_at(trace):
        engine, result = run(plan)
        assert result.error is not None
        applied.append(times(engine))
    assert applied == [0, 1, 1, 2]


def test_seeded_faults_strike_the_same_way_again(build: Callable[..., Engine]) -> None:
    def once() -> list[tuple[int, str]]:
        plan = SeededFaults(3, rate=0.3)
        engine = build(faults=plan)
        engine.table()
        engine.function("count", COUNTING)
        for _ in range(20):
            engine.invoke("count", {"key": "a"})
        return [(made.invocation, rule.fault) for made, rule in plan.struck]

    first = once()
    assert first == once()
    assert len(first) > 3


def test_concurrent_handlers_interleave_at_their_calls(engine: Engine) -> None:
    engine.table()
    engine.function("count", COUNTING)
    engine.sandboxes.trace = []
    results: list[InvokeResult] = []
    for key in "ab":
        engine.sandboxes.invoke("count", {"key": key}, results.append)
    engine.hub.run()
    order = [(made.invocation, made.index) for made in engine.sandboxes.trace]
    assert order == [(1, 1), (2, 1), (1, 2), (2, 2)]


def test_calls_from_outside_cost_nothing_and_take_no_time(engine: Engine) -> None:
    client = engine.table()
    before = engine.hub.now
    client.put_item(TableName="items", Item={"pk": {"S": "a"}})
    assert engine.hub.now == before
    assert engine.meter.bill() == []


def test_ids_chance_and_time_of_a_handler_are_the_same_in_every_run(
    build: Callable[..., Engine],
) -> None:
    def once() -> object:
        engine = build(seed=5)
        engine.function(
            "draws",
            """
            import os, secrets, time, uuid, random
            def handler(event, context):
                return [context.aws_request_id, str(uuid.uuid4()), secrets.token_hex(8),
                        os.urandom(4).hex(), random.random(), time.time()]
            """,
        )
        return engine.invoke("draws").payload

    assert once() == once()


def test_own_cpu_time_leaves_out_calls_and_pauses(engine: Engine) -> None:
    engine.table()
    engine.function("count", COUNTING)
    for _ in range(50):
        engine.invoke("count", {"key": "a"})
    use = engine.meter.functions["count"]
    warm = use.own_seconds
    assert 0 < warm / 50 < 0.01


def test_modules_that_hold_state_belong_to_each_instance(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "lib" / "house"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "roof.py").write_text("import os\nCOLOR = os.environ['COLOR']\n")
    monkeypatch.syspath_prepend(str(tmp_path / "lib"))
    monkeypatch.setattr("local.instance.PRIVATE_MODULES", ("house.roof",))
    code = """
        from house import roof
        def handler(event, context):
            import house.roof
            assert house.roof is roof
            return roof.COLOR
    """
    for color in ("red", "blue"):
        engine.function(color, code, {"COLOR": color})
    assert [engine.invoke(name).payload for name in ("red", "blue", "red")] == [
        "red",
        "blue",
        "red",
    ]
    assert "house.roof" not in sys.modules
    sys.modules.pop("house", None)


def test_a_death_can_be_called_what_step_functions_calls_an_unknown_one(
    build: Callable[..., Engine],
) -> None:
    engine = build(faults=FaultPlan([Rule(Fault.STOP_BEFORE, error="Lambda.Unknown")]))
    engine.table()
    engine.function("count", COUNTING)
    assert engine.invoke("count", {"key": "a"}).body()["errorType"] == "Lambda.Unknown"


def test_a_service_may_invoke_another_function_and_wait_for_it(engine: Engine) -> None:
    class Functions:
        def invoke(self, params: dict[str, Any]) -> dict[str, Any]:
            result: InvokeResult = engine.hub.wait(
                lambda done: engine.sandboxes.invoke(
                    params["FunctionName"], b"1", lambda r: done(Outcome(value=r))
                )
            )
            return {"StatusCode": 200, "ExecutedVersion": str(result.payload)}

    engine.hook.register("lambda", Functions())
    engine.function(
        "inner", "import os\ndef handler(event, context): return os.environ['ME']", {"ME": "i"}
    )
    engine.function(
        "outer",
        """
        import boto3, os
        def handler(event, context):
            answer = boto3.client("lambda").invoke(FunctionName="inner")
            return [answer["ExecutedVersion"], os.environ["ME"]]
        """,
        {"ME": "o"},
    )
    assert engine.invoke("outer").payload == ["i", "o"]
