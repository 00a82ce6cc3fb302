"""The people of a tenant: added by its owners and managers, changed and removed by its owners."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from omnix import clock, versioned
from omnix.authorisation import EDITORS, OWNERS, Role
from omnix.dynamodb import ConditionFailedError
from omnix.errors import ConflictError, ForbiddenError, NotFoundError
from omnix.idempotency import Once
from omnix.identity.model import User
from omnix.identity.store import FIRST_VERSION, address_taken
from omnix.identity.user_model import UserPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from omnix.authorisation import Principal
    from omnix.dynamodb import Table
    from omnix.identity.sessions import Sessions
    from omnix.identity.throttle import Throttle
    from omnix.identity.user_model import UserChanges, UserInput
    from omnix.identity.user_store import TenantUsers

_ROUTE = "POST /auth/users"
_USER_ID = re.compile(r"[0-9a-f]{32}")


class Users:
    """The users of one environment's tenants.

    `entitled` raises for callers that are no person in a live session, or have not the role any more that their token
    names: who was demoted a moment ago must not undo it with the access token that is left.
    """

    def __init__(
        self,
        store: TenantUsers,
        sessions: Sessions,
        records: Table,
        throttle: Throttle,
        entitled: Callable[[Principal], None],
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._records = records
        self._throttle = throttle
        self._entitled = entitled

    def list(self, caller: Principal, limit: int, after: str | None) -> UserPage:
        """A page of the tenant's users."""
        self._require(caller, EDITORS)
        items, following = self._store.page(caller.tenant_id, limit, after)
        return UserPage(items=items, next_cursor=following)

    def create(self, caller: Principal, content: UserInput, idempotency_key: str | None) -> tuple[User, bool]:
        """The user, and whether an earlier request with the same key made it.

        Raises ForbiddenError for a role that the caller may not give, TooManyRequestsError before the password is
        looked at, ConflictError when the address is taken.
        """
        from omnix.identity import passwords

        self._require(caller, EDITORS)
        if caller.role is not Role.OWNER and Role(content.role) is not Role.STAFF:
            raise ForbiddenError("A manager may add staff only.", [{"your_role": caller.role.value}])
        self._throttle.addition(caller.tenant_id)
        once = _once(caller, content, idempotency_key) if idempotency_key else None
        user = User(
            user_id=uuid.uuid4().hex,
            tenant_id=caller.tenant_id,
            email=content.email,
            name=content.name,
            role=Role(content.role),
            version=FIRST_VERSION,
            created_at=clock.iso_now(),
        )
        try:
            self._store.add(user, passwords.hash_password(content.password), once)
        except ConditionFailedError:
            earlier = once.earlier(self._records) if once else None
            if earlier is None:
                raise address_taken() from None
            return self._replayed(caller, earlier), True
        return user, False

    def update(self, caller: Principal, user_id: str, changes: UserChanges, if_match: str | None) -> User:
        """The user with another name or role. Not found, precondition failed; conflict for the last owner.

        The user's sessions go on, in the new role from the next refresh: an access token of the old one is good for at
        most `tokens.LIFETIME_SECONDS`, though not for what hands out rights.
        """
        self._require(caller, OWNERS)
        return versioned.change(
            lambda: self._found(caller, user_id), changes.applied_to, self._store.change, if_match, "user"
        )

    def delete(self, caller: Principal, user_id: str, if_match: str | None) -> None:
        """Remove a user; the address is free again. Not found, precondition failed; conflict for the last owner.

        Every session of the user has ended with the profile; API keys that the user made are the tenant's, and stay.
        """
        self._require(caller, OWNERS)
        removed = versioned.delete(lambda: self._found(caller, user_id), self._store.remove, if_match, "user")
        self._sessions.forget(removed)

    def _require(self, caller: Principal, roles: frozenset[Role]) -> None:
        caller.require(roles)
        self._entitled(caller)

    def _found(self, caller: Principal, user_id: str) -> User:
        user = self._store.get(caller.tenant_id, user_id) if _USER_ID.fullmatch(user_id) else None
        if user is None:
            raise NotFoundError("There is no such user.")
        return user

    def _replayed(self, caller: Principal, user_id: str) -> User:
        user = self._store.get(caller.tenant_id, user_id)
        if user is None:
            raise ConflictError("The user that this Idempotency-Key made is gone.")
        return user


def _once(caller: Principal, content: UserInput, idempotency_key: str) -> Once:
    """What the key stands for is compared by a hash, and a fast one of a password could be guessed from the record.

    So the password counts as its argon2id, under a salt that the request itself names.
    """
    from omnix.identity import passwords

    place = Once.of(caller, _ROUTE, idempotency_key, b"")
    slow = passwords.fingerprint(content.password, f"{place.pk}\n{place.sk}")
    payload = content.model_dump_json(exclude={"password"}).encode() + slow
    return Once.of(caller, _ROUTE, idempotency_key, payload)
