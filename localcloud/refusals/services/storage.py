"""S3 buckets, objects and a bucket's settings."""
# ruff: noqa: PLR2004 - the limits are what these functions are about

import datetime
import ipaddress
from collections.abc import Iterator
from typing import Any

from localcloud.provider.wire import ARCHIVE, signature
from localcloud.refusals.check import Inputs, Of, Place, Violation

_BUCKET = Of("aws:s3/bucket:Bucket", "S3 bucket naming rules")
_OBJECT = Of("aws:s3/bucketObjectv2:BucketObjectv2", "S3 PutObject")
_VERSIONING = Of("aws:s3/bucketVersioning:BucketVersioning", "S3 PutBucketVersioning")
_LIFECYCLE = Of(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "S3 PutBucketLifecycleConfiguration"
)
_ENCRYPTION = Of(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "S3 PutBucketEncryption"
)
_LOGGING = Of("aws:s3/bucketLogging:BucketLogging", "S3 PutBucketLogging")
_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
_OWN = ("versioning", "lifecycleRules", "logging", "serverSideEncryptionConfiguration", "policy", "corsRules")
# Days before which S3 moves nothing to a class, from the lifecycle's own start.
_IA = frozenset({"STANDARD_IA", "ONEZONE_IA"})
_COLDER = ("STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")


def _name(value: Any) -> str | None:
    name = str(value)
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        pass
    else:
        return f"{name!r} has the form of an IP address"
    if name.startswith(_PREFIXES) or name.endswith(_SUFFIXES):
        return f"{name!r} begins or ends with what S3 keeps for itself ({', '.join((*_PREFIXES, *_SUFFIXES))})"
    labels = name.split(".")
    if not 3 <= len(name) <= 63 or not all(labels) or name != name.lower():
        return f"{name!r} is not 3 to 63 of a-z, 0-9, hyphen and single dots"
    if not all(char.isascii() and (char.isalnum() or char in ".-") for char in name):
        return f"{name!r} holds more than a-z, 0-9, hyphen and dot"
    return None if name[0].isalnum() and name[-1].isalnum() else f"{name!r} must begin and end with a letter or digit"


def _split(inputs: Inputs, _: Place) -> Iterator[Violation]:
    for key in _OWN:
        if inputs.get(key):
            yield key, "deprecated on the bucket: use the resource of its own (BucketVersioning, …)"


def _source(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if signature(inputs.get("source")) == ARCHIVE:
        yield "source", "give a zip that is built already as a FileAsset, so that its bytes are yours"
    if inputs.get("kmsKeyId") and inputs.get("serverSideEncryption", "aws:kms") not in {"aws:kms", "aws:kms:dsse"}:
        yield "serverSideEncryption", "a KMS key needs aws:kms"
    if bool(inputs.get("objectLockMode")) != bool(inputs.get("objectLockRetainUntilDate")):
        yield "objectLockMode", "mode and retain-until date go together"
    if len(str(inputs.get("key", "")).encode()) > 1024:
        yield "key", "a key takes 1024 bytes of UTF-8"


def _lifecycle(inputs: Inputs, _: Place) -> Iterator[Violation]:
    ids = [rule.get("id") for rule in inputs.get("rules", ())]
    for index, rule in enumerate(inputs.get("rules", ())):
        path = f"rules[{index}]"
        if ids.count(rule.get("id")) > 1:
            yield f"{path}.id", f"{rule.get('id')!r} is the id of another rule"
        if len(str(rule.get("id", ""))) > 255:
            yield f"{path}.id", "an id takes 255 characters"
        yield from _actions(rule, path)
        yield from _filter(rule.get("filter") or {}, f"{path}.filter")
        if rule.get("filter") and rule.get("prefix"):
            yield f"{path}.prefix", "conflicts with filter: use filter.prefix"
    if len(ids) > 1000:
        yield "rules", "S3 takes 1000 rules a bucket"


def _actions(rule: Inputs, path: str) -> Iterator[Violation]:
    kinds = ("expiration", "transitions", "noncurrentVersionExpiration", "noncurrentVersionTransitions")
    if not any(rule.get(key) for key in (*kinds, "abortIncompleteMultipartUpload")):
        yield path, "a rule needs an action (expiration, transition, …)"
    expiration = rule.get("expiration") or {}
    if sum(bool(expiration.get(key)) for key in ("date", "days", "expiredObjectDeleteMarker")) > 1:
        yield f"{path}.expiration", "one of date, days and expiredObjectDeleteMarker"
    for key, row in (("expiration", expiration), *(("transitions", row) for row in rule.get("transitions") or ())):
        if row.get("date") and not _midnight(row["date"]):
            yield f"{path}.{key}.date", f"{row['date']!r} is not midnight UTC (2030-01-01T00:00:00Z)"
    yield from _transitions(rule, expiration.get("days"), path)
    tagged = (rule.get("filter") or {}).get("tag") or ((rule.get("filter") or {}).get("and") or {}).get("tags")
    if tagged and (rule.get("abortIncompleteMultipartUpload") or expiration.get("expiredObjectDeleteMarker")):
        yield path, "aborting uploads and expiring delete markers take no filter by tag"
    for key in ("abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration"):
        for name in ("daysAfterInitiation", "days", "noncurrentDays"):
            found = (rule.get(key) or {}).get(name)
            if found is not None and int(found) < 1 and not expiration.get("expiredObjectDeleteMarker"):
                yield f"{path}.{key}.{name}", "a positive number of days"


def _transitions(rule: Inputs, gone: Any, path: str) -> Iterator[Violation]:
    days = [(row.get("storageClass"), row.get("days")) for row in rule.get("transitions") or () if row.get("days")]
    for storage_class, after in days:
        if storage_class in _IA and after < 30:
            yield f"{path}.transitions", f"{storage_class} takes objects after 30 days at least, not {after}"
        if gone and gone <= after:
            yield f"{path}.expiration.days", f"{gone} is not after the transition at {after} days"
    order = [_COLDER.index(storage_class) for storage_class, _ in sorted(days, key=lambda row: row[1])]
    if order != sorted(order):
        yield f"{path}.transitions", "a colder class comes later than a warmer one"


def _midnight(text: Any) -> bool:
    try:
        moment = datetime.datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return (moment.hour, moment.minute, moment.second) == (0, 0, 0)


def _filter(given: Inputs, path: str) -> Iterator[Violation]:
    if sum(key in given for key in ("and", "prefix", "tag", "objectSizeGreaterThan", "objectSizeLessThan")) > 1:
        yield path, "one condition, or several inside and"
    both = given.get("and") or given
    low, high = both.get("objectSizeGreaterThan"), both.get("objectSizeLessThan")
    if low is not None and high is not None and int(low) >= int(high):
        yield path, "objectSizeGreaterThan must be below objectSizeLessThan"


def _encryption(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if len(inputs.get("rules", ())) != 1:
        yield "rules", "S3 takes one rule"
    for index, rule in enumerate(inputs.get("rules", ())):
        chosen = rule.get("applyServerSideEncryptionByDefault") or {}
        if chosen.get("kmsMasterKeyId") and chosen.get("sseAlgorithm") == "AES256":
            yield f"rules[{index}].applyServerSideEncryptionByDefault.kmsMasterKeyId", "AES256 takes no KMS key"


def _mfa(inputs: Inputs, _: Place) -> Iterator[Violation]:
    if (inputs.get("versioningConfiguration") or {}).get("mfaDelete") == "Enabled" and not inputs.get("mfa"):
        yield "mfa", "turning MFA delete on needs the device's serial number and code"


def _prefix(value: Any) -> str | None:
    return None if value == "" or len(str(value).encode()) <= 800 else "takes 800 bytes: S3 adds the log's own name"


RULES = (
    _BUCKET.each("name", "bucket", _name, "a bucket name that S3 does not take", "3 to 63 of a-z 0-9 . -"),
    _BUCKET.rule(
        "settings-apart",
        " ".join(_OWN),
        _split,
        "settings that are resources of their own",
        source="this provider: pulumi-aws 7 deprecates them on the bucket",
    ),
    _OBJECT.rule(
        "source",
        "source key kmsKeyId serverSideEncryption objectLockMode objectLockRetainUntilDate",
        _source,
        "an archive asset, a KMS key without aws:kms, a lock without date, a key over 1024 bytes",
        "1024 bytes",
    ),
    _OBJECT.exclusive("source", "content", "contentBase64", source="pulumi-aws BucketObjectv2"),
    _VERSIONING.one_of("versioningConfiguration.status", ("Enabled", "Suspended", "Disabled")),
    _VERSIONING.rule("mfa", "versioningConfiguration mfa", _mfa, "MFA delete without the device"),
    _LIFECYCLE.rule(
        "rules",
        "rules",
        _lifecycle,
        "rules without action, of one id, that contradict themselves, transitions out of order or too early",
        "1000 rules; 30 days before an IA class",
        "S3 lifecycle: considerations for transitions",
    ),
    _ENCRYPTION.rule("rules", "rules", _encryption, "more than one rule, AES256 with a KMS key", "1 rule"),
    _LOGGING.each("prefix", "targetPrefix", _prefix, "a prefix too long for a log object's key", "800 bytes"),
)
