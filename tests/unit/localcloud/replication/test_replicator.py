"""What is written into a replicated bucket: where it arrives, as what, and when the role or a key stands in the way."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeKey, S3Backend
from moto.s3.responses import S3Response

from localcloud.enforcement.account import Account
from localcloud.enforcement.acting import Acting
from localcloud.enforcement.gate import Gate
from localcloud.enforcement.usage import Usage
from localcloud.persistence.lock import StateLock
from localcloud.replication.replicator import Replicator

HOME, DR, ACCOUNT = "eu-central-1", "eu-west-1", DEFAULT_ACCOUNT_ID
SOURCE, TARGET = "arn:aws:s3:::files", "arn:aws:s3:::files-dr"


def allow(action: list[str], resource: list[str], **condition: Any) -> dict[str, Any]:
    given = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**given, **({"Condition": condition} if condition else {})}


def through(region: str, arn: str) -> dict[str, Any]:
    """Only by S3 of the region, for that bucket."""
    return {
        "StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": [arn, f"{arn}/*"]},
    }


@dataclass
class Buckets:
    """`files` in the home region, `files-dr` in the other one, each under a key of its region; both versioned."""

    lock: StateLock
    replicator: Replicator
    gate: Gate
    keys: Mapping[str, str]
    changed: list[None]

    def client(self, service: str, region: str = HOME) -> Any:
        make: Any = boto3.client
        return make(service, region_name=region)

    def role(self, *left_out: str, trust: str = "s3.amazonaws.com") -> str:
        """The least that replication needs, without the actions that a test leaves out."""
        statements = [
            allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [SOURCE]),
            allow([f"s3:GetObjectVersion{what}" for what in ("ForReplication", "Acl", "Tagging")], [f"{SOURCE}/*"]),
            allow([f"s3:Replicate{what}" for what in ("Object", "Delete", "Tags")], [f"{TARGET}/*"]),
            allow(["kms:Decrypt"], [self.keys[HOME]], **through(HOME, SOURCE)),
            allow(["kms:Encrypt"], [self.keys[DR]], **through(DR, TARGET)),
        ]
        for statement in statements:
            statement["Action"] = [action for action in statement["Action"] if action not in left_out] or ["s3:None"]
        iam = self.client("iam")
        trusted = {"Effect": "Allow", "Principal": {"Service": trust}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        arn: str = iam.create_role(RoleName="replicates", AssumeRolePolicyDocument=document)["Role"]["Arn"]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName="replicates", PolicyName="given", PolicyDocument=policy)
        self.gate.written("iam")
        return arn

    def replicate(self, role: str, **changes: Any) -> None:
        rule = {
            "ID": "all",
            "Priority": 1,
            "Status": "Enabled",
            "Filter": {},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
            "Destination": {"Bucket": TARGET, "EncryptionConfiguration": {"ReplicaKmsKeyID": self.keys[DR]}},
            **changes,
        }
        self.client("s3").put_bucket_replication(
            Bucket="files", ReplicationConfiguration={"Role": role, "Rules": [rule]}
        )

    def write(self, work: Callable[[Any], Any]) -> Any:
        """As one call of the endpoint: whole before anything else happens. Then wait for the copies."""
        with self.lock.hold():
            done = work(self.client("s3"))
        self.replicator.drain()
        return done

    def put(self, key: str = "a.txt", **more: Any) -> str:
        made = self.write(lambda s3: s3.put_object(Bucket="files", Key=key, Body=b"content", **more))
        return str(made["VersionId"])

    def replica(self, key: str = "a.txt") -> dict[str, Any] | None:
        s3 = self.client("s3", DR)
        listed = s3.list_objects_v2(Bucket="files-dr").get("Contents", ())
        return s3.get_object(Bucket="files-dr", Key=key) if key in {row["Key"] for row in listed} else None

    def status(self, key: str = "a.txt") -> str | None:
        found: str | None = self.client("s3").head_object(Bucket="files", Key=key).get("ReplicationStatus")
        return found


@pytest.fixture
def buckets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Buckets]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for patched, names in (
        (S3Backend, ("put_object", "_set_delete_marker", "put_object_tagging")),
        (FakeKey, ("response_dict",)),
        (S3Response, ("get_bucket_replication",)),
    ):
        for name in names:
            monkeypatch.setattr(patched, name, vars(patched)[name])
    with mock_aws():
        gate, lock, changed = Gate(Account(ACCOUNT), Usage()), StateLock(), list[None]()
        keys = {region: _key(region) for region in (HOME, DR)}
        for name, region in (("files", HOME), ("files-dr", DR)):
            _bucket(name, region, keys[region])
        replicator = Replicator(Acting(gate, lock), lock, lambda: changed.append(None))
        replicator.start()
        yield Buckets(lock, replicator, gate, keys, changed)
        replicator.close()


def _key(region: str) -> str:
    make: Any = boto3.client
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root]})
    return str(make("kms", region_name=region).create_key(Policy=policy)["KeyMetadata"]["Arn"])


def _bucket(name: str, region: str, key: str) -> None:
    make: Any = boto3.client
    s3 = make("s3", region_name=region)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})


def test_a_new_object_arrives_with_its_version_its_metadata_and_its_tags_under_the_other_regions_key(
    buckets: Buckets,
) -> None:
    buckets.replicate(buckets.role())
    version = buckets.put(ContentType="text/plain", Metadata={"order": "1"}, Tagging="kind=invoice")
    replica = buckets.replica()
    assert replica is not None
    assert (replica["Body"].read(), replica["VersionId"]) == (b"content", version)
    assert (replica["ContentType"], replica["Metadata"]) == ("text/plain", {"order": "1"})
    assert (replica["ServerSideEncryption"], replica["SSEKMSKeyId"]) == ("aws:kms", buckets.keys[DR])
    assert (buckets.status(), replica["ReplicationStatus"]) == ("COMPLETED", "REPLICA")
    tags = buckets.client("s3", DR).get_object_tagging(Bucket="files-dr", Key="a.txt")["TagSet"]
    assert tags == [{"Key": "kind", "Value": "invoice"}]
    assert buckets.changed


def test_later_tags_follow_and_make_no_version(buckets: Buckets) -> None:
    buckets.replicate(buckets.role())
    buckets.put()
    tags = {"TagSet": [{"Key": "seen", "Value": "yes"}]}
    buckets.write(lambda s3: s3.put_object_tagging(Bucket="files", Key="a.txt", Tagging=tags))
    s3 = buckets.client("s3", DR)
    assert s3.get_object_tagging(Bucket="files-dr", Key="a.txt")["TagSet"] == tags["TagSet"]
    assert len(s3.list_object_versions(Bucket="files-dr")["Versions"]) == 1


def test_an_upload_in_parts_and_a_copy_arrive_too(buckets: Buckets) -> None:
    buckets.replicate(buckets.role())
    s3 = buckets.client("s3")
    where = {"Bucket": "files", "Key": "parts"}
    upload = {**where, "UploadId": s3.create_multipart_upload(**where)["UploadId"]}
    part = s3.upload_part(**upload, PartNumber=1, Body=b"part")["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    buckets.write(lambda s3: s3.complete_multipart_upload(**upload, MultipartUpload=parts))
    buckets.write(lambda s3: s3.copy_object(Bucket="files", Key="copy", CopySource="files/parts"))
    for key in ("parts", "copy"):
        replica = buckets.replica(key)
        assert replica is not None
        assert replica["Body"].read() == b"part"


def test_a_delete_marker_hides_the_replica_and_a_deleted_version_stays(buckets: Buckets) -> None:
    buckets.replicate(buckets.role())
    version = buckets.put()
    buckets.write(lambda s3: s3.delete_object(Bucket="files", Key="a.txt"))
    assert buckets.replica() is None
    buckets.write(lambda s3: s3.delete_object(Bucket="files", Key="a.txt", VersionId=version))
    kept = buckets.client("s3", DR).get_object(Bucket="files-dr", Key="a.txt", VersionId=version)
    assert kept["Body"].read() == b"content"


def test_delete_markers_stay_at_home_where_the_rule_says_so(buckets: Buckets) -> None:
    buckets.replicate(buckets.role(), DeleteMarkerReplication={"Status": "Disabled"})
    buckets.put()
    buckets.write(lambda s3: s3.delete_object(Bucket="files", Key="a.txt"))
    assert buckets.replica() is not None


@pytest.mark.parametrize(
    "action",
    [
        *("s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectVersionForReplication"),
        *("s3:GetObjectVersionAcl", "s3:ReplicateObject", "kms:Decrypt", "kms:Encrypt"),
    ],
)
def test_without_one_of_its_permissions_the_role_copies_nothing(buckets: Buckets, action: str) -> None:
    buckets.replicate(buckets.role(action))
    buckets.put()
    assert buckets.replica() is None
    assert buckets.status() == "FAILED"


def test_tags_and_delete_markers_take_permissions_of_their_own(buckets: Buckets) -> None:
    buckets.replicate(buckets.role("s3:ReplicateTags", "s3:ReplicateDelete"))
    buckets.put("tagged", Tagging="a=b")
    buckets.put("plain")
    buckets.write(lambda s3: s3.delete_object(Bucket="files", Key="plain"))
    assert (buckets.status("tagged"), buckets.replica("tagged")) == ("FAILED", None)
    assert buckets.replica("plain") is not None


def test_a_role_that_s3_may_not_assume_copies_nothing(buckets: Buckets) -> None:
    buckets.replicate(buckets.role(trust="backup.amazonaws.com"))
    buckets.put()
    assert buckets.status() == "FAILED"


def test_a_key_that_is_switched_off_stops_the_copy(buckets: Buckets) -> None:
    buckets.replicate(buckets.role())
    buckets.client("kms", DR).disable_key(KeyId=buckets.keys[DR].rpartition("/")[2])
    buckets.put()
    assert (buckets.status(), buckets.replica()) == ("FAILED", None)


@pytest.mark.parametrize(
    ("changes", "key", "arrives"),
    [
        ({"Filter": {"Prefix": "in/"}}, "in/a", True),
        ({"Filter": {"Prefix": "in/"}}, "out/a", False),
        ({"Filter": {"Tag": {"Key": "k", "Value": "v"}}}, "tagged", True),
        ({"Filter": {"Tag": {"Key": "k", "Value": "w"}}}, "tagged", False),
        ({"Filter": {"And": {"Prefix": "t", "Tags": [{"Key": "k", "Value": "v"}]}}}, "tagged", True),
        ({"Status": "Disabled"}, "a", False),
        ({"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Disabled"}}}, "a", False),
    ],
)
def test_a_rule_copies_what_it_selects(buckets: Buckets, changes: dict[str, Any], key: str, arrives: bool) -> None:
    buckets.replicate(buckets.role(), **changes)
    buckets.put(key, Tagging="k=v")
    assert (buckets.replica(key) is not None) is arrives
    assert buckets.status(key) == ("COMPLETED" if arrives else None)


def test_what_is_there_before_and_what_is_in_other_buckets_is_left_alone(buckets: Buckets) -> None:
    buckets.put("before")
    buckets.replicate(buckets.role())
    buckets.write(lambda s3: s3.put_object(Bucket="files-dr", Key="own", Body=b""))
    assert buckets.replica("before") is None
    assert buckets.status("before") is None
    assert [row["Key"] for row in buckets.client("s3").list_objects_v2(Bucket="files")["Contents"]] == ["before"]


@pytest.mark.parametrize(
    "changes",
    [
        {"Filter": {"Prefix": "in/"}, "Destination": {"Bucket": TARGET, "StorageClass": "STANDARD_IA"}},
        {"Filter": {"And": {"Prefix": "", "Tags": [{"Key": "k", "Value": "v"}]}}},
        {"Destination": {
            "Bucket": TARGET,
            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        }},
    ],
)  # fmt: skip
def test_the_configuration_is_read_as_it_was_put(buckets: Buckets, changes: dict[str, Any]) -> None:
    role = buckets.role()
    buckets.replicate(role, **changes)
    found = buckets.client("s3").get_bucket_replication(Bucket="files")["ReplicationConfiguration"]
    assert found["Role"] == role
    assert {key: found["Rules"][0][key] for key in changes} == changes
    assert found["Rules"][0]["DeleteMarkerReplication"] == {"Status": "Enabled"}
    assert found["Rules"][0]["Priority"] == 1
