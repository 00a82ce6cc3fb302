"""The Principal and NotPrincipal elements: whom a resource policy's statement is about, and how closely.

Source: IAM User Guide, "AWS JSON policy elements: Principal" and "…: NotPrincipal".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from localcloud.iam.request import Principal


class Named(IntEnum):
    """How a statement names the caller, the closest way last."""

    NOT = 0
    ACCOUNT = 1
    """By its account: AWS "delegates authority to the account", whose own policies then decide."""
    ROLE = 2
    """By its role: granted to the role, so within the role's boundary and the session's policies."""
    DIRECTLY = 3
    """By its session, its user, its service or as anyone (`*`): no boundary or session policy limits the grant."""


_ACCOUNT = re.compile(r"(?:arn:aws[\w-]*:iam::)?(\d{12})(?::root)?")
_ARN = re.compile(
    r"arn:aws[\w-]*:(?:"
    r"iam::(?:\d{12}|cloudfront):(?:user|role)/[\w+=,.@/ -]+"
    r"|sts::\d{12}:(?:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)"
    r")"
)
_UNIQUE_ID = re.compile(r"A[A-Z0-9]{15,127}")
"""What AWS keeps in a policy whose user or role was deleted: it matches nobody."""
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)")


@dataclass(frozen=True, slots=True)
class Principals:
    """A Principal element, by type. `anyone` is `"*"`, or `"*"` under AWS."""

    anyone: bool = False
    accounts: frozenset[str] = frozenset()
    arns: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    federated: frozenset[str] = frozenset()
    canonical_users: frozenset[str] = frozenset()

    def naming(self, principal: Principal) -> Named:
        """The closest way in which this names the caller. A canonical user id names nobody who has an ARN."""
        kind = principal.kind
        if self.anyone:
            return Named.DIRECTLY
        if kind in {"service", "federated"}:
            listed = self.services if kind == "service" else self.federated
            return Named.DIRECTLY if principal.arn in listed else Named.NOT
        if principal.arn in self.arns:
            return Named.DIRECTLY
        if principal.role_arn is not None and principal.role_arn in self.arns:
            return Named.ROLE
        if principal.account in self.accounts:
            return Named.DIRECTLY if kind == "root" else Named.ACCOUNT
        return Named.NOT

    def exempt(self, principal: Principal) -> bool:
        """Whether NotPrincipal spares the caller: AWS checks the account, then the role, then the session.

        "When you use NotPrincipal, you must also specify the account ARN of the not-denied principal."
        """
        if self.anyone or principal.kind in {"service", "federated", "root"}:
            return self.naming(principal) is Named.DIRECTLY
        role_listed = principal.role_arn is None or principal.role_arn in self.arns
        return principal.account in self.accounts and role_listed and principal.arn in self.arns


def read(element: object) -> Principals:
    """A Principal or NotPrincipal element. Raises `ValueError` saying which part is none."""
    if element == "*":
        return Principals(anyone=True)
    if not isinstance(element, Mapping) or not element:
        raise ValueError('must be "*" or an object of AWS, Service, Federated or CanonicalUser')
    kinds: dict[str, tuple[str, ...]] = {}
    for kind, given in element.items():
        values = tuple(given) if isinstance(given, list | tuple) else (given,)
        if kind not in {"AWS", "Service", "Federated", "CanonicalUser"}:
            raise ValueError(f"{kind!r} is no type of principal")
        if not values or not all(isinstance(value, str) and value for value in values):
            raise ValueError(f"{kind} must be a non-empty string or a list of them")
        kinds[kind] = values
    for service in kinds.get("Service", ()):
        if not _SERVICE.fullmatch(service):
            raise ValueError(f"{service!r} is no service principal")
    accounts, arns = _aws(kinds.get("AWS", ()))
    return Principals(
        anyone="*" in kinds.get("AWS", ()),
        accounts=accounts,
        arns=arns,
        services=frozenset(kinds.get("Service", ())),
        federated=frozenset(kinds.get("Federated", ())),
        canonical_users=frozenset(kinds.get("CanonicalUser", ())),
    )


def _aws(values: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    accounts: set[str] = set()
    arns: set[str] = set()
    for value in values:
        if account := _ACCOUNT.fullmatch(value):
            accounts.add(account[1])
        elif _ARN.fullmatch(value):
            arns.add(value)
        elif value != "*" and not _UNIQUE_ID.fullmatch(value):
            raise ValueError(f"{value!r} is no AWS principal (an ARN here takes no wildcard)")
    return frozenset(accounts), frozenset(arns)
