"""Intrinsic functions and conditions, resolved to plain data.

What CloudFormation would ask of the account (exports, availability zones, macros) is refused by
name together with the place where it stands.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.identifiers import ACCOUNT, PARTITION, REGION, URL_SUFFIX
from local.translation import TemplateError

NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{(!?)([^}]+)\}")


class Resolver:
    """Turns a value of the template into plain data.

    `reference` answers Ref for a resource, `attribute` GetAtt; both return None for what they do
    not know.
    """

    def __init__(
        self,
        *,
        template: Mapping[str, Any],
        parameters: Mapping[str, str | list[str]],
        stack: str,
        reference: Callable[[str], str | None],
        attribute: Callable[[str, str], str | None],
    ) -> None:
        self._mappings: Mapping[str, Any] = template.get("Mappings") or {}
        self._conditions: Mapping[str, Any] = template.get("Conditions") or {}
        self._reference = reference
        self._attribute = attribute
        self._values: dict[str, object] = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": PARTITION,
            "AWS::Region": REGION,
            "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{stack}/local",
            "AWS::StackName": stack,
            "AWS::URLSuffix": URL_SUFFIX,
            **parameters,
        }
        self._functions: dict[str, Callable[[Any, str], object]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::If": self._if,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": self._base64,
            "Fn::Equals": self._equals,
            "Fn::And": self._and,
            "Fn::Or": self._or,
            "Fn::Not": self._not,
            "Condition": lambda name, _where: self.holds(name),
        }

    def resolve(self, value: object, where: str) -> Any:
        """Return `value` with every intrinsic resolved; `where` names the place in errors."""
        if isinstance(value, dict):
            return self._mapping(value, where)
        if isinstance(value, list):
            items = [self.resolve(item, f"{where}[{n}]") for n, item in enumerate(value)]
            return [item for item in items if item is not NO_VALUE]
        if isinstance(value, str) and "{{resolve:" in value:
            raise TemplateError(f"{where}: dynamic references are not supported here: {value}")
        return value

    def holds(self, condition: str) -> bool:
        """Return whether the named condition of the template holds."""
        if condition not in self._conditions:
            raise TemplateError(f'there is no condition "{condition}"')
        return bool(self.resolve(self._conditions[condition], f"Conditions.{condition}"))

    def _mapping(self, value: dict[str, Any], where: str) -> object:
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._functions and not (
                name == "Condition" and not isinstance(argument, str)
            ):
                return self._functions[name](argument, where)
            if name.startswith("Fn::"):
                raise TemplateError(f"{where}: {name} is not supported here")
        resolved = {
            key: self.resolve(item, f"{where}.{key}" if where else key)
            for key, item in value.items()
        }
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def _ref(self, name: str, where: str) -> object:
        if name in self._values:
            return self._values[name]
        found = self._reference(name)
        if found is None:
            raise TemplateError(f'{where}: Ref to "{name}", which does not exist')
        return found

    def _get_att(self, argument: list[str] | str, where: str) -> object:
        logical_id, name = argument.split(".", 1) if isinstance(argument, str) else argument
        found = self._attribute(logical_id, name)
        if found is None:
            raise TemplateError(f'{where}: "{logical_id}" has no attribute "{name}" here')
        return found

    def _sub(self, argument: str | list[Any], where: str) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument
        values = {name: self.resolve(value, where) for name, value in given.items()}

        def fill(found: re.Match[str]) -> str:
            literal, name = found.group(1), found.group(2).strip()
            if literal:
                return "${" + found.group(2) + "}"
            if name in values:
                return _text(values[name])
            if "." in name:
                return _text(self._get_att(name, where))
            return _text(self._ref(name, where))

        return _PLACEHOLDER.sub(fill, text)

    def _join(self, argument: list[Any], where: str) -> str:
        separator, parts = argument
        return str(separator).join(_text(part) for part in self.resolve(parts, where))

    def _if(self, argument: list[Any], where: str) -> object:
        condition, then, otherwise = argument
        return self.resolve(then if self.holds(condition) else otherwise, where)

    def _select(self, argument: list[Any], where: str) -> object:
        index, items = argument
        chosen = self.resolve(items, where)
        number = int(self.resolve(index, where))
        if not 0 <= number < len(chosen):
            raise TemplateError(f"{where}: Fn::Select {number} of {len(chosen)} items")
        return chosen[number]

    def _split(self, argument: list[Any], where: str) -> list[str]:
        separator, text = argument
        return str(self.resolve(text, where)).split(separator)

    def _find_in_map(self, argument: list[Any], where: str) -> object:
        names = [str(self.resolve(part, where)) for part in argument]
        found: Any = self._mappings
        for name in names:
            if not isinstance(found, Mapping) or name not in found:
                raise TemplateError(f"{where}: no mapping for {'.'.join(names)}")
            found = found[name]
        return found

    def _base64(self, argument: object, where: str) -> str:
        return base64.b64encode(str(self.resolve(argument, where)).encode()).decode()

    def _equals(self, argument: list[Any], where: str) -> bool:
        left, right = (self.resolve(part, where) for part in argument)
        return bool(_text(left) == _text(right))

    def _and(self, argument: list[Any], where: str) -> bool:
        return all(self.resolve(part, where) for part in argument)

    def _or(self, argument: list[Any], where: str) -> bool:
        return any(self.resolve(part, where) for part in argument)

    def _not(self, argument: list[Any], where: str) -> bool:
        return not self.resolve(argument[0], where)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_text(item) for item in value)
    return str(value)


def parameter_values(
    declared: Mapping[str, Any], given: Mapping[str, str]
) -> dict[str, str | list[str]]:
    """Return every parameter's value: what is given, else the default.

    Raises TemplateError for an unknown name, a missing value or one that the template's own
    pattern, list or length forbids (with the template's ConstraintDescription).
    """
    unknown = sorted(set(given) - set(declared))
    if unknown:
        known = ", ".join(sorted(declared))
        raise TemplateError(f'the template has no parameter "{unknown[0]}". It has: {known}')
    values: dict[str, str | list[str]] = {}
    for name, rules in declared.items():
        if name not in given and "Default" not in rules:
            raise TemplateError(f'the parameter "{name}" has no default: give a value')
        text = _text(given.get(name, rules.get("Default")))
        _check_parameter(name, text, rules)
        kind = str(rules["Type"])
        if kind in {"CommaDelimitedList", "List<Number>", "List<String>"}:
            values[name] = [part.strip() for part in text.split(",")] if text else []
        elif kind in {"String", "Number"}:
            values[name] = text
        else:
            raise TemplateError(f'the parameter "{name}" has the type {kind}: not supported here')
    return values


def _check_parameter(name: str, text: str, rules: Mapping[str, Any]) -> None:
    allowed = [_text(value) for value in rules.get("AllowedValues", [])]
    pattern = rules.get("AllowedPattern")
    is_number = rules["Type"] == "Number"
    fits = (
        (not allowed or text in allowed)
        and (pattern is None or re.fullmatch(pattern, text) is not None)
        and int(rules.get("MinLength", 0)) <= len(text) <= int(rules.get("MaxLength", 4096))
        and (not is_number or float(rules.get("MinValue", "-inf")) <= float(text))
        and (not is_number or float(text) <= float(rules.get("MaxValue", "inf")))
    )
    if not fits:
        reason = rules.get("ConstraintDescription", "the template does not allow it")
        raise TemplateError(f'the parameter "{name}" cannot be "{text}": {reason}')
