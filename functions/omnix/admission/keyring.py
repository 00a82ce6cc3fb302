"""Tenants' API keys, as the authorizer reads them: one consistent read each, so that a revoked key ends at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix import clock
from omnix.admission import api_key
from omnix.admission.refusal import RefusedError
from omnix.identity import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from omnix.dynamodb import Table

# Has the form of no id: nothing can be stored under it.
_NOBODY = "readiness"


class Keyring:
    """The items below `CREDENTIAL#APIKEY#` in the table `users`; `users` is asked for when a key arrives."""

    def __init__(self, users: Callable[[], Table]) -> None:
        self._users = users

    def holder(self, credential: str) -> dict[str, str]:
        """The context of a tenant's API key; raises RefusedError. The key itself is the caller: it has no session."""
        key = api_key.read(credential)
        if key is None:
            raise RefusedError("unknown API key")
        item = self._users().get(*keys.api_key_credential(key.key_id))
        if item is None or not key.matches(item["key_hash"]):
            raise RefusedError("unknown API key")
        if item["expires_at"] is not None and item["expires_at"] <= clock.epoch_seconds():
            raise RefusedError("expired API key")
        return {
            "tenant_id": item["tenant_id"],
            "user_id": key.key_id,
            "role": item["role"],
            "session_id": "",
            "auth": "api_key",
            # Only of a key that was made for less than its role: what is not there limits nothing.
            **({"scopes": " ".join(item["scopes"])} if item.get("scopes") else {}),
        }

    def probe(self) -> None:
        """One read, as a key makes it."""
        self._users().get(*keys.api_key_credential(_NOBODY))
