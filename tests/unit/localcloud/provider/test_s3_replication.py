"""A bucket's replication configuration: what PutBucketReplication would refuse, and its life."""
# ruff: noqa: A001 - `id` is the engine's word for it

from typing import Any

import pytest
from moto.s3.responses import S3Response

from localcloud.provider.wire import UNKNOWN, from_struct
from localcloud.replication import configuration

TOKEN = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
BUCKET, VERSIONING = "aws:s3/bucket:Bucket", "aws:s3/bucketVersioning:BucketVersioning"
ROLE, KEY = "arn:aws:iam::123456789012:role/r", "arn:aws:kms:eu-west-1:123456789012:key/1"
TARGET = {"bucket": "arn:aws:s3:::files-dr"}
KEYED = {**TARGET, "encryptionConfiguration": {"replicaKmsKeyId": KEY}}
ENCRYPTED = {"sseKmsEncryptedObjects": {"status": "Enabled"}}
RULE = {
    "id": "all",
    "status": "Enabled",
    "priority": 1,
    "filter": {},
    "deleteMarkerReplication": {"status": "Enabled"},
    "destination": TARGET,
}


@pytest.fixture(autouse=True)
def _whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Response, "get_bucket_replication", S3Response.get_bucket_replication)
    configuration.install()


def config(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"bucket": "files", "role": ROLE, "rules": list(rules), **more}


def without(*keys: str, **changes: Any) -> dict[str, Any]:
    return {**{key: value for key, value in RULE.items() if key not in keys}, **changes}


def to(**changes: Any) -> dict[str, Any]:
    return without(destination={**TARGET, **changes})


TIMED = {"replicationTime": {"status": "Enabled", "time": {"minutes": 15}}}
METERED = {"metrics": {"status": "Enabled", "eventThreshold": {"minutes": 15}}}


@pytest.mark.parametrize(
    ("inputs", "path"),
    [
        (config(), "rules"),
        (config(RULE, without("filter", "priority", "deleteMarkerReplication", id="b")), "rules"),
        (config(RULE, without(priority=2)), "rules[0].id"),
        (config(RULE, without(id="b")), "rules[0].priority"),
        (config(without("filter")), "rules[0].priority"),
        (config(without("priority")), "rules[0].priority"),
        (config(without("deleteMarkerReplication")), "rules[0].deleteMarkerReplication"),
        (config(without(prefix="a/")), "rules[0].prefix"),
        (config(without(filter={"prefix": "a", "tag": {"key": "k", "value": "v"}})), "rules[0].filter"),
        (config(without(filter={"tag": {"key": "k", "value": "v"}})), "rules[0].deleteMarkerReplication"),
        (config(without(existingObjectReplication={"status": "Enabled"})), "rules[0].existingObjectReplication"),
        (config(without(destination=KEYED)), "rules[0].sourceSelectionCriteria"),
        (config(without(sourceSelectionCriteria=ENCRYPTED)), "rules[0].destination.encryptionConfiguration"),
        (config(to(bucket="arn:aws:s3:::files")), "rules[0].destination.bucket"),
        (config(to(bucket="files-dr")), "rules[0].destination.bucket"),
        (config(to(**TIMED)), "rules[0].destination.metrics"),
        (config(to(**TIMED, metrics={"status": "Enabled", "eventThreshold": {"minutes": 5}})),
         "rules[0].destination.metrics.eventThreshold.minutes"),
        (config(to(accessControlTranslation={"owner": "Destination"})), "rules[0].destination.account"),
        (config(to(storageClass="COLD")), "rules[0].destination.storageClass"),
        (config(without(status="On")), "rules[0].status"),
        (config(RULE, role="arn:aws:iam::999999999999:role/r"), "role"),
    ],
)  # fmt: skip
def test_what_s3_would_refuse_is_refused_by_check(engine: Any, inputs: dict[str, Any], path: str) -> None:
    assert path in engine.check(TOKEN, "r", inputs)[1]


@pytest.mark.parametrize(
    "inputs",
    [
        config(RULE),
        config(RULE, without(id="b", priority=2, filter={"prefix": "b/"})),
        config(without("filter", "priority", "deleteMarkerReplication", prefix="a/")),
        config(without(destination=KEYED, sourceSelectionCriteria=ENCRYPTED)),
        config(to(**TIMED, **METERED, storageClass="STANDARD_IA")),
        config(to(bucket=UNKNOWN)),
        config(
            without(filter={"and": {"prefix": "a", "tags": {"k": "v"}}}, deleteMarkerReplication={"status": "Disabled"})
        ),
    ],
)
def test_what_s3_takes_is_taken(engine: Any, inputs: dict[str, Any]) -> None:
    assert engine.check(TOKEN, "r", inputs)[1] == {}


def bucket(engine: Any, name: str, region: str) -> None:
    engine.create(BUCKET, name, {"bucket": name, "region": region})


def versioned(engine: Any, name: str, region: str) -> None:
    status = {"versioningConfiguration": {"status": "Enabled"}}
    engine.create(VERSIONING, f"v-{name}", {"bucket": name, "region": region, **status})


def test_both_buckets_are_there_and_versioned(engine: Any) -> None:
    bucket(engine, "files", "eu-central-1")
    refusal = engine.refusal(engine.create, TOKEN, "r", config(RULE))
    assert "404" in refusal.details
    bucket(engine, "files-dr", "eu-west-1")
    refusal = engine.refusal(engine.create, TOKEN, "r", config(RULE))
    assert "files-dr must have versioning enabled" in refusal.details
    versioned(engine, "files-dr", "eu-west-1")
    refusal = engine.refusal(engine.create, TOKEN, "r", config(RULE))
    assert "Versioning must be 'Enabled'" in refusal.details
    versioned(engine, "files", "eu-central-1")
    assert engine.create(TOKEN, "r", config(RULE))[0] == "files"


def test_it_lives_changes_is_watched_and_goes(engine: Any) -> None:
    for name, region in (("files", "eu-central-1"), ("files-dr", "eu-west-1")):
        bucket(engine, name, region)
        versioned(engine, name, region)
    full = config(without(
        destination={**KEYED, **TIMED, **METERED}, sourceSelectionCriteria=ENCRYPTED,
        filter={"and": {"prefix": "a", "tags": {"k": "v"}}}, deleteMarkerReplication={"status": "Disabled"},
    ))  # fmt: skip
    id, made = engine.create(TOKEN, "r", full)
    read = engine.read(TOKEN, "r", id, made, full)
    assert not engine.diff(TOKEN, "r", id, from_struct(read.properties), from_struct(read.inputs), full).diffs
    imported = engine.read(TOKEN, "r", id)
    assert not engine.diff(TOKEN, "r", id, from_struct(imported.properties), from_struct(imported.inputs), full).diffs

    made = engine.update(TOKEN, "r", id, made, config(RULE))
    assert not engine.diff(TOKEN, "r", id, made, full, config(RULE)).replaces
    s3 = engine.cloud.client("s3")
    s3.put_bucket_replication(Bucket="files", ReplicationConfiguration={"Role": ROLE, "Rules": [{
        "ID": "all", "Priority": 1, "Status": "Disabled", "Filter": {}, "Destination": {"Bucket": TARGET["bucket"]},
        "DeleteMarkerReplication": {"Status": "Enabled"},
    }]})  # fmt: skip
    drifted = from_struct(engine.read(TOKEN, "r", id, made, config(RULE)).inputs)
    assert drifted["rules"][0]["status"] == "Disabled"

    engine.delete(TOKEN, "r", id, made)
    assert engine.read(TOKEN, "r", id, made, config(RULE)).id == ""
