"""A bucket as every one here is: versioned, under a customer key, closed to the public and to plain HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.iam import ANYONE, Statement, policy_json
from components.lifecycle import Protection, kept_with, stateful
from components.tags import component_tags

# Parts of uploads that nobody completed are paid for and never seen.
ABORT_AFTER_DAYS = 1


@dataclass(frozen=True)
class PrivateBucketArgs:
    """`bucket`: the physical name. `key_arn`: of the bucket's region, which is `region` or else the provider's.

    `rules` are lifecycle rules beside the one for broken uploads, `statements` policy statements beside TLS only.
    `component` is the value of the `Component` tag; `adopt` the import id of a bucket that already exists. Without
    `own_policy` its maker writes the policy, with `tls_only`: it names a role that is there only later.
    """

    bucket: str
    key_arn: pulumi.Input[str]
    component: str
    protection: Protection
    rules: Sequence[dict[str, Any]] = ()
    statements: Sequence[Statement] = ()
    region: str | None = None
    adopt: str | None = None
    own_policy: bool = True


class PrivateBucket(pulumi.ComponentResource):
    """One bucket and its settings.

    Makes: `aws:s3:Bucket` with `BucketOwnershipControls`, `BucketPublicAccessBlock`, `BucketPolicy` (TLS only and
    what was given), `BucketServerSideEncryptionConfiguration` (CMK), `BucketVersioning` and
    `BucketLifecycleConfiguration`. A retained bucket keeps all of them.
    """

    bucket: pulumi.Output[str]
    arn: pulumi.Output[str]
    ready: list[pulumi.Resource]  # what an object waits for: one written before versioning is on has no version

    def __init__(self, name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:PrivateBucket", name, None, opts)
        self._name, self._args = name, args
        made = aws.s3.Bucket(
            f"{name}-bucket",
            bucket=args.bucket,
            region=args.region,
            force_destroy=not args.protection.retain,
            tags=component_tags(args.component),
            opts=stateful(self, protection=args.protection, adopt=args.adopt),
        )
        self.bucket, self.arn = made.bucket, made.arn
        self._lock_down()
        self.ready = [self._encryption(), self._versioning()]
        self.register_outputs({"bucket": self.bucket, "arn": self.arn})

    def _kept(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return kept_with(self, *depends_on, retain=self._args.protection.retain)

    def _lock_down(self) -> None:
        """No ACLs, nothing public, TLS only."""
        ownership = aws.s3.BucketOwnershipControls(
            f"{self._name}-ownership",
            bucket=self.bucket,
            region=self._args.region,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._kept(),
        )
        block = aws.s3.BucketPublicAccessBlock(
            f"{self._name}-public-access",
            bucket=self.bucket,
            region=self._args.region,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            # S3 answers 409 OperationAborted when two of a bucket's settings change at once.
            opts=self._kept(ownership),
        )
        if not self._args.own_policy:
            return
        aws.s3.BucketPolicy(
            f"{self._name}-policy",
            bucket=self.bucket,
            region=self._args.region,
            policy=policy_json(tls_only(self._args.bucket), *self._args.statements),
            opts=self._kept(block),
        )

    def _encryption(self) -> aws.s3.BucketServerSideEncryptionConfiguration:
        return aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-encryption",
            bucket=self.bucket,
            region=self._args.region,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": self._args.key_arn,
                    },
                    "bucket_key_enabled": True,
                }
            ],
            opts=self._kept(),
        )

    def _versioning(self) -> aws.s3.BucketVersioning:
        versioning = aws.s3.BucketVersioning(
            f"{self._name}-versioning",
            bucket=self.bucket,
            region=self._args.region,
            versioning_configuration={"status": "Enabled"},
            opts=self._kept(),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{self._name}-lifecycle",
            bucket=self.bucket,
            region=self._args.region,
            rules=[*self._args.rules, failed_uploads()],
            opts=self._kept(versioning),
        )
        return versioning


def failed_uploads() -> dict[str, Any]:
    """The lifecycle rule that removes the parts of uploads that were never completed."""
    return {
        "id": "failed-uploads",
        "status": "Enabled",
        "filter": {"prefix": ""},
        "abort_incomplete_multipart_upload": {"days_after_initiation": ABORT_AFTER_DAYS},
    }


def tls_only(bucket: str) -> Statement:
    """Refuses everyone who comes to `bucket` without TLS."""
    arn = f"arn:aws:s3:::{bucket}"
    return Statement(
        "TlsOnly",
        ["s3:*"],
        [arn, f"{arn}/*"],
        {"Bool": {"aws:SecureTransport": ["false"]}},
        principals=ANYONE,
        effect="Deny",
    )
