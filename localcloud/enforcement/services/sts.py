"""Security Token Service.

GetSessionToken and GetFederationToken are not for a role's session (API reference): nobody else asks here.
"""

from collections.abc import Iterator

from localcloud.endpoint.call import Call
from localcloud.enforcement.account import Account
from localcloud.enforcement.need import Need, Operations, anything, given, on, tag_keys

_ASKED = {
    "sts:rolesessionname": "RoleSessionName",
    "sts:externalid": "ExternalId",
    "sts:sourceidentity": "SourceIdentity",
    "sts:transitivetagkeys": "TransitiveTagKeys",
}


def _role(call: Call, _account: Account) -> Iterator[Need]:
    """The role's trust policy decides, and the caller's own where that names only the account."""
    keys = {**given(call.parameters, _ASKED), **tag_keys(call.parameters)}
    yield Need("sts:AssumeRole", str(call.parameters.get("RoleArn") or "*"), keys)
    if call.parameters.get("Tags"):
        tags = {**given(call.parameters, {"sts:transitivetagkeys": "TransitiveTagKeys"}), **tag_keys(call.parameters)}
        yield Need("sts:TagSession", str(call.parameters.get("RoleArn")), tags)


def _nothing(_call: Call, _account: Account) -> Iterator[Need]:
    """No permissions are required for these, and none can be denied (API reference, GetCallerIdentity)."""
    yield from ()


OPERATIONS: Operations = {
    "AssumeRole": _role,
    "GetCallerIdentity": _nothing,
    **on("sts", anything, "DecodeAuthorizationMessage GetAccessKeyInfo"),
}
