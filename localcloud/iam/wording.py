"""What AWS tells a caller whom it refuses.

Source: IAM User Guide, "Troubleshoot access denied error messages". Some services word theirs otherwise; this is the
form that most share.
"""

from typing import Literal

from localcloud.iam.request import Request

type Kind = Literal["identity", "boundary", "session", "resource"]

_POLICY: dict[Kind, str] = {
    "identity": "identity-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "resource": "resource-based policy",
}


def explicit_deny(request: Request, kind: Kind) -> str:
    """`… with an explicit deny in an identity-based policy`."""
    if _by_trust(request, kind):
        return f"{_subject(request)} with an explicit deny in the role trust policy"
    article = "an" if kind == "identity" else "a"
    return f"{_subject(request)} with an explicit deny in {article} {_POLICY[kind]}"


def implicit_deny(request: Request, kind: Kind) -> str:
    """`… because no identity-based policy allows the dynamodb:GetItem action`."""
    policy = "role trust policy" if _by_trust(request, kind) else _POLICY[kind]
    return f"{_subject(request)} because no {policy} allows the {request.action} action"


def _subject(request: Request) -> str:
    return (
        f"User: {request.principal.arn} is not authorized to perform: {request.action} on resource: {request.resource}"
    )


def _by_trust(request: Request, kind: Kind) -> bool:
    """Whether the resource's policy is a role's trust policy."""
    return kind == "resource" and request.action.lower().startswith("sts:assumerole")
