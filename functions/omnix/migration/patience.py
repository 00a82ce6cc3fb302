"""What passes is tried again, with pauses of full jitter, up to a stated end; what does not is raised at once."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

if TYPE_CHECKING:
    from collections.abc import Callable

_PASSING = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_FIRST_SECONDS = 0.02
_LONGEST_SECONDS = 10.0
_SERVER_ERROR = 500


class StalledError(Exception):
    """The store took nothing for as long as we wait. Nothing is lost: what is not acknowledged is done again."""


@dataclass(frozen=True)
class Patience:
    """How long a call that makes no progress is tried again; seconds."""

    seconds: float = 600.0
    sleep: Callable[[float], None] = time.sleep

    def insist[T](self, call: Callable[[], T | None]) -> T:
        """The first answer that is not None, which says "not yet". Raises StalledError, and what does not pass."""
        started, attempt, last = time.monotonic(), 0, "no answer"
        while time.monotonic() - started < self.seconds:
            try:
                answer = call()
            except (ClientError, BotoCoreError) as error:
                if not passes(error):
                    raise
                answer, last = None, str(error)
            if answer is not None:
                return answer
            self.sleep(random.uniform(0, min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** min(attempt, 20))))
            attempt += 1
        raise StalledError(f"no progress in {self.seconds:.0f} s: {last}")


def passes(error: Exception) -> bool:
    """Whether the same call may succeed later."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error.response["Error"]["Code"] in _PASSING or status >= _SERVER_ERROR
    return isinstance(error, HTTPClientError)
