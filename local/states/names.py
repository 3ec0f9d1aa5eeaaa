"""ARNs and names of machines and executions."""

from __future__ import annotations

import re

from local.states.errors import StatesError

MOST_CHARACTERS = 80
_FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_MACHINE = re.compile(r"arn:aws[a-z-]*:states:([a-z0-9-]+):(\d{12}):stateMachine:([^:]+)")
_QUALIFIER = re.compile(r"(.+:stateMachine:[^:]+):([^:]+)")


def check_name(name: str) -> None:
    """Refuse what may not name a machine or an execution, as the API does."""
    if not 1 <= len(name) <= MOST_CHARACTERS or _FORBIDDEN.search(name):
        raise StatesError("InvalidName", f"Invalid Name: '{name}'")


def machine_parts(arn: str) -> tuple[str, str, str]:
    """Return region, account and name of a machine's ARN."""
    match = _MACHINE.fullmatch(arn)
    if match is None:
        raise StatesError("InvalidArn", f"Invalid Arn: '{arn}'")
    return match[1], match[2], match[3]


def unqualified(arn: str) -> tuple[str, str | None]:
    """Return a machine's ARN without the version or alias behind it, and that.

    IAM asks for the machine, whatever stands behind it.
    https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
    """
    found = _QUALIFIER.fullmatch(arn)
    return (found[1], found[2]) if found else (arn, None)


def execution_arn(machine: str, name: str) -> str:
    """Return the ARN of an execution of a machine."""
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


def express_arn(machine: str, name: str, unique: str) -> str:
    """Return the ARN of an Express execution, which has a second name of its own."""
    return f"{machine.replace(':stateMachine:', ':express:')}:{name}:{unique}"


def map_run_arn(machine: str, label: str, name: str) -> str:
    """Return the ARN of a Map Run of a machine."""
    return f"{machine.replace(':stateMachine:', ':mapRun:')}/{label}:{name}"
