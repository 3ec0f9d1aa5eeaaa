"""Machines of Pass, Choice, Wait, Succeed and Fail states, and many expressions."""

from __future__ import annotations

from tests.local.states.cases import INPUT, SHOW, Case, output_of, passing

_EXPRESSIONS = """
    $states.input.n
    $states.input.none
    $states.input.list
    $states.input.one
    $states.input.one[0]
    $states.input.empty
    $states.input.objects.v
    $states.input.objects[v=2].v
    [$states.input.objects[v=2].v]
    $states.input.deep.a.b
    $states.input.n + 1
    $states.input.n / 2
    'Hello ' & $states.input.text
    $exists($states.input.nothing)
    $exists($states.input.none)
    $count($states.input.nothing)
    $max($states.input.list)
    $max([1, $states.input.n - 5])
    $sum($states.input.objects.v)
    $sort($states.input.list)
    $map($states.input.list, function($v, $i) { $v * $i })
    $filter($states.input.list, function($v) { $v > 1 })
    $filter($states.input.list, function($v) { $v > 2 })
    $reduce($states.input.list, function($a, $b) { $a + $b })
    $merge([$states.input.deep, {'c': 1}])
    $merge($map($states.input.objects, function($o, $i) { {'k' & $i: $o.v} }))
    $toMillis($states.input.at)
    $fromMillis($toMillis($states.input.at) + 86400000)
    $fromMillis(1714557600000, '[Y0001]-[M01]-[D01]')
    $replace($states.input.text, /n+/, 'N')
    $contains($states.input.text, /^A/)
    $split('a-b-c', '-')
    $string($states.input.deep)
    $states.input.text in ['Anna', 'Bob']
    $states.input.n > 2 ? 'many' : 'few'
    $states.input.nothing = 1
    ($x := $states.input.n; $x * $x)
    {'n': $states.input.n, 'gone': $states.input.nothing}
    $type($states.input.none)
    $not($states.input.empty)
    $round(2.5)
    $partition([1, 2, 3, 4, 5], 2)
    $range(1, 9, 2)
    $parse('{"a": [1]}')
    $states.context.State.Name
    $states.context.Execution.Name
    $states.context.Execution.Input.n
    $sum($states.input.list) ~> $string
    null
    true
    'plain'
    12.5
"""

_LINES = [line.strip() for line in _EXPRESSIONS.strip().splitlines()]
EXPRESSION_CASES = [
    Case(
        f"expressions from {_LINES[first]}",
        {
            "A": passing(
                Output=["{% " + line + " %}" for line in _LINES[first : first + 10]],
            )
        },
        INPUT,
    )
    for first in range(0, len(_LINES), 10)
]
"""Ten expressions to a machine."""

STATE_CASES = [
    Case("pass hands its input on", {"A": passing()}, {"a": 1}),
    Case("pass gives a constant", {"A": passing(Output={"a": [1, "x", None]})}),
    Case("output null is null", {"A": passing(Output=None)}, {"a": 1}),
    Case("a comment changes nothing", {"A": passing(Comment="why")}, 5),
    Case("the input may be any json", {"A": passing()}, [1, "two", None]),
    Case(
        "assigned variables are seen by the next state",
        {
            "A": {
                "Type": "Pass",
                "Assign": {"x": "{% $states.input.n %}", "y": {"z": [1]}},
                "Next": "B",
            },
            "B": passing(Output={"x": "{% $x %}", "z": "{% $y.z %}"}),
        },
        INPUT,
    ),
    Case(
        "output does not see what the same state assigns",
        {
            "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"},
            "B": {
                "Type": "Pass",
                "Assign": {"x": "{% $x + 1 %}"},
                "Output": "{% $x %}",
                "Next": "C",
            },
            "C": passing(Output=["{% $states.input %}", "{% $x %}"]),
        },
        fault=(
            "moto gives [2, 2]. workflow-variables.html: Assign and Output are evaluated with the "
            "variables as they were when the state was entered."
        ),
        expected=("SUCCEEDED", [1, 2]),
    ),
    Case("an undefined output fails", output_of("$states.input.nothing"), INPUT),
    Case("an undefined part of an output fails", {"A": passing(Output={"a": "{% $nothing %}"})}),
    Case(
        "a function is no output",
        output_of("$sum"),
        INPUT,
        fault="As below: moto reports States.Runtime for what JSON cannot hold.",
        expected=("FAILED", "States.QueryEvaluationError"),
    ),
    Case(
        "an error in an expression fails",
        output_of("$number('x')"),
        INPUT,
        fault=(
            "moto reports States.Runtime. transforming-data.html: what goes wrong in evaluating "
            "JSONata is a States.QueryEvaluationError, which can be retried and caught."
        ),
        expected=("FAILED", "States.QueryEvaluationError"),
    ),
    Case("succeed hands its input on", {"A": {"Type": "Succeed"}}, {"a": 1}),
    Case(
        "succeed shapes its output",
        {"A": {"Type": "Succeed", "Output": {"n": "{% $states.input.n %}"}}},
        INPUT,
    ),
    Case("fail", {"A": {"Type": "Fail", "Error": "Bad", "Cause": "so it is"}}),
    Case("fail with nothing", {"A": {"Type": "Fail"}}),
    Case(
        "fail with expressions",
        {
            "A": {
                "Type": "Fail",
                "Error": "{% 'Bad' & $states.input.n %}",
                "Cause": "{% $states.input.text %}",
            }
        },
        INPUT,
    ),
    Case(
        "choice takes the first that holds",
        {
            "A": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $states.input.n > 5 %}", "Next": "B"},
                    {"Condition": "{% $states.input.n > 1 %}", "Next": "C"},
                    {"Condition": True, "Next": "B"},
                ],
                "Default": "B",
            },
            "B": passing(Output="B"),
            "C": passing(Output="C"),
        },
        INPUT,
    ),
    Case(
        "choice falls back to its default",
        {
            "A": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.n > 5 %}", "Next": "B"}],
                "Default": "C",
                "Assign": {"way": "default"},
                "Output": {"from": "default"},
            },
            "B": passing(Output="B"),
            "C": passing(Output=["{% $way %}", "{% $states.input %}"]),
        },
        INPUT,
    ),
    Case(
        "a rule assigns and shapes the output",
        {
            "A": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": "{% $states.input.n = 3 %}",
                        "Next": "B",
                        "Assign": {"way": "rule"},
                        "Output": {"from": "rule"},
                    }
                ],
                "Default": "C",
                "Assign": {"way": "default"},
            },
            "C": passing(),
            "B": passing(Output=["{% $way %}", "{% $states.input %}"]),
        },
        INPUT,
    ),
    Case(
        "a condition that is no boolean",
        {
            "A": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.n %}", "Next": "B"}],
                "Default": "B",
            },
            "B": passing(Output="B"),
        },
        INPUT,
        fault=(
            "moto takes the default. transforming-data.html: a field that does not accept the "
            "type of the result makes the state fail with States.QueryEvaluationError."
        ),
        expected=("FAILED", "States.QueryEvaluationError"),
    ),
    Case(
        "no rule and no default",
        {
            "A": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.n = 5 %}", "Next": "B"}],
            },
            "B": passing(),
        },
        INPUT,
        fault=(
            "moto reports States.Runtime. ASL, Choice State: when no rule matches and there is no "
            "Default, the interpreter raises States.NoChoiceMatched."
        ),
        expected=("FAILED", "States.NoChoiceMatched"),
    ),
    Case("wait no time", {"A": {"Type": "Wait", "Seconds": 0, "Next": "B"}, "B": SHOW}, {"a": 1}),
    Case(
        "wait by an expression",
        {
            "A": {
                "Type": "Wait",
                "Seconds": "{% $states.input.n - 3 %}",
                "Assign": {"x": 1},
                "Output": {"waited": True},
                "Next": "B",
            },
            "B": passing(Output=["{% $states.input %}", "{% $x %}"]),
        },
        INPUT,
    ),
    Case(
        "wait until a time that has passed",
        {"A": {"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z", "End": True}},
        {"a": 1},
    ),
    Case(
        "wait until a time by an expression",
        {"A": {"Type": "Wait", "Timestamp": "{% '2020-01-01T00:00:00Z' %}", "End": True}},
        {"a": 1},
    ),
]
