"""What S3 does with a replication role, and what that role must be allowed.

Source: S3 user guide, "Setting up permissions for live replication" and "Replicating encrypted objects".
"""

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Need
from localcloud.enforcement.services import kms
from localcloud.replication.configuration import Rule

ENCRYPTED = "aws:kms"


def copying(
    rule: Rule, key: Any, tags: Mapping[str, str], source: Any, target: Any, account: Account
) -> Iterator[Need]:
    """To copy an object version (`key`) from bucket `source` to bucket `target`; all are moto's."""
    yield from _reading(source)
    for action in ("GetObjectVersionForReplication", "GetObjectVersionAcl"):
        yield Need(f"s3:{action}", f"{source.arn}/{key.name}", {"s3:versionid": (str(key.version_id),)})
    yield Need("s3:ReplicateObject", f"{target.arn}/{key.name}")
    if tags:
        yield Need("s3:GetObjectVersionTagging", f"{source.arn}/{key.name}")
        yield Need("s3:ReplicateTags", f"{target.arn}/{key.name}")
    if key.encryption == ENCRYPTED:
        shared = {"aws:s3:arn": (source.arn if _shared(key.bucket_key_enabled) else f"{source.arn}/{key.name}",)}
        yield from kms.use(account, "Decrypt", key.kms_key_id, "s3", source.region_name, shared)
        default = ((target.encryption or {}).get("Rule") or {}).get("BucketKeyEnabled")
        shared = {"aws:s3:arn": (target.arn if _shared(default) else f"{target.arn}/{key.name}",)}
        yield from kms.use(account, "Encrypt", rule.replica_key, "s3", target.region_name, shared)


def hiding(key: str, source: Any, target: Any) -> Iterator[Need]:
    """To set a delete marker on the replica."""
    yield from _reading(source)
    yield Need("s3:ReplicateDelete", f"{target.arn}/{key}")


def _reading(source: Any) -> Iterator[Need]:
    for action in ("GetReplicationConfiguration", "ListBucket"):
        yield Need(f"s3:{action}", source.arn)


def _shared(bucket_key: Any) -> bool:
    """Moto has it as a truth or as text."""
    return str(bucket_key).lower() == "true"
