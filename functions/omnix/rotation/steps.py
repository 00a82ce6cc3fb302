"""The four steps of Secrets Manager's rotation, and the first value before any rotation.

Each step may be called again with the same ClientRequestToken and then does nothing twice (Secrets Manager retries).
"""

from __future__ import annotations

import functools
import logging
import uuid
from typing import TYPE_CHECKING, Any

from omnix.readiness import Report, report
from omnix.rotation import values

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from types_boto3_secretsmanager import SecretsManagerClient

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"

_logger = logging.getLogger(__name__)


class RotationRefusedError(RuntimeError):
    """The event is not one that this function may act on."""


class Rotation:
    """Rotates the secrets that it is configured for, and no other."""

    def __init__(self, client: SecretsManagerClient, arns: Collection[str]) -> None:
        self._client = client
        self._arns = frozenset(arns)

    def run(self, event: Mapping[str, Any]) -> None:
        """One step for one version; whatever it raises fails the rotation: RotationRefusedError, WeakValueError."""
        steps = {
            "createSecret": self._create,
            "setSecret": self._set,
            "testSecret": self._test,
            "finishSecret": self._finish,
        }
        step, token = event.get("Step"), str(event.get("ClientRequestToken", ""))
        if step not in steps:
            raise RotationRefusedError(f"unknown step {step!r}")
        arn, stages = self._described(str(event.get("SecretId", "")))
        if token not in stages:
            raise RotationRefusedError("the secret has no version with this ClientRequestToken")
        if CURRENT in stages[token]:
            _logger.info("%s of %s: the version is current already", step, values.kind(arn))
            return
        if PENDING not in stages[token]:
            raise RotationRefusedError("the version is not staged AWSPENDING")
        steps[step](arn, token, stages)
        _logger.info("%s of %s done", step, values.kind(arn))

    def initialise(self, secret_id: str) -> bool:
        """Write the first value of a secret that has none; whether it was written by this call."""
        arn, stages = self._described(secret_id)
        if any(CURRENT in labels for labels in stages.values()):
            return False
        token = str(uuid.uuid5(uuid.NAMESPACE_URL, arn))  # the same for two calls at once: one value wins
        try:
            self._client.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString=values.make(arn), VersionStages=[CURRENT]
            )
        except self._client.exceptions.ResourceExistsException:
            return False
        return True

    def ready(self) -> Report:
        """Every check of the function `rotation`: each secret is there and has a current value."""
        probes = {f"secret:{values.kind(arn)}": functools.partial(self._must_have_value, arn) for arn in self._arns}
        return report("rotation", probes)

    def _described(self, secret_id: str) -> tuple[str, Mapping[str, list[str]]]:
        if secret_id.startswith("arn:") and secret_id not in self._arns:
            raise RotationRefusedError("this function is not configured for that secret")
        secret = self._client.describe_secret(SecretId=secret_id)
        if secret["ARN"] not in self._arns:
            raise RotationRefusedError("this function is not configured for that secret")
        return secret["ARN"], secret.get("VersionIdsToStages", {})

    def _must_have_value(self, arn: str) -> None:
        _, stages = self._described(arn)
        if not any(CURRENT in labels for labels in stages.values()):
            raise RotationRefusedError("the secret has no current value")

    def _create(self, arn: str, token: str, _stages: Mapping[str, list[str]]) -> None:
        if self._value(arn, token, PENDING) is not None:
            return
        self._client.put_secret_value(
            SecretId=arn, ClientRequestToken=token, SecretString=values.make(arn), VersionStages=[PENDING]
        )

    def _set(self, arn: str, token: str, _stages: Mapping[str, list[str]]) -> None:
        """No other system keeps these values: what must hold is that there is one to test."""
        self._pending(arn, token)

    def _test(self, arn: str, token: str, stages: Mapping[str, list[str]]) -> None:
        """Check the pending value.

        A rotation that is only scheduled (RotateImmediately false) runs this step alone, on a version that AWS makes
        for the test and whose value, if any, is not a new one: then the current value is what there is to test.
        """
        value = self._value(arn, token, PENDING) or self._current_value(arn, stages)
        if value is None:
            raise RotationRefusedError("the pending version has no value")
        values.check(arn, value)

    def _finish(self, arn: str, token: str, stages: Mapping[str, list[str]]) -> None:
        if self._pending(arn, token) == self._current_value(arn, stages):
            raise values.WeakValueError("the pending value is the current one")
        move: dict[str, str] = {"SecretId": arn, "VersionStage": CURRENT, "MoveToVersionId": token}
        current = _current(stages)
        if current:
            move["RemoveFromVersionId"] = current
        self._client.update_secret_version_stage(**move)
        # AWS takes AWSPENDING on the current version or on none as the end of a rotation; none leaves no doubt.
        self._client.update_secret_version_stage(SecretId=arn, VersionStage=PENDING, RemoveFromVersionId=token)

    def _current_value(self, arn: str, stages: Mapping[str, list[str]]) -> str | None:
        current = _current(stages)
        return self._value(arn, current, CURRENT) if current else None

    def _pending(self, arn: str, token: str) -> str:
        value = self._value(arn, token, PENDING)
        if value is None:
            raise RotationRefusedError("the pending version has no value")
        return value

    def _value(self, arn: str, version_id: str, stage: str) -> str | None:
        try:
            answer = self._client.get_secret_value(SecretId=arn, VersionId=version_id, VersionStage=stage)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        return answer.get("SecretString")


def _current(stages: Mapping[str, list[str]]) -> str | None:
    return next((version for version, labels in stages.items() if CURRENT in labels), None)
