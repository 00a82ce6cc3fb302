"""What is lost when a resource goes, and what stands in the way, by type."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ops.preview.disclosure import Scalar

type Facts = Mapping[str, Scalar]


@dataclass(frozen=True)
class Loss:
    """`lost`: what goes with the resource. `gated`: without an override nobody may delete or replace it."""

    noun: str
    lost: str
    gated: bool = True


def _gone(noun: str, lost: str) -> Loss:
    return Loss(noun, lost)


def _noted(noun: str, lost: str) -> Loss:
    return Loss(noun, lost, gated=False)


LOSSES: Mapping[str, Loss] = {
    "aws:backup/vault:Vault": _gone("backup vault", "every recovery point in it"),
    "aws:cloudtrail/trail:Trail": _noted("trail", "the audit record from here on"),
    "aws:cloudwatch/logGroup:LogGroup": _noted("log group", "every log line in it"),
    "aws:cognito/userPool:UserPool": _gone("user pool", "every user and their credentials"),
    "aws:dynamodb/globalTable:GlobalTable": _gone("global table", "every item in every region"),
    "aws:dynamodb/table:Table": _gone("table", "every item in it, its indexes and its stream"),
    "aws:dynamodb/tableItem:TableItem": _gone("item", "the item"),
    "aws:dynamodb/tableReplica:TableReplica": _gone("replica", "the region's copy of the table"),
    "aws:ebs/volume:Volume": _gone("volume", "everything on it"),
    "aws:ecr/repository:Repository": _gone("image repository", "every image in it"),
    "aws:efs/fileSystem:FileSystem": _gone("file system", "every file in it"),
    "aws:kinesis/stream:Stream": _gone("stream", "every record not yet read"),
    "aws:kms/key:Key": _gone("key", "everything ever encrypted with it: tables, objects, secrets, logs, backups"),
    "aws:kms/replicaKey:ReplicaKey": _gone("replica key", "everything in its region encrypted with it"),
    "aws:opensearch/domain:Domain": _gone("search domain", "every index in it"),
    "aws:rds/cluster:Cluster": _gone("database", "everything in it"),
    "aws:rds/instance:Instance": _gone("database", "everything in it"),
    "aws:s3/bucket:Bucket": _gone("bucket", "every object and version in it"),
    "aws:s3/bucketV2:BucketV2": _gone("bucket", "every object and version in it"),
    "aws:secretsmanager/secret:Secret": _gone("secret", "its value: sessions, hashes or signatures made with it"),
    "aws:secretsmanager/secretVersion:SecretVersion": _gone("secret version", "this version of the value"),
    "aws:sqs/queue:Queue": _gone("queue", "every message not yet handled"),
    # Nothing stored is lost, but somebody outside has to act.
    "aws:apigateway/apiKey:ApiKey": _noted("API key", "the key that clients were given"),
    "aws:apigateway/restApi:RestApi": _noted("REST API", "its address: clients of the old one get no answer"),
    "aws:apigatewayv2/api:Api": _noted("WebSocket API", "its address and every open connection"),
    "aws:cloudfront/distribution:Distribution": _noted("distribution", "its address, until DNS points at the new one"),
    "aws:sns/topicSubscription:TopicSubscription": _noted("subscription", "the confirmation of an e-mail address"),
    "aws:sns/topic:Topic": _noted("topic", "its subscriptions: e-mail addresses must confirm again"),
}


def loss_of(type_token: str) -> Loss | None:
    """What goes with a resource of this type; None when nothing does that the next `up` would not make again."""
    return LOSSES.get(type_token)


def _table(facts: Facts) -> list[str]:
    found = []
    if facts.get("deletionProtectionEnabled") is True:
        found.append("deletion protection is on: DynamoDB refuses to delete it")
    if facts.get("pointInTimeRecovery.enabled") is True:
        found.append("point-in-time recovery is on: AWS keeps a system backup for 35 days after the deletion")
    return found


def _key(facts: Facts) -> list[str]:
    days = facts.get("deletionWindowInDays", 30)
    return [f"KMS waits {days} days before it deletes a key; until then the deletion can be cancelled"]


def _secret(facts: Facts) -> list[str]:
    days = facts.get("recoveryWindowInDays", 30)
    return [f"Secrets Manager can restore it for {days} days"] if days else []


def _bucket(facts: Facts) -> list[str]:
    return [] if facts.get("forceDestroy") is True else ["S3 refuses while the bucket holds an object"]


def _vault(facts: Facts) -> list[str]:
    return [] if facts.get("forceDestroy") is True else ["AWS Backup refuses while the vault holds a recovery point"]


_PROTECTIONS: Mapping[str, Callable[[Facts], list[str]]] = {
    "aws:backup/vault:Vault": _vault,
    "aws:dynamodb/table:Table": _table,
    "aws:kms/key:Key": _key,
    "aws:kms/replicaKey:ReplicaKey": _key,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:secretsmanager/secret:Secret": _secret,
}


def protections(type_token: str, facts: Facts, *, protect: bool, retain: bool, replaced: bool) -> tuple[str, ...]:
    """What stands between a stateful resource and its loss, as it is deployed now; empty when nothing does."""
    found: list[str] = []
    if protect:
        found.append("`protect` is on: the engine refuses until it is unprotected")
    if retain:
        stays = "`retainOnDelete` is on: it stays in the account, outside the stack's care"
        found.append(f"{stays}; a fixed physical name is then taken" if replaced else stays)
    of_type = _PROTECTIONS.get(type_token)
    return (*found, *(of_type(facts) if of_type else ()))


# Switches that make a loss likelier when they move: path → the value that protects (True, False, or "higher").
_GUARDS: Mapping[str, Mapping[str, bool | str]] = {
    "aws:backup/vault:Vault": {"forceDestroy": False},
    "aws:cloudwatch/logGroup:LogGroup": {"retentionInDays": "higher"},
    "aws:dynamodb/table:Table": {
        "deletionProtectionEnabled": True,
        "pointInTimeRecovery.enabled": True,
        "serverSideEncryption.enabled": True,
    },
    "aws:kms/key:Key": {"deletionWindowInDays": "higher", "enableKeyRotation": True},
    "aws:s3/bucket:Bucket": {"forceDestroy": False},
    "aws:secretsmanager/secret:Secret": {"recoveryWindowInDays": "higher"},
    "aws:sqs/queue:Queue": {"messageRetentionSeconds": "higher"},
}


def weakened(type_token: str, before: Facts, after: Facts) -> tuple[str, ...]:
    """Paths of protections that an update takes away or shortens."""
    found = []
    for path, safe in _GUARDS.get(type_token, {}).items():
        old, new = before.get(path), after.get(path)
        if safe == "higher":
            numbers = isinstance(old, int | float) and isinstance(new, int | float)
            if numbers and _endless(path, old) > _endless(path, new):
                found.append(path)
        elif old is safe and new is not safe:
            found.append(path)
    return tuple(found)


def _endless(path: str, value: Scalar | None) -> float:
    """A retention of 0 days means "never expires" to CloudWatch Logs."""
    number = float(value) if isinstance(value, int | float) else 0.0
    return float("inf") if path == "retentionInDays" and not number else number


# What an update in place does that its name does not say: type → path prefix → what a reviewer should know.
CAUTIONS: Mapping[str, Mapping[str, str]] = {
    "aws:dynamodb/table:Table": {
        "billingMode": "DynamoDB allows four changes of the billing mode in 24 hours",
        "globalSecondaryIndexes": "an index is built anew: queries on it fail until it is filled, one index at a time",
        "streamEnabled": "the stream gets a new ARN; what its readers have not read is lost to them",
        "streamViewType": "the stream gets a new ARN; what its readers have not read is lost to them",
    },
    "aws:kms/key:Key": {"policy": "a wrong key policy locks everyone out, AWS's own services included"},
}


def cautions(type_token: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    """What to know about an update that touches `paths`."""
    notes = CAUTIONS.get(type_token, {})
    return tuple(dict.fromkeys(note for prefix, note in notes.items() if any(p.startswith(prefix) for p in paths)))
