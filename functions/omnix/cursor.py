"""Page cursors: opaque to the caller, refused when changed, when made for another query or for another tenant.

The payload is the last key that DynamoDB returned, bound to its query by a truncated SHA-256. It is no secret and
grants nothing: the tenant of a query always comes from the authorizer, and a key of another partition is refused.
"""

import base64
import hashlib
import json
from typing import Any

from omnix.errors import InvalidRequestError

MAX_LENGTH = 4096
_TAG_BYTES = 12
_KEY_BYTES = 1024


def encode(last_key: dict[str, str], query: str) -> str:
    """The cursor for the page after `last_key` (string key attributes) of the query that `query` names."""
    payload = json.dumps(last_key, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_tag(payload, query) + payload).decode().rstrip("=")


def decode(cursor: str, query: str, key_names: frozenset[str]) -> dict[str, str]:
    """The key inside a cursor; raises InvalidRequestError unless `encode` made it for the same query."""
    key = _opened(cursor, query)
    if not isinstance(key, dict) or key.keys() != key_names or not all(map(_is_key, key.values())):
        raise invalid()
    return key


def invalid() -> InvalidRequestError:
    """What is said of every cursor that is not ours."""
    return InvalidRequestError("The cursor is not valid for this query. Start again without it.")


def _is_key(value: object) -> bool:
    """Whether DynamoDB takes it as a sort key: a string of 1 to 1024 bytes of UTF-8."""
    if not isinstance(value, str):
        return False
    try:
        return 0 < len(value.encode()) <= _KEY_BYTES
    except UnicodeEncodeError:  # a lone surrogate
        return False


def _opened(cursor: str, query: str) -> Any:
    """What is in the cursor, or None unless it is the one text for that content and query."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError:  # binascii.Error and text that is not ASCII
        return None
    payload = raw[_TAG_BYTES:]
    rewritten = base64.urlsafe_b64encode(_tag(payload, query) + payload).decode().rstrip("=")
    if len(cursor) > MAX_LENGTH or rewritten != cursor:
        return None
    try:  # the tag takes no key, so whoever reads this file can make one for anything
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _tag(payload: bytes, query: str) -> bytes:
    return hashlib.sha256(query.encode() + b"\0" + payload).digest()[:_TAG_BYTES]
