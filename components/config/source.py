"""Reading the stack's config: Pulumi's key-value bag in, one `StackConfig` or every finding out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime import config as pulumi_runtime_config
from pydantic import BaseModel, ValidationError

from components.config.findings import ConfigError, Finding
from components.config.model import StackConfig
from components.config.rules import rules
from components.naming import PROJECT

_NAMESPACE = f"{PROJECT}:"


@dataclass(frozen=True)
class RawConfig:
    """A stack's config as written: `values` by key without namespace, values JSON or plain strings.

    `domains` are those of the other environments' stack files, which must not appear in this one.
    """

    stack: str
    values: Mapping[str, Any]
    domains: Mapping[str, str] = field(default_factory=dict)


def pulumi_config(root: Path) -> RawConfig:
    """The running program's config. `root` holds the stack files, read for the other stacks' domains."""
    bag = {**pulumi_runtime_config.get_config_env(), **pulumi_runtime_config.CONFIG.get()}
    stack = pulumi.get_stack()
    values = {key.removeprefix(_NAMESPACE): value for key, value in bag.items() if key.startswith(_NAMESPACE)}
    return RawConfig(stack, values, other_domains(root, stack))


def other_domains(root: Path, stack: str) -> dict[str, str]:
    """The domains that the other committed stack files name, by stack."""
    domains = {}
    for path in sorted(root.glob("Pulumi.*.yaml")):
        other = path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        values = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config", {})
        domain = values.get(f"{_NAMESPACE}domain")
        if other != stack and isinstance(domain, str):
            domains[other] = domain
    return domains


def load_config(root: Path) -> StackConfig:
    """The running program's checked config. Raises `ConfigError` with every finding."""
    return validate(pulumi_config(root))


def validate(raw: RawConfig) -> StackConfig:
    """The one way from raw values to a `StackConfig`. Raises `ConfigError` with every finding at once.

    Rules between fields run even when some field is wrong: on what can be read of the rest.
    """
    values = {key: _decoded(value) for key, value in raw.values.items()}
    findings: list[Finding] = []
    config: StackConfig | None = None
    try:
        config = StackConfig.model_validate(values)
    except ValidationError as error:
        findings.extend(_field_findings(error))
    findings.extend(rules(values, raw.stack, raw.domains))
    if config is None or findings:
        raise ConfigError(raw.stack, findings)
    return config


def _decoded(value: object) -> object:
    """Pulumi hands objects and lists over as JSON text; everything else stays the text it is."""
    if isinstance(value, str) and value.lstrip()[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _field_findings(error: ValidationError) -> Iterator[Finding]:
    for item in error.errors(include_url=False):
        key = _key(item["loc"])
        match item["type"]:
            case "missing":
                remedy = f"set it to {_description(item['loc'])}: pulumi config set {_flag(key)} …"
                yield Finding(key, "(missing)", "this key is required", remedy)
            case "extra_forbidden":
                yield Finding(key, _shown(item["input"]), "no such key", _closest(item["loc"]))
            case _:
                problem = item["msg"].removeprefix("Value error, ")
                yield Finding(key, _shown(item["input"]), problem, f"write {_description(item['loc'])}")


def _key(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc if part != "[key]"]
    return "".join(parts).lstrip(".")


def _flag(key: str) -> str:
    return f"--path '{_NAMESPACE}{key}'" if "." in key or "[" in key else f"{_NAMESPACE}{key}"


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False, sort_keys=True)


def _sections(loc: tuple[int | str, ...]) -> Iterator[tuple[type[BaseModel], str]]:
    """The models along `loc`, each with the name looked up in it."""
    model: type[BaseModel] = StackConfig
    for part in loc:
        if not isinstance(part, str):
            continue
        yield model, part
        for found in model.model_fields.values():
            if found.alias == part:
                nested = [found.annotation, *getattr(found.annotation, "__args__", ())]
                model = next((t for t in nested if isinstance(t, type) and issubclass(t, BaseModel)), model)


def _description(loc: tuple[int | str, ...]) -> str:
    described = "a valid value"
    for model, name in _sections(loc):
        for found in model.model_fields.values():
            if name == found.alias and found.description:
                described = found.description
    return described


def _closest(loc: tuple[int | str, ...]) -> str:
    *_, (model, name) = _sections(loc)
    known = sorted(str(found.alias) for found in model.model_fields.values())
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"remove it; the keys are {', '.join(known)}"
