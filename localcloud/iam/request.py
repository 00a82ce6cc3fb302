"""Who asks for what, under which circumstances: the request context of a decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

type PrincipalKind = Literal["role", "user", "root", "service", "federated"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, authenticated.

    `arn` is the session's for a role (`arn:aws:sts::…:assumed-role/R/session`), the account root's for a root
    user, the host name for a service (`lambda.amazonaws.com`), the identity provider's for a federated caller.
    `role_arn` (`arn:aws:iam::…:role/path/R`) is given for a session: a session's ARN has lost the role's path.
    """

    arn: str
    account: str
    kind: PrincipalKind
    role_arn: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource.

    `resource` is an ARN, or `*` for an action that knows no resources. `context` maps condition keys in lower
    case to their values: a key that AWS would not send is absent. A key with no values is the same as an absent one
    to every operator, as AWS documents it ("no keys in the request, or a null data set").
    """

    principal: Principal
    action: str
    resource: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
