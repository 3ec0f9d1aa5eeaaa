"""The Amazon States Language, JSONata mode only: a strict model and the house rules.

`parse` reads a definition and refuses mistakes in sentences; `check` applies the rules of the
house (names, time-outs, retries, endings) to what has been read. Source: the Amazon States
Language specification, https://states-language.net/spec.html, and the AWS Step Functions
developer guide, https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html.
"""

from relance.states_language.model import StateMachine
from relance.states_language.reading import DefinitionInvalid, parse, parse_file
from relance.states_language.rules import Finding, check

__all__ = ["DefinitionInvalid", "Finding", "StateMachine", "check", "parse", "parse_file"]
