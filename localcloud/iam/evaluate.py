"""Allowed or not, and why: AWS's policy evaluation logic for one request.

Source: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access", "Policy evaluation
for requests within a single account", "Cross-account policy evaluation logic", "Permissions boundaries for IAM
entities". Service and resource control policies, VPC endpoint policies, KMS grants and ACLs are not modelled.

- An explicit Deny in any policy decides.
- A boundary and the session's policies limit what identity policies grant, and what a resource's policy grants to the
  role's ARN. They do not limit what it grants to the session's or user's ARN, or to `*`.
- A resource's policy that names only the account delegates: the identity's own policies must then allow as well.
- A service calling for itself has no identity policies: the resource's policy alone decides.
"""

from dataclasses import dataclass
from typing import Literal

from localcloud.iam import wording
from localcloud.iam.policy import Effect, Policy, Statement, UnreadablePolicy
from localcloud.iam.principals import Named
from localcloud.iam.request import Request
from localcloud.iam.wording import Kind

type Trust = Literal["identity-or-resource", "resource-only", "both"]
"""Whose word the service takes.

`identity-or-resource`: most services, within an account. `resource-only`: the resource's policy must allow, or name the
account and so delegate to the identity's policies (KMS keys, role trust policies). `both`: across accounts, always; a
resource ARN with another account's id is evaluated so whatever is asked.
"""
type Reason = Literal["allow", "explicit deny", "implicit deny", "boundary", "session policy", "resource policy"]


_REASONS: dict[Kind, Reason] = {
    "identity": "implicit deny",
    "boundary": "boundary",
    "session": "session policy",
    "resource": "resource policy",
}


@dataclass(frozen=True, slots=True)
class Policies:
    """What applies to the caller and to the resource. Raises `UnreadablePolicy` on a policy in the wrong place."""

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    resource: Policy | None = None
    session: tuple[Policy, ...] = ()

    def __post_init__(self) -> None:
        for policy in (*self.identity, *self.session, *_given(self.boundary)):
            if policy.for_resource:
                raise UnreadablePolicy(f"{policy.owner}: Principal is not allowed in an identity's policy")
        for policy in _given(self.resource):
            if not policy.for_resource:
                raise UnreadablePolicy(f"{policy.owner}: a resource's policy must name a Principal in every statement")


def _given(policy: Policy | None) -> tuple[Policy, ...]:
    return () if policy is None else (policy,)


@dataclass(frozen=True, slots=True)
class StatementRef:
    """A statement that was about the request. `decisive`: it granted or denied what was decided."""

    kind: Kind
    owner: str
    sid: str | None
    index: int
    effect: Effect
    decisive: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """`message` is AWS's to the caller, empty when allowed. `reason` names what was missing or what denied."""

    allowed: bool
    reason: Reason
    matched: tuple[StatementRef, ...]
    message: str


@dataclass(frozen=True, slots=True)
class _Match:
    kind: Kind
    policy: Policy
    statement: Statement
    named: Named


def evaluate(request: Request, policies: Policies, *, trust: Trust = "identity-or-resource") -> Decision:
    """The decision on one request. Every statement that is about it is listed, whether or not it decided."""
    matches = _matches(request, policies)
    denies = [match for match in matches if match.statement.effect == "Deny"]
    if denies:
        message = wording.explicit_deny(request, denies[0].kind)
        return Decision(False, "explicit deny", _references(matches, denies), message)
    grant = _granted(request, policies, matches, "both" if _crosses_accounts(request) else trust)
    if grant.missing is None:
        return Decision(True, "allow", _references(matches, grant.by), "")
    message = wording.implicit_deny(request, grant.missing)
    return Decision(False, _REASONS[grant.missing], _references(matches, []), message)


def _matches(request: Request, policies: Policies) -> list[_Match]:
    action = request.action.lower()
    bounded = policies.boundary is not None
    found: list[_Match] = []
    applicable: tuple[tuple[Kind, tuple[Policy, ...]], ...] = (
        ("identity", policies.identity),
        ("resource", _given(policies.resource)),
        ("boundary", _given(policies.boundary)),
        ("session", policies.session),
    )
    for kind, several in applicable:
        for policy in several:
            for statement in policy.statements:
                if statement.covers(action, request):
                    named = statement.names(request, bounded=bounded)
                    if named is not Named.NOT:
                        found.append(_Match(kind, policy, statement, named))
    return found


@dataclass(frozen=True, slots=True)
class _Grant:
    """By which statements; or what kind of policy is missing one."""

    by: list[_Match]
    missing: Kind | None = None


def _granted(request: Request, policies: Policies, allows: list[_Match], trust: Trust) -> _Grant:
    """`allows` are the matches, none of them a Deny."""
    resource = [match for match in allows if match.kind == "resource"]
    direct = [match for match in resource if match.named is Named.DIRECTLY]
    if request.principal.kind in {"service", "federated"}:
        return _Grant(direct, None if direct else "resource")
    limits = [match for match in allows if match.kind in {"boundary", "session"}]
    limited = _limited(policies, limits)
    identity = [match for match in allows if match.kind == "identity"]
    # The account's root user needs no identity policy, and has none.
    lacking: Kind | None = limited if identity or request.principal.kind == "root" else "identity"
    if trust == "both":
        missing: Kind | None = lacking or (None if resource else "resource")
        return _Grant([] if missing else identity + limits + resource, missing)
    to_role = [match for match in resource if match.named is Named.ROLE]
    to_account = [match for match in resource if match.named is Named.ACCOUNT]
    delegated = trust == "resource-only" and bool(to_account)
    by_identity = lacking is None and (trust == "identity-or-resource" or delegated)
    if direct or by_identity or (to_role and limited is None):
        own = identity + limits + (to_account if delegated else []) if by_identity else []
        return _Grant([*direct, *(to_role + limits if to_role and limited is None else []), *own])
    if to_role:
        return _Grant([], limited)
    return _Grant([], lacking if trust == "identity-or-resource" or to_account else "resource")


def _limited(policies: Policies, limits: list[_Match]) -> Kind | None:
    """The limit that does not let the action through. Several session policies are one: their union."""
    if policies.boundary is not None and not any(match.kind == "boundary" for match in limits):
        return "boundary"
    if policies.session and not any(match.kind == "session" for match in limits):
        return "session"
    return None


def _crosses_accounts(request: Request) -> bool:
    pieces = request.resource.split(":", 5)
    account = pieces[4] if len(pieces) > 4 else ""  # noqa: PLR2004 - an ARN's fifth component
    return account.isdigit() and account != request.principal.account


def _references(matches: list[_Match], decisive: list[_Match]) -> tuple[StatementRef, ...]:
    deciding = {id(match) for match in decisive}
    return tuple(
        StatementRef(
            kind=match.kind,
            owner=match.policy.owner,
            sid=match.statement.sid,
            index=match.statement.index,
            effect=match.statement.effect,
            decisive=id(match) in deciding,
        )
        for match in matches
    )
