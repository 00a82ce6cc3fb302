"""`DeliveryStack`: the artefact bucket and the zips in it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.artefacts import Artefact, FunctionCode
from components.iam import ANYONE, Statement, policy_json
from components.lifecycle import Protection, kept_with, stateful
from components.naming import Names
from components.tags import component_tags

_TAGS = component_tags("DeliveryStack")

PREFIX = "functions/"
# Every release of a quarter can be deployed again; the ten latest always can, whatever their age.
OLD_VERSION_DAYS = 90
OLD_VERSIONS_KEPT = 10


@dataclass(frozen=True)
class DeliveryStackArgs:
    """`artefacts` by function. `adopt`: the import id of `artefact-bucket`."""

    names: Names
    key_arn: pulumi.Input[str]
    protection: Protection
    artefacts: Mapping[str, Artefact]
    adopt: Mapping[str, str]


class DeliveryStack(pulumi.ComponentResource):
    """What is deployed, by digest.

    Makes: `aws:s3:Bucket` with `BucketOwnershipControls`, `BucketPublicAccessBlock`,
    `BucketServerSideEncryptionConfiguration` (CMK), `BucketVersioning`, `BucketLifecycleConfiguration` and
    `BucketPolicy` (TLS only); one `aws:s3:BucketObjectv2` a function under `functions/{name}.zip`. A retained bucket
    keeps all of them: the provider deletes an object with every version, which are the releases to go back to.

    Lambda reads a zip with the permissions of who deploys: they need `s3:GetObjectVersion` on the bucket and
    `kms:Decrypt` on the key; no service principal and no function's role does.
    """

    bucket: pulumi.Output[str]
    code: Mapping[str, FunctionCode]

    def __init__(self, name: str, args: DeliveryStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("omnix:components:DeliveryStack", name, None, opts)
        self._name, self._args = name, args
        self.bucket = self._artefact_bucket().bucket
        self._lock_down()
        ready: list[pulumi.Resource] = [self._encryption(), self._versioning()]
        self.code = {name: self._upload(artefact, ready) for name, artefact in args.artefacts.items()}
        self.register_outputs({"bucket": self.bucket})

    def _kept(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return kept_with(self, *depends_on, retain=self._args.protection.retain)

    def _artefact_bucket(self) -> aws.s3.Bucket:
        args = self._args
        return aws.s3.Bucket(
            f"{self._name}-artefacts",
            bucket=args.names.bucket("artefacts"),
            force_destroy=not args.protection.retain,
            tags=_TAGS,
            opts=stateful(self, protection=args.protection, adopt=args.adopt.get("artefact-bucket")),
        )

    def _lock_down(self) -> None:
        """No ACLs, nothing public, TLS only."""
        ownership = aws.s3.BucketOwnershipControls(
            f"{self._name}-artefacts-ownership",
            bucket=self.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self._kept(),
        )
        block = aws.s3.BucketPublicAccessBlock(
            f"{self._name}-artefacts-public-access",
            bucket=self.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            # S3 answers 409 OperationAborted when two of a bucket's settings change at once.
            opts=self._kept(ownership),
        )
        aws.s3.BucketPolicy(
            f"{self._name}-artefacts-policy",
            bucket=self.bucket,
            policy=policy_json(tls_only(self._args.names.bucket("artefacts"))),
            opts=self._kept(block),
        )

    def _encryption(self) -> aws.s3.BucketServerSideEncryptionConfiguration:
        return aws.s3.BucketServerSideEncryptionConfiguration(
            f"{self._name}-artefacts-encryption",
            bucket=self.bucket,
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
            f"{self._name}-artefacts-versioning",
            bucket=self.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=self._kept(),
        )
        aws.s3.BucketLifecycleConfiguration(
            f"{self._name}-artefacts-lifecycle",
            bucket=self.bucket,
            rules=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": PREFIX},
                    "noncurrent_version_expiration": {
                        "noncurrent_days": OLD_VERSION_DAYS,
                        "newer_noncurrent_versions": OLD_VERSIONS_KEPT,
                    },
                },
                {
                    "id": "failed-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
                },
            ],
            opts=self._kept(versioning),
        )
        return versioning

    def _upload(self, artefact: Artefact, ready: list[pulumi.Resource]) -> FunctionCode:
        """The zip under its stable key. An object made before versioning is on has no version to pin."""
        key = f"{PREFIX}{artefact.function}.zip"
        zipped = aws.s3.BucketObjectv2(
            f"{self._name}-artefact-{artefact.function}",
            bucket=self.bucket,
            key=key,
            source=pulumi.FileAsset(artefact.path),
            # With SSE-KMS an object's ETag is no digest of its content: this one tells what changed.
            source_hash=artefact.sha256,
            content_type="application/zip",
            server_side_encryption="aws:kms",
            kms_key_id=self._args.key_arn,
            bucket_key_enabled=True,
            tags=_TAGS,
            opts=self._kept(*ready),
        )
        return FunctionCode(
            function=artefact.function,
            handler=artefact.handler,
            sha256=artefact.sha256,
            bucket=self.bucket,
            key=key,
            object_version=zipped.version_id,
        )


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
