"""Data at rest: under the environment's own key, whose policy and rotation are ours."""

from collections.abc import Iterator
from typing import Any

from policy import types
from policy.model import DEV, PROD, Finding, Resource, Rule, Stack, Violation, each, resource_rule, stack_rule
from policy.references import attached

KEY_ARN = "arn:aws:kms:eu-central-1:111122223333:key/0c8f3a52-7d6b-4d0f-9a52-1b1f6f0c9a11"
REASON = (
    "AWS's own or no key means that its policy is not ours: who can read the service can read the data, and it cannot "
    "be cut off"
)
REFS = ("P7", "P15")

# type -> what it is, and where its key stands
KEYS: dict[str, tuple[str, str]] = {
    types.SECRET: ("secret", "kmsKeyId"),
    types.LOG_GROUP: ("log-group", "kmsKeyId"),
    types.TOPIC: ("topic", "kmsMasterKeyId"),
    types.QUEUE: ("queue", "kmsMasterKeyId"),
    types.VAULT: ("vault", "kmsKeyArn"),
    types.FUNCTION: ("function-environment", "kmsKeyArn"),
    types.TRAIL: ("trail", "kmsKeyId"),
    types.EVENT_BUS: ("event-bus", "kmsKeyIdentifier"),
    types.SCHEDULE: ("schedule", "kmsKeyArn"),
    types.STATE_MACHINE: ("state-machine", "encryptionConfiguration.kmsKeyId"),
}


def key_problem(resource: Resource, path: str) -> Iterator[Finding]:
    """Yield what is wrong with the key at `path`: none, or AWS's own (its alias begins with `alias/aws/`)."""
    key = resource.get(path)
    if not key:
        yield Violation(f"{path} names no key")
    elif "alias/aws/" in str(key):
        yield Violation(f"{path} is {key}, a key that AWS manages")


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return properties with `value` at a dotted path."""
    head, _, tail = path.partition(".")
    return {head: nested(tail, value) if tail else value}


def _key_rule(type_: str, noun: str, path: str) -> Rule:
    return resource_rule(
        f"{noun}-customer-key",
        lambda resource: key_problem(resource, path),
        types=(type_,),
        reason=REASON,
        fix=f"set {path} to the environment's key",
        failing=PROD(type_),
        passing=PROD(type_, **nested(path, KEY_ARN)),
        refs=REFS,
    )


def table_key(table: Resource) -> Iterator[Finding]:
    """Judge the table's encryption, and that of each replica."""
    if table.get("serverSideEncryption.enabled") is not True:
        yield Violation("serverSideEncryption is not enabled: DynamoDB uses a key that AWS owns")
    else:
        yield from key_problem(table, "serverSideEncryption.kmsKeyArn")
    replicas = table.get("replicas") or []
    yield from each(range(len(replicas)), lambda index: key_problem(table, f"replicas.{index}.kmsKeyArn"), table.urn)


def parameter_key(parameter: Resource) -> Iterator[Finding]:
    """Judge a SecureString's key."""
    if parameter.get("type") == "SecureString":
        yield from key_problem(parameter, "keyId")


def rotating(key: Resource) -> Iterator[Finding]:
    """Judge rotation: KMS rotates symmetric encryption keys of its own material only ("Rotating AWS KMS keys")."""
    symmetric = key.get("customerMasterKeySpec") in {None, "SYMMETRIC_DEFAULT"}
    encrypts = key.get("keyUsage") in {None, "ENCRYPT_DECRYPT"}
    if symmetric and encrypts and key.get("enableKeyRotation") is not True:
        yield Violation("enableKeyRotation is not true")


def bucket_keys(stack: Stack) -> Iterator[Finding]:
    """Judge each bucket's default encryption, which is a resource of its own."""

    def judge(bucket: Resource) -> Iterator[Finding]:
        settings = attached(stack, types.BUCKET_ENCRYPTION, "bucket", bucket, by="bucket")
        if not settings:
            yield Violation("has no default encryption of its own: S3 uses its own key", bucket.urn)
        for setting in settings:
            default = "rules.0.applyServerSideEncryptionByDefault"
            algorithm = setting.get(f"{default}.sseAlgorithm")
            if algorithm not in {"aws:kms", "aws:kms:dsse"}:
                yield Violation(f"its default encryption is {algorithm}, not aws:kms", bucket.urn)
                continue
            for finding in key_problem(setting, f"{default}.kmsMasterKeyId"):
                yield Violation(getattr(finding, "message", ""), bucket.urn)

    yield from each(stack.of(types.BUCKET), judge)


_BUCKET = PROD(types.BUCKET, bucket="omnix-ai-prod-files-111122223333-eu-central-1")


def _bucket_encryption(**default: str) -> Resource:
    return PROD(
        types.BUCKET_ENCRYPTION,
        bucket="omnix-ai-prod-files-111122223333-eu-central-1",
        rules=[{"applyServerSideEncryptionByDefault": default}],
    )


RULES: tuple[Rule, ...] = (
    *(_key_rule(type_, noun, path) for type_, (noun, path) in KEYS.items()),
    resource_rule(
        "table-customer-key",
        table_key,
        types=(types.TABLE,),
        reason=REASON,
        fix="set serverSideEncryption to {enabled: true, kmsKeyArn: the environment's key}, on replicas too",
        failing=PROD(types.TABLE, serverSideEncryption={"enabled": False}),
        passing=PROD(types.TABLE, serverSideEncryption={"enabled": True, "kmsKeyArn": KEY_ARN}),
        refs=REFS,
    ),
    resource_rule(
        "parameter-customer-key",
        parameter_key,
        types=(types.PARAMETER,),
        reason=REASON,
        fix="set keyId to the environment's key",
        failing=PROD(types.PARAMETER, type="SecureString", keyId="alias/aws/ssm"),
        passing=PROD(types.PARAMETER, type="SecureString", keyId=KEY_ARN),
        refs=("P9",),
    ),
    resource_rule(
        "key-rotates",
        rotating,
        types=(types.KEY,),
        reason="a key that is never rotated makes one leak of its material a leak of all data ever written",
        fix="set enableKeyRotation: true",
        failing=DEV(types.KEY),
        passing=DEV(types.KEY, enableKeyRotation=True),
        refs=("P7",),
    ),
    stack_rule(
        "bucket-customer-key",
        bucket_keys,
        reason=REASON,
        fix="add a BucketServerSideEncryptionConfiguration with sseAlgorithm aws:kms and the environment's key",
        failing=(_BUCKET, _bucket_encryption(sseAlgorithm="AES256")),
        passing=(_BUCKET, _bucket_encryption(sseAlgorithm="aws:kms", kmsMasterKeyId=KEY_ARN)),
        refs=REFS,
    ),
)
