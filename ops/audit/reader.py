"""Asks AWS, page by page, and writes down what it was not given: a gap must never look like an empty account."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

GLOBAL = "global"
# IAM, CloudFront and their metrics answer there.
GLOBAL_HOME = "us-east-1"

_GLOBAL_SERVICES = frozenset({"iam", "cloudfront"})
# Deleted between the list and the detail, or never set: an answer, not a gap.
ABSENT = frozenset(
    {
        "ResourceNotFoundException", "NotFoundException", "NoSuchEntity", "NoSuchEntityException", "NoSuchBucket",
        "NoSuchBucketPolicy", "NoSuchTagSet", "NoSuchPublicAccessBlockConfiguration", "NoSuchLifecycleConfiguration",
        "NoSuchWebsiteConfiguration", "ReplicationConfigurationNotFoundError", "NoSuchDistribution", "NoSuchResource",
        "ServerSideEncryptionConfigurationNotFoundError", "OwnershipControlsNotFoundError",
    }
)  # fmt: skip


@dataclass
class Notes:
    """What could not be read of one resource, in words."""

    missing: list[str] = field(default_factory=list)


@dataclass
class Reader:
    """Reads one account. `client(service, region)` gives boto3 clients; safe to use from several threads."""

    client: Callable[[str, str], Any]
    account_id: str
    now: datetime
    partition: str = "aws"
    errors: list[Unread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(
        self,
        service: str,
        operation: str,
        region: str,
        kinds: Sequence[Kind] = (),
        *,
        subject: str = "",
        notes: Notes | None = None,
        **parameters: Any,
    ) -> dict[str, Any] | None:
        """One answer; None where there is nothing, or where it was refused (then it stands in `errors`)."""
        pages = self.raw(service, operation, region, kinds, subject=subject, notes=notes, paged=False, **parameters)
        return pages[0] if pages else None

    def pages(
        self,
        service: str,
        operation: str,
        region: str,
        key: str,
        kinds: Sequence[Kind] = (),
        *,
        subject: str = "",
        notes: Notes | None = None,
        **parameters: Any,
    ) -> list[Any]:
        """What all pages hold under `key` (dots go deeper); what came before a refusal is kept, and it is recorded."""
        found: list[Any] = []
        for page in self.raw(service, operation, region, kinds, subject=subject, notes=notes, **parameters):
            rows: Any = page
            for part in key.split("."):
                rows = (rows or {}).get(part)
            found += rows or []
        return found

    def raw(
        self,
        service: str,
        operation: str,
        region: str,
        kinds: Sequence[Kind] = (),
        *,
        subject: str = "",
        notes: Notes | None = None,
        paged: bool = True,
        **parameters: Any,
    ) -> list[dict[str, Any]]:
        """The answers of an operation (boto3's snake_case name), all its pages unless `paged` is False."""
        from botocore.exceptions import BotoCoreError, ClientError

        found: list[dict[str, Any]] = []
        try:
            client = self.client(service, region)
            if paged and client.can_paginate(operation):
                # pages that came before an error must not be lost, so they are taken one by one
                for page in client.get_paginator(operation).paginate(**parameters):
                    found.append(page)  # noqa: PERF402
            elif paged:
                found = _by_token(getattr(client, operation), parameters)
            else:
                found = [getattr(client, operation)(**parameters)]
        except ClientError as error:
            details = error.response.get("Error", {})
            code = str(details.get("Code", ""))
            if code not in ABSENT:
                self._missed(service, operation, region, code, str(details.get("Message", "")), subject, kinds, notes)
        except BotoCoreError as error:
            self._missed(service, operation, region, type(error).__name__, str(error), subject, kinds, notes)
        return found

    def _missed(
        self,
        service: str,
        operation: str,
        region: str,
        code: str,
        message: str,
        subject: str,
        kinds: Sequence[Kind],
        notes: Notes | None,
    ) -> None:
        name = "".join(part.capitalize() for part in operation.split("_"))
        if notes is not None:
            notes.missing.append(f"{service}:{name} was not answered: {code}")
        place = GLOBAL if service in _GLOBAL_SERVICES else region
        unread = Unread(
            service=service, operation=name, region=place, code=code, message=message, subject=subject,
            kinds=list(kinds),
        )  # fmt: skip
        with self._lock:
            self.errors.append(unread)

    def arn(self, service: str, region: str, resource: str) -> str:
        """An ARN of this account; `region` is empty for IAM's and CloudFront's."""
        return f"arn:{self.partition}:{service}:{region}:{self.account_id}:{resource}"


def _by_token(ask: Callable[..., dict[str, Any]], parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Operations that botocore knows no paginator for all go on by `NextToken`."""
    found = [ask(**parameters)]
    while token := found[-1].get("NextToken"):
        found.append(ask(**parameters, NextToken=token))
    return found
