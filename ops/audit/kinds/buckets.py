"""S3 buckets. The list is the account's; everything else of a bucket is asked in the bucket's own region."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ops.audit.model import Kind, Resource
from ops.audit.plain import chosen, moment, settled, tags
from ops.audit.reader import GLOBAL_HOME, Notes
from ops.audit.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from ops.audit.reader import Reader

KINDS = (Kind.BUCKET,)
# Keys are listed in their own order, not in that of time: so many pages of 1000 show whether a bucket is alive.
_PAGES = 3
_FACTS = {
    "Versioning": ("get_bucket_versioning", None),
    "Encryption": ("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
    "PublicAccess": ("get_public_access_block", "PublicAccessBlockConfiguration"),
    "Lifecycle": ("get_bucket_lifecycle_configuration", "Rules"),
    "Website": ("get_bucket_website", None),
    "Replication": ("get_bucket_replication", "ReplicationConfiguration"),
    "Notifications": ("get_bucket_notification_configuration", None),
}


def read(reader: Reader, regions: Container[str], only: str | None = None) -> Iterator[Seen]:
    """The account's buckets in these regions, or the one named `only`."""
    # with a page size the answer names each bucket's region
    found = reader.pages(
        "s3", "list_buckets", GLOBAL_HOME, "Buckets", KINDS, PaginationConfig={"PageSize": 1000}
    )  # fmt: skip
    for bucket in found:
        if only and bucket["Name"] != only:
            continue
        notes = Notes()
        region = bucket.get("BucketRegion") or _region(reader, bucket["Name"], notes)
        if region is None or region in regions:
            yield _bucket(reader, region, bucket, notes)


def _region(reader: Reader, name: str, notes: Notes) -> str | None:
    answer = reader.call("s3", "get_bucket_location", GLOBAL_HOME, KINDS, subject=name, notes=notes, Bucket=name)
    if answer is None:
        return None
    # S3 calls its first two regions by older names: none at all, and "EU"
    constraint = answer.get("LocationConstraint") or "us-east-1"
    return "eu-west-1" if constraint == "EU" else str(constraint)


def _bucket(reader: Reader, region: str | None, bucket: dict[str, Any], notes: Notes) -> Seen:
    name = bucket["Name"]
    facts: dict[str, Any] = {"CreationDate": settled(bucket.get("CreationDate"))}
    measures: dict[str, Any] = {}
    marks: dict[str, Any] = {}
    if region:
        asked: dict[str, Any] = {"subject": name, "notes": notes, "Bucket": name}
        marks = reader.call("s3", "get_bucket_tagging", region, KINDS, **asked) or {}
        policy = reader.call("s3", "get_bucket_policy", region, KINDS, **asked) or {}
        facts["Policy"] = settled(json.loads(policy["Policy"])) if policy.get("Policy") else None
        for fact, (operation, key) in _FACTS.items():
            answer = reader.call("s3", operation, region, KINDS, **asked) or {}
            answer = {k: v for k, v in answer.items() if k != "ResponseMetadata"}
            facts[fact] = settled(answer.get(key) if key else answer) or None
        measures = _contents(reader, region, name, notes)
    resource = Resource(
        kind=Kind.BUCKET, arn=f"arn:{reader.partition}:s3:::{name}", name=name, region=region or "unknown",
        account_id=reader.account_id, created_at=moment(bucket.get("CreationDate")),
        tags=tags(marks.get("TagSet")), facts=facts, measures=measures, incomplete=notes.missing,
    )  # fmt: skip
    return Seen(resource, {"notifications": json.dumps(facts.get("Notifications") or {})})


def _contents(reader: Reader, region: str, name: str, notes: Notes) -> dict[str, Any]:
    """The newest of the first few thousand versions and delete markers, and whether there were more."""
    rows: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    marker: dict[str, str] = {}
    for _ in range(_PAGES):
        answer = reader.call(
            "s3", "list_object_versions", region, KINDS, subject=name, notes=notes, Bucket=name, **marker
        )
        if answer is None:
            return {}
        page = answer
        rows += [*(page.get("Versions") or []), *(page.get("DeleteMarkers") or [])]
        if not page.get("IsTruncated"):
            break
        marker = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page.get("NextVersionIdMarker", "")}
    times = [when for row in rows if (when := moment(row.get("LastModified")))]
    return chosen(
        {
            "versions": len(rows),
            "bytes": sum(row.get("Size", 0) for row in rows),
            "more": bool(page.get("IsTruncated")),
            "newest": max(times).isoformat() if times else None,
        },
        "versions", "bytes", "more", "newest",
    )  # fmt: skip
