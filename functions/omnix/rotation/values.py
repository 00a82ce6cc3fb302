"""What the platform's secrets look like: made here, and judged here before they go live."""

import base64
import re
import secrets
from collections import Counter

API_KEY_PREFIX = "omx_"
_KEY_BYTES = 64
_JWT = re.compile(r"[A-Za-z0-9_-]{86}")  # 64 bytes
_API_KEY = re.compile(r"omx_[A-Za-z0-9_-]{43}")  # 32 bytes
_SECRET = re.compile(r"/(?P<kind>JWT_SECRET|JWT_REFRESH_SECRET|API_KEY_1)-[A-Za-z0-9]{6}$")
# 86 random characters of 64 repeat none of them this often in the life of the universe; a stuck generator does.
_MOST_OF_ONE = 16


class WeakValueError(RuntimeError):
    """A value that must not become current; says why, never what."""


def kind(arn: str) -> str:
    """`JWT_SECRET`, `JWT_REFRESH_SECRET` or `API_KEY_1`, from a secret's ARN; raises ValueError."""
    match = _SECRET.search(arn)
    if match is None:
        raise ValueError("this is not the ARN of one of the platform's secrets")
    return match["kind"]


def make(arn: str) -> str:
    """A new value: 64 random bytes for a signing secret, `omx_` and 32 for the API key, base64url."""
    if kind(arn) == "API_KEY_1":
        return API_KEY_PREFIX + secrets.token_urlsafe(32)
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES)).decode().rstrip("=")


def check(arn: str, value: str) -> None:
    """Raises WeakValueError unless the value has its kind's format and looks random."""
    pattern = _API_KEY if kind(arn) == "API_KEY_1" else _JWT
    if not pattern.fullmatch(value):
        raise WeakValueError("the pending value does not have the documented format")
    if max(Counter(value.removeprefix(API_KEY_PREFIX)).values()) > _MOST_OF_ONE:
        raise WeakValueError("the pending value does not look random")
