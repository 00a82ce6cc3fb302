"""Where the assistant's items lie in the table `sessions`: under their tenant and their user. Pure."""

import hashlib

CHAT, ACTION = "CHAT#", "#ACTION#"


def conversation(tenant_id: str, user_id: str, conversation_id: str) -> tuple[str, str]:
    """A conversation's."""
    return f"TENANT#{tenant_id}", f"{CHAT}{user_id}#{conversation_id}"


def action(tenant_id: str, user_id: str, conversation_id: str, action_id: str) -> tuple[str, str]:
    """That of a change which waits in a conversation."""
    pk, sk = conversation(tenant_id, user_id, conversation_id)
    return pk, f"{sk}{ACTION}{action_id}"


def digest(nonce: str, tool: str, arguments: str) -> str:
    """The id of a change: 128 bits of what it would do, and of chance."""
    return hashlib.sha256("\n".join((nonce, tool, arguments)).encode()).hexdigest()[:32]
