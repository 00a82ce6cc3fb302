"""Decides about one credential."""

from __future__ import annotations

import functools
import hmac
import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from omnix import aws, tokens
from omnix.admission import policy
from omnix.admission.settings import AuthorizerSettings, load
from omnix.parameters import LOG_LEVEL, USAGE_KEY, ParameterMissingError, Parameters
from omnix.readiness import Report, report
from omnix.secrets import RotatingSecret

if TYPE_CHECKING:
    from collections.abc import Mapping

PLATFORM = "platform"


class RefusedError(Exception):
    """The credential is not accepted; `reason` is for the log, never for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Admission:
    """The authorizer of one environment."""

    def __init__(self, settings: AuthorizerSettings, parameters: Parameters) -> None:
        client = aws.client("secretsmanager")
        self._settings = settings
        self._parameters = parameters
        self._signing = RotatingSecret(client, settings.jwt_secret_id)
        self._api_key = RotatingSecret(client, settings.api_key_secret_id)

    def admit(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The policy for a REQUEST authorizer event; raises RefusedError."""
        credential = policy.credential(event)
        if credential is None:
            raise RefusedError("no credential")
        context = self._by_api_key(credential) if credential.startswith(policy.API_KEY_PREFIX) else None
        context = context or self._by_token(credential)
        principal_id = f"{context['tenant_id']}:{context['user_id']}"
        return policy.allow(event["methodArn"], principal_id, context, self._parameters.get(USAGE_KEY))

    def log_level(self) -> str:
        """The level that Parameter Store asks for; INFO where it asks for none that there is, or is away."""
        try:
            level = self._parameters.get(LOG_LEVEL).upper()
        except (ClientError, BotoCoreError, ParameterMissingError):
            return "INFO"
        return level if level in logging.getLevelNamesMapping() else "INFO"

    def ready(self) -> Report:
        """Every check of the function `authorizer`."""
        probes = {
            "parameters": lambda: self._parameters.get(USAGE_KEY),
            "secret:JWT_SECRET": self._signing.current,
            "secret:API_KEY_1": self._api_key.current,
        }
        return report("authorizer", probes)

    def _by_api_key(self, credential: str) -> dict[str, str]:
        presented = credential.encode()
        if self._api_key.matching(lambda version: hmac.compare_digest(version.key, presented)) is None:
            raise RefusedError("unknown API key")
        return {
            "tenant_id": PLATFORM,
            "user_id": PLATFORM,
            "role": "device",
            "session_id": "",
            "auth": "api_key",
        }

    def _by_token(self, credential: str) -> dict[str, str]:
        try:
            claims = tokens.verify(self._signing, self._settings.issuer, credential)
        except tokens.InvalidTokenError as error:
            raise RefusedError(error.reason) from None
        return {
            "tenant_id": claims.tenant_id,
            "user_id": claims.user_id,
            "role": claims.role,
            "session_id": claims.session_id,
            "auth": "jwt",
        }


@functools.cache
def admission() -> Admission:
    """The authorizer of the environment that this process serves; the one reader of the usage plan's key."""
    settings = load()
    names = [USAGE_KEY, LOG_LEVEL]
    return Admission(settings, Parameters(aws.client("ssm"), settings.parameter_prefix, names, decrypt=True))
