"""The account that is being cleaned: its clients, its patience, and what its errors mean."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ops.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ops.cleanup.archive import Archive

GLOBAL = "global"
# IAM and CloudFront answer there, whatever the account's own regions are.
_GLOBAL_ENDPOINT = "us-east-1"

# What services say of something that is not there; for a removal that is the wished-for end.
ABSENT = frozenset({
    "ResourceNotFoundException", "ResourceNotFound", "NotFoundException", "NoSuchEntity", "NoSuchBucket",
    "NoSuchDistribution", "TableNotFoundException", "BackupNotFoundException", "ObjectNotFoundException", "404",
})  # fmt: skip
# Eventual consistency: a dependency that is gone is still seen for a while.
_SETTLING = frozenset({"DeleteConflict", "ConflictException", "ResourceInUseException", "ResourceConflictException"})
_THROTTLED = frozenset({
    "TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException", "RequestLimitExceeded",
})  # fmt: skip
_SETTLE_SECONDS = (1.0, 2.0, 5.0, 10.0, 20.0)
# DeleteRestApi and CreateRestApi are one request in 30 s for an account, whatever one pays (API Gateway quotas).
_THROTTLE_SECONDS = (2.0, 31.0, 31.0, 31.0, 61.0)


@dataclass(frozen=True)
class Account:
    """Clients by service and region, and where archives go. `download` fetches the URL that Lambda gives for a zip."""

    account_id: str
    clients: Callable[[str, str], Any]
    archive: Archive
    download: Callable[[str], bytes]
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def client(self, service: str, region: str) -> Any:
        """The boto3 client of a service where a resource of `region` is managed."""
        return self.clients(service, _GLOBAL_ENDPOINT if region == GLOBAL else region)

    def until(self, what: str, reached: Callable[[], bool], seconds: float, every: float = 2.0) -> None:
        """Wait until something is so; Refused after `seconds`."""
        end, pause = self.clock() + seconds, 0.2
        while not reached():
            if self.clock() > end:
                raise Refused(
                    f"{what} did not come about in {seconds:.0f} s",
                    "look at it in the account, then run again: it resumes",
                )
            self.pause(pause)
            pause = min(pause * 2, every)

    def settled(self, call: Callable[[], Any], also: Collection[str] = ()) -> Any:
        """The answer of a call that may meet a throttle, or a neighbour that is not quite gone or not quite there."""
        settling = _SETTLING | frozenset(also)
        waits = {True: iter(_SETTLE_SECONDS), False: iter(_THROTTLE_SECONDS)}
        while True:
            try:
                return call()
            except ClientError as error:
                if code(error) not in settling | _THROTTLED:
                    raise
                pause = next(waits[code(error) in settling], None)
                if pause is None:
                    raise
                self.pause(pause)


def code(error: ClientError) -> str:
    """AWS's name for an error."""
    found: str = error.response.get("Error", {}).get("Code", "")
    return found


def present(call: Callable[[], Any], also: Collection[str] = ()) -> Any:
    """The answer, or None when AWS says that there is no such thing. Other errors are the caller's."""
    try:
        return call()
    except ClientError as error:
        if code(error) in ABSENT or code(error) in also:
            return None
        raise


def pages(client: Any, operation: str, result: str, **arguments: Any) -> list[Any]:
    """Everything that an operation lists under `result`; botocore has no paginator for some of them."""
    if client.can_paginate(operation):
        return [one for page in client.get_paginator(operation).paginate(**arguments) for one in page.get(result) or ()]
    answer = getattr(client, operation)(**arguments)
    found = list(answer.get(result) or ())
    while token := answer.get("NextToken"):
        answer = getattr(client, operation)(**arguments, NextToken=token)
        found += answer.get(result) or ()
    return found
