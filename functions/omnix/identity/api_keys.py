"""API keys of a tenant: made by its people, shown once, stored as hashes, revoked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix import clock
from omnix.admission import api_key
from omnix.authorisation import EDITORS, Role, reach
from omnix.dynamodb import ConditionFailedError, transact
from omnix.errors import ConflictError, ForbiddenError, NotFoundError, ValidationFailedError
from omnix.idempotency import Once
from omnix.identity import keys
from omnix.identity.api_key_model import ApiKey, ApiKeyPage, CreatedApiKey
from omnix.listing import Listing
from omnix.scopes import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from omnix.authorisation import Principal
    from omnix.dynamodb import Item, Table
    from omnix.identity.api_key_model import ApiKeyInput

_ABSENT = "attribute_not_exists(pk)"
_PRESENT = "attribute_exists(pk)"
_DAY_SECONDS = 24 * 3600
_ROUTE = "POST /auth/api-keys"


class ApiKeys:
    """The API keys of one environment, two items each: the hash under its own prefix, the rest under the tenant's.

    `entitled` raises for callers that are no person in a live session, or have not the role any more that their token
    names: a key that made keys would outlive its own revocation, and a key outlives a demotion.
    """

    def __init__(self, users: Table, sessions: Table, entitled: Callable[[Principal], None]) -> None:
        self._users = users
        self._sessions = sessions
        self._entitled = entitled

    def create(
        self, caller: Principal, content: ApiKeyInput, idempotency_key: str | None
    ) -> tuple[CreatedApiKey, bool]:
        """The key with its text, or without it where an earlier request with the same Idempotency-Key made it.

        Raises ForbiddenError for a role above the caller's and for a scope that the caller has not, and
        ValidationFailedError for a scope beyond the key's role.
        """
        self._require_editor(caller)
        _require_reach(caller, content.role)
        _require_scopes(caller, content)
        once = Once.of(caller, _ROUTE, idempotency_key, content.model_dump_json().encode()) if idempotency_key else None
        made = api_key.new(clock.epoch_milliseconds())
        entry = self._entry(caller, made.key_id, content)
        try:
            self._store(caller.tenant_id, made, entry, once)
        except ConditionFailedError:
            return self._replayed(caller, once), True
        return CreatedApiKey(**_shown(entry).model_dump(), key=made.text), False

    def list(self, caller: Principal, limit: int, after: str | None) -> ApiKeyPage:
        """A page of the tenant's keys, the newest first."""
        self._require_editor(caller)
        partition, _ = keys.api_key(caller.tenant_id, "")
        items, following = Listing(self._users, partition, keys.API_KEYS, newest_first=True).page(limit, after)
        return ApiKeyPage(items=[_shown(item) for item in items], next_cursor=following)

    def revoke(self, caller: Principal, key_id: str) -> None:
        """Delete a key: its next request is refused, behind an edge when the authorizer's cached answer ends (60 s).

        Raises NotFoundError for what is not the caller's tenant's, ForbiddenError for a role above the caller's.
        """
        self._require_editor(caller)
        item = self._users.get(*keys.api_key(caller.tenant_id, key_id)) if api_key.is_id(key_id) else None
        if item is None:
            raise _unknown()
        _require_reach(caller, Role(item["role"]))
        actions = [
            self._users.delete(*keys.api_key(caller.tenant_id, key_id), _PRESENT),
            self._users.delete(*keys.api_key_credential(key_id)),
        ]
        try:
            transact(self._users.client, actions)
        except ConditionFailedError:
            raise _unknown() from None

    def _require_editor(self, caller: Principal) -> None:
        caller.require(EDITORS)
        self._entitled(caller)

    def _entry(self, caller: Principal, key_id: str, content: ApiKeyInput) -> Item:
        days = content.expires_in_days
        return {
            "key_id": key_id,
            "name": content.name,
            "role": content.role.value,
            **({"scopes": sorted(set(content.scopes))} if content.scopes else {}),
            "created_by": caller.user_id,
            "created_at": clock.iso_now(),
            "expires_at": clock.epoch_seconds() + days * _DAY_SECONDS if days else None,
        }

    def _store(self, tenant_id: str, made: api_key.ApiKey, entry: Item, once: Once | None) -> None:
        pk, sk = keys.api_key(tenant_id, made.key_id)
        credential_pk, credential_sk = keys.api_key_credential(made.key_id)
        credential: Item = {
            "entity": "api_key_credential",
            "tenant_id": tenant_id,
            "role": entry["role"],
            **({"scopes": entry["scopes"]} if "scopes" in entry else {}),
            "expires_at": entry["expires_at"],
            "key_hash": made.stored(),
        }
        actions = [
            self._users.put({"pk": credential_pk, "sk": credential_sk, **credential}, _ABSENT),
            self._users.put({"pk": pk, "sk": sk, "entity": "api_key", "tenant_id": tenant_id, **entry}, _ABSENT),
        ]
        if once:
            actions.append(once.record(self._sessions, made.key_id))
        transact(self._users.client, actions)

    def _replayed(self, caller: Principal, once: Once | None) -> CreatedApiKey:
        """What the key made before, without the text: that is nowhere any more."""
        key_id = once.earlier(self._sessions) if once else None
        item = self._users.get(*keys.api_key(caller.tenant_id, key_id)) if key_id else None
        if item is None:
            raise ConflictError("The API key that this Idempotency-Key made is gone.")
        return CreatedApiKey(**_shown(item).model_dump(), key=None)


def _require_reach(caller: Principal, role: Role) -> None:
    if not caller.role.includes(role):
        raise ForbiddenError("A key's role may not be above your own.", [{"your_role": caller.role.value}])


def _require_scopes(caller: Principal, content: ApiKeyInput) -> None:
    asked = frozenset(content.scopes or ())
    if asked - caller.scopes:
        raise ForbiddenError("A key's scopes may not be beyond your own.", [{"your_scopes": sorted(caller.scopes)}])
    if beyond := asked - reach(content.role):
        fault = {"location": "body.scopes", "reason": "beyond_role", "message": f"not for {content.role.value}"}
        raise ValidationFailedError("The key's role has no use of a scope.", [fault | {"scopes": sorted(beyond)}])


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such API key.")


def _shown(item: Item) -> ApiKey:
    expiry: int | None = item["expires_at"]
    return ApiKey(
        key_id=item["key_id"],
        name=item["name"],
        role=Role(item["role"]),
        scopes=[Scope(name) for name in item["scopes"]] if "scopes" in item else None,
        created_by=item["created_by"],
        created_at=item["created_at"],
        expires_at=clock.iso(expiry) if expiry is not None else None,
        expired=expiry is not None and expiry <= clock.epoch_seconds(),
    )
