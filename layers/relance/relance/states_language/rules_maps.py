"""House rules for the Map states of operations: bounded, with a limit on failures, results kept."""

from __future__ import annotations

from collections.abc import Iterator

from relance.states_language import model
from relance.states_language.finding import Finding, Rule


def check_map(name: str, state: model.Map) -> Iterator[Finding]:
    """Yield every broken rule of one Map state; an inline one answers for itself."""
    if not state.is_distributed:
        return
    if not model.wrote(state, "max_concurrency") or state.max_concurrency == 0:
        message = (
            "MaxConcurrency is missing. Without it 10000 children start at once, "
            "and with them as many functions."
        )
        yield Finding(Rule.MAP, name, message)
    if state.tolerated_failure_count is None and state.tolerated_failure_percentage is None:
        message = (
            "say how many failures are tolerated: ToleratedFailureCount or "
            "ToleratedFailurePercentage, 0 for none."
        )
        yield Finding(Rule.MAP, name, message)
    if state.result_writer is None or state.result_writer.resource is None:
        message = (
            "ResultWriter is missing. Write the results to a bucket: the state's output holds "
            "256 KiB, and who failed must be found afterwards."
        )
        yield Finding(Rule.MAP, name, message)
