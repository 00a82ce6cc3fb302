"""The three committed stack files as the tests use them: raw config, checked config, names, artefacts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from components.api.contract import read_contract
from components.artefacts import Artefact
from components.config import RawConfig, StackConfig, validate
from components.config.model import FunctionName
from components.config.source import other_domains
from components.environment import deployed
from components.naming import Names

ROOT = Path(__file__).resolve().parents[2]
STACKS = ("dev", "staging", "prod")


def committed(stack: str) -> dict[str, Any]:
    """The stack file's values by key without namespace."""
    config = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]
    return {key.removeprefix("omnix-ai:"): value for key, value in config.items() if key.startswith("omnix-ai:")}


def raw(stack: str, without: tuple[str, ...] = (), **changes: Any) -> RawConfig:
    """The committed config of `stack` with `changes`, without the keys `without`."""
    values = {key: value for key, value in {**committed(stack), **changes}.items() if key not in without}
    return RawConfig(stack, values, other_domains(ROOT, stack))


def stack_config(stack: str, **changes: Any) -> StackConfig:
    """The checked config of `stack` with `changes` (camelCase keys)."""
    return validate(raw(stack, **changes))


def names_of(config: StackConfig) -> Names:
    """The names of a config's environment."""
    return Names(config.environment, config.account_id, config.region)


def artefacts() -> Mapping[str, Artefact]:
    """A manifest as the bundler would write it, without any zip: digests stand for content."""
    return {
        name: Artefact(name, f"dist/aws/{name}.zip", "A" * 42 + f"{index}=", f"{name}.handler.handler")
        for index, name in enumerate(get_args(FunctionName.__value__))
    }


def contract() -> dict[str, Any]:
    """The committed public contract, as the program reads it."""
    return read_contract(ROOT / "openapi.json")


# What every committed stack deploys; what else there is, a stack asks for by its config.
FUNCTIONS: tuple[FunctionName, ...] = deployed(stack_config("prod"))
