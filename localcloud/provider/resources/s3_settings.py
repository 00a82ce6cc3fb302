"""A bucket's settings, each a resource of its own as in pulumi-aws 7: one put, one get, one delete."""
# ruff: noqa: A002, ARG002, D101, D102, D103 - `ResourceType` says what each method does

from collections.abc import Mapping
from typing import Any, ClassVar

from localcloud.provider.resource import Label, ResourceType, Scope
from localcloud.provider.stored import StoredType
from localcloud.provider.wire import Properties

_NAMES = {
    "id": "ID",
    "sseAlgorithm": "SSEAlgorithm",
    "kmsMasterKeyId": "KMSMasterKeyID",
    "replicaKmsKeyId": "ReplicaKmsKeyID",
}
_BACK = {parameter: key for key, parameter in _NAMES.items()}


def to_api(value: Any, key: str = "") -> Any:
    """Property names to S3's; a map of tags becomes S3's list."""
    if key == "tags" and isinstance(value, dict):
        return [{"Key": name, "Value": tag} for name, tag in sorted(value.items())]
    if isinstance(value, dict):
        return {_NAMES.get(name, name[:1].upper() + name[1:]): to_api(item, name) for name, item in value.items()}
    return [to_api(item) for item in value] if isinstance(value, list) else value


def from_api(value: Any, key: str = "") -> Any:
    if key == "Tags" and isinstance(value, list):
        return {tag["Key"]: tag["Value"] for tag in value}
    if isinstance(value, dict):
        return {_BACK.get(name, name[:1].lower() + name[1:]): from_api(item, name) for name, item in value.items()}
    return [from_api(item) for item in value] if isinstance(value, list) else value


class BucketSetting(ResourceType):
    """`call`: the part of S3's operation names after put_/get_/delete_."""

    id_format = "{bucket}"
    label = Label.STORED
    importable = True
    call: ClassVar[str]
    delete_call: ClassVar[str] = ""
    force_new = frozenset({"bucket"})

    def encode(self, inputs: Properties) -> dict[str, Any]:
        """The put's parameters beside the bucket."""
        raise NotImplementedError

    def decode(self, found: Mapping[str, Any]) -> Properties | None:
        """The get's answer as properties; None where the setting is not made."""
        raise NotImplementedError

    def create(self, scope: Scope, inputs: Properties) -> str:
        scope.client("s3").head_bucket(Bucket=inputs["bucket"])
        return str(inputs["bucket"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        getattr(scope.client("s3"), f"put_{self.call}")(Bucket=id, **self.encode(news))

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = getattr(scope.client("s3"), f"get_{self.call}")(Bucket=id)
        decoded = self.decode(found)
        return {"bucket": id, **decoded} if decoded is not None else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        getattr(scope.client("s3"), self.delete_call or f"delete_{self.call}")(Bucket=id)


class Versioning(BucketSetting):
    pulumi_type = "aws:s3/bucketVersioning:BucketVersioning"
    label = Label.EXECUTED
    call = "bucket_versioning"

    def encode(self, inputs: Properties) -> dict[str, Any]:
        status = inputs["versioningConfiguration"]["status"]
        return {"VersioningConfiguration": {"Status": "Suspended" if status == "Disabled" else status}}

    def decode(self, found: Mapping[str, Any]) -> Properties | None:
        return {"versioningConfiguration": {"status": found["Status"]}} if "Status" in found else None

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """Versioning cannot be taken away, only suspended."""
        scope.client("s3").put_bucket_versioning(Bucket=id, VersioningConfiguration={"Status": "Suspended"})


class PublicAccessBlock(BucketSetting):
    pulumi_type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    call = "public_access_block"
    local_only = frozenset({"skipDestroy"})
    defaults: ClassVar = dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), False
    )

    def encode(self, inputs: Properties) -> dict[str, Any]:
        flags = {key: inputs.get(key, False) for key in self.defaults}
        return {"PublicAccessBlockConfiguration": to_api(flags)}

    def decode(self, found: Mapping[str, Any]) -> Properties | None:
        return dict(from_api(found["PublicAccessBlockConfiguration"]))


class Encryption(BucketSetting):
    pulumi_type = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    call = "bucket_encryption"

    def encode(self, inputs: Properties) -> dict[str, Any]:
        return {"ServerSideEncryptionConfiguration": {"Rules": to_api(inputs["rules"])}}

    def decode(self, found: Mapping[str, Any]) -> Properties | None:
        return {"rules": from_api(found["ServerSideEncryptionConfiguration"]["Rules"])}


class OwnershipControls(BucketSetting):
    pulumi_type = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
    call = "bucket_ownership_controls"

    def encode(self, inputs: Properties) -> dict[str, Any]:
        return {"OwnershipControls": {"Rules": [to_api(inputs["rule"])]}}

    def decode(self, found: Mapping[str, Any]) -> Properties | None:
        return {"rule": from_api(found["OwnershipControls"]["Rules"][0])}


class Lifecycle(BucketSetting):
    pulumi_type = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    call = "bucket_lifecycle_configuration"
    delete_call = "delete_bucket_lifecycle"
    importable = False
    local_only = frozenset({"timeouts"})
    defaults: ClassVar = {"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"}

    def encode(self, inputs: Properties) -> dict[str, Any]:
        rules = to_api(inputs["rules"])
        for rule in rules:
            if "Prefix" not in rule:
                rule.setdefault("Filter", {"Prefix": ""})
        return {"LifecycleConfiguration": {"Rules": rules}}

    def decode(self, found: Mapping[str, Any]) -> Properties | None:
        """That it is there: moto forgets newerNoncurrentVersions."""
        return {} if found["Rules"] else None


class _StoredSetting(StoredType):
    """A setting that moto would act on wrongly, so that it is kept from moto."""

    id_format = "{bucket}"
    force_new = frozenset({"bucket"})

    def create(self, scope: Scope, inputs: Properties) -> str:
        for bucket in {inputs["bucket"], inputs.get("targetBucket", inputs["bucket"])}:
            scope.client("s3").head_bucket(Bucket=bucket)
        return super().create(scope, inputs)


class Policy(_StoredSetting):
    """moto ignores conditions: a deny of insecure transport would deny everything."""

    pulumi_type = "aws:s3/bucketPolicy:BucketPolicy"
    kind = "s3:bucket-policy"


class Logging(_StoredSetting):
    """moto asks for the policy that it was not given."""

    pulumi_type = "aws:s3/bucketLogging:BucketLogging"
    kind = "s3:bucket-logging"


TYPES = (
    *(Versioning(), PublicAccessBlock(), Encryption(), OwnershipControls()),
    *(Policy(), Lifecycle(), Logging()),
)
