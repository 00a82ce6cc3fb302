"""Who may do what. The tenant comes from the authorizer's context, never from the request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from omnix.errors import ForbiddenError, UnauthorizedError

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


@dataclass(frozen=True)
class Principal:
    """The caller, as the authorizer established it."""

    tenant_id: str
    user_id: str
    role: Role
    session_id: str
    auth: str

    def require(self, roles: frozenset[Role]) -> None:
        """Raises ForbiddenError unless the caller has one of the roles."""
        if self.role not in roles:
            raise ForbiddenError("Your role may not do this.", [{"required_roles": sorted(roles)}])


def principal(event: Mapping[str, Any]) -> Principal:
    """The caller of a REST proxy event; raises UnauthorizedError when no authorizer vouched for one."""
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    try:
        return Principal(
            tenant_id=_text(context, "tenant_id"),
            user_id=_text(context, "user_id"),
            role=Role(_text(context, "role")),
            session_id=str(context.get("session_id") or ""),
            auth=_text(context, "auth"),
        )
    except ValueError:
        raise UnauthorizedError from None


def _text(context: Mapping[str, Any], name: str) -> str:
    value = context.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(name)
    return value
