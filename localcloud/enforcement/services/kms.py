"""Key Management Service, and the use of a key by another service in its caller's name."""

from collections.abc import Iterator, Mapping
from typing import Any

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Context, Keys, Mapper, Need, Operations, anything, given, on

_BY_KEY_ID = """
    CancelKeyDeletion CreateAlias DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation Encrypt
    GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac
    GetKeyPolicy GetKeyRotationStatus GetPublicKey ListGrants ListKeyPolicies ListKeyRotations ListResourceTags
    PutKeyPolicy RetireGrant RevokeGrant ScheduleKeyDeletion Sign TagResource UntagResource UpdateKeyDescription Verify
    VerifyMac
"""
# With an encryption context of the caller's, and an algorithm that is this one unless another is named.
_SYMMETRIC = "SYMMETRIC_DEFAULT"


def key_arn(call: Call, account: Account, parameter: str = "KeyId") -> str:
    """The key's ARN, whatever the call names it by; a name that leads nowhere stands as a key's id."""
    named = str(call.parameters.get(parameter) or "")
    found = account.key(named, call.region)
    if found is not None:
        return str(found.arn)
    return named if named.startswith("arn:") else f"arn:aws:kms:{call.region}:{account.id}:key/{named or '*'}"


def use(account: Account, actions: str, key_id: str | None, via: str, region: str, context: Keys) -> Iterator[Need]:
    """What a service that encrypts with a customer's key asks of its caller, in the caller's name.

    None for an AWS owned or AWS managed key: that key's own policy lets every principal of the account use it through
    its service (KMS developer guide, "Default key policy of AWS managed keys").
    """
    key = account.key(key_id, region)
    if key is None or key.key_manager != "CUSTOMER":
        return
    encryption = {f"kms:encryptioncontext:{name.lower()}": value for name, value in context.items()}
    keys = {
        **_properties(key, account),
        **encryption,
        "kms:encryptioncontextkeys": tuple(context),
        "kms:encryptionalgorithm": (_SYMMETRIC,),
        "kms:viaservice": (f"{via}.{region}.amazonaws.com",),
    }
    for action in actions.split():
        yield Need(f"kms:{action}", key.arn, keys, via=via)


def _properties(key: Any, account: Account) -> Keys:
    return {
        "kms:calleraccount": (account.id,),
        "kms:keyspec": (key.key_spec,),
        "kms:keyusage": (key.key_usage,),
        "kms:keyorigin": (key.origin,),
        "kms:multiregion": (str(bool(key.multi_region)).lower(),),
        "kms:resourcealiases": tuple(key.aliases),
    }


def _keys(call: Call, account: Account, named: str, context: Any) -> Keys:
    found = account.key(named, call.region)
    sent: dict[str, Any] = {f"kms:encryptioncontext:{name.lower()}": (str(v),) for name, v in (context or {}).items()}
    if context:
        sent["kms:encryptioncontextkeys"] = tuple(context)
    if named.startswith("alias/") or ":alias/" in named:
        sent["kms:requestalias"] = ("alias/" + named.partition("alias/")[2],)
    return {**(_properties(found, account) if found is not None else {}), **sent}


def _symmetric(name: str) -> Mapper:
    def needs(call: Call, account: Account) -> Iterator[Need]:
        named = str(call.parameters.get("KeyId") or "")
        keys = {
            **_keys(call, account, named, call.parameters.get("EncryptionContext")),
            **given(call.parameters, {"kms:encryptionalgorithm": "EncryptionAlgorithm"}),
        }
        keys.setdefault("kms:encryptionalgorithm", (_SYMMETRIC,))
        yield Need(f"kms:{name}", key_arn(call, account), keys)

    return needs


def _decrypt(call: Call, account: Account) -> Iterator[Need]:
    """The ciphertext itself names the key where the call does not."""
    yield from _symmetric("Decrypt")(_with_key_of_ciphertext(call, account, "KeyId"), account)


def _re_encrypt(call: Call, account: Account) -> Iterator[Need]:
    sides = (("ReEncryptFrom", "SourceKeyId", "Source"), ("ReEncryptTo", "DestinationKeyId", "Destination"))
    for action, parameter, side in sides:
        named = _with_key_of_ciphertext(call, account, parameter) if side == "Source" else call
        same = {"kms:reencryptonsamekey": (str(key_arn(named, account, parameter) == _target(call, account)).lower(),)}
        context = call.parameters.get(f"{side}EncryptionContext")
        keys = _keys(call, account, str(named.parameters.get(parameter) or ""), context)
        algorithm = str(call.parameters.get(f"{side}EncryptionAlgorithm") or _SYMMETRIC)
        yield Need(
            f"kms:{action}",
            key_arn(named, account, parameter),
            {**keys, **same, "kms:encryptionalgorithm": (algorithm,)},
        )


def _target(call: Call, account: Account) -> str:
    return key_arn(call, account, "DestinationKeyId")


def _with_key_of_ciphertext(call: Call, account: Account, parameter: str) -> Call:
    if call.parameters.get(parameter):
        return call
    blob = call.parameters.get("CiphertextBlob") or b""
    named = account.key_of_ciphertext(blob)
    return Call(call.service, call.operation, {**call.parameters, parameter: named}, call.region, call.access_key_id)


def _grant(call: Call, account: Account) -> Iterator[Need]:
    parameters = call.parameters
    keys = {
        **_keys(call, account, str(parameters.get("KeyId") or ""), None),
        **given(
            parameters,
            {
                "kms:grantoperations": "Operations",
                "kms:granteeprincipal": "GranteePrincipal",
                "kms:retiringprincipal": "RetiringPrincipal",
            },
        ),
        # A grant made by the caller himself, not by an AWS service for him.
        "kms:grantisforawsresource": ("false",),
    }
    for constraint in parameters.get("Constraints") or ():
        keys["kms:grantconstrainttype"] = (str(constraint),)
    yield Need("kms:CreateGrant", key_arn(call, account), keys)


def granted(key: Any, role_arn: str | None, action: str, context: Context) -> bool:
    """Whether a grant lets the role use the key: its operation, and its encryption context if it names one."""
    operation = action.partition(":")[2]
    for grant in key.grants.values():
        constraints: Mapping[str, Mapping[str, str]] = grant.constraints or {}
        wanted = {**constraints.get("EncryptionContextSubset", {}), **constraints.get("EncryptionContextEquals", {})}
        fits = all(context.get(f"kms:encryptioncontext:{name.lower()}") == (v,) for name, v in wanted.items())
        named = set(context.get("kms:encryptioncontextkeys", ()))
        exact = not constraints.get("EncryptionContextEquals") or named == set(wanted)
        if grant.grantee_principal == role_arn and operation in grant.operations and fits and exact:
            return True
    return False


def _alias(call: Call, account: Account) -> Iterator[Need]:
    """CreateAlias, UpdateAlias and DeleteAlias need themselves on the alias and on the key."""
    alias = str(call.parameters.get("AliasName") or "")
    key = account.key(str(call.parameters.get("TargetKeyId") or alias), call.region)
    yield Need(f"kms:{call.operation}", f"arn:aws:kms:{call.region}:{account.id}:{alias}")
    if key is not None:
        yield Need(f"kms:{call.operation}", key.arn, _properties(key, account))


def _plain(call: Call, account: Account) -> Iterator[Need]:
    keys = _keys(call, account, str(call.parameters.get("KeyId") or ""), None)
    names = {
        "kms:signingalgorithm": "SigningAlgorithm",
        "kms:messagetype": "MessageType",
        "kms:macalgorithm": "MacAlgorithm",
    }
    yield Need(f"kms:{call.operation}", key_arn(call, account), {**keys, **given(call.parameters, names)})


OPERATIONS: Operations = {
    **dict.fromkeys(_BY_KEY_ID.split(), _plain),
    **{
        name: _symmetric(name)
        for name in (
            *("Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"),
            *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
        )
    },
    **dict.fromkeys(("CreateAlias", "UpdateAlias", "DeleteAlias"), _alias),
    "Decrypt": _decrypt,
    "ReEncrypt": _re_encrypt,
    "CreateGrant": _grant,
    **on("kms", anything, "CreateKey GenerateRandom ListAliases ListKeys ListRetirableGrants"),
}
