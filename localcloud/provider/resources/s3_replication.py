"""Replication of a bucket: where its new objects are copied to, and which role copies them.

`localcloud.replication` does the copying.
"""
# ruff: noqa: A002, D102 - `ResourceType` says what each method does

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.provider.resource import Label, Scope, failed_precondition
from localcloud.provider.resources.s3_settings import BucketSetting, from_api, to_api
from localcloud.provider.wire import Properties, has_unknown
from localcloud.refusals import NotCovered
from localcloud.refusals.applied import applied
from localcloud.refusals.check import Inputs, Of, Place, Violation

_TOKEN = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"  # noqa: S105 - a type's, no secret
_PUT = "S3 PutBucketReplication"
_MOST_RULES = 1000
_MINUTES = 15  # the only threshold of Replication Time Control


class BucketReplicationConfig(BucketSetting):
    """Both buckets must be versioned; AWS says so when it takes the configuration."""

    pulumi_type = _TOKEN
    label = Label.EXECUTED
    call = "bucket_replication"
    unordered = frozenset({"rules"})
    local_only = frozenset({"token"})
    force_new = frozenset({"bucket"})

    def settle(self, scope: Scope, id: str, news: Properties, olds: Properties) -> None:
        s3 = scope.client("s3")
        for rule in news["rules"]:
            bucket = rule["destination"]["bucket"].rpartition(":")[2]
            s3.head_bucket(Bucket=bucket)
            if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
                raise failed_precondition(f"InvalidRequest: Destination bucket {bucket} must have versioning enabled.")
        super().settle(scope, id, news, olds)

    def encode(self, inputs: Properties) -> dict[str, Any]:
        return {"ReplicationConfiguration": {"Role": inputs["role"], "Rules": to_api(inputs["rules"])}}

    def decode(self, found: Mapping[str, Any]) -> Properties | None:
        configuration = found["ReplicationConfiguration"]
        return {"role": configuration["Role"], "rules": from_api(configuration["Rules"])}


def _rules(inputs: Inputs, _: Place) -> Iterator[Violation]:
    rules = inputs.get("rules", ())
    if not 1 <= len(rules) <= _MOST_RULES:
        yield "rules", f"{len(rules)} rules; S3 takes 1 to {_MOST_RULES}"
    if len({"filter" in rule for rule in rules}) > 1:
        yield "rules", "rules with a filter and rules without one are of two schemas: give all of them a filter"
    ids = [rule["id"] for rule in rules if rule.get("id")]
    places = [(rule["destination"].get("bucket"), rule["priority"]) for rule in rules if "priority" in rule]
    for index, rule in enumerate(rules):
        path = f"rules[{index}]"
        if ids.count(rule.get("id")) > 1:
            yield f"{path}.id", f"{rule['id']!r} is the id of another rule"
        if "priority" in rule and places.count((rule["destination"].get("bucket"), rule["priority"])) > 1:
            yield f"{path}.priority", f"{rule['priority']} is the priority of another rule to this destination"
        yield from _schema(rule, path)
        yield from _encrypted(rule, path)
        yield from _destination(rule["destination"], str(inputs.get("bucket", "")), f"{path}.destination")


def _schema(rule: Inputs, path: str) -> Iterator[Violation]:
    """A filter makes it the second schema, which wants what the first does not know."""
    if "filter" not in rule:
        for key in ("deleteMarkerReplication", "priority"):
            if key in rule:
                yield f"{path}.{key}", f"{key} takes a filter, an empty one for all objects"
        return
    if rule.get("prefix"):
        yield f"{path}.prefix", "conflicts with filter: use filter.prefix"
    for key in ("deleteMarkerReplication", "priority"):
        if key not in rule:
            yield f"{path}.{key}", f"{key} must be specified for this version of the replication configuration schema"
    chosen = rule.get("filter") or {}
    if len(chosen) > 1:
        yield f"{path}.filter", "one condition, or several inside and"
    tagged = chosen.get("tag") or (chosen.get("and") or {}).get("tags")
    if tagged and (rule.get("deleteMarkerReplication") or {}).get("status") == "Enabled":
        yield f"{path}.deleteMarkerReplication", "delete markers have no tags: not with a filter by tag"
    if "existingObjectReplication" in rule:
        yield f"{path}.existingObjectReplication", "S3 takes it from nobody any more: use S3 Batch Replication"


def _encrypted(rule: Inputs, path: str) -> Iterator[Violation]:
    selected = ((rule.get("sourceSelectionCriteria") or {}).get("sseKmsEncryptedObjects") or {}).get("status")
    keyed = "encryptionConfiguration" in rule["destination"]
    if keyed and selected is None:
        at = f"{path}.sourceSelectionCriteria"
        yield at, "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present"
    if selected == "Enabled" and not keyed:
        at = f"{path}.destination.encryptionConfiguration"
        yield at, "EncryptionConfiguration must be specified if SseKmsEncryptedObjects is Enabled"


def _destination(given: Inputs, source: str, path: str) -> Iterator[Violation]:
    if given.get("bucket") == f"arn:aws:s3:::{source}":
        yield f"{path}.bucket", "a bucket is not replicated into itself"
    if "accessControlTranslation" in given and "account" not in given:
        yield f"{path}.account", "another owner needs the account"
    timed, metered = (given.get(key) or {} for key in ("replicationTime", "metrics"))
    if timed.get("status") == "Enabled" and metered.get("status") != "Enabled":
        yield f"{path}.metrics", "Replication Time Control needs metrics"
    thresholds = {"replicationTime.time": timed.get("time"), "metrics.eventThreshold": metered.get("eventThreshold")}
    for key, found in thresholds.items():
        minutes = (found or {}).get("minutes")
        if minutes is not None and not has_unknown(minutes) and int(minutes) != _MINUTES:
            yield f"{path}.{key}.minutes", f"{minutes}: S3 takes {_MINUTES} only"


_ON = Of(_TOKEN, _PUT)
RULES = (
    _ON.rule(
        "rules", "rules bucket", _rules, "rules of two schemas or without what theirs needs, of one id or priority,"
        " keys without encrypted objects, a bucket into itself", f"{_MOST_RULES} rules; {_MINUTES} minutes",
        "S3 user guide: replication configuration file elements",
    ),
    applied(_TOKEN, "versioned", "a source or a destination that is not versioned, or not there", _PUT),
)  # fmt: skip
NOT_COVERED = (
    NotCovered(
        _TOKEN, "a destination of another account, and its bucket policy", "one account in this cloud", _PUT,
    ),
)  # fmt: skip
TYPES = (BucketReplicationConfig(),)
