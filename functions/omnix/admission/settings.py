"""The authorizer's settings, by the same rules as the pydantic models and without pydantic.

pydantic-settings would more than double the import time of a function that every request waits for; a test holds both
readers to the same verdicts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omnix import settings_rules as rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class SettingsError(RuntimeError):
    """The environment variables do not describe an authorizer; `errors` has a line for each fault."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("settings are not valid:\n" + "\n".join(f"- {error}" for error in errors))


@dataclass(frozen=True)
class AuthorizerSettings:
    """What the authorizer is told."""

    environment: str
    function: str
    parameter_prefix: str
    region: str
    jwt_secret_id: str
    api_key_secret_id: str

    @property
    def issuer(self) -> str:
        """Issuer and audience of this environment's tokens."""
        return f"omnix-ai-{self.environment}"


def _text(value: str) -> str:
    if not value:
        raise ValueError("must not be empty")
    return value


_RULES: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "environment": ("OMNIX_ENVIRONMENT", rules.environment_name),
    "function": ("OMNIX_FUNCTION", _text),
    "parameter_prefix": ("OMNIX_PARAMETER_PREFIX", _text),
    "region": ("AWS_REGION", rules.region_name),
    "jwt_secret_id": ("OMNIX_JWT_SECRET_ID", rules.secret_arn),
    "api_key_secret_id": ("OMNIX_API_KEY_SECRET_ID", rules.secret_arn),
}


def load(environ: Mapping[str, str] = os.environ) -> AuthorizerSettings:
    """The settings; raises SettingsError with a line for every fault."""
    values: dict[str, str] = {}
    faults: list[str] = []
    for name, (variable, rule) in _RULES.items():
        if variable not in environ:
            faults.append(f"{variable}: Field required")
            continue
        try:
            values[name] = rule(environ[variable])
        except ValueError as error:
            faults.append(f"{variable}: {error}")
    if not faults:
        arns = (values["jwt_secret_id"], values["api_key_secret_id"])
        faults = rules.cross_setting_errors(values["environment"], values["region"], values["parameter_prefix"], arns)
    if faults:
        raise SettingsError(faults)
    return AuthorizerSettings(**values)
