"""Rotation: started once, waited for, and never said to be done before it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.errors import Refused
from ops.rotation import finished, rotate, too_soon

ARN = "arn:aws:secretsmanager:eu-central-1:1:secret:omnix-ai/dev/JWT_SECRET-abcdef"


class SecretsManager:
    """Moves through `steps`, one at each look after the rotation was started."""

    last_rotated: datetime | None = None

    def __init__(self, before: dict[str, list[str]], *steps: dict[str, list[str]], enabled: bool = True) -> None:
        self.stages, self.steps, self.enabled = before, list(steps), enabled
        self.started: list[str] = []

    def describe_secret(self, SecretId: str) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert SecretId == ARN
        if self.started and self.steps:
            self.stages = self.steps.pop(0)
        answer = {"VersionIdsToStages": self.stages, "RotationEnabled": self.enabled}
        return answer | ({"LastRotatedDate": self.last_rotated} if self.last_rotated else {})

    def rotate_secret(self, SecretId: str, ClientRequestToken: str) -> dict[str, Any]:  # noqa: N803
        assert 32 <= len(ClientRequestToken) <= 64
        self.started.append(SecretId)
        return {"VersionId": "new"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def run(client: SecretsManager, timeout: float = 10, *, force: bool = False) -> Any:
    clock = Clock()
    return rotate(client, "JWT_SECRET", ARN, timeout=timeout, force=force, clock=clock, sleep=clock.sleep)


def test_a_second_rotation_at_once_is_refused_unless_it_is_forced() -> None:
    """Two within the functions' cache leave tokens signed with a value that nobody accepts any more."""
    client = SecretsManager({"old": ["AWSCURRENT"]}, {"old": ["AWSPREVIOUS"], "new": ["AWSCURRENT"]})
    client.last_rotated = datetime.now(UTC) - timedelta(minutes=1)

    with pytest.raises(Refused, match="less than 20 minutes ago") as refused:
        run(client)
    assert client.started == []
    assert "--force" in refused.value.remedy
    assert run(client, force=True).to_version == "new"


def test_a_value_has_settled_after_twenty_minutes() -> None:
    now = datetime.now(UTC)

    assert too_soon(now - timedelta(minutes=19), now)
    assert not too_soon(now - timedelta(minutes=20), now)
    assert not too_soon(None, now)


def test_it_waits_until_current_has_moved_and_nothing_is_pending() -> None:
    client = SecretsManager(
        {"old": ["AWSCURRENT"]},
        {"old": ["AWSCURRENT"], "new": ["AWSPENDING"]},
        {"old": ["AWSCURRENT"], "new": ["AWSPENDING"]},
        {"old": ["AWSPREVIOUS"], "new": ["AWSCURRENT"]},
    )

    done = run(client)

    assert (done.from_version, done.to_version, done.seconds) == ("old", "new", 2.0)
    assert client.started == [ARN]


def test_a_rotation_that_does_not_end_is_refused_with_where_to_look() -> None:
    client = SecretsManager({"old": ["AWSCURRENT"]}, {"old": ["AWSCURRENT"], "new": ["AWSPENDING"]})

    with pytest.raises(Refused, match="has not ended after 10 s; old is current") as refused:
        run(client)
    assert "log of the rotation function" in refused.value.remedy


def test_a_rotation_under_way_is_not_started_again() -> None:
    client = SecretsManager({"old": ["AWSCURRENT"], "stuck": ["AWSPENDING"]})

    with pytest.raises(Refused, match="AWSPENDING is on stuck") as refused:
        run(client)
    assert client.started == []
    assert "--remove-from-version-id stuck" in refused.value.remedy


@pytest.mark.parametrize(
    ("client", "message"),
    [
        (SecretsManager({"old": ["AWSCURRENT"]}, enabled=False), "has no rotation"),
        (SecretsManager({}), "has no current value"),
    ],
)
def test_a_secret_that_cannot_rotate_is_refused_before_anything_happens(client: SecretsManager, message: str) -> None:
    with pytest.raises(Refused, match=message):
        run(client)
    assert client.started == []


@pytest.mark.parametrize(
    ("stages", "done"),
    [
        ({"new": ["AWSCURRENT"]}, True),
        ({"new": ["AWSCURRENT", "AWSPENDING"]}, True),  # AWS may leave the label there
        ({"new": ["AWSCURRENT"], "newer": ["AWSPENDING"]}, False),
        ({"old": ["AWSCURRENT"], "new": ["AWSPENDING"]}, False),
        ({}, False),
    ],
)
def test_finished_means_current_has_moved_and_nothing_else_is_pending(stages: dict[str, list[str]], done: bool) -> None:
    assert finished(stages, "new") is done
