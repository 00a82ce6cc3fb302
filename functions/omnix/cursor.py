"""Page cursors: opaque to the caller, refused when changed, when made for another query or for another tenant.

The payload is the last key that DynamoDB returned, bound to its query by a truncated SHA-256. It is no secret and
grants nothing: the tenant of a query always comes from the authorizer, and a key of another partition is refused.
"""

import base64
import binascii
import hashlib
import json

from omnix.errors import InvalidRequest

MAX_LENGTH = 4096
_TAG_BYTES = 12


def encode(last_key: dict[str, str], query: str) -> str:
    """The cursor for the page after `last_key` (string key attributes) of the query that `query` names."""
    payload = json.dumps(last_key, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_tag(payload, query) + payload).decode().rstrip("=")


def decode(cursor: str, query: str, key_names: frozenset[str]) -> dict[str, str]:
    """The key inside a cursor; raises InvalidRequest unless `encode` made it for the same query."""
    try:
        if len(cursor) > MAX_LENGTH:
            raise ValueError("too long")
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if tag != _tag(payload, query) or encode(key := json.loads(payload), query) != cursor:
            raise ValueError("changed")
        if key.keys() != key_names or not all(isinstance(value, str) for value in key.values()):
            raise ValueError("other key")
    except (ValueError, binascii.Error, AttributeError, RecursionError):
        raise InvalidRequest("The cursor is not valid for this query. Start again without it.") from None
    return dict(key)


def _tag(payload: bytes, query: str) -> bytes:
    return hashlib.sha256(query.encode() + b"\0" + payload).digest()[:_TAG_BYTES]
