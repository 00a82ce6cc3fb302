"""Secrets of Secrets Manager: their names and times, never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment, tags
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.SECRET,)


def read(reader: Reader, region: str, only: str | None = None) -> Iterator[Seen]:
    """The region's secrets, those that wait for their deletion too; or the one named `only`."""
    # the filter matches prefixes: the exact one is picked out below
    narrowed: dict[str, Any] = {"Filters": [{"Key": "name", "Values": [only]}]} if only else {}
    found = reader.pages(
        "secretsmanager", "list_secrets", region, "SecretList", KINDS, IncludePlannedDeletion=True, **narrowed
    )
    for secret in found:
        if only and secret["Name"] != only:
            continue
        accessed = moment(secret.get("LastAccessedDate"))
        resource = Resource(
            kind=Kind.SECRET, arn=secret["ARN"], name=secret["Name"], region=region, account_id=reader.account_id,
            created_at=moment(secret.get("CreatedDate")), tags=tags(secret.get("Tags")),
            facts=chosen(
                secret, "KmsKeyId", "RotationEnabled", "RotationLambdaARN", "LastChangedDate", "DeletedDate",
                "OwningService", "PrimaryRegion",
            ),
            measures={"accessed": accessed.isoformat() if accessed else None},
        )  # fmt: skip
        yield Seen(resource, {"rotation function": secret.get("RotationLambdaARN", "")})
