"""template.yaml as CloudFormation sees it: read with its tags, translated by SAM.

The SAM translator takes more than a second to import and never touches the network here (policies
by name are given in the template), so what it returns is kept on disk under a hash of everything
that went in: `<root>/.build/template/<hash>.json`. Local folders stand in the translation as
`s3://local/<path>`, because the translator accepts nothing else before packaging.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import yaml

LOCAL_BUCKET = "local"
_UPLOADED = ("CodeUri", "ContentUri", "DefinitionUri")


class TemplateError(Exception):
    """The template cannot be run here; the message names the resource and what is wrong."""


class _Loader(yaml.CSafeLoader):
    """YAML as CloudFormation reads it: short tags, and dates stay strings."""


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, object]:
    if isinstance(node, yaml.ScalarNode):
        value: object = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(cast("yaml.MappingNode", node), deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tagged)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def read_template(path: Path) -> dict[str, Any]:
    """Return the template as plain data, short tags as `{"Fn::…": …}`.

    Raises TemplateError when the file is no YAML or no mapping.
    """
    return parse_template(path.read_text("utf-8"), path.name)


def parse_template(text: str, file: str) -> dict[str, Any]:
    """Return the same of a template's text; `file` names it in errors."""
    try:
        loaded = json.loads(_as_json(text))
    except yaml.YAMLError as error:
        raise TemplateError(f"{file} is not valid YAML: {error}") from error
    if not isinstance(loaded, dict) or not isinstance(loaded.get("Resources"), dict):
        raise TemplateError(f"{file} has no Resources")
    return loaded


def parameter_names(path: Path) -> frozenset[str]:
    """Return the names of the parameters that a template declares; raises as `read_template`."""
    return _parameter_names(path.read_text("utf-8"), path.name)


@lru_cache(maxsize=4)
def _parameter_names(text: str, file: str) -> frozenset[str]:
    return frozenset(parse_template(text, file).get("Parameters") or {})


@lru_cache(maxsize=4)
def _as_json(text: str) -> str:
    """The same in JSON, which is read again twenty times as fast; a test makes many worlds."""
    return json.dumps(yaml.load(text, Loader=_Loader))  # noqa: S506


def translate(
    template: Mapping[str, Any], *, parameters: Mapping[str, str], region: str, cache: Path
) -> dict[str, Any]:
    """Return the template with every SAM resource replaced by what SAM makes of it.

    Raises TemplateError with the translator's own sentences when SAM refuses it.
    """
    material = json.dumps(
        [template, dict(parameters), region, version("aws-sam-translator"), 1], sort_keys=True
    )
    kept = cache / f"{hashlib.sha256(material.encode()).hexdigest()[:32]}.json"
    if kept.exists():
        return cast("dict[str, Any]", json.loads(kept.read_text("utf-8")))
    translated = _translate(json.loads(json.dumps(template)), dict(parameters), region)
    cache.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps(translated), "utf-8")
    unfinished.replace(kept)
    return translated


def _translate(template: dict[str, Any], parameters: dict[str, str], region: str) -> dict[str, Any]:
    _point_at_local_files(template)
    with _region(region):
        # Imported here because it takes over a second and most runs find the kept translation.
        from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415
        from samtranslator.translator.transform import transform  # noqa: PLC0415

        try:
            translated = transform(template, parameters, _NoManagedPolicies(), None, True)  # noqa: FBT003
        except InvalidDocumentException as error:
            reasons = "; ".join(sorted(str(cause.message) for cause in error.causes))
            raise TemplateError(f"SAM refuses the template: {reasons}") from error
    return cast("dict[str, Any]", translated)


def _point_at_local_files(template: dict[str, Any]) -> None:
    sections = [resource.get("Properties") or {} for resource in template["Resources"].values()]
    sections += list((template.get("Globals") or {}).values())
    for properties in sections:
        for name in _UPLOADED:
            value = properties.get(name)
            if isinstance(value, str) and not value.startswith("s3://"):
                properties[name] = f"s3://{LOCAL_BUCKET}/{value.removeprefix('./').rstrip('/')}"


class _NoManagedPolicies:
    """SAM asks for AWS's managed policies by name only when a template uses such names."""

    def load(self) -> dict[str, str]:
        raise TemplateError("write managed policies as ARNs: their names need a network to resolve")


@contextmanager
def _region(name: str) -> Iterator[None]:
    before = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = name
    try:
        yield
    finally:
        if before is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = before
