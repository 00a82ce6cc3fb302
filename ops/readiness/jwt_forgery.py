"""Makes the tokens that an environment must refuse. Standard library only: what is forged here is never trusted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def taken_apart(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT, unverified; raises ValueError for anything else."""
    header, claims, _ = token.split(".")
    return json.loads(_decoded(header)), json.loads(_decoded(claims))


def signed(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    """An HS256 token (RFC 7515), whatever its header claims."""
    head = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
    return f"{head}.{_encoded(hmac.digest(key, head.encode(), hashlib.sha256))}"


def unsigned(token: str) -> str:
    """`token` with `alg=none` and no signature (the attack that RFC 8725 §2.1 describes)."""
    header, claims = taken_apart(token)
    head = ".".join(
        _encoded(json.dumps(part, separators=(",", ":")).encode()) for part in ({**header, "alg": "none"}, claims)
    )
    return f"{head}."


def for_another_tenant(token: str) -> str:
    """`token` with its claims changed to another tenant under the old signature."""
    header, claims = taken_apart(token)
    other = {**claims, "tid": "0" * 32, "role": "owner"}
    head = ".".join(_encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, other))
    return f"{head}.{token.rsplit('.', 1)[1]}"
