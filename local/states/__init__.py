"""Step Functions in virtual time: a deterministic interpreter of the Amazon States Language.

`StateMachines` is the service; it takes a hub (time and chance) and a port that does what Task
states ask for. JSONata only. Nothing here knows what a Lambda function or a table is.

    machines.py    the API: create, start, answer tokens, stop, describe, list, history
    program.py     a definition, checked and compiled once
    jsonata.py     expressions; templates.py: JSON values with expressions in them
    execution.py   an execution and its threads of control
    engine.py      the walk from state to state; retries, catches, endings
    tasks.py       Task states; branching.py: Parallel and Map
    history.py     events, in the shape of GetExecutionHistory

Source of the semantics: https://states-language.net/spec.html and the developer guide,
https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html; quotas:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

from local.states.errors import StatesError
from local.states.machines import StateMachines
from local.states.ports import HubLike, TaskOutcome, TaskPort

__all__ = ["HubLike", "StateMachines", "StatesError", "TaskOutcome", "TaskPort"]
