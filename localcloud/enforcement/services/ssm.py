"""Systems Manager: Parameter Store."""

from collections.abc import Iterable, Iterator
from typing import Any

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Need, Operations, anything, given, on, tag_keys
from localcloud.enforcement.services import kms


def parameter_arn(name: str, region: str, account: Account) -> str:
    """A parameter's ARN: the name's own slash follows `parameter` directly; a selector (`:3`, `:label`) is dropped."""
    if name.startswith("arn:"):
        return name
    return f"arn:aws:ssm:{region}:{account.id}:parameter/{name.partition(':')[0].removeprefix('/')}"


def _names(call: Call) -> list[str]:
    listed = call.parameters.get("Names") or [call.parameters.get("Name") or call.parameters.get("ResourceId") or ""]
    return [str(name) for name in listed]


def _parameters(call: Call, account: Account) -> Iterator[Need]:
    keys = {**given(call.parameters, {"ssm:policies": "Policies"}), **tag_keys(call.parameters)}
    if call.operation == "PutParameter":
        keys["ssm:overwrite"] = (str(bool(call.parameters.get("Overwrite"))).lower(),)
    for name in _names(call):
        yield Need(f"ssm:{call.operation}", parameter_arn(name, call.region, account), keys)


def _decrypted(call: Call, account: Account, found: Iterable[Any]) -> Iterator[Need]:
    """A SecureString is decrypted as the caller; the context holds the parameter's ARN.

    "Parameter Store calls … Decrypt … with the encryption context PARAMETER_ARN" (KMS developer guide, "How AWS
    Systems Manager Parameter Store uses AWS KMS").
    """
    if not call.parameters.get("WithDecryption"):
        return
    for parameter in found:
        if parameter is not None and parameter.parameter_type == "SecureString":
            context = {"PARAMETER_ARN": (parameter_arn(parameter.name, call.region, account),)}
            yield from kms.use(account, "Decrypt", parameter.keyid, "ssm", call.region, context)


def _read(call: Call, account: Account) -> Iterator[Need]:
    yield from _parameters(call, account)
    known = (account.parameter(_bare(name), call.region) for name in _names(call))
    yield from _decrypted(call, account, known)


def _bare(name: str) -> str:
    if name.startswith("arn:"):
        name = name.partition(":parameter")[2]
    return name.partition(":")[0]


def _by_path(call: Call, account: Account) -> Iterator[Need]:
    """On the path: "if a user has access to a path, the user can access all levels of that path" (API reference)."""
    path = str(call.parameters.get("Path") or "")
    keys = {"ssm:recursive": (str(bool(call.parameters.get("Recursive"))).lower(),)}
    yield Need("ssm:GetParametersByPath", parameter_arn(path, call.region, account), keys)
    found = account.parameters_below(path, call.region) if call.parameters.get("WithDecryption") else ()
    yield from _decrypted(call, account, found)


def _put(call: Call, account: Account) -> Iterator[Need]:
    """A standard SecureString is encrypted by KMS itself, an advanced one under a data key of its own."""
    yield from _parameters(call, account)
    if call.parameters.get("Type") == "SecureString":
        actions = "GenerateDataKey Decrypt" if call.parameters.get("Tier") == "Advanced" else "Encrypt"
        context = {"PARAMETER_ARN": (parameter_arn(_names(call)[0], call.region, account),)}
        yield from kms.use(account, actions, call.parameters.get("KeyId"), "ssm", call.region, context)


OPERATIONS: Operations = {
    **dict.fromkeys(("GetParameter", "GetParameters", "GetParameterHistory"), _read),
    **dict.fromkeys(
        (
            *("AddTagsToResource", "DeleteParameter", "DeleteParameters", "LabelParameterVersion"),
            *("ListTagsForResource", "RemoveTagsFromResource", "UnlabelParameterVersion"),
        ),
        _parameters,
    ),
    "GetParametersByPath": _by_path,
    "PutParameter": _put,
    **on("ssm", anything, "DescribeParameters"),
}
