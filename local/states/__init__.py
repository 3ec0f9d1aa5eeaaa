"""Step Functions in virtual time: a deterministic interpreter of the Amazon States Language.

`StateMachines` is the service; it takes a hub (time and chance) and a port that does what Task
states ask for. JSONata only. Nothing here knows what a Lambda function or a table is.

    machines.py    the API: create, start, answer tokens, stop, describe, list, history
    program.py     a definition, checked and compiled once
    jsonata.py     expressions; templates.py: JSON values with expressions in them
    execution.py   an execution and its threads of control
    engine.py      the walk from state to state; retries, catches, endings
    tasks.py       Task states; branching.py: Parallel and inline Map
    distributed.py Map in Distributed mode: its settings in distributing.py, its run and children
                   in map_runs.py, items in item_sources.py and datasets.py, files in results.py
    registry.py    all executions and Map Runs; redriving.py: who may be redriven
    history.py     events, in the shape of GetExecutionHistory

Source of the semantics: https://states-language.net/spec.html and the developer guide,
https://docs.aws.amazon.com/step-functions/latest/dg/welcome.html; quotas:
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html

Of Distributed Map these are missing, each refused by name: Parquet files, manifests, compressed
files, LOAD_AND_FLATTEN. No child is ever listed as PENDING_REDRIVE; those that wait for one are
counted by their Map Run. Express children run as Standard ones do, without history and without
transitions, for five minutes at most.
"""

from local.states.errors import StatesError
from local.states.machines import StateMachines
from local.states.ports import HubLike, TaskOutcome, TaskPort

__all__ = ["HubLike", "StateMachines", "StatesError", "TaskOutcome", "TaskPort"]
