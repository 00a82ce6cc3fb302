"""The file bucket: what of it survives the loss of a region, and with whose permissions it gets there."""

import json
from typing import Any

from tests.infra.recording import Recording

REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
BUCKET = "aws:s3/bucket:Bucket"
HOME, DR = "data-files-home-bucket", "data-files-dr-bucket"


def statements(recording: Recording) -> dict[str, dict[str, Any]]:
    policy = recording.one("aws:iam/rolePolicy:RolePolicy", "data-files-replication-role-policy")
    return {one["Sid"]: one for one in json.loads(policy.inputs["policy"])["Statement"]}


def test_files_are_copied_to_a_bucket_of_the_recovery_region_under_its_own_key(recording: Recording) -> None:
    home, replica = recording.one(BUCKET, HOME), recording.one(BUCKET, DR)
    assert replica.inputs["region"] == recording.exports["dr_region"]
    assert replica.inputs["bucket"].endswith(recording.exports["dr_region"])
    config = recording.only(REPLICATION)
    assert config.inputs["bucket"] == home.inputs["bucket"] == recording.exports["file_bucket"]
    assert replica.inputs["bucket"] == recording.exports["file_bucket_dr"]
    (rule,) = config.inputs["rules"]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == {"prefix": ""}
    destination = rule["destination"]
    assert destination["bucket"].endswith(replica.inputs["bucket"])
    assert destination["encryptionConfiguration"]["replicaKmsKeyId"] == recording.exports["dr_key_arn"]


def test_encrypted_files_and_deletions_are_copied_and_a_lag_is_seen(recording: Recording) -> None:
    """Without its criteria S3 copies no object that lies under a customer key, and says so nowhere."""
    (rule,) = recording.only(REPLICATION).inputs["rules"]
    assert rule["sourceSelectionCriteria"]["sseKmsEncryptedObjects"] == {"status": "Enabled"}
    assert rule["deleteMarkerReplication"] == {"status": "Enabled"}
    assert rule["destination"]["metrics"] == {"status": "Enabled"}


def test_replication_begins_when_both_buckets_are_versioned_and_the_role_may_copy(recording: Recording) -> None:
    before = recording.closure(recording.only(REPLICATION))
    for kind, name in (
        ("aws:s3/bucketVersioning:BucketVersioning", "data-files-home-versioning"),
        ("aws:s3/bucketVersioning:BucketVersioning", "data-files-dr-versioning"),
        ("aws:iam/rolePolicy:RolePolicy", "data-files-replication-role-policy"),
    ):
        assert recording.one(kind, name).urn in before, name


def test_the_replication_role_reads_files_and_writes_replicas_and_nothing_else(recording: Recording) -> None:
    role = recording.one("aws:iam/role:Role", "data-files-replication-role")
    (trusted,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trusted["Principal"] == {"Service": ["s3.amazonaws.com"]}
    home, replica = recording.one(BUCKET, HOME), recording.one(BUCKET, DR)
    found = statements(recording)
    files, replicas = home.inputs["bucket"], replica.inputs["bucket"]
    assert all(arn.endswith(files) for arn in found["ReadConfiguration"]["Resource"])
    assert all(arn.endswith(f"{files}/*") for arn in found["ReadVersions"]["Resource"])
    assert all(arn.endswith(f"{replicas}/*") for arn in found["WriteReplicas"]["Resource"])
    actions = {action for one in found.values() for action in one["Action"]}
    assert not [action for action in actions if "*" in action or action.startswith(("s3:Put", "s3:Delete"))]


def test_each_key_is_used_through_s3_of_its_region_for_its_bucket_only(recording: Recording) -> None:
    found, exports = statements(recording), recording.exports
    for sid, key, region, bucket in (
        ("ReadKey", exports["key_arn"], exports["region"], exports["file_bucket"]),
        ("WriteKey", exports["dr_key_arn"], exports["dr_region"], exports["file_bucket_dr"]),
    ):
        assert found[sid]["Resource"] == [key]
        condition = found[sid]["Condition"]
        assert condition["StringEquals"] == {"kms:ViaService": [f"s3.{region}.amazonaws.com"]}
        contexts = condition["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
        assert [text.rpartition(":")[2].rpartition("/")[2] or text for text in contexts[:1]] == [bucket]
        assert contexts[1] == f"{contexts[0]}/*"


def test_what_was_overwritten_or_deleted_ends_in_both_regions_after_a_quarter(recording: Recording) -> None:
    kind = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    for name in ("data-files-home-lifecycle", "data-files-dr-lifecycle"):
        rules = {rule["id"]: rule for rule in recording.one(kind, name).inputs["rules"]}
        assert rules["old-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
        assert rules["old-versions"]["expiration"] == {"expiredObjectDeleteMarker": True}
        assert "abortIncompleteMultipartUpload" in rules["failed-uploads"]
