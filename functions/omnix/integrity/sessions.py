"""What items of the table `sessions` say: they pass, so only their own form is looked at."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from omnix.assistant import keys as assistant_keys
from omnix.assistant.model import Turn
from omnix.identity import keys
from omnix.identity.store import Family
from omnix.integrity.saying import PREFIX, Wrong, placed, tenant_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omnix.dynamodb import Item
    from omnix.integrity.saying import Said

_REQUIRED = frozenset(field.name for field in fields(Family) if field.default is MISSING)


def family(item: Item, _now: int) -> Iterator[Said]:
    """A sign-in, listed among its user's."""
    if missing := sorted(_REQUIRED - item.keys()):
        yield Wrong("content", f"without {', '.join(missing)}")
        return
    yield from placed(item, keys.family(item["family_id"]))
    place = (keys.families_of_user(item["tenant_id"], item["user_id"]), item["created_at"])
    if (item.get("gsi1pk"), item.get("gsi1sk")) != place:
        yield Wrong("content", "not listed where its content belongs")


def limit(item: Item, _now: int) -> Iterator[Said]:
    """A counter of attempts, or an address that is known."""
    if not item["pk"].startswith("LIMIT#"):
        yield Wrong("place", "its key is not the one of its content")
    if item.get("attempts", 0) < 0:
        yield Wrong("content", "counts less than nothing")


def idempotency(item: Item, _now: int) -> Iterator[Said]:
    """The record of a key."""
    if not (item["pk"].startswith(PREFIX) and item["pk"].endswith("#IDEMPOTENCY")):
        yield Wrong("place", "its key is not the one of its content")
    if not isinstance(item["reference"], str) or not item["payload_hash"]:
        yield Wrong("content", "without what it made or what it was asked for")


def conversation(item: Item, _now: int) -> Iterator[Said]:
    """What is remembered of a chat. Raises ValidationError for a turn that is none."""
    tenant = str(tenant_of(item))
    yield from placed(item, assistant_keys.conversation(tenant, item["user_id"], item["conversation_id"]))
    turns = [Turn.model_validate(turn) for turn in item["turns"]]
    if not turns or item["version"] < len(turns):
        yield Wrong("content", "has other turns than were added")


def action(item: Item, _now: int) -> Iterator[Said]:
    """A change that waits for its user's word, or had it: its id is made of what it would do."""
    chat, _, action_id = item["sk"].partition(assistant_keys.ACTION)
    user_id, _, conversation_id = chat.removeprefix(assistant_keys.CHAT).partition("#")
    tenant = str(tenant_of(item))
    yield from placed(item, assistant_keys.action(tenant, user_id, conversation_id, action_id))
    if action_id != assistant_keys.digest(item["nonce"], item["tool"], item["arguments"]):
        yield Wrong("content", "its id is not that of what it would do")


CHECKS = {
    "assistant_action": action,
    "conversation": conversation,
    "family": family,
    "idempotency": idempotency,
    "limit": limit,
}
