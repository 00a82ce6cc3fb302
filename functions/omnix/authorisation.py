"""Who may do what. The tenant comes from the authorizer's context, never from the request."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from omnix.errors import ForbiddenError, UnauthorizedError
from omnix.scopes import READS, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What a principal is inside its tenant, most powerful first."""

    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    DEVICE = "device"

    def includes(self, other: Role) -> bool:
        """Whether this role may hand out the other: never one that is above it."""
        order = list(Role)
        return order.index(self) <= order.index(other)


OWNERS = frozenset({Role.OWNER})
EDITORS = frozenset({Role.OWNER, Role.MANAGER})
PEOPLE = EDITORS | {Role.STAFF}

# A till sells, takes money, reads what there is and tells what happened; the rest is for people.
_DEVICE_REACH = frozenset(
    {Scope.PRODUCTS_READ, Scope.STOCK_READ, Scope.ORDERS_READ, Scope.ORDERS_WRITE, Scope.ANALYTICS_WRITE}
)


def reach(role: Role) -> frozenset[Scope]:
    """The scopes that a role can have at most; what each of them allows a role, the services decide."""
    return _DEVICE_REACH if role is Role.DEVICE else frozenset(Scope)


@dataclass(frozen=True)
class Principal:
    """The caller, as the authorizer established it; `scopes` are those for tools."""

    tenant_id: str
    user_id: str
    role: Role
    session_id: str
    auth: str
    scopes: frozenset[Scope] = field(default_factory=frozenset)

    def require(self, roles: frozenset[Role]) -> None:
        """Raises ForbiddenError unless the caller has one of the roles."""
        if self.role not in roles:
            raise ForbiddenError("Your role may not do this.", [{"required_roles": sorted(roles)}])


def principal(event: Mapping[str, Any]) -> Principal:
    """The caller of a REST proxy event; raises UnauthorizedError when no authorizer vouched for one."""
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    try:
        role, auth = Role(_text(context, "role")), _text(context, "auth")
        return Principal(
            tenant_id=_text(context, "tenant_id"),
            user_id=_text(context, "user_id"),
            role=role,
            session_id=str(context.get("session_id") or ""),
            auth=auth,
            scopes=_scopes(context, role, auth),
        )
    except ValueError:
        raise UnauthorizedError from None


def granted(event: Mapping[str, Any]) -> frozenset[Scope] | None:
    """The scopes that the caller's key was made for; None for a key without, and for people.

    A scope that this version does not know grants nothing, and still tells that the key is for less than its role.
    """
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    names = str(context.get("scopes") or "").split()
    return frozenset(Scope(name) for name in names if name in Scope) if names else None


def _scopes(event_context: Mapping[str, Any], role: Role, auth: str) -> frozenset[Scope]:
    """People have what their role reaches, keys what they were made for; a key without scopes only reads."""
    made_for = granted({"requestContext": {"authorizer": event_context}})
    if made_for is not None:
        return made_for & reach(role)
    return reach(role) if auth == "jwt" else reach(role) & READS


def _text(context: Mapping[str, Any], name: str) -> str:
    value = context.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(name)
    return value
