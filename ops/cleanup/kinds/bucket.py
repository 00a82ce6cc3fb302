"""Buckets: only empty ones, old versions, delete markers and unfinished uploads counted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, override

from botocore.exceptions import ClientError

from ops.cleanup.account import GLOBAL, present
from ops.cleanup.kinds.removal import Known, Removal, Step

# (what S3 reads it with, what it puts it back with, the argument, where in the answer): the whole answer when empty.
_SETTINGS = (
    ("get_bucket_ownership_controls", "put_bucket_ownership_controls", "OwnershipControls", "OwnershipControls"),
    ("get_public_access_block", "put_public_access_block", *["PublicAccessBlockConfiguration"] * 2),
    ("get_bucket_encryption", "put_bucket_encryption", *["ServerSideEncryptionConfiguration"] * 2),
    ("get_bucket_versioning", "put_bucket_versioning", "VersioningConfiguration", ""),
    ("get_bucket_lifecycle_configuration", "put_bucket_lifecycle_configuration", "LifecycleConfiguration", ""),
    ("get_bucket_cors", "put_bucket_cors", "CORSConfiguration", ""),
    ("get_bucket_logging", "put_bucket_logging", "BucketLoggingStatus", ""),
    ("get_bucket_website", "put_bucket_website", "WebsiteConfiguration", ""),
    ("get_bucket_tagging", "put_bucket_tagging", "Tagging", ""),
    ("get_bucket_policy", "put_bucket_policy", "Policy", "Policy"),
    ("get_bucket_notification_configuration", "put_bucket_notification_configuration", "NotificationConfiguration", ""),
    ("get_bucket_replication", "put_bucket_replication", "ReplicationConfiguration", "ReplicationConfiguration"),
)  # fmt: skip


class BucketRemoval(Removal):
    """One bucket. Whatever is in it is for its owner to move or delete first."""

    lasting = "its name is free for anybody in the world once it is gone: nothing may refer to it any more"

    @property
    def _bucket(self) -> dict[str, str]:
        return {"Bucket": self.entry.name, "ExpectedBucketOwner": self.account.account_id}

    @override
    def exists(self) -> bool:
        return present(lambda: self.client("s3").head_bucket(**self._bucket)) is not None

    @override
    def obstacles(self) -> list[str]:
        if not self.exists():
            return []
        s3 = self.client("s3")
        held = s3.list_object_versions(**self._bucket, MaxKeys=1000)
        versions, markers = len(held.get("Versions", ())), len(held.get("DeleteMarkers", ()))
        uploads = len(s3.list_multipart_uploads(**self._bucket, MaxUploads=1000).get("Uploads", ()))
        if not (versions or markers or uploads):
            return []
        least = "at least " if held.get("IsTruncated") else ""
        held_now = f"{least}{versions} object versions, {markers} delete markers, {uploads} unfinished uploads"
        return [f"it is not empty: {held_now}"]

    @override
    def described(self) -> dict[str, Any]:
        s3 = self.client("s3")
        settings = {}
        for read, put, argument, path in _SETTINGS:
            answer = self._setting(getattr(s3, read))
            answer.pop("ResponseMetadata", None)
            # an argument beside the rules, and told among them
            size = {name: answer.pop(name) for name in ("TransitionDefaultMinimumObjectSize",) if name in answer}
            if found := (answer.get(path) if path else answer):
                settings[put] = {argument: found, **size}
        return {"bucket": self.entry.name, "settings": settings}

    def _setting(self, read: Any) -> dict[str, Any]:
        try:
            found: dict[str, Any] = read(**self._bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
                return {}  # each setting has an error of its own for "not set", and all of them are 404
            raise
        return found

    @override
    def removing(self) -> list[Step]:
        return [Step("delete bucket", self._delete)]

    def _delete(self, _: Known) -> None:
        # S3 itself refuses a bucket that is not empty (BucketNotEmpty): nothing that came meanwhile can be lost.
        present(lambda: self.client("s3").delete_bucket(**self._bucket))

    @override
    def undoing(self) -> list[Step]:
        return [Step("create bucket", self._create), Step("put settings back", self._put_back)]

    def _create(self, _: Known) -> None:
        if self.exists():
            return
        # us-east-1 is the one region that must not be named as a constraint.
        place = (
            {}
            if self.entry.region in {"us-east-1", GLOBAL}
            else {"CreateBucketConfiguration": {"LocationConstraint": self.entry.region}}
        )
        self.account.settled(
            lambda: self.client("s3").create_bucket(Bucket=self.entry.name, **place), {"OperationAborted"}
        )

    def _put_back(self, known: Known) -> None:
        s3 = self.client("s3")
        for put, arguments in self.archived(known)["settings"].items():
            getattr(s3, put)(**self._bucket, **arguments)
