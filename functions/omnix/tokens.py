"""Access tokens: JWT, HS256 and nothing else, signed with the version of JWT_SECRET that `kid` names."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

from omnix import clock

if TYPE_CHECKING:
    from omnix.secrets import RotatingSecret

ALGORITHM = "HS256"
LIFETIME_SECONDS = 15 * 60
LEEWAY_SECONDS = 5
MAX_LENGTH = 4096
ROLES = ("owner", "manager", "staff", "device")

_REQUIRED = ["iss", "aud", "sub", "tid", "role", "sid", "iat", "exp", "jti"]


class InvalidTokenError(Exception):
    """The token is not one of ours, or no longer; `reason` is for the log, never for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Claims:
    """Who an access token speaks for."""

    user_id: str
    tenant_id: str
    role: str
    session_id: str
    issued_at: int
    expires_at: int


def issue(
    secret: RotatingSecret, issuer: str, *, user_id: str, tenant_id: str, role: str, session_id: str
) -> tuple[str, int]:
    """A signed token and its lifetime in seconds."""
    now = clock.epoch_seconds()
    version = secret.current()
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": issuer,
        "sub": user_id,
        "tid": tenant_id,
        "role": role,
        "sid": session_id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": uuid.uuid4().hex,
    }
    token = jwt.encode(claims, version.key, algorithm=ALGORITHM, headers={"kid": version.version_id})
    return token, LIFETIME_SECONDS


def verify(secret: RotatingSecret, issuer: str, token: str) -> Claims:
    """The claims of a token that is genuine, of this environment and not expired; raises InvalidTokenError."""
    if len(token) > MAX_LENGTH:
        raise InvalidTokenError("too long")
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM:
            raise InvalidTokenError("algorithm")
        kid = header.get("kid")
        version = secret.version(kid) if isinstance(kid, str) else None
        if version is None:
            raise InvalidTokenError("unknown key")
        payload = jwt.decode(
            token,
            version.key,
            algorithms=[ALGORITHM],
            audience=issuer,
            issuer=issuer,
            leeway=LEEWAY_SECONDS,
            options={"require": _REQUIRED, "strict_aud": True},
        )
    except jwt.PyJWTError as error:
        raise InvalidTokenError(type(error).__name__) from None
    return _claims(payload)


def _claims(payload: dict[str, Any]) -> Claims:
    """What `issue` could have written and nothing else: claims end in logs, keys and the authorizer's answer."""
    texts = [payload[name] for name in ("sub", "tid", "role", "sid")]
    if not all(map(_is_name, texts)) or payload["role"] not in ROLES:
        raise InvalidTokenError("claims")
    issued, expires = payload["iat"], payload["exp"]
    if type(issued) is not int or type(expires) is not int or expires - issued > LIFETIME_SECONDS:
        raise InvalidTokenError("lifetime")
    sub, tid, role, sid = texts
    return Claims(sub, tid, role, sid, issued, expires)


def _is_name(claim: object) -> bool:
    return isinstance(claim, str) and claim != "" and claim.isascii() and claim.isprintable()
