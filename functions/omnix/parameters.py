"""Parameter Store, read at run time with a bounded cache.

Each function declares the parameters that it reads; all of them come together when the oldest is due, ten names a
`GetParameters` call (AWS's limit). While Parameter Store is away the last values serve on.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from omnix import aws, clock, table_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from types_boto3_ssm import SSMClient

TTL_SECONDS = 60.0
STALE_SECONDS = 15 * 60.0
RETRY_SECONDS = 5.0
MAX_NAMES = 10

_logger = logging.getLogger(__name__)


class ParameterMissingError(RuntimeError):
    """A parameter that the stack should have written is not there."""


class Parameters:
    """The parameters of one environment that one function declares, by their name below `/omnix-ai/{env}/`."""

    def __init__(
        self, ssm: SSMClient, prefix: str, names: Iterable[str], *, decrypt: bool = False, ttl: float = TTL_SECONDS
    ) -> None:
        self._ssm = ssm
        self._prefix = prefix
        self._names = tuple(sorted(set(names)))
        self._decrypt = decrypt
        self._ttl = ttl
        self._values: dict[str, str] = {}
        self._fetched = float("-inf")
        self._due = float("-inf")
        self._failure: Exception | None = None
        self._lock = threading.Lock()

    def get(self, name: str) -> str:
        """The value of a declared parameter; raises ParameterMissingError, or AWS's error if there never was one."""
        if name not in self._names:
            raise ValueError(f"{name} is not declared by this function")
        with self._lock:
            if clock.monotonic() >= self._due:
                self._refresh()
            elif self._failure is not None:
                raise self._failure.with_traceback(
                    None
                )  # asked a moment ago: an outage costs one time-out, not one a call
            if name not in self._values:
                raise ParameterMissingError(f"{self._prefix}/{name} is not in Parameter Store")
            return self._values[name]

    def get_list(self, name: str) -> tuple[str, ...]:
        """A StringList parameter's members."""
        return tuple(part.strip() for part in self.get(name).split(",") if part.strip())

    def _refresh(self) -> None:
        now = clock.monotonic()
        try:
            self._values = self._fetch()
        except (ClientError, BotoCoreError) as error:
            self._due = clock.monotonic() + RETRY_SECONDS
            if now - self._fetched > STALE_SECONDS:
                self._failure = error
                raise
            _logger.warning("Parameter Store did not answer; the last values serve on: %s", error)
            return
        self._failure = None
        self._fetched = now
        # what is missing may be about to be written: nobody is to miss it for a minute
        self._due = now + (self._ttl if len(self._values) == len(self._names) else RETRY_SECONDS)

    def _fetch(self) -> dict[str, str]:
        names = [f"{self._prefix}/{name}" for name in self._names]
        found: dict[str, str] = {}
        for start in range(0, len(names), MAX_NAMES):
            some = names[start : start + MAX_NAMES]
            answer = self._ssm.get_parameters(Names=some, WithDecryption=self._decrypt)
            found |= {entry["Name"].removeprefix(f"{self._prefix}/"): entry["Value"] for entry in answer["Parameters"]}
        return found


LOG_LEVEL = "monitoring/log-level"
CORS_ORIGINS = "api/cors-origins"
USAGE_KEY = "api/usage-key"
DATABASE_ENDPOINT = "database/endpoint"
RELEASE_COMMIT = "release/commit"
TABLES = table_names.PARAMETER


@functools.cache
def parameters() -> Parameters:
    """What the functions that serve HTTP declare."""
    names = [LOG_LEVEL, CORS_ORIGINS, DATABASE_ENDPOINT, RELEASE_COMMIT, TABLES]
    return Parameters(aws.client("ssm"), os.environ["OMNIX_PARAMETER_PREFIX"], names)
