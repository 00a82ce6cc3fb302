"""S3: operations are not actions; which action (or actions) each needs, and the keys of encrypted objects.

Source: S3 user guide, "Required permissions for Amazon S3 API operations".
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Keys, Mapper, Need, Operations, anything, given, on
from localcloud.enforcement.services import kms

_WRITTEN = {
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-copy-source": "CopySource",
    "s3:x-amz-metadata-directive": "MetadataDirective",
    "s3:x-amz-server-side-encryption": "ServerSideEncryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "s3:x-amz-storage-class": "StorageClass",
    "s3:object-lock-mode": "ObjectLockMode",
    "s3:object-lock-legal-hold": "ObjectLockLegalHoldStatus",
    "s3:if-none-match": "IfNoneMatch",
    "s3:if-match": "IfMatch",
}
_LISTED = {"s3:prefix": "Prefix", "s3:delimiter": "Delimiter", "s3:max-keys": "MaxKeys"}
_SIGNED: Keys = {"s3:signatureversion": ("AWS4-HMAC-SHA256",), "s3:authtype": ("REST-HEADER",)}


def _bucket(call: Call, _account: Account) -> str:
    return f"arn:aws:s3:::{call.parameters.get('Bucket') or '*'}"


def _object(call: Call, account: Account) -> str:
    return f"{_bucket(call, account)}/{call.parameters.get('Key') or '*'}"


def _need(action: str, resource: str, keys: Keys) -> Need:
    return Need(f"s3:{action}", resource, {**_SIGNED, **keys})


def _of_version(action: str, call: Call, names: Mapping[str, str]) -> tuple[str, Keys]:
    """The same action on a version has another name and names the version."""
    version = call.parameters.get("VersionId")
    keys = given(call.parameters, names)
    return (f"{action}Version", {**keys, "s3:versionid": (str(version),)}) if version else (action, keys)


def _read(call: Call, account: Account) -> Iterator[Need]:
    action, keys = _of_version("GetObject", call, {})
    yield _need(action, _object(call, account), keys)
    if call.operation == "GetObjectAttributes":
        yield _need(
            action + "Attributes" if action == "GetObject" else "GetObjectVersionAttributes",
            _object(call, account),
            keys,
        )
    yield from _absence(call, account)
    if call.operation != "HeadObject":  # an object's headers are not encrypted
        yield from _object_key(str(call.parameters.get("Bucket")), str(call.parameters.get("Key")), call, account)


def _absence(call: Call, account: Account) -> Iterator[Need]:
    """Who may not list a bucket is not told that a key is missing: 403 instead of 404 (S3 API reference, GetObject).

    The key counts as the prefix asked for, which lets a policy name exactly those keys.
    """
    found, key = account.bucket(str(call.parameters.get("Bucket"))), str(call.parameters.get("Key"))
    if found is not None and found.keys.get(key) is None:
        yield _need("ListBucket", _bucket(call, account), {"s3:prefix": (key,)})


def _object_key(bucket: str, key: str, call: Call, account: Account) -> Iterator[Need]:
    """To read an object under a customer's key its caller needs `kms:Decrypt` (S3 user guide, "Using SSE-KMS")."""
    found = account.bucket(bucket)
    stored = found.keys.get(key) if found is not None else None
    if stored is not None and stored.encryption == "aws:kms":
        yield from kms.use(account, "Decrypt", stored.kms_key_id, "s3", call.region, _context(bucket, key, stored))


def _context(bucket: str, key: str, settings: Any) -> Keys:
    """The object's ARN, or the bucket's with an S3 Bucket Key."""
    shared = str(getattr(settings, "bucket_key_enabled", settings)).lower() == "true"
    return {"aws:s3:arn": (f"arn:aws:s3:::{bucket}" + ("" if shared else f"/{key}"),)}


def _written_key(call: Call, account: Account, actions: str) -> Iterator[Need]:
    """A write under a customer's key: GenerateDataKey; its parts are put together with Decrypt as well."""
    bucket, key = str(call.parameters.get("Bucket")), str(call.parameters.get("Key"))
    found = account.bucket(bucket)
    default: Mapping[str, Any] = (getattr(found, "encryption", None) or {}).get("Rule") or {}
    rule = default.get("ApplyServerSideEncryptionByDefault") or {}
    named = call.parameters.get("SSEKMSKeyId") or rule.get("KMSMasterKeyID")
    algorithm = call.parameters.get("ServerSideEncryption") or rule.get("SSEAlgorithm")
    if algorithm == "aws:kms":
        shared = call.parameters.get("BucketKeyEnabled", default.get("BucketKeyEnabled", False))
        yield from kms.use(account, actions, named, "s3", call.region, _context(bucket, key, shared))


def _write(call: Call, account: Account) -> Iterator[Need]:
    keys = {**given(call.parameters, _WRITTEN), **_object_tags(call)}
    yield _need("PutObject", _object(call, account), keys)
    if call.parameters.get("Tagging") and isinstance(call.parameters["Tagging"], str):
        yield _need("PutObjectTagging", _object(call, account), _object_tags(call))
    if call.parameters.get("ACL"):
        yield _need("PutObjectAcl", _object(call, account), given(call.parameters, {"s3:x-amz-acl": "ACL"}))
    multipart = call.operation not in {"PutObject", "CopyObject"}
    yield from _written_key(call, account, "GenerateDataKey Decrypt" if multipart else "GenerateDataKey")


def _object_tags(call: Call) -> Keys:
    sent = call.parameters.get("Tagging")
    pairs = [part.partition("=") for part in sent.split("&")] if isinstance(sent, str) and sent else []
    if not pairs:
        return {}
    tags = {f"s3:requestobjecttag/{unquote(name).lower()}": (unquote(value),) for name, _, value in pairs}
    return {"s3:requestobjecttagkeys": tuple(unquote(name) for name, _, _ in pairs), **tags}


def _copy(call: Call, account: Account) -> Iterator[Need]:
    """GetObject on the source, PutObject on the target."""
    source = call.parameters.get("CopySource") or ""
    if isinstance(source, Mapping):
        source = f"{source.get('Bucket')}/{source.get('Key')}"
    path, _, version = unquote(str(source)).removeprefix("/").partition("?versionId=")
    action, keys = ("GetObjectVersion", {"s3:versionid": (version,)}) if version else ("GetObject", {})
    yield _need(action, f"arn:aws:s3:::{path}", keys)
    bucket, _, key = path.partition("/")
    yield from _object_key(bucket, key, call, account)
    yield from _write(call, account)


def _delete(call: Call, account: Account) -> Iterator[Need]:
    action, keys = _of_version("DeleteObject", call, {})
    yield _need(action, _object(call, account), keys)


def _delete_several(call: Call, account: Account) -> Iterator[Need]:
    for one in (call.parameters.get("Delete") or {}).get("Objects") or ():
        version = one.get("VersionId")
        action = "DeleteObjectVersion" if version else "DeleteObject"
        keys: Keys = {"s3:versionid": (str(version),)} if version else {}
        yield _need(action, f"{_bucket(call, account)}/{one.get('Key')}", keys)


def _part(call: Call, account: Account) -> Iterator[Need]:
    yield _need("PutObject", _object(call, account), given(call.parameters, _WRITTEN))
    bucket = account.bucket(str(call.parameters.get("Bucket")))
    upload = bucket.multiparts.get(call.parameters.get("UploadId")) if bucket is not None else None
    if upload is not None and upload.sse_encryption == "aws:kms":
        context = _context(bucket.name, str(call.parameters.get("Key")), upload)
        yield from kms.use(account, "GenerateDataKey Decrypt", upload.kms_key_id, "s3", call.region, context)


def _tagging(action: str) -> Mapper:
    def needs(call: Call, account: Account) -> Iterator[Need]:
        version = call.parameters.get("VersionId")
        name = action.replace("Object", "ObjectVersion", 1) if version else action
        yield _need(name, _object(call, account), {"s3:versionid": (str(version),)} if version else {})

    return needs


_ON_BUCKET = {  # operation -> action, where they differ in name
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "GetBucketLocation": "GetBucketLocation",
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "GetBucketPolicy": "GetBucketPolicy",
    "PutBucketPolicy": "PutBucketPolicy",
    "DeleteBucketPolicy": "DeleteBucketPolicy",
    "GetBucketVersioning": "GetBucketVersioning",
    "PutBucketVersioning": "PutBucketVersioning",
    "GetBucketTagging": "GetBucketTagging",
    "PutBucketTagging": "PutBucketTagging",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketCors": "GetBucketCORS",
    "PutBucketCors": "PutBucketCORS",
    "GetBucketWebsite": "GetBucketWebsite",
    "PutBucketWebsite": "PutBucketWebsite",
}


def _on_bucket(action: str) -> Mapper:
    return lambda call, account: (_need(action, _bucket(call, account), {}),)


def _list(action: str) -> Mapper:
    return lambda call, account: (_need(action, _bucket(call, account), given(call.parameters, _LISTED)),)


OPERATIONS: Operations = {
    **dict.fromkeys(("GetObject", "HeadObject", "GetObjectAttributes"), _read),
    **dict.fromkeys(("PutObject", "CreateMultipartUpload"), _write),
    **dict.fromkeys(("UploadPart", "CompleteMultipartUpload"), _part),
    "CopyObject": _copy,
    "DeleteObject": _delete,
    "DeleteObjects": _delete_several,
    **dict.fromkeys(("ListObjects", "ListObjectsV2"), _list("ListBucket")),
    "ListObjectVersions": _list("ListBucketVersions"),
    **{name: _tagging(name) for name in ("GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging")},
    **on("s3", _object, "AbortMultipartUpload"),
    **on("s3", _object, "ListParts", action="ListMultipartUploadParts"),
    **{operation: _on_bucket(action) for operation, action in _ON_BUCKET.items()},
    **on("s3", anything, "ListBuckets", action="ListAllMyBuckets"),
}
