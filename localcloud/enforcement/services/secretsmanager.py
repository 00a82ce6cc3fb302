"""Secrets Manager."""

from collections.abc import Iterator
from typing import Any

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Need, Operations, anything, given, on, tag_keys
from localcloud.enforcement.services import kms
from localcloud.enforcement.services.lambda_ import function_arn

_ASKED = {
    "secretsmanager:versionid": "VersionId",
    "secretsmanager:versionstage": "VersionStage",
    "secretsmanager:recoverywindowindays": "RecoveryWindowInDays",
    "secretsmanager:forcedeletewithoutrecovery": "ForceDeleteWithoutRecovery",
    "secretsmanager:rotationlambdaarn": "RotationLambdaARN",
    "secretsmanager:description": "Description",
    "secretsmanager:kmskeyid": "KmsKeyId",
    "secretsmanager:name": "Name",
    "secretsmanager:blockpublicpolicy": "BlockPublicPolicy",
    "secretsmanager:type": "Type",
}
# Condition keys that the Service Authorization Reference lists for one action only (or two).
_ONLY = {
    "secretsmanager:versionid": {"GetSecretValue"},
    "secretsmanager:versionstage": {"GetSecretValue", "UpdateSecretVersionStage"},
    "secretsmanager:rotationlambdaarn": {"RotateSecret"},
}


def _secret(call: Call, account: Account) -> Iterator[Need]:
    """On the secret's full ARN, whatever the call names it by; a name that leads nowhere stands as it is."""
    named = str(call.parameters.get("SecretId") or call.parameters.get("Name") or "")
    secret = account.secret(named, call.region)
    stem = f"arn:aws:secretsmanager:{call.region}:{account.id}:secret:"
    resource = secret.arn if secret is not None else named if named.startswith("arn:") else f"{stem}{named or '*'}"
    asked = given(call.parameters, _ASKED)
    keys: dict[str, Any] = {
        key: value for key, value in asked.items() if call.operation in _ONLY.get(key, {call.operation})
    }
    keys |= tag_keys(call.parameters)
    if call.operation == "RotateSecret":
        keys["secretsmanager:rotateimmediately"] = (str(call.parameters.get("RotateImmediately", True)).lower(),)
    if call.operation != "CreateSecret":
        keys["secretsmanager:secretid"] = (resource,)
    if secret is not None and call.operation != "CreateSecret":
        keys["secretsmanager:secretprimaryregion"] = (call.region,)
        if secret.rotation_lambda_arn:
            keys["secretsmanager:resource/allowrotationlambdaarn"] = (secret.rotation_lambda_arn,)
    yield Need(f"secretsmanager:{call.operation}", resource, keys)


def _use_key(call: Call, account: Account, actions: str, key_id: str | None, version: str) -> Iterator[Need]:
    """The data key, as the caller; the context holds the secret's ARN and the version's id.

    "Secret encryption and decryption in AWS Secrets Manager": Decrypt to read, GenerateDataKey and Decrypt to write
    ("Secrets Manager … verifies that it can decrypt").
    """
    secret = account.secret(str(call.parameters.get("SecretId") or ""), call.region)
    if secret is not None:
        context = {"SecretARN": (secret.arn,), "SecretVersionId": (version,)}
        yield from kms.use(account, actions, key_id or secret.kms_key_id, "secretsmanager", call.region, context)


def _get(call: Call, account: Account) -> Iterator[Need]:
    yield from _secret(call, account)
    secret = account.secret(str(call.parameters.get("SecretId") or ""), call.region)
    wanted, stage = call.parameters.get("VersionId"), call.parameters.get("VersionStage") or "AWSCURRENT"
    for version_id, version in getattr(secret, "versions", {}).items():
        staged = stage in version.get("version_stages", ())
        # a version without a value has nothing to decrypt: ResourceNotFoundException comes first
        if (version_id == wanted if wanted else staged) and ("secret_string" in version or "secret_binary" in version):
            yield from _use_key(call, account, "Decrypt", None, version_id)


def _put(call: Call, account: Account) -> Iterator[Need]:
    yield from _secret(call, account)
    if call.parameters.get("SecretString") is not None or call.parameters.get("SecretBinary") is not None:
        version = str(call.parameters.get("ClientRequestToken") or "")
        yield from _use_key(call, account, "GenerateDataKey Decrypt", call.parameters.get("KmsKeyId"), version)


def _create(call: Call, account: Account) -> Iterator[Need]:
    """The new secret's ARN is not known before; AWS puts six characters of its own behind the name."""
    yield from _secret(call, account)
    if call.parameters.get("SecretString") is not None or call.parameters.get("SecretBinary") is not None:
        named = f"arn:aws:secretsmanager:{call.region}:{account.id}:secret:{call.parameters.get('Name')}"
        context = {"SecretARN": (named,), "SecretVersionId": (str(call.parameters.get("ClientRequestToken") or ""),)}
        key = call.parameters.get("KmsKeyId")
        yield from kms.use(account, "GenerateDataKey Decrypt", key, "secretsmanager", call.region, context)


def _rotate(call: Call, account: Account) -> Iterator[Need]:
    """The caller also needs lambda:InvokeFunction on the rotation function (API reference, RotateSecret)."""
    yield from _secret(call, account)
    secret = account.secret(str(call.parameters.get("SecretId") or ""), call.region)
    function = call.parameters.get("RotationLambdaARN") or getattr(secret, "rotation_lambda_arn", None)
    if function:
        yield Need("lambda:InvokeFunction", function_arn(str(function), None, call.region, account))


_BY_ID = """
    CancelRotateSecret DeleteResourcePolicy DeleteSecret DescribeSecret GetResourcePolicy ListSecretVersionIds
    PutResourcePolicy RestoreSecret TagResource UntagResource UpdateSecretVersionStage ValidateResourcePolicy
"""
OPERATIONS: Operations = {
    **dict.fromkeys(_BY_ID.split(), _secret),
    "GetSecretValue": _get,
    **dict.fromkeys(("PutSecretValue", "UpdateSecret"), _put),
    "CreateSecret": _create,
    "RotateSecret": _rotate,
    **on("secretsmanager", anything, "GetRandomPassword ListSecrets"),
}
