"""Decides about one credential."""

from __future__ import annotations

import functools
import hmac
from typing import TYPE_CHECKING, Any

from omnix import aws, logs, tokens
from omnix.admission import api_key, policy
from omnix.admission.keyring import Keyring
from omnix.admission.refusal import RefusedError
from omnix.admission.settings import AuthorizerSettings, load
from omnix.parameters import DATABASE_ENDPOINT, LOG_LEVEL, TABLES, USAGE_KEY, Parameters
from omnix.readiness import Report, report
from omnix.secrets import RotatingSecret
from omnix.tables import opened

if TYPE_CHECKING:
    from collections.abc import Mapping

PLATFORM = "platform"


class Admission:
    """The authorizer of one environment."""

    def __init__(self, settings: AuthorizerSettings, parameters: Parameters) -> None:
        client = aws.client("secretsmanager")
        self._settings = settings
        self._parameters = parameters
        self._signing = RotatingSecret(client, settings.jwt_secret_id)
        self._api_key = RotatingSecret(client, settings.api_key_secret_id)
        self._keyring = Keyring(lambda: opened("users", parameters))

    def admit(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The policy for a REQUEST authorizer event; raises RefusedError."""
        credential = policy.credential(event)
        if credential is None:
            raise RefusedError("no credential")
        by_key = credential.startswith(policy.API_KEY_PREFIX)
        context = self._by_api_key(credential) if by_key else self._by_token(credential)
        principal_id = f"{context['tenant_id']}:{context['user_id']}"
        return policy.allow(event["methodArn"], principal_id, context, self._parameters.get(USAGE_KEY))

    def log_level(self) -> str:
        """The level that Parameter Store asks for."""
        return logs.level(self._parameters)

    def ready(self) -> Report:
        """Every check of the function `authorizer`."""
        probes = {
            "parameters": lambda: self._parameters.get(USAGE_KEY),
            "secret:JWT_SECRET": self._signing.current,
            "secret:API_KEY_1": self._api_key.current,
            "table:users": self._keyring.probe,
        }
        return report("authorizer", probes)

    def _by_api_key(self, credential: str) -> dict[str, str]:
        """A tenant's key by its hash, the platform's own by its value: their forms tell them apart."""
        if api_key.read(credential) is not None:
            return self._keyring.holder(credential)
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
    names = [USAGE_KEY, LOG_LEVEL, DATABASE_ENDPOINT, TABLES]
    return Admission(settings, Parameters(aws.client("ssm"), settings.parameter_prefix, names, decrypt=True))
