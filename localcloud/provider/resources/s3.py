"""Amazon S3: buckets and objects; a bucket's settings are in `s3_settings`."""
# ruff: noqa: A002, ARG002, D101, D102, PLR2004 - `ResourceType` says what each method does

import base64
import hashlib
import mimetypes
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from localcloud.provider import packages
from localcloud.provider.naming import Naming
from localcloud.provider.resource import Label, ResourceType, Scope, Violation, failed_precondition
from localcloud.provider.tagging import Tagging, Tags
from localcloud.provider.wire import Properties

# Website and alias hosted zones of the regions' S3 endpoints (AWS General Reference).
_HOSTED_ZONES = {
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "us-east-1": "Z3AQBSTGFYJSTF",
}


class _BucketTags(Tagging):
    """S3's own way with tags: one list, replaced whole."""

    def list(self, client: Any, resource: str) -> Tags:
        try:
            found = client.get_bucket_tagging(Bucket=resource)["TagSet"]
        except client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchTagSet":
                raise
            found = []
        return {tag["Key"]: tag["Value"] for tag in found}

    def sync(self, client: Any, resource: str, wanted: Tags, current: Tags) -> None:
        if wanted and wanted != current:
            tags = [{"Key": key, "Value": value} for key, value in sorted(wanted.items())]
            client.put_bucket_tagging(Bucket=resource, Tagging={"TagSet": tags})
        elif current and not wanted:
            client.delete_bucket_tagging(Bucket=resource)


class Bucket(ResourceType):
    id_format = "{bucket}"
    pulumi_type = "aws:s3/bucket:Bucket"
    label = Label.EXECUTED
    naming = Naming(
        r"(?!xn--)(?!.*\.\.)(?!.*-s3alias$)[a-z0-9][a-z0-9.-]*[a-z0-9]", 63, 3, property="bucket", lower=True
    )
    tagging = _BucketTags("s3", "Bucket", "get_bucket_tagging")
    importable = True
    force_new = frozenset({"bucketPrefix", "objectLockEnabled"})
    local_only = frozenset({"forceDestroy"})
    defaults: ClassVar = {
        "forceDestroy": False,
        "objectLockEnabled": False,
        "bucketNamespace": "global",
        "requestPayer": "BucketOwner",
    }

    def create(self, scope: Scope, inputs: Properties) -> str:
        given: dict[str, Any] = {"ObjectLockEnabledForBucket": inputs.get("objectLockEnabled", False)}
        if scope.region != "us-east-1":
            given["CreateBucketConfiguration"] = {"LocationConstraint": scope.region}
        scope.client("s3").create_bucket(Bucket=inputs["bucket"], **given)
        return str(inputs["bucket"])

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        s3 = scope.client("s3")
        s3.head_bucket(Bucket=id)
        region = s3.get_bucket_location(Bucket=id).get("LocationConstraint") or "us-east-1"
        return {
            "bucket": id,
            "arn": f"arn:aws:s3:::{id}",
            "bucketDomainName": f"{id}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{id}.s3.{region}.amazonaws.com",
            "bucketRegion": region,
            "hostedZoneId": _HOSTED_ZONES.get(region),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        s3 = scope.client("s3")
        versions = list(_versions(s3, id, ""))
        if versions and not state.get("forceDestroy"):
            raise failed_precondition(
                f"BucketNotEmpty: the bucket {id} holds {len(versions)} object versions;"
                " empty it, or set force_destroy=True and run up first"
            )
        _delete_versions(s3, id, versions)
        s3.delete_bucket(Bucket=id)

    def tagged(self, id: str, state: Properties) -> str:
        return id


def _versions(s3: Any, bucket: str, prefix: str) -> Iterable[dict[str, str]]:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        for row in [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]:
            yield {"Key": row["Key"], "VersionId": row["VersionId"]}


def _delete_versions(s3: Any, bucket: str, versions: list[dict[str, str]]) -> None:
    for start in range(0, len(versions), 1000):  # S3's limit a call
        s3.delete_objects(Bucket=bucket, Delete={"Objects": versions[start : start + 1000], "Quiet": True})


class BucketObject(ResourceType):
    id_format = "{key}"
    pulumi_type = "aws:s3/bucketObjectv2:BucketObjectv2"
    label = Label.EXECUTED
    naming = Naming(r"(?s).+", 1024, property="key")
    force_new = frozenset({"bucket"})
    local_only = frozenset({"forceDestroy", "sourceHash", "overrideProvider"})
    defaults: ClassVar = {"acl": None, "forceDestroy": False, "storageClass": "STANDARD"}

    def look(self, scope: Scope, inputs: Properties) -> Iterable[Violation]:
        packages.note(scope, inputs)
        return ()

    def create(self, scope: Scope, inputs: Properties) -> str:
        self._put(scope, inputs)
        return str(inputs["key"])

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        keys = self.schema.inputs.keys() - self.local_only - {"region", "tags"} | {"sourceHash"}
        if olds and any(news.get(key) != olds.get(key) for key in keys if key in news):
            self._put(scope, news)
        s3, where = scope.client("s3"), {"Bucket": news["bucket"], "Key": id}
        wanted = {**scope.default_tags, **news.get("tags", {})}
        tags = [{"Key": key, "Value": value} for key, value in sorted(wanted.items())]
        if len(tags) > 10:
            raise failed_precondition("InvalidTag: an object takes 10 tags, the provider's default tags included")
        s3.put_object_tagging(**where, Tagging={"TagSet": tags})

    def _put(self, scope: Scope, inputs: Properties) -> None:
        names = {
            "cacheControl": "CacheControl",
            "contentDisposition": "ContentDisposition",
            "contentEncoding": "ContentEncoding",
            "contentLanguage": "ContentLanguage",
            "kmsKeyId": "SSEKMSKeyId",
            "metadata": "Metadata",
            "serverSideEncryption": "ServerSideEncryption",
            "storageClass": "StorageClass",
            "websiteRedirect": "WebsiteRedirectLocation",
        }
        given = {parameter: inputs[key] for key, parameter in names.items() if key in inputs}
        if "kmsKeyId" in inputs:
            given["ServerSideEncryption"] = "aws:kms"
        guessed = mimetypes.guess_type(inputs["key"])[0] or "application/octet-stream"
        given["ContentType"] = inputs.get("contentType", guessed)
        scope.client("s3").put_object(Bucket=inputs["bucket"], Key=inputs["key"], Body=_body(inputs), **given)

    def read(self, scope: Scope, id: str, state: Properties) -> Properties | None:
        found = scope.client("s3").head_object(Bucket=state["bucket"], Key=id)
        return {
            "key": id,
            "arn": f"arn:aws:s3:::{state['bucket']}/{id}",
            "etag": state.get("etag", found["ETag"].strip('"')) if "etag" in state else found["ETag"].strip('"'),
            "versionId": found.get("VersionId"),
            "contentType": found["ContentType"],
            "storageClass": found.get("StorageClass", "STANDARD"),
            "serverSideEncryption": found.get("ServerSideEncryption", "AES256"),
            "bucketKeyEnabled": found.get("BucketKeyEnabled", False),
        }

    def delete(self, scope: Scope, id: str, state: Properties) -> None:
        """Every version of the key, as the real provider does."""
        s3 = scope.client("s3")
        versions = [row for row in _versions(s3, state["bucket"], id) if row["Key"] == id]
        _delete_versions(s3, state["bucket"], versions)
        packages.forget(scope, state["bucket"], id)

    def volatile(self, olds: Properties, changed: frozenset[str]) -> frozenset[str]:
        content = {"source", "sourceHash", "content", "contentBase64", "etag"}
        return frozenset({"versionId", "etag"}) if changed & content else frozenset()


def _body(inputs: Properties) -> bytes:
    if "content" in inputs:
        return str(inputs["content"]).encode()
    if "contentBase64" in inputs:
        return base64.b64decode(inputs["contentBase64"])
    source = inputs.get("source")
    if not isinstance(source, dict):
        return Path(source).read_bytes() if isinstance(source, str) else b""
    if "text" in source:
        return str(source["text"]).encode()
    if "path" not in source:
        raise failed_precondition("source must be a FileAsset or a StringAsset here")
    return _file(Path(source["path"]), source.get("hash"))


def _file(path: Path, digest: str | None) -> bytes:
    """The bytes that the engine hashed: a relative path would be read from another directory than its own."""
    if not path.is_absolute():
        raise failed_precondition(f"FileAsset({str(path)!r}): this provider runs elsewhere; give an absolute path")
    content = path.read_bytes()
    if digest and hashlib.sha256(content).hexdigest() != digest:
        raise failed_precondition(f"{path} changed while it was being deployed; run again")
    return content


TYPES = (Bucket(), BucketObject())
