"""A tenant's users in the table `users`, written so that an owner is always left.

The tenant's item counts its owners in the transaction that adds, changes or removes one, and refuses to go below one:
two owners who demote each other at the same time meet at that item. A user's own item is written only in the version
that was read, so nobody is counted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from omnix.authorisation import Role
from omnix.dynamodb import ConditionFailedError, dump_item, transact
from omnix.errors import ConflictError
from omnix.identity import keys
from omnix.identity.store import assign, new_user, user_of
from omnix.listing import Listing
from omnix.versioned import VersionChangedError

if TYPE_CHECKING:
    from omnix.dynamodb import Table
    from omnix.idempotency import Once
    from omnix.identity.model import User

# A profile that is older than versions is of the first one, and has none.
_UNCHANGED = "version = :read OR (attribute_exists(pk) AND attribute_not_exists(version))"


class TenantUsers:
    """The users of tenants; `sessions` holds the records of idempotency keys."""

    def __init__(self, users: Table, sessions: Table) -> None:
        self._users = users
        self._sessions = sessions

    def page(self, tenant_id: str, limit: int, after: str | None) -> tuple[list[User], str | None]:
        """A page of a tenant's users in the order of their ids, and the next cursor."""
        partition, prefix = keys.user(tenant_id, "")
        items, following = Listing(self._users, partition, prefix).page(limit, after)
        return [user_of(item) for item in items], following

    def get(self, tenant_id: str, user_id: str) -> User | None:
        """The user, strongly consistent."""
        item = self._users.get(*keys.user(tenant_id, user_id))
        return user_of(item) if item else None

    def add(self, user: User, password_hash: str, once: Once | None) -> None:
        """Profile and credential; raises ConditionFailedError when the address is taken or the key of `once` used."""
        actions = [*new_user(self._users, user, password_hash), *self._owners(user.tenant_id, _owners(user))]
        if once:
            actions.append(once.record(self._sessions, user.user_id))
        transact(self._users.client, actions)

    def change(self, before: User, after: User) -> None:
        """Name and role; raises VersionChangedError, and ConflictError when no owner would be left."""
        assigned = {"name": after.name, "role": after.role.value, "version": after.version}
        key = keys.user(before.tenant_id, before.user_id)
        action = assign(self._users, key, assigned, _UNCHANGED, {":read": before.version})
        self._write(before.tenant_id, [action], _owners(after) - _owners(before))

    def remove(self, user: User) -> None:
        """Profile and credential; raises VersionChangedError, and ConflictError when no owner would be left."""
        profile = self._users.delete(*keys.user(user.tenant_id, user.user_id), _UNCHANGED, {":read": user.version})
        credential = self._users.delete(*keys.credential(user.email))
        self._write(user.tenant_id, [profile, credential], -_owners(user))

    def _write(self, tenant_id: str, actions: list[dict[str, Any]], owners: int) -> None:
        """The first action's condition is that the user is as it was read; a last one counts owners."""
        try:
            transact(self._users.client, [*actions, *self._owners(tenant_id, owners)])
        except ConditionFailedError as failure:
            if 0 in failure.failed:
                raise VersionChangedError from None
            raise ConflictError("A tenant keeps at least one owner. Make another one first.") from None

    def _owners(self, tenant_id: str, by: int) -> list[dict[str, Any]]:
        """The count of owners goes up or down, never below one. A tenant without a count has its first owner alone."""
        if by == 0:
            return []
        pk, sk = keys.tenant(tenant_id)
        update: dict[str, Any] = {
            "TableName": self._users.name,
            "Key": dump_item({"pk": pk, "sk": sk}),
            "UpdateExpression": "SET owners = if_not_exists(owners, :one) + :by",
            "ConditionExpression": "owners > :one" if by < 0 else "attribute_exists(pk)",
            "ExpressionAttributeValues": dump_item({":one": 1, ":by": by}),
        }
        return [{"Update": update}]


def _owners(user: User) -> int:
    return 1 if user.role is Role.OWNER else 0
