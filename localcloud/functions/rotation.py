"""Secrets Manager's rotation, as AWS runs it.

moto 5.2 forgets the function at every RotateSecret without one, passes the secret's name instead of its ARN,
promotes the new version whatever the function said, and never looks at AWSPENDING. This replaces its
`rotate_secret`: the four steps run in order in the background, each only after the one before succeeded, and
the function itself moves AWSCURRENT in `finishSecret`.
"""

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
    SecretNotFoundException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import ReplicaSecret, SecretsManagerBackend

from localcloud.enforcement.acting import Acting
from localcloud.enforcement.services.lambda_ import function_arn
from localcloud.functions.invocation import InvokeRefused
from localcloud.functions.runtime import FunctionRuntime
from localcloud.persistence.lock import StateLock

_LOG = logging.getLogger(__name__)
_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_PRINCIPAL = "secretsmanager.amazonaws.com"
_DAY = 86400


class AccessDeniedError(SecretsManagerClientError):
    """Secrets Manager may not call the function."""

    def __init__(self, message: str) -> None:
        super().__init__("AccessDeniedException", message)


class Rotation:
    """Runs rotations for every region's Secrets Manager backend."""

    def __init__(self, runtime: FunctionRuntime, acting: Acting, lock: StateLock, changed: Callable[[], None]) -> None:
        self._runtime = runtime
        self._acting = acting
        self._lock = lock
        self._changed = changed

    def attach(self) -> None:
        """Take the place of moto's methods."""
        rotation = self

        def rotate_secret(
            self: SecretsManagerBackend,
            secret_id: str,
            client_request_token: str | None = None,
            rotation_lambda_arn: str | None = None,
            rotation_rules: dict[str, Any] | None = None,
            rotate_immediately: bool = True,
        ) -> str:
            secret = _find(self, secret_id)
            rotation.configure(secret, rotation_lambda_arn, rotation_rules or {})
            return rotation.begin(secret, client_request_token or str(uuid.uuid4()), immediately=rotate_immediately)

        patched: Any = SecretsManagerBackend
        moved = patched.update_secret_version_stage

        def update_secret_version_stage(
            self: SecretsManagerBackend,
            secret_id: str,
            version_stage: str,
            remove_from_version_id: str,
            move_to_version_id: str,
        ) -> tuple[str, str]:
            names: tuple[str, str] = moved(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
            # moto moves the label but keeps answering GetSecretValue with the old version
            if version_stage == "AWSCURRENT" and move_to_version_id:
                secret: Any = self.secrets[secret_id]
                secret.default_version_id = move_to_version_id
            return names

        patched.rotate_secret = rotate_secret
        patched.update_secret_version_stage = update_secret_version_stage

    def configure(self, secret: Any, function_arn: str | None, rules: dict[str, Any]) -> None:
        """Keep the function and the schedule; raises what RotateSecret raises for bad ones."""
        arn = function_arn or secret.rotation_lambda_arn
        if not arn:
            message = "No Lambda rotation function ARN is associated with this secret."
            raise InvalidRequestException(message)
        try:
            self._runtime.invoke(arn, None, b"{}", invocation_type="DryRun")
        except InvokeRefused as refusal:
            raise ResourceNotFoundException(f"Lambda function {arn} not found.") from refusal
        if not self._may_invoke(secret, arn):
            raise AccessDeniedError(
                "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy "
                f"grants access to the principal {_PRINCIPAL}."
            )
        days = rules.get("AutomaticallyAfterDays")
        if days is not None and not 1 <= days <= 1000:  # noqa: PLR2004 - the API's own bounds
            raise InvalidParameterException("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
        secret.rotation_requested = secret.rotation_enabled = True
        secret.rotation_lambda_arn = arn
        if days is not None:
            secret.auto_rotate_after_days = days
        if secret.auto_rotate_after_days:
            secret.next_rotation_date = int(time.time()) + secret.auto_rotate_after_days * _DAY

    def _may_invoke(self, secret: Any, function: str) -> bool:
        """By the function's resource policy, for this secret of this account."""
        arn = function_arn(function, None, secret.region, self._acting.gate.account)
        context = {"aws:SourceArn": (secret.arn,), "aws:SourceAccount": (secret.account_id,)}
        return self._acting.acting(_PRINCIPAL, "lambda:InvokeFunction", arn, context).allowed

    def begin(self, secret: Any, token: str, *, immediately: bool) -> str:
        """Stage the new version as AWSPENDING, without a value, and start; the short description.

        A rotation that did not complete is tried again with its own pending version, and refused as new.
        """
        pending = _pending(secret)
        if pending is not None:
            self._in_background(secret, pending, _STEPS)
            raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
        version = {"createdate": int(time.time()), "version_id": token, "version_stages": ["AWSPENDING"]}
        if not immediately:
            # what RotateSecret tests the function with is the value that there is
            current = secret.versions.get(secret.default_version_id, {})
            version |= {key: current[key] for key in ("secret_string", "secret_binary") if key in current}
        secret.remove_version_stages_from_old_versions(["AWSPENDING"])
        secret.versions[token] = version
        self._in_background(secret, token, _STEPS if immediately else ("testSecret",))
        answer: str = secret.to_short_dict(version_id=token)
        return answer

    def _in_background(self, secret: Any, token: str, steps: tuple[str, ...]) -> None:
        threading.Thread(target=self._run, args=(secret, token, steps), name="rotation", daemon=True).start()

    def _run(self, secret: Any, token: str, steps: tuple[str, ...]) -> None:
        done = all(self._step(secret, token, step) for step in steps)
        with self._lock.hold():
            self._settle(secret, token, done=done, tested_only=steps != _STEPS)
        self._changed()

    def _step(self, secret: Any, token: str, step: str) -> bool:
        if not self._may_invoke(secret, secret.rotation_lambda_arn):
            _LOG.warning("rotation of %s: %s was refused: no permission to invoke the function", secret.name, step)
            return False
        event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": token}
        try:
            result = self._runtime.invoke(secret.rotation_lambda_arn, None, json.dumps(event).encode())
        except InvokeRefused as refusal:
            _LOG.warning("rotation of %s: %s was refused: %s", secret.name, step, refusal.message)
            return False
        if result.function_error:
            _LOG.warning("rotation of %s: %s failed", secret.name, step)
        return result.function_error is None

    def _settle(self, secret: Any, token: str, *, done: bool, tested_only: bool) -> None:
        """Drop what a test staged; after a rotation, let go of versions without a label, as AWS does."""
        if tested_only:
            secret.versions.pop(token, None)
            return
        if not done or "AWSCURRENT" not in secret.versions[token]["version_stages"]:
            return
        secret.last_rotation_date = secret.last_changed_date = int(time.time())
        secret.versions[token]["version_stages"] = ["AWSCURRENT"]
        secret.versions = {key: kept for key, kept in secret.versions.items() if kept["version_stages"]}


def _find(backend: SecretsManagerBackend, secret_id: str) -> Any:
    if secret_id not in backend.secrets:
        raise SecretNotFoundException
    secret = backend.secrets[secret_id]
    if isinstance(secret, ReplicaSecret):
        raise InvalidRequestException("Operation not permitted on a replica secret.")
    if secret.is_deleted():
        raise InvalidRequestException("You can't perform this operation on the secret: it is marked for deletion.")
    return secret


def _pending(secret: Any) -> str | None:
    for version_id, version in secret.versions.items():
        stages = version["version_stages"]
        if "AWSPENDING" in stages and "AWSCURRENT" not in stages:
            return str(version_id)
    return None
