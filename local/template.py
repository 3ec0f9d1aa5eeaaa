"""The stack: template.yaml with everything resolved, as the rest of `local/` reads it.

`Stack.load` refuses, by logical id and name, whatever this machine cannot do: an unknown resource
type, an unknown property, a reference to nothing. What it accepts without effect is in `inert`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from local import resources as shapes
from local.identifiers import NAME_PROPERTIES, REGION, Identity, attribute, ref
from local.intrinsics import NO_VALUE, Resolver, parameter_values
from local.states.names import unqualified
from local.translation import LOCAL_BUCKET, TemplateError, parse_template, translate

__all__ = ["Function", "Resource", "Stack", "StateMachine", "TemplateError"]

P = TypeVar("P", bound=shapes.Properties)
_SUBSTITUTION = re.compile(r"\$\{([A-Za-z0-9_]+)\}")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the translated template."""

    logical_id: str
    type: str
    name: str
    arn: str | None
    properties: Mapping[str, Any]
    metadata: Mapping[str, Any]
    shape: shapes.Properties | None


@dataclass(frozen=True, slots=True)
class Function:
    """A function, ready to be called: where its code is and what it is given."""

    logical_id: str
    name: str
    arn: str
    folder: Path
    handler: str
    environment: Mapping[str, str]
    timeout: int
    memory: int
    layers: tuple[str, ...]
    architectures: tuple[str, ...]
    role: str
    asynchronous: shapes.EventInvokeConfig
    dead_letter: str | None
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A state machine with its substitutions applied: as `text`, and parsed as `definition`."""

    logical_id: str
    name: str
    arn: str
    role: str
    file: Path | None
    text: str
    definition: Mapping[str, Any]
    timeout_seconds: int | None = field(default=None)


class Stack:
    """Everything the template makes, resolved for one set of parameters."""

    def __init__(
        self,
        *,
        name: str,
        root: Path,
        parameters: Mapping[str, str | list[str]],
        resources: Mapping[str, Resource],
        outputs: Mapping[str, str],
        identities: Mapping[str, Identity],
    ) -> None:
        self.name = name
        self.root = root
        self.parameters = dict(parameters)
        self.resources = dict(resources)
        self.outputs = dict(outputs)
        self.identities = dict(identities)

    @classmethod
    def load(
        cls, template: Path, *, name: str, parameters: Mapping[str, str] | None = None
    ) -> Stack:
        """Read, translate and resolve a template; TemplateError says what cannot be done here.

        What was resolved once is kept for the next stack: nobody changes a resource.
        """
        given = tuple(sorted((parameters or {}).items()))
        known = _resolved(template, template.read_text("utf-8"), name, given)
        return cls(
            name=name,
            root=known.root,
            parameters=known.parameters,
            resources=known.resources,
            outputs=known.outputs,
            identities=known.identities,
        )

    @property
    def journeys(self) -> dict[str, str]:
        """The journeys by name (`cart-recovery`), with the physical names of their machines."""
        start = f"{self.name}-journey-"
        return {each.removeprefix(start): each for each in self.machines if each.startswith(start)}

    def entry_rules(self, machine: str) -> Iterator[tuple[Resource, shapes.Rule]]:
        """Yield every rule that starts the machine with this ARN, enabled or not."""
        for resource, rule in self.of(shapes.Rule):
            if any(unqualified(target.arn)[0] == machine for target in rule.targets):
                yield resource, rule

    def with_rules_of(self, machines: Collection[str]) -> Stack:
        """The same with every rule enabled that starts one of these machines (ARNs)."""
        enabled = {
            resource.logical_id: replace(
                resource, shape=rule.model_copy(update={"state": "ENABLED"})
            )
            for machine in machines
            for resource, rule in self.entry_rules(machine)
        }
        return Stack(
            name=self.name,
            root=self.root,
            parameters=self.parameters,
            resources={**self.resources, **enabled},
            outputs=self.outputs,
            identities=self.identities,
        )

    @property
    def inert(self) -> tuple[Resource, ...]:
        """Resources that are accepted and do nothing here."""
        return tuple(found for found in self.resources.values() if found.shape is None)

    def of(self, shape: type[P]) -> Iterator[tuple[Resource, P]]:
        """Yield every resource whose properties have the given shape."""
        for resource in self.resources.values():
            if isinstance(resource.shape, shape):
                yield resource, resource.shape

    def by_arn(self, arn: str) -> Resource:
        """Return the resource with this ARN; TemplateError if the stack has none."""
        for resource in self.resources.values():
            if resource.arn == arn:
                return resource
        raise TemplateError(f"nothing in this stack has the ARN {arn}")

    @cached_property
    def functions(self) -> dict[str, Function]:
        """Every function by its physical name."""
        configured = {
            function_name(config.function_name): config
            for _, config in self.of(shapes.EventInvokeConfig)
        }
        return {
            resource.name: self._function(resource, shape, configured.get(resource.name))
            for resource, shape in self.of(shapes.Function)
        }

    def _function(
        self,
        resource: Resource,
        shape: shapes.Function,
        config: shapes.EventInvokeConfig | None,
    ) -> Function:
        if shape.code.s3_bucket != LOCAL_BUCKET:
            raise TemplateError(f"{resource.logical_id}: its code does not lie in this project")
        dead_letter = shape.dead_letter_config
        return Function(
            logical_id=resource.logical_id,
            name=resource.name,
            arn=resource.arn or "",
            folder=self.root / shape.code.s3_key,
            handler=shape.handler,
            environment=dict(shape.environment.variables),
            timeout=shape.timeout,
            memory=shape.memory_size,
            layers=shape.layers,
            architectures=shape.architectures,
            role=shape.role,
            asynchronous=config or shapes.EventInvokeConfig(function_name=resource.name),
            dead_letter=dead_letter.target_arn if dead_letter else None,
            metadata=resource.metadata,
        )

    @cached_property
    def machines(self) -> dict[str, StateMachine]:
        """Every state machine by its physical name."""
        return {
            resource.name: self._machine(resource, shape)
            for resource, shape in self.of(shapes.StateMachine)
        }

    @cached_property
    def aliases(self) -> dict[str, tuple[str, ...]]:
        """The names of a state machine's aliases, by its ARN."""
        found: dict[str, tuple[str, ...]] = {}
        for _, shape in self.of(shapes.StateMachineAlias):
            machine = shape.deployment_preference.state_machine_version_arn.rpartition(":")[0]
            found[machine] = (*found.get(machine, ()), shape.name)
        return found

    def _machine(self, resource: Resource, shape: shapes.StateMachine) -> StateMachine:
        file = None
        if shape.definition_s3_location is not None:
            file = self.root / shape.definition_s3_location.key
            text = file.read_text("utf-8")
        elif shape.definition_string is not None:
            text = shape.definition_string
        else:
            text = json.dumps(shape.definition)
        where = file.name if file else resource.logical_id

        def fill(found: re.Match[str]) -> str:
            name = found.group(1)
            if name not in shape.definition_substitutions:
                raise TemplateError(f"{where}: ${{{name}}} has no DefinitionSubstitution")
            return json.dumps(shape.definition_substitutions[name])[1:-1]

        filled = _SUBSTITUTION.sub(fill, text)
        try:
            definition = _parsed(filled)
        except json.JSONDecodeError as error:
            raise TemplateError(f"{where} is not valid JSON: {error}") from error
        return StateMachine(
            logical_id=resource.logical_id,
            name=resource.name,
            arn=resource.arn or "",
            role=shape.role_arn,
            file=file,
            text=filled,
            definition=definition,
            timeout_seconds=definition.get("TimeoutSeconds"),
        )


def function_name(reference: str) -> str:
    """Return the name in a function's name, ARN (with or without qualifier) or integration URI."""
    found = re.search(r":function:([A-Za-z0-9_-]+)", reference)
    return found.group(1) if found else reference.split(":", maxsplit=1)[0]


@lru_cache(maxsize=256)
def _parsed(definition: str) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", json.loads(definition))


@lru_cache(maxsize=8)
def _resolved(
    template: Path, text: str, name: str, parameters: tuple[tuple[str, str], ...]
) -> Stack:
    """The stack of a template that reads so; a test makes many worlds of one."""
    root = template.parent
    source = parse_template(text, template.name)
    given = dict(parameters)
    values = parameter_values(source.get("Parameters") or {}, given)
    translated = translate(
        source, parameters=given, region=REGION, cache=root / ".build" / "template"
    )
    return _Builder(translated, values, name, root).stack()


class _Builder:
    """Resolves a translated template; names first, then properties."""

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, str | list[str]],
        name: str,
        root: Path,
    ) -> None:
        self._name, self._root, self._parameters = name, root, parameters
        self._template = template
        self._identities: dict[str, Identity] = {}
        self._resolver = Resolver(
            template=template,
            parameters=parameters,
            stack=name,
            reference=self._reference,
            attribute=self._attribute,
        )
        declared: dict[str, dict[str, Any]] = template["Resources"]
        self._declared = {
            logical_id: resource
            for logical_id, resource in declared.items()
            if "Condition" not in resource or self._resolver.holds(resource["Condition"])
        }

    def stack(self) -> Stack:
        self._check_rules()
        outputs = {
            name: str(self._resolver.resolve(output["Value"], f"Outputs.{name}"))
            for name, output in (self._template.get("Outputs") or {}).items()
            if "Condition" not in output or self._resolver.holds(output["Condition"])
        }
        resources = {name: self._resource(name) for name in self._declared}
        return Stack(
            name=self._name,
            root=self._root,
            parameters=self._parameters,
            resources=resources,
            outputs=outputs,
            identities=self._identities,
        )

    def _check_rules(self) -> None:
        for name, rule in (self._template.get("Rules") or {}).items():
            where = f"Rules.{name}"
            if not self._resolver.resolve(rule.get("RuleCondition", True), where):
                continue
            for assertion in rule["Assertions"]:
                if not self._resolver.resolve(assertion["Assert"], where):
                    raise TemplateError(assertion.get("AssertDescription", where))

    def _resource(self, logical_id: str) -> Resource:
        declared = self._declared[logical_id]
        kind = declared["Type"]
        identity = self._identity(logical_id)
        if kind not in shapes.MODELS and kind not in shapes.INERT:
            raise TemplateError(f"{logical_id}: the resource type {kind} is not supported here")
        properties = self._resolver.resolve(declared.get("Properties") or {}, logical_id)
        shape = None
        if kind in shapes.MODELS:
            try:
                shape = shapes.MODELS[kind].model_validate(properties)
            except ValidationError as error:
                raise TemplateError(_explain(logical_id, kind, error)) from error
        return Resource(
            logical_id=logical_id,
            type=kind,
            name=identity.name,
            arn=attribute(identity, "Arn") or attribute(identity, "TopicArn"),
            properties=properties,
            metadata=declared.get("Metadata") or {},
            shape=shape,
        )

    def _identity(self, logical_id: str) -> Identity:
        known = self._identities.get(logical_id)
        if known is None:
            declared = self._declared[logical_id]
            known = Identity(logical_id, declared["Type"], self._physical(logical_id), self._name)
            self._identities[logical_id] = known
        return known

    def _physical(self, logical_id: str) -> str:
        declared = self._declared[logical_id]
        kind = declared["Type"]
        given = (declared.get("Properties") or {}).get(NAME_PROPERTIES.get(kind, ""))
        name = NO_VALUE if given is None else self._resolver.resolve(given, logical_id)
        if name is not NO_VALUE:
            return str(name)
        made = f"{self._name}-{logical_id}"
        return made.lower() if kind == "AWS::S3::Bucket" else made

    def _reference(self, logical_id: str) -> str | None:
        if logical_id not in self._declared:
            return None
        properties = self._declared[logical_id].get("Properties") or {}
        if self._declared[logical_id]["Type"] == "AWS::ApiGatewayV2::Stage":
            return str(self._resolver.resolve(properties["StageName"], logical_id))
        if self._declared[logical_id]["Type"] == "AWS::StepFunctions::StateMachineVersion":
            return f"{self._resolver.resolve(properties['StateMachineArn'], logical_id)}:1"
        if self._declared[logical_id]["Type"] == "AWS::StepFunctions::StateMachineAlias":
            version = properties["DeploymentPreference"]["StateMachineVersionArn"]
            machine = str(self._resolver.resolve(version, logical_id)).rpartition(":")[0]
            return f"{machine}:{self._resolver.resolve(properties['Name'], logical_id)}"
        return ref(self._identity(logical_id))

    def _attribute(self, logical_id: str, name: str) -> str | None:
        return attribute(self._identity(logical_id), name) if logical_id in self._declared else None


def _explain(logical_id: str, kind: str, error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        return f"{logical_id}: the property {place} of {kind} is not supported here"
    return f"{logical_id}: {place} of {kind}: {found['msg']}"
