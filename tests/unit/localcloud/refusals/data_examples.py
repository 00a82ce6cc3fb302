"""Inputs that each rule of DynamoDB, S3, IAM, KMS, Secrets Manager and Parameter Store refuses and accepts."""

import json
from typing import Any

ACCOUNT, REGION = "123456789012", "eu-central-1"
type Examples = dict[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]]


def document(**statement: Any) -> str:
    """A policy document of one statement that allows, and `statement`."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def grant(action: str, resource: str = "*", size: int = 0) -> str:
    """An identity policy of about `size` characters."""
    resources = [resource, *(f"arn:aws:s3:::{number:060}/*" for number in range(size // 75))]
    return document(Action=action, Resource=resources)


def resource_grant(action: str, principal: Any = "*") -> str:
    """A resource's policy."""
    return document(Action=action, Resource="*", Principal=principal)


ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
SERVICE = {"Service": "lambda.amazonaws.com"}
TRUST = document(Action="sts:AssumeRole", Principal=SERVICE)
UNREADABLE = ["{", "{}", document(Action="no-service", Resource="*"), document(Action="s3:GetObject")]


def policies(key: str, good: str, *, foreign: str = "") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Documents that nothing stores, one of another service's actions, and a good one."""
    bad = [*UNREADABLE, *([foreign] if foreign else [])]
    return [{key: text} for text in bad], [{key: good}]


def table(*keys: str, **more: Any) -> dict[str, Any]:
    """A table keyed by `keys`, all of them defined as strings."""
    names = dict(zip(("hashKey", "rangeKey"), keys, strict=False))
    return {**names, "attributes": [{"name": key, "type": "S"} for key in keys], **more}


def index(name: str = "by-x", **more: Any) -> dict[str, Any]:
    """A secondary index."""
    return {"name": name, "hashKey": "x", "projectionType": "ALL", **more}


def lifecycle(*rules: dict[str, Any]) -> dict[str, Any]:
    """Lifecycle rules, each of its own id."""
    return {"rules": [{"id": str(number), "status": "Enabled", **rule} for number, rule in enumerate(rules)]}


EXPIRE = {"expiration": {"days": 30}}
ON_DEMAND = {"billingMode": "PAY_PER_REQUEST"}
REPLICA = {"regionName": "eu-west-1"}

EXAMPLES: Examples = {
    "dynamodb.Table.name-length": ([{"name": "ab"}, {"name": "x" * 256}], [{"name": "abc"}]),
    "dynamodb.Table.attributes-used": (
        [
            {"hashKey": "a", "attributes": [{"name": "a", "type": "S"}, {"name": "b", "type": "S"}]},
            {"hashKey": "a", "attributes": []},
            {"hashKey": "a", "attributes": [{"name": "a", "type": "S"}] * 2},
            table("a", globalSecondaryIndexes=[index()]),
        ],
        [
            table("a", "b"),
            {**table("a", "x"), "rangeKey": None, "globalSecondaryIndexes": [index()]},
            table("a", "x", globalSecondaryIndexes=[{"keySchemas": [{"attributeName": "x", "keyType": "HASH"}]}]),
            {"restoreSourceName": "old"},
        ],
    ),
    "dynamodb.Table.hash-key": (
        [{}, {"hashKey": "a", "rangeKey": "a"}],
        [{"hashKey": "a"}, {"restoreSourceName": "b"}],
    ),
    "dynamodb.Table.index-keys": (
        [
            {"globalSecondaryIndexes": [index("one"), index("one")]},
            {"globalSecondaryIndexes": [{"name": "one"}]},
            {"localSecondaryIndexes": [{"name": "one", "rangeKey": "x"}]},
            {"rangeKey": "x", "localSecondaryIndexes": [{"name": "one", "rangeKey": "x"}]},
        ],
        [
            {"globalSecondaryIndexes": [index("one"), index("two")]},
            {"rangeKey": "y", "localSecondaryIndexes": [{"name": "one", "rangeKey": "x"}]},
        ],
    ),
    "dynamodb.Table.projection": (
        [
            {"globalSecondaryIndexes": [index(projectionType="INCLUDE")]},
            {"globalSecondaryIndexes": [index(nonKeyAttributes=["a"])]},
            {"globalSecondaryIndexes": [index(projectionType="INCLUDE", nonKeyAttributes=["x"])]},
            {
                "globalSecondaryIndexes": [
                    index(projectionType="INCLUDE", nonKeyAttributes=[f"{at}-{n}" for n in range(20)])
                    for at in range(6)
                ]
            },
        ],
        [{"globalSecondaryIndexes": [index(projectionType="INCLUDE", nonKeyAttributes=["a"]), index("two")]}],
    ),
    "dynamodb.Table.capacity": (
        [
            {},
            {"readCapacity": 1, "writeCapacity": 0},
            {"readCapacity": 1, "writeCapacity": 40001},
            {"readCapacity": 1, "writeCapacity": 1, "globalSecondaryIndexes": [index()]},
            {"readCapacity": 1, "writeCapacity": 1, "onDemandThroughput": {"maxReadRequestUnits": 1}},
        ],
        [
            {**ON_DEMAND, "globalSecondaryIndexes": [index()], "onDemandThroughput": {"maxReadRequestUnits": 1}},
            {**ON_DEMAND, "readCapacity": 1},
            {"readCapacity": 1, "writeCapacity": 40000},
        ],
    ),
    "dynamodb.Table.stream-view": (
        [{"streamEnabled": True}, {"streamViewType": "KEYS_ONLY"}],
        [{"streamEnabled": True, "streamViewType": "KEYS_ONLY"}, {"streamEnabled": False}],
    ),
    "dynamodb.Table.flags": (
        [
            {"ttl": {"enabled": True}},
            {"pointInTimeRecovery": {"enabled": False, "recoveryPeriodInDays": 7}},
            {"serverSideEncryption": {"enabled": False, "kmsKeyArn": "arn:aws:kms:r:1:key/x"}},
        ],
        [
            {"ttl": {"enabled": True, "attributeName": "expires"}},
            {"ttl": {"enabled": False}},
            {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 7}},
        ],
    ),
    "dynamodb.Table.replicas": (
        [
            {"replicas": [REPLICA]},
            {"replicas": [{"regionName": REGION}], "streamEnabled": True, "streamViewType": "NEW_AND_OLD_IMAGES"},
            {"replicas": [REPLICA, REPLICA], "streamEnabled": True, "streamViewType": "NEW_AND_OLD_IMAGES"},
        ],
        [{"replicas": [REPLICA], "streamEnabled": True, "streamViewType": "NEW_AND_OLD_IMAGES"}, {}],
    ),
    "dynamodb.Table.globalSecondaryIndexes-count": (
        [{"globalSecondaryIndexes": [index()] * 21}],
        [{"globalSecondaryIndexes": [index()] * 20}],
    ),
    "dynamodb.Table.localSecondaryIndexes-count": (
        [{"localSecondaryIndexes": [index()] * 6}],
        [{"localSecondaryIndexes": [index()] * 5}],
    ),
    "s3.Bucket.name": (
        [
            {"bucket": name}
            for name in ("ab", "x" * 64, "192.168.0.1", "xn--shop", "shop-s3alias", "shop--ol-s3", "shop.mrap")
        ]
        + [{"bucket": name} for name in ("Shop", "a..b", "-shop", "shop-", "sho_p", "shop--x-s3", "sthree-shop")],
        [{"bucket": "shop-artefacts-123456789012-eu-central-1"}, {"bucket": "a.b-c"}],
    ),
    "s3.Bucket.settings-apart": ([{"versioning": {"enabled": True}}], [{"bucket": "shop"}]),
    "s3.BucketObjectv2.source": (
        [
            {"kmsKeyId": "k", "serverSideEncryption": "AES256"},
            {"objectLockMode": "GOVERNANCE"},
            {"key": "ä" * 513},
            {"source": {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": "x"}},
        ],
        [{"kmsKeyId": "k", "key": "a"}, {"objectLockMode": "GOVERNANCE", "objectLockRetainUntilDate": "2030-01-01"}],
    ),
    "s3.BucketObjectv2.source-or-content": ([{"source": {"path": "a"}, "content": "b"}], [{"content": "b"}]),
    "s3.BucketVersioning.versioningConfiguration.status-choice": (
        [{"versioningConfiguration": {"status": "On"}}],
        [{"versioningConfiguration": {"status": "Suspended"}}],
    ),
    "s3.BucketVersioning.mfa": (
        [{"versioningConfiguration": {"status": "Enabled", "mfaDelete": "Enabled"}}],
        [{"versioningConfiguration": {"status": "Enabled", "mfaDelete": "Enabled"}, "mfa": "arn 123"}],
    ),
    "s3.BucketLifecycleConfiguration.rules": (
        [
            lifecycle({}),
            lifecycle({**EXPIRE, "id": "same"}, {**EXPIRE, "id": "same"}),
            lifecycle({**EXPIRE, "id": "x" * 256}),
            lifecycle({"expiration": {"days": 1, "expiredObjectDeleteMarker": True}}),
            lifecycle({"expiration": {"date": "2030-01-01T10:00:00Z"}}),
            lifecycle({"transitions": [{"storageClass": "STANDARD_IA", "days": 29}]}),
            lifecycle({**EXPIRE, "transitions": [{"storageClass": "GLACIER", "days": 30}]}),
            lifecycle(
                {"transitions": [{"storageClass": "GLACIER", "days": 30}, {"storageClass": "STANDARD_IA", "days": 60}]}
            ),
            lifecycle({"abortIncompleteMultipartUpload": {"daysAfterInitiation": 0}}),
            lifecycle({"abortIncompleteMultipartUpload": {"daysAfterInitiation": 1}, "filter": {"tag": {"key": "a"}}}),
            lifecycle({**EXPIRE, "filter": {"prefix": "a", "tag": {"key": "a"}}}),
            lifecycle({**EXPIRE, "filter": {"and": {"objectSizeGreaterThan": 5, "objectSizeLessThan": 5}}}),
            lifecycle({**EXPIRE, "filter": {"objectSizeLessThan": 5}, "prefix": "a"}),
            lifecycle(*[EXPIRE] * 1001),
        ],
        [
            lifecycle(EXPIRE, {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}),
            lifecycle({"expiration": {"date": "2030-01-01T00:00:00Z"}}),
            lifecycle({"expiration": {"expiredObjectDeleteMarker": True}}),
            lifecycle(
                {
                    "transitions": [
                        {"storageClass": "STANDARD_IA", "days": 30},
                        {"storageClass": "GLACIER", "days": 90},
                    ],
                    "expiration": {"days": 365},
                    "filter": {"and": {"prefix": "a", "tags": {"b": "c"}}},
                }
            ),
        ],
    ),
    "s3.BucketServerSideEncryptionConfiguration.rules": (
        [
            {"rules": []},
            {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256", "kmsMasterKeyId": "k"}}]},
        ],
        [{"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"}}]}],
    ),
    "s3.BucketLogging.prefix": ([{"targetPrefix": "x" * 801}], [{"targetPrefix": ""}, {"targetPrefix": "logs/"}]),
    "s3.BucketPolicy.policy-document": policies(
        "policy", resource_grant("s3:GetObject"), foreign=resource_grant("sqs:SendMessage")
    ),
    "iam.Role.assumeRolePolicy-document": (
        [
            {"assumeRolePolicy": text}
            for text in (
                *UNREADABLE,
                document(Action="sts:AssumeRole", Principal=SERVICE, Resource="*"),
                document(Action="sts:AssumeRole"),
                document(Action="s3:GetObject", Principal=SERVICE),
                document(Action="sts:AssumeRole", Principal={"Service": "lambda"}),
            )
        ],
        [{"assumeRolePolicy": TRUST}, {"assumeRolePolicy": document(Action="sts:AssumeRole", Principal=ROOT)}],
    ),
    "iam.Role.inlinePolicies.policy-document": (
        [{"inlinePolicies": [{"name": "a", "policy": text}]} for text in UNREADABLE],
        [{"inlinePolicies": [{"name": "a", "policy": grant("s3:GetObject")}]}],
    ),
    "iam.Role.inline-size": (
        [{"inlinePolicies": [{"name": name, "policy": grant("s3:GetObject", size=6000)} for name in "ab"]}],
        [{"inlinePolicies": [{"name": name, "policy": grant("s3:GetObject", size=4000)} for name in "ab"]}],
    ),
    "iam.Role.managedPolicyArns-count": ([{"managedPolicyArns": ["a"] * 11}], [{"managedPolicyArns": ["a"] * 10}]),
    "iam.RolePolicy.policy-document": (
        [*policies("policy", "")[0], {"policy": grant("s3:GetObject", size=11000)}, {"policy": TRUST}],
        [{"policy": grant("s3:GetObject", size=9000)}],
    ),
    "iam.Policy.policy-document": (
        [*policies("policy", "")[0], {"policy": grant("s3:GetObject", size=7000)}],
        [{"policy": grant("s3:GetObject", size=5000)}],
    ),
    "kms.Key.deletionWindowInDays-range": (
        [{"deletionWindowInDays": 6}, {"deletionWindowInDays": 31}],
        [{"deletionWindowInDays": 7}],
    ),
    "kms.Key.usage": (
        [
            {"customerMasterKeySpec": "RSA_2048", "keyUsage": "GENERATE_VERIFY_MAC"},
            {"customerMasterKeySpec": "HMAC_256"},
            {"customerMasterKeySpec": "ECC_NIST_P256", "keyUsage": "ENCRYPT_DECRYPT"},
            {"customerMasterKeySpec": "RSA_2048", "enableKeyRotation": True},
            {"rotationPeriodInDays": 90},
        ],
        [
            {"enableKeyRotation": True, "rotationPeriodInDays": 90},
            {"customerMasterKeySpec": "ECC_NIST_P256", "keyUsage": "SIGN_VERIFY"},
            {},
        ],
    ),
    "kms.Key.policy-document": policies(
        "policy", resource_grant("kms:*", ROOT), foreign=resource_grant("kms:Decrypt", ROOT)
    ),
    "kms.Key.lockout": (
        [
            {"policy": resource_grant("kms:*", {"AWS": "arn:aws:iam::999999999999:root"})},
            {"policy": resource_grant("kms:Decrypt", ROOT)},
            {"policy": resource_grant("kms:*", SERVICE)},
        ],
        [
            {"policy": resource_grant("kms:*", ROOT)},
            {"policy": resource_grant("kms:Put*", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/deployer"})},
            {"policy": resource_grant("kms:Decrypt", ROOT), "bypassPolicyLockoutSafetyCheck": True},
            {},
        ],
    ),
    "kms.Alias.name-form": (
        [{"name": "shop"}, {"name": "alias/aws/s3"}, {"name": "alias/a b"}, {"name": "alias/" + "x" * 251}],
        [{"name": "alias/shop/dev"}],
    ),
    "secretsmanager.Secret.name-form": ([{"name": "a b"}, {"name": "x" * 513}], [{"name": "shop/dev/JWT+=.@-"}]),
    "secretsmanager.Secret.recoveryWindowInDays-range": (
        [{"recoveryWindowInDays": 6}, {"recoveryWindowInDays": 31}],
        [{"recoveryWindowInDays": 0}, {"recoveryWindowInDays": 7}],
    ),
    "secretsmanager.Secret.replicas": (
        [
            {"replicas": [{"region": REGION}]},
            {"replicas": [{"region": "eu-west-1"}] * 2},
            {"replicas": [{"region": "eu-west-1", "kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/x"}]},
        ],
        [{"replicas": [{"region": "eu-west-1", "kmsKeyId": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/x"}]}],
    ),
    "secretsmanager.Secret.policy-document": policies(
        "policy", resource_grant("secretsmanager:GetSecretValue"), foreign=resource_grant("s3:GetObject")
    ),
    "secretsmanager.SecretPolicy.policy-document": policies(
        "policy", resource_grant("secretsmanager:GetSecretValue"), foreign=resource_grant("s3:GetObject")
    ),
    "secretsmanager.SecretRotation.schedule": (
        [
            {"rotationRules": {"automaticallyAfterDays": 1, "scheduleExpression": "rate(1 day)"}},
            {"rotationRules": {"duration": "2h"}},
            {"rotationRules": {"scheduleExpression": "rate(3 hours)"}},
            {"rotationRules": {"scheduleExpression": "rate(300 minutes)"}},
            {"rotationRules": {"scheduleExpression": "cron(30 8 1 * ? *)"}},
            {"rotationRules": {"scheduleExpression": "cron(0 * * * ? *)"}},
            {"rotationRules": {"scheduleExpression": "cron(0 8 1 * * *)"}},
            {"rotationRules": {"scheduleExpression": "daily"}},
        ],
        [
            {"rotationRules": {"automaticallyAfterDays": 30}},
            {"rotationRules": {"scheduleExpression": "rate(4 hours)"}},
            {"rotationRules": {"scheduleExpression": "cron(0 /8 * * ? *)"}},
            {"rotationRules": {"scheduleExpression": "cron(0 8 1 * ? *)"}},
        ],
    ),
    "ssm.Parameter.name-form": (
        [{"name": name} for name in ("/aws/a", "ssm-a", "/a b", "a/b", "/x" * 16, "/" + "x" * 1011)],
        [{"name": "/shop/dev/database/endpoint"}, {"name": "flat"}, {"name": "/x" * 15}],
    ),
    "ssm.Parameter.size": (
        [
            {"value": "x" * 4097},
            {"value": "ä" * 4097, "tier": "Advanced"},
            {"value": "x" * 8193, "tier": "Intelligent-Tiering"},
            {"insecureValue": ""},
            {"value": "{{a}}"},
        ],
        [{"value": "x" * 4096}, {"value": "ä" * 4096, "tier": "Advanced"}],
    ),
    "ssm.Parameter.kind": (
        [
            {"type": "SecureString", "insecureValue": "x"},
            {"type": "String", "value": "x", "keyId": "alias/shop"},
            {"type": "String"},
            {"type": "String", "value": "x", "dataType": "number"},
        ],
        [{"type": "SecureString", "value": "x", "keyId": "alias/shop"}, {"type": "String", "insecureValue": "x"}],
    ),
    "ssm.Parameter.allowed-pattern": (
        [{"allowedPattern": "[", "value": "x"}, {"allowedPattern": "^\\d+$", "value": "x"}],
        [{"allowedPattern": "^\\d+$", "value": "7"}, {"value": "x"}],
    ),
    "ssm.Parameter.value-or-insecureValue": ([{"value": "a", "insecureValue": "b"}], [{"value": "a"}]),
}
