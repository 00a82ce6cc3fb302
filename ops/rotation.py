"""Starts a secret's rotation and waits until Secrets Manager has finished it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_POLL_SECONDS = 1.0
# Functions keep a secret's value for 5 minutes, and a token that one of them signed lives 15.
SETTLED = timedelta(minutes=20)


@dataclass(frozen=True)
class Rotated:
    """A finished rotation: the version ids before and after, never a value."""

    secret: str
    from_version: str
    to_version: str
    seconds: float


def version_at(stages: Mapping[str, list[str]], stage: str) -> str | None:
    """The version id that carries `stage`, of a DescribeSecret answer's `VersionIdsToStages`."""
    return next((version for version, labels in stages.items() if stage in labels), None)


def finished(stages: Mapping[str, list[str]], version: str) -> bool:
    """AWSCURRENT is on `version`, and AWSPENDING on nothing else.

    AWS may leave AWSPENDING beside AWSCURRENT; on another version it means a rotation that never ended, and the
    next RotateSecret would be refused (Secrets Manager, RotateSecret).
    """
    return version_at(stages, "AWSCURRENT") == version and version_at(stages, "AWSPENDING") in {None, version}


def rotate(
    client: Any,
    name: str,
    arn: str,
    *,
    timeout: float,
    force: bool = False,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Rotated:
    """Rotate one secret. `client` is boto3's secretsmanager; Refused when it cannot start or does not end in time."""
    started = clock()
    before = _ready_to_rotate(client, name, arn, force=force)
    version = client.rotate_secret(SecretId=arn, ClientRequestToken=str(uuid.uuid4()))["VersionId"]
    while not finished(_stages(client, arn), version):
        if clock() - started > timeout:
            raise Refused(
                f"the rotation of {name} to version {version} has not ended after {timeout:g} s; {before} is current",
                "read the log of the rotation function; Secrets Manager goes on trying. Both values stay accepted",
            )
        sleep(_POLL_SECONDS)
    return Rotated(name, before, version, clock() - started)


def _stages(client: Any, arn: str) -> dict[str, list[str]]:
    stages: dict[str, list[str]] = client.describe_secret(SecretId=arn).get("VersionIdsToStages", {})
    return stages


def too_soon(last: datetime | None, now: datetime) -> bool:
    """True while what the value before last made may still be in use; `last` is LastRotatedDate (aware)."""
    return last is not None and now - last < SETTLED


def _ready_to_rotate(client: Any, name: str, arn: str, *, force: bool) -> str:
    """The current version's id, or Refused with what stands in the way."""
    secret = client.describe_secret(SecretId=arn)
    if not secret.get("RotationEnabled"):
        raise Refused(f"{name} has no rotation", "run `up` on the stack: it turns rotation on")
    stages = secret.get("VersionIdsToStages", {})
    current, pending = version_at(stages, "AWSCURRENT"), version_at(stages, "AWSPENDING")
    if current is None:
        raise Refused(f"{name} has no current value", "run `up` on the stack: it writes the first one")
    if pending not in {None, current}:
        raise Refused(
            f"a rotation of {name} is under way, or one never ended (AWSPENDING is on {pending})",
            "wait a few minutes; if it stays, read the rotation function's log, then take the stage off: "
            f"aws secretsmanager update-secret-version-stage --secret-id {arn} "
            f"--version-stage AWSPENDING --remove-from-version-id {pending}",
        )
    if not force and too_soon(secret.get("LastRotatedDate"), datetime.now(UTC)):
        raise Refused(
            f"{name} was rotated less than {SETTLED.seconds // 60} minutes ago: only its last two values are accepted, "
            "so what the one before them made would stop working while it is in use",
            "wait, or give --force where it must stop at once (a leak): people will have to sign in again",
        )
    return current
