"""What items of the table `users` say. Hashes of passwords and keys are not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omnix.authorisation import Role
from omnix.identity import keys
from omnix.identity.store import user_of
from omnix.integrity.saying import Entry, Wrong, placed, tenant_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Item
    from omnix.integrity.saying import Said


def tenant(item: Item, _now: int) -> Iterator[Said]:
    """A tenant counts its owners; one that is older than the count has its first one alone."""
    yield from placed(item, keys.tenant(item["tenant_id"]))
    yield Entry("owners", (item["tenant_id"],), -item.get("owners", 1))


def user(item: Item, _now: int) -> Iterator[Said]:
    """A profile: it is an owner or not, and has the credential of its address."""
    found = user_of(item)
    yield from placed(item, keys.user(found.tenant_id, found.user_id))
    if found.role is Role.OWNER:
        yield Entry("owners", (found.tenant_id,), 1)
    credential_key, _ = keys.credential(found.email)
    yield Entry("credential", (credential_key, found.tenant_id, found.user_id), -1)


def credential(item: Item, _now: int) -> Iterator[Said]:
    """What signs in, of whom."""
    if not isinstance(item["password_hash"], str) or not item["password_hash"]:
        yield Wrong("content", "without a password hash")
    yield Entry("credential", (item["pk"], item["tenant_id"], item["user_id"]), 1)


def api_key(item: Item, _now: int) -> Iterator[Said]:
    """What a tenant sees of its API key."""
    yield from placed(item, keys.api_key(str(tenant_of(item)), item["key_id"]))
    yield Entry("api-key", (item["key_id"], item["tenant_id"], Role(item["role"])), -1)


def api_key_credential(item: Item, _now: int) -> Iterator[Said]:
    """What the authorizer reads of it."""
    key_id = item["pk"].rpartition("#")[2]
    yield from placed(item, keys.api_key_credential(key_id))
    yield Entry("api-key", (key_id, item["tenant_id"], Role(item["role"])), 1)


CHECKS = {
    "tenant": tenant,
    "user": user,
    "credential": credential,
    "api_key": api_key,
    "api_key_credential": api_key_credential,
}
