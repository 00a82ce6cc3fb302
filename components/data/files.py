"""The file bucket and its replica in the recovery region."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from components.iam import Statement, policy_json, trust
from components.lifecycle import Protection, kept_with, stateful
from components.naming import Names
from components.private_bucket import PrivateBucket, PrivateBucketArgs
from components.recovery import Recovery
from components.tags import component_tags

COMPONENT = "DataStack"
FILES, REPLICA = "files", "files-dr"
# A file that was overwritten or deleted can be had back for a quarter, in either region; then it is gone for good.
OLD_VERSION_DAYS = 90


@dataclass(frozen=True)
class FileBucketArgs:
    """`recovery`: where files are copied to, if anywhere. `adopt`: import ids of `file-bucket` and `file-bucket-dr`."""

    names: Names
    recovery: Recovery | None
    key_arn: pulumi.Input[str]
    protection: Protection
    adopt: Mapping[str, str] = field(default_factory=dict)


class FileBucket(pulumi.ComponentResource):
    """Where files are kept, and where they are copied to.

    Makes: a `PrivateBucket`; where there is a recovery region, another one there under that region's key,
    `aws:iam:Role` and `aws:iam:RolePolicy` with which S3 copies, and `aws:s3:BucketReplicationConfig`.

    Deletions are copied as delete markers: a failover serves from the replica, where a file that was deleted must not
    come back. The deletion of a version is never copied, so what is deleted by mistake or malice is there for
    `OLD_VERSION_DAYS`. No Replication Time Control: its 15 minutes cost more than the storage, and the plan allows
    four hours; the metrics are on, so that a copy that lags or fails is seen.
    """

    bucket: pulumi.Output[str]
    arn: pulumi.Output[str]
    dr_bucket: pulumi.Output[str] | None

    def __init__(self, name: str, args: FileBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:FileBucket", name, None, opts)
        self._name, self._args = name, args
        home = self._bucket(f"{name}-home", args.names, FILES, args.key_arn, None, "file-bucket")
        self.bucket, self.arn = home.bucket, home.arn
        self.dr_bucket = self._replica(home, args.recovery).bucket if args.recovery else None
        self.register_outputs({"bucket": self.bucket, "drBucket": self.dr_bucket})

    def _bucket(
        self, name: str, names: Names, resource: str, key_arn: pulumi.Input[str], region: str | None, adopt: str
    ) -> PrivateBucket:
        args = PrivateBucketArgs(
            bucket=names.bucket(resource),
            key_arn=key_arn,
            component=COMPONENT,
            protection=self._args.protection,
            rules=[old_versions()],
            region=region,
            adopt=self._args.adopt.get(adopt),
        )
        return PrivateBucket(name, args, pulumi.ResourceOptions(parent=self))

    def _replica(self, home: PrivateBucket, there: Recovery) -> PrivateBucket:
        names = self._args.names.in_region(there.region)
        replica = self._bucket(f"{self._name}-dr", names, REPLICA, there.key_arn, there.region, "file-bucket-dr")
        self._replicate(home, replica, there)
        return replica

    def _replicate(self, home: PrivateBucket, replica: PrivateBucket, there: Recovery) -> None:
        args = self._args
        role = aws.iam.Role(
            f"{self._name}-replication-role",
            name=args.names.role("file-replication"),
            description=f"S3 copies the files of {args.names.prefix} to {there.region}",
            assume_role_policy=policy_json(trust("s3.amazonaws.com")),
            tags=component_tags(COMPONENT),
            # as long as the replication that it is for: a retained one would stand still without it
            opts=stateful(self, protection=args.protection, adopt=args.adopt.get("file-replication-role")),
        )
        allowed = aws.iam.RolePolicy(
            f"{self._name}-replication-role-policy",
            name="replicate",
            role=role.name,
            policy=policy_json(*replication_statements(args, there, home.arn, replica.arn)),
            opts=kept_with(self, retain=args.protection.retain),
        )
        aws.s3.BucketReplicationConfig(
            f"{self._name}-replication",
            bucket=home.bucket,
            role=role.arn,
            rules=[replication_rule(replica.arn, there.key_arn)],
            opts=kept_with(self, allowed, *home.ready, *replica.ready, retain=args.protection.retain),
        )


def old_versions() -> dict[str, Any]:
    """The lifecycle rule that ends what was overwritten or deleted, and then its delete marker."""
    return {
        "id": "old-versions",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "noncurrent_version_expiration": {"noncurrent_days": OLD_VERSION_DAYS},
        "expiration": {"expired_object_delete_marker": True},
    }


def replication_rule(bucket_arn: pulumi.Input[str], key_arn: pulumi.Input[str]) -> dict[str, Any]:
    """Every new version and every delete marker, one way. The filter makes it the schema that knows delete markers."""
    return {
        "id": "all-files",
        "status": "Enabled",
        "priority": 1,
        "filter": {"prefix": ""},
        "delete_marker_replication": {"status": "Enabled"},
        # every file lies under a customer key: without this S3 copies none of them
        "source_selection_criteria": {
            "sse_kms_encrypted_objects": {"status": "Enabled"},
            "replica_modifications": {"status": "Disabled"},
        },
        "destination": {
            "bucket": bucket_arn,
            "encryption_configuration": {"replica_kms_key_id": key_arn},
            "metrics": {"status": "Enabled"},
        },
    }


def replication_statements(
    args: FileBucketArgs, there: Recovery, bucket_arn: pulumi.Input[str], dr_bucket_arn: pulumi.Input[str]
) -> tuple[Statement, ...]:
    """What the replication role may do: read these files, write those replicas, each under its own key."""
    files, replicas = pulumi.Output.concat(bucket_arn, "/*"), pulumi.Output.concat(dr_bucket_arn, "/*")
    return (
        Statement("ReadConfiguration", ["s3:GetReplicationConfiguration", "s3:ListBucket"], [bucket_arn]),
        Statement(
            "ReadVersions",
            ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
            [files],
        ),
        Statement("WriteReplicas", ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"], [replicas]),
        _key_use("ReadKey", ["kms:Decrypt"], args.key_arn, args.names.region, bucket_arn, files),
        # "Replicating encrypted objects" asks for kms:Encrypt; a bucket key is made by kms:GenerateDataKey
        _key_use(
            "WriteKey", ["kms:Encrypt", "kms:GenerateDataKey"], there.key_arn, there.region, dr_bucket_arn, replicas
        ),
    )


def _key_use(
    sid: str, actions: list[str], key: pulumi.Input[str], region: str, bucket: pulumi.Input[str], objects: Any
) -> Statement:
    """Through S3 only. With a bucket key the encryption context names the bucket, without one the object."""
    return Statement(
        sid,
        actions,
        [key],
        {
            "StringEquals": {"kms:ViaService": [f"s3.{region}.amazonaws.com"]},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, objects]},
        },
    )
