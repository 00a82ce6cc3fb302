"""Secrets Manager secrets that rotate: the current and the previous value are both accepted.

A secret's version id is the `kid` of what was made with it. A `kid` that is not known makes one new fetch, and at
most one each `REFETCH_SECONDS`, so that forged ids cannot hammer the API.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from omnix import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_secretsmanager import SecretsManagerClient

# Shorter than any two rotations in a row: whoever signs must not use a value that is neither current nor previous.
TTL_SECONDS = 60.0
STALE_SECONDS = 3600.0
REFETCH_SECONDS = 5.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SecretVersion:
    """One value of a secret; never printed."""

    version_id: str
    value: str = field(repr=False)

    @property
    def key(self) -> bytes:
        """The value as an HMAC key."""
        return self.value.encode()


class RotatingSecret:
    """AWSCURRENT and AWSPREVIOUS of one secret, cached for a minute."""

    def __init__(self, client: SecretsManagerClient, secret_id: str) -> None:
        self._client = client
        self._secret_id = secret_id
        self._versions: tuple[SecretVersion, ...] = ()
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._failure: Exception | None = None
        self._lock = threading.Lock()

    def current(self) -> SecretVersion:
        """The value that new signatures use."""
        return self.accepted()[0]

    def accepted(self) -> tuple[SecretVersion, ...]:
        """The current value first, then the previous one where there is one."""
        with self._lock:
            if clock.monotonic() - self._fetched > TTL_SECONDS:
                self._refresh()
            return self._versions

    def version(self, version_id: str) -> SecretVersion | None:
        """The accepted value of that id; None after one fresh look that did not find it either."""
        return self.matching(lambda version: version.version_id == version_id)

    def matching(self, matches: Callable[[SecretVersion], bool]) -> SecretVersion | None:
        """The first accepted value that `matches`; None after one fresh look that did not find one either.

        What was signed with, or is, a value that came after the last look must work at once.
        """
        found = next(filter(matches, self.accepted()), None)
        if found is not None:
            return found
        with self._lock:
            if clock.monotonic() - self._tried >= REFETCH_SECONDS:
                self._refresh()
            return next(filter(matches, self._versions), None)

    def _refresh(self) -> None:
        now = clock.monotonic()
        if now - self._tried < REFETCH_SECONDS:
            if self._failure is not None:
                raise self._failure.with_traceback(
                    None
                )  # asked a moment ago: an outage costs one time-out, not one a call
            return
        try:
            current = self._fetch("AWSCURRENT")
            previous = self._fetch("AWSPREVIOUS")
        except (ClientError, BotoCoreError) as error:
            self._tried = clock.monotonic()
            if now - self._fetched > STALE_SECONDS:
                self._failure = error
                raise
            _logger.warning("Secrets Manager did not answer; the last values serve on: %s", error)
            return
        if current is None:
            raise SecretEmptyError(f"{self._secret_id} has no current value")
        self._tried, self._failure = now, None
        self._versions = tuple(version for version in (current, previous) if version is not None)
        self._fetched = now

    def _fetch(self, stage: str) -> SecretVersion | None:
        try:
            answer = self._client.get_secret_value(SecretId=self._secret_id, VersionStage=stage)
        except self._client.exceptions.ResourceNotFoundException:
            return None  # a secret that was never rotated has no AWSPREVIOUS
        return SecretVersion(answer["VersionId"], answer["SecretString"])


class SecretEmptyError(RuntimeError):
    """The secret was never given its first value (`omnix.initialise` writes it)."""
